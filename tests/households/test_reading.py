"""The Reader: what it returns lies within the area, without the restricted, masked by sight, and is noted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pytest
import shapely

import service.households.reading
from schemas.geometry import parse_geometry
from service.actor import Actor
from service.area import Area
from service.errors import HouseholdNotFound, PermissionMissing, ReferenceSystemUnknown
from service.households.changes import Record
from service.households.parcel_checks import Question
from service.households.ports import HouseholdPage, HouseholdQuery
from service.households.reading import Reader, Sources
from service.households.released import FeedPage
from service.households.releasing import Wording
from service.households.residence import Residences
from service.principal import Principal, principal, register_itself
from service.roles import SCOPES, Permission, Role, Sight
from service.wiring import Register
from tests.builders import THANH_VINH, TODAY, VINH_LOC, a_household, a_parcel, a_square

EVERYWHERE = Actor("tests", None)
FIELD = a_square(105.664, 18.676)
AREA = parse_geometry(FIELD, ("Polygon",))

supervisor = principal("1", "giam.sat", Role.SUPERVISOR, Area.whole())
masked = principal("2", "che.ten", Role.SUPERVISOR, Area.whole(), sight=Sight.MASKED)
ministry = principal("3", "bo", Role.SYSTEM, Area.whole(), scopes=SCOPES)
statistics = principal("4", "thong.ke", Role.SYSTEM, Area.whole(), scopes=("records:read", "changes:read"))
officer_of_vinh_loc = principal("5", "can.bo", Role.OFFICER, Area.of([VINH_LOC]))


class Notes(list[str]):
    """Whose records were noted for the trail."""


class Restricted(set[str]):
    """Households whose people restricted the use of their data."""

    def lifted_since(self, day: date) -> frozenset[str]:
        """None was lifted."""
        assert day > date.min
        return frozenset()

    def restricted(self) -> frozenset[str]:
        return frozenset(self)


ReaderOf = Callable[..., Reader]


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def restricted() -> Restricted:
    return Restricted()


@pytest.fixture
def reader_of(services: Register, notes: Notes, restricted: Restricted) -> ReaderOf:
    """Makes Readers on the register's real store."""

    def residences() -> Residences:
        return Residences(services.units.directory(), TODAY)

    sources = Sources(services.store.households, services.store.log, restricted, residences, services.checks.check)

    def make(
        who: Principal, purpose: Permission = Permission.HOUSEHOLDS_READ, wording: Wording | None = None
    ) -> Reader:
        return Reader(sources, who, purpose, note=notes.extend, wording=wording or worded)

    return make


def worded(code: str, details: Mapping[str, Any]) -> str:
    return f"{code} in words"


def checked(reader: Reader) -> tuple[list[str], list[str]]:
    """The texts of overlaps and the neighbouring households that a reader is shown for a boundary on FIELD."""
    found = reader.check_boundary(Question(parse_geometry(FIELD, ("Polygon",))))
    overlaps = [each["message"] for each in found.findings if each["code"] == "parcel.overlap"]
    return overlaps, [each.household for each in found.neighbours]


def stored(services: Register, **items: Any) -> Record:
    body = a_household(**{"parcels": [a_parcel(geometry=FIELD)], **items})
    return services.households.put(body["id"], body, if_match=None, actor=EVERYWHERE).record


def revised(services: Register, record: Record, times: int) -> None:
    for revision in range(record["revision"], record["revision"] + times):
        village = {"village": f"Khối {revision + 10}"}
        services.households.patch(record["id"], village, if_match=revision, actor=EVERYWHERE)


def test_a_household_within_the_area_is_returned_and_noted(
    services: Register, reader_of: ReaderOf, notes: Notes
) -> None:
    record = stored(services)
    assert reader_of(supervisor).household(record["id"])["head"] == record["head"]
    assert notes == [record["id"]]


def test_a_household_outside_the_area_is_not_there(services: Register, reader_of: ReaderOf, notes: Notes) -> None:
    record, reader = stored(services, commune=THANH_VINH), reader_of(officer_of_vinh_loc)
    attempts: list[Callable[[], object]] = [
        lambda: reader.household(record["id"]),
        lambda: reader.whole(record["id"]),
        lambda: reader.history(record["id"], before=None, limit=9),
        lambda: reader.stored_beside(record["id"], lambda _: "photos"),
    ]
    for attempt in attempts:
        with pytest.raises(HouseholdNotFound):
            attempt()
    query = HouseholdQuery(limit=9)
    assert (reader.households(query).records, reader.count(query)) == ([], 0)
    assert reader.changes({}, limit=9) == FeedPage([], more=False, damaged=[])
    assert (reader.fallen_in(AREA), notes) == ([], [])


def test_a_query_cannot_widen_the_area(services: Register, reader_of: ReaderOf) -> None:
    stored(services, commune=THANH_VINH)
    wide = HouseholdQuery(limit=9, area=None, communes=frozenset({THANH_VINH}))
    assert reader_of(officer_of_vinh_loc).households(wide).records == []
    assert reader_of(officer_of_vinh_loc).changes({}, of=frozenset({THANH_VINH}), limit=9) == FeedPage(
        [], more=False, damaged=[]
    )


def test_another_system_gets_nothing_of_a_restricted_household(
    services: Register, reader_of: ReaderOf, restricted: Restricted, notes: Notes
) -> None:
    record = stored(services)
    services.households.withdraw(record["id"], "Ông An đã chuyển đi", if_match=1, actor=EVERYWHERE)
    restricted.add(record["id"])
    reader, query = reader_of(ministry), HouseholdQuery(limit=9, status="any")
    with pytest.raises(HouseholdNotFound):
        reader.household(record["id"])
    with pytest.raises(HouseholdNotFound):
        reader.released(record)
    with pytest.raises(HouseholdNotFound):
        reader.history(record["id"], before=None, limit=9)
    assert (reader.households(query).records, reader.count(query)) == ([], 0)
    entries = reader.changes({}, limit=9).entries
    assert [(each["kind"], each["record"], each["note"]) for each in entries] == [
        ("registered", None, None),
        ("withdrawn", None, None),
    ]
    assert notes == []
    assert reader_of(supervisor).household(record["id"])["status_reason"] == "Ông An đã chuyển đi"


def test_a_restricted_household_is_in_no_area_search_and_no_neighbour(
    services: Register, reader_of: ReaderOf, restricted: Restricted
) -> None:
    restricted.add(stored(services)["id"])
    assert reader_of(ministry, Permission.HOUSEHOLDS_SEARCH).fallen_in(AREA) == []
    assert checked(reader_of(ministry)) == ([], [])
    assert len(reader_of(supervisor).fallen_in(AREA)) == 1
    assert checked(reader_of(supervisor)) == (["parcel.overlap in words"], list(restricted))


@pytest.mark.parametrize("who", [masked, statistics])
def test_whatever_is_read_is_masked_by_sight(services: Register, reader_of: ReaderOf, who: Principal) -> None:
    record = stored(services)
    number = record["head"]["national_id"]
    services.households.patch(record["id"], {"head": {"phone": "0912345678"}}, if_match=1, actor=EVERYWHERE)
    reader = reader_of(who)
    exits = [
        reader.household(record["id"]),
        reader.households(HouseholdQuery(limit=9)).records,
        reader.history(record["id"], before=None, limit=9).entries,
        reader.changes({}, limit=9),
        reader.released(record),
    ]
    assert all(str(exit_).count(record["id"]) for exit_ in exits)
    assert [exit_ for exit_ in exits if number in str(exit_) or "912345678" in str(exit_)] == []
    assert reader.free_text("Ông An vắng nhà") != "Ông An vắng nhà"


@pytest.mark.parametrize("who", [masked, statistics])
def test_who_does_not_see_persons_tries_no_names_and_gets_no_papers(
    services: Register, reader_of: ReaderOf, who: Principal
) -> None:
    record, reader = stored(services), reader_of(who)
    attempts: list[Callable[[], object]] = [
        lambda: reader.households(HouseholdQuery(limit=9, text="Nguyễn")),
        lambda: reader.count(HouseholdQuery(limit=9, text="Nguyễn")),
        lambda: reader.whole(record["id"]),
        lambda: reader.stored_beside(record["id"], lambda _: "photos"),
        lambda: reader.beside(record["id"], "photo"),
    ]
    for attempt in attempts:
        with pytest.raises(PermissionMissing):
            attempt()


def test_a_home_is_not_found_by_who_may_not_see_where_it_is(services: Register, reader_of: ReaderOf) -> None:
    home = {"type": "Point", "coordinates": [105.6641, 18.6761]}
    record = stored(services, location=home, parcels=None)
    (found,) = reader_of(supervisor).fallen_in(AREA)
    assert (found.household, found.home_inside, found.village) == (record["id"], True, "Khối 3")
    assert reader_of(masked).fallen_in(AREA) == []
    box = HouseholdQuery(limit=9, bbox=(105.66, 18.67, 105.67, 18.68))
    assert [reader_of(who).count(box) for who in (supervisor, masked)] == [1, 0]


@pytest.mark.parametrize(("who", "decrypts"), [(supervisor, True), (masked, True), (statistics, False)])
def test_nothing_is_decrypted_in_vain(
    services: Register, reader_of: ReaderOf, monkeypatch: pytest.MonkeyPatch, who: Principal, decrypts: bool
) -> None:
    stored(services)
    queries: list[HouseholdQuery] = []
    page = services.store.households.page

    def overheard(query: HouseholdQuery) -> HouseholdPage:
        queries.append(query)
        return page(query)

    monkeypatch.setattr(services.store.households, "page", overheard)
    assert len(reader_of(who).households(HouseholdQuery(limit=9)).records) == 1
    assert queries[0].personal is decrypts


def test_a_reader_who_sees_nobody_gets_no_village_and_is_not_noted(
    services: Register, reader_of: ReaderOf, notes: Notes
) -> None:
    record, reader = stored(services), reader_of(statistics)
    (found,) = reader.fallen_in(AREA)
    assert (found.household, found.village) == (record["id"], None)
    reader.household(record["id"])
    assert notes == []


def test_findings_are_worded_and_boundaries_carried_into_the_requested_system(
    services: Register, reader_of: ReaderOf
) -> None:
    record = stored(services, parcels=[a_parcel(geometry=FIELD, declared_area_m2=99_000)])
    shown = reader_of(supervisor).household(record["id"], "EPSG:9208")
    assert {finding["message"] for finding in shown["findings"]} >= {"parcel.area-differs in words"}
    assert shown["parcels"][0]["crs"] == "EPSG:9208"
    assert shown["parcels"][0]["geometry"] != record["parcels"][0]["geometry"]
    with pytest.raises(ReferenceSystemUnknown):
        reader_of(supervisor).household(record["id"], "EPSG:1")
    with pytest.raises(ReferenceSystemUnknown):
        reader_of(supervisor).households(HouseholdQuery(limit=1), "EPSG:1")


def test_history_goes_page_by_page_to_the_first_entry(services: Register, reader_of: ReaderOf) -> None:
    record, reader = stored(services), reader_of(supervisor)
    revised(services, record, 4)
    before, seen = None, []
    while True:
        page = reader.history(record["id"], before=before, limit=2)
        seen += [entry["revision"] for entry in page.entries]
        before = page.next_before
        if before is None:
            break
    assert seen == [5, 4, 3, 2, 1]


@pytest.mark.parametrize("together", [1, 2, 5, 6])
def test_a_copy_holds_the_whole_history_however_long(
    services: Register, reader_of: ReaderOf, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    monkeypatch.setattr(service.households.reading, "ENTRIES_AT_ONCE", together)
    record = stored(services)
    revised(services, record, 4)
    whole = reader_of(supervisor).whole(record["id"])
    villages = [entry["differences"][0]["after"] for entry in whole.history if entry["differences"]]
    assert (whole.record["revision"], villages) == (5, ["Khối 14", "Khối 13", "Khối 12", "Khối 11"])


def test_what_is_stored_beside_a_record_is_noted_only_once_it_is_found(
    services: Register, reader_of: ReaderOf, notes: Notes
) -> None:
    record, reader = stored(services), reader_of(supervisor)
    with pytest.raises(KeyError):
        reader.stored_beside(record["id"], lambda found: found["no photo"])
    assert notes == []
    assert reader.stored_beside(record["id"], lambda found: found["id"]) == record["id"]
    assert (reader.beside(record["id"], "photo"), notes) == ("photo", [record["id"]] * 2)


def test_a_reader_is_made_only_for_a_purpose_that_is_permitted(reader_of: ReaderOf) -> None:
    with pytest.raises(PermissionMissing):
        reader_of(principal("6", "kiem.toan", Role.AUDITOR, Area.whole()))
    reader_of(register_itself())


@pytest.mark.parametrize(("who", "codes"), [(masked, ["national-id.place-unknown", "head.young"]), (statistics, [])])
def test_findings_about_people_show_no_details_and_no_placeholders(
    services: Register, reader_of: ReaderOf, who: Principal, codes: list[str]
) -> None:
    head = {"full_name": "Vi An", "sex": "male", "birth_date": "2012-05-06", "national_id": "999212001234"}
    record = stored(services, head=head, parcels=None)
    reader = reader_of(
        who, wording=lambda code, details: f"{code} {details['age']}" if "age" in details else f"{code} {{age}}"
    )
    services.households.patch(
        record["id"], {"head": {**head, "birth_date": "2012-11-30"}}, if_match=1, actor=EVERYWHERE
    )
    shown = reader.household(record["id"])
    about_head = [each for each in shown["findings"] if each["pointer"].startswith("/head")]
    assert sorted(each["code"] for each in about_head) == sorted(codes)
    assert [each for each in about_head if "details" in each or "message" in each] == []
    (change, *_) = reader.history(record["id"], before=None, limit=9).entries
    assert [each for each in change["differences"] if each["pointer"].startswith("/findings")] == []


def test_a_neighbour_reveals_nothing_of_a_restricted_household(
    services: Register, reader_of: ReaderOf, restricted: Restricted
) -> None:
    gone, neighbour = stored(services), stored(services)
    parcel = gone["parcels"][0]["id"]
    services.parcels.settle(parcel, "Ông An đồng ý", actor=EVERYWHERE)
    services.households.withdraw(gone["id"], "x", if_match=None, actor=EVERYWHERE)

    def shown_to(reader: Reader) -> list[str]:
        exits = [
            reader.household(neighbour["id"]),
            reader.households(HouseholdQuery(limit=9)).records,
            reader.history(neighbour["id"], before=None, limit=9).entries,
            [each for each in reader.changes({}, limit=99).entries if each["household"] == neighbour["id"]],
            reader.released(services.store.households.record(neighbour["id"], area=None)),
        ]
        return [mark for mark in (gone["id"], parcel, "Ông An đồng ý") if mark in str(exits)]

    assert len(shown_to(reader_of(ministry))) == 3
    restricted.add(gone["id"])
    assert shown_to(reader_of(ministry)) == []
    own = [each for each in reader_of(ministry).changes({}, limit=99).entries if each["household"] == gone["id"]]
    assert {each["note"] is None for each in own} == {True}
    assert len(shown_to(reader_of(supervisor))) == 3


def test_everyone_found_in_an_area_is_noted(services: Register, reader_of: ReaderOf, notes: Notes) -> None:
    found = {stored(services)["id"] for _ in range(3)}
    assert {affected.household for affected in reader_of(supervisor).fallen_in(AREA)} == found
    assert set(notes) == found


def test_who_sees_no_boundaries_does_not_find_them_by_trying_areas(services: Register, reader_of: ReaderOf) -> None:
    record, reader = stored(services), reader_of(statistics, Permission.HOUSEHOLDS_SEARCH)
    beside, far = parse_geometry(a_square(105.6621, 18.6741), ("Polygon",)), (105.601, 18.601)
    inside = parse_geometry(a_square(105.66405, 18.67605), ("Polygon",))
    for drawn in (AREA, beside, inside):
        ((parcel,),) = [found.parcels for found in reader.fallen_in(drawn)]
        assert parcel.affected_area_m2 == record["parcels"][0]["measured_area_m2"]
    west, south, *_ = beside.bounds
    queries = [HouseholdQuery(limit=9, bbox=beside.bounds), HouseholdQuery(limit=9, near=(west, south, 5.0))]
    assert [reader_of(statistics).count(each) for each in queries] == [1, 1]
    assert [reader_of(supervisor).count(each) for each in queries] == [0, 0]
    assert reader_of(statistics).count(HouseholdQuery(limit=9, near=(*far, 5.0))) == 0
    assert checked(reader_of(statistics)) == ([], [])
    assert checked(reader_of(masked)) == (["parcel.overlap in words"], [record["id"]])


def test_whose_boundaries_a_check_shows_is_noted(services: Register, reader_of: ReaderOf, notes: Notes) -> None:
    record = stored(services)
    assert checked(reader_of(statistics)) == ([], [])
    assert notes == []
    checked(reader_of(supervisor))
    assert set(notes) == {record["id"]}


@pytest.mark.parametrize("parts", [1, 2])
@pytest.mark.parametrize("who", [statistics, supervisor])
def test_who_sees_no_boundaries_finds_a_parcel_across_the_edge_of_a_square_in_one_square_only(
    services: Register, reader_of: ReaderOf, who: Principal, parts: int
) -> None:
    plots = [a_square(105.6699, 18.6799)["coordinates"], a_square(105.6703, 18.6799)["coordinates"]]
    one = {"type": "Polygon", "coordinates": plots[0]}
    stored(services, parcels=[a_parcel(geometry=one if parts == 1 else {"type": "MultiPolygon", "coordinates": plots})])
    reader = reader_of(who, Permission.HOUSEHOLDS_SEARCH)
    squares = [(105.66 + x, 18.67 + y, 105.67 + x, 18.68 + y) for x in (0.0, 0.01) for y in (0.0, 0.01)]
    inside = [(west + 0.001, south + 0.001, east - 0.00005, north - 0.00005) for west, south, east, north in squares]
    edges = [(105.668, 18.678, 105.66995, 18.67995), (105.67005, 18.67995, 105.672, 18.6802)]
    boxes = inside if who is statistics else edges
    found = [len(reader.fallen_in(shapely.box(*box))) for box in boxes]
    listed = [reader.count(HouseholdQuery(limit=9, bbox=box)) for box in boxes]
    assert found == listed == ([1, 0, 0, 0] if who is statistics else [1, 1])
