"""Households move to the communes of today through the log, and stay verified; a renaming moves none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import Any

import pytest
import shapely
from bson.binary import Binary

from service.actor import REGISTER_ITSELF, Actor
from service.commands.rehome import main
from service.errors import HouseholdNotFound, StoreDamaged, StoreRefused
from service.households.changes import Change, Record
from service.households.residence import Residences
from service.jobs.rehoming import Rehomed, Rehoming
from service.parcels.examination import ParcelExaminer
from service.settings import Settings, province_of
from service.storage.collections import stored_household_validator
from service.storage.documents import sealed_entries, to_document, to_update
from service.storage.transaction import MongoTransaction
from service.wiring import Register, examiner_of
from tests.builders import TODAY, Json, MovedClock, a_household, a_least_household, a_parcel, a_square
from tests.storage.writing import assert_exact
from tests.units.lists import a_line
from tests.units.registers import BEGUN, DAY_BEFORE, ENDED, a_register, load, two_communes

pytestmark = pytest.mark.slow  # together they take more than a second of a processor

EARLY = {"captured_at": "2026-10-01T02:00:00Z"}
MERGED = (*(a_line(code, successor="90001", **ENDED) for code in ("90001", "90002")), a_line("90001", **BEGUN))
SPLIT = (a_line("90001", successor="90001;90003", **ENDED), a_line("90001", **BEGUN), a_line("90003", **BEGUN))


@pytest.fixture
def register(own_settings: Settings) -> Iterator[Register]:
    with a_register(own_settings) as made:
        load(made, *two_communes())
        yield made


def rehoming(register: Register) -> Rehoming:
    return Rehoming(register.store, register.units.directory, register.clock, register.examiner)


def put(register: Register, household: Json, **options: Any) -> Record:
    written = register.households.put(
        household["id"], household, if_match=options.get("if_match"), actor=options.get("actor", REGISTER_ITSELF)
    )
    return written.record


def verified(register: Register, **items: Any) -> tuple[Json, Record]:
    household = a_household(**EARLY, **items)
    put(register, household)
    return household, register.households.verify(household["id"], if_match=1, actor=REGISTER_ITSELF).record


def pass_by(register: Register, **duration: float) -> None:
    assert isinstance(register.clock, MovedClock)
    register.clock.pass_by(**duration)


def rows(register: Register, geography: date) -> dict[str | None, int]:
    report = register.coverage.report("commune", geography, area=None)
    return {row.code: row.registered for row in report.rows if row.registered}


def shown(register: Register, record: Record) -> Record:
    return Residences(register.units.directory(), TODAY).shown(record)


def test_a_merger_moves_every_household_and_leaves_it_verified(register: Register) -> None:
    both = [verified(register, commune=code) for code in ("90001", "90002")]
    load(register, *MERGED)
    assert rehoming(register).waiting() == 2
    assert all(each.moved for each in rehoming(register).run())
    merged = register.units.directory().in_force("90001", TODAY).identity
    for (sent, before), former in zip(both, ("90001", "90002"), strict=True):
        after = register.store.households.find(sent["id"], area=None)
        assert (after.record["commune"], after.record["former_commune"]) == (merged, former)
        assert (after.record["status"], after.record["revision"]) == ("verified", before["revision"] + 1)
        assert put(register, sent, if_match=3) == after.record
    assert rehoming(register).waiting() == 0
    assert rows(register, TODAY) == {"90001": 2}
    assert rows(register, date.fromisoformat(DAY_BEFORE)) == {"90001": 1, "90002": 1}
    assert_exact(register.store)


def test_parcels_whose_maps_are_known_once_they_were_merged_are_compared_by_number(register: Register) -> None:
    plots = [a_parcel(geometry=None, map_sheet="12", parcel_number="345") for _ in range(2)]
    ids = [verified(register, commune="90001", parcels=[plot])[0]["id"] for plot in plots]
    load(register, *MERGED)
    list(rehoming(register).run())
    third = put(register, a_household(**EARLY, commune="90001", former_commune="90001", parcels=plots[:1]))
    for household, others in ((ids[0], [ids[1], third["id"]]), (ids[1], [ids[0], third["id"]]), (third["id"], ids)):
        found = register.store.households.find(household, area=None).record["findings"]
        assert {each["code"] for each in found} == {"parcel.number-claimed"}
        assert sorted(each["details"]["household"] for each in found) == sorted(others)


@pytest.mark.parametrize("batch", [1, 250])
def test_whatever_item_of_a_household_is_damaged_the_others_are_moved(register: Register, batch: int) -> None:
    documents = register.store.database["households"]
    whole = [verified(register, commune="90002")[0]["id"] for _ in range(2)]
    items = sorted((documents.find_one({"_id": whole[0]}) or {}).keys() - {"_id", "commune"})
    damages: list[Json] = [{"$unset": {item: 1}} for item in items]
    damages += [{"$set": {item: value}} for item in items for value in ("?", 7, [None], Binary(b"", 6))]
    for damage in damages:
        household, _ = verified(register, commune="90002")
        documents.update_one({"_id": household["id"]}, damage, bypass_document_validation=True)
    load(register, *MERGED)
    results = {each.household_id: each for each in rehoming(register).run(batch=batch)}
    assert len(results) == len(damages) + 2
    assert [results[each] for each in whole] == [Rehomed(each) for each in whole]
    left = [each for each in results.values() if not each.moved]
    assert rehoming(register).waiting() == len(left)
    assert {type(each.error) for each in left} == {StoreDamaged, StoreRefused}


def test_a_fault_of_the_register_itself_is_no_damage_of_a_household(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified(register, commune="90002")
    load(register, *MERGED)

    def broken(self: MongoTransaction, changes: object) -> None:
        raise TypeError("a mistake in the code of the commit")

    monkeypatch.setattr(MongoTransaction, "apply", broken)
    with pytest.raises(TypeError, match="a mistake"):
        list(rehoming(register).run())


def test_rehoming_that_was_stopped_goes_on_where_it_was(register: Register) -> None:
    for _ in range(3):
        verified(register, commune="90002")
    load(register, *MERGED)
    assert len(list(islice(rehoming(register).run(batch=1), 2))) == 2
    assert rehoming(register).waiting() == 1
    assert len(list(rehoming(register).run())) == 1
    assert list(rehoming(register).run()) == []
    assert_exact(register.store)


@pytest.mark.parametrize("code", ["90001", "90004"])
def test_a_renaming_or_another_code_moves_nothing_and_a_record_sent_again_is_the_same(
    register: Register, code: str
) -> None:
    sent, before = verified(register, commune="90001")
    load(register, a_line("90001", successor=code, **ENDED), a_line(code, name_vi="Mới", **BEGUN))
    assert (rehoming(register).waiting(), list(rehoming(register).run())) == (0, [])
    assert shown(register, before)["commune"] == code
    for again in (sent, shown(register, before)):
        assert put(register, again, if_match=2) == before
    assert rows(register, TODAY) == {code: 1}
    assert rows(register, date.fromisoformat(DAY_BEFORE)) == {"90001": 1}
    assert_exact(register.store)


def test_a_record_sent_again_after_a_merger_is_the_same_before_and_after_rehoming(register: Register) -> None:
    sent, before = verified(register, commune="90002")
    load(register, *MERGED)
    assert put(register, sent, if_match=2) == before == put(register, shown(register, before), if_match=2)
    assert put(register, sent) == before
    list(rehoming(register).run())
    moved = register.store.households.record(sent["id"], area=None)
    assert put(register, sent) == moved == put(register, shown(register, moved), if_match=3)


def test_a_split_is_decided_by_the_home_or_the_parcels_and_else_by_an_officer(register: Register) -> None:
    west, east = shapely.box(105.0, 18.0, 105.5, 19.0), shapely.box(105.5, 18.0, 106.0, 19.0)
    by_home = put(register, a_household(**EARLY, commune="90001", location=_point(105.7)))
    by_parcel = put(register, a_household(**EARLY, commune="90001", parcels=[a_parcel(geometry=a_square(105.2, 18.5))]))
    between = [a_parcel(geometry=a_square(105.2, 18.4)), a_parcel(geometry=a_square(105.8, 18.4))]
    torn = put(register, a_household(**EARLY, commune="90001", parcels=between))
    nowhere = put(register, a_least_household(**EARLY, commune="90001"))
    load(register, *SPLIT)
    directory = register.units.directory()
    one, three = (directory.in_force(code, TODAY).identity for code in ("90001", "90003"))
    assert all(not each.moved for each in rehoming(register).run())
    register.store.borders.replace_borders({one: west, three: east})
    moving = Rehoming(register.store, register.units.directory, register.clock, _examiner(register))
    found = {each.household_id: each.moved for each in moving.run()}
    assert found == {by_home["id"]: True, by_parcel["id"]: True, torn["id"]: False, nowhere["id"]: False}
    assert register.store.households.record(by_home["id"], area=None)["commune"] == three
    assert register.store.households.record(by_parcel["id"], area=None)["commune"] == one
    assert rows(register, TODAY) == {"90001": 1, "90003": 1, None: 2}
    officer = Actor("officer", directory.stored_in(directory.in_force("90003", TODAY), TODAY))
    residence = {"commune": "90003", "former_commune": "90001"}
    moved = register.households.transfer(nowhere["id"], residence, if_match=1, actor=officer).record
    assert (moved["commune"], moved["former_commune"]) == (three, "90001")
    assert rows(register, TODAY) == {"90001": 1, "90003": 2, None: 1}
    assert rows(register, date.fromisoformat(DAY_BEFORE)) == {"90001": 4}
    assert_exact(register.store)


def officer_of(register: Register, code: str) -> Actor:
    directory = register.units.directory()
    return Actor("officer", directory.stored_in(directory.in_force(code, TODAY), TODAY))


@pytest.mark.parametrize("by", ["transfer", "write"])
@pytest.mark.parametrize(("code", "day"), [("90003", None), ("90001", TODAY.isoformat())])
def test_an_officer_who_only_decides_on_the_part_leaves_the_household_verified(
    register: Register, by: str, code: str, day: str | None
) -> None:
    sent, before = verified(register, commune="90001", address="số 12")
    load(register, *SPLIT)
    officer = officer_of(register, code)
    residence = {"commune": code} | ({} if day is None else {"commune_as_of": day})
    for _ in range(2):
        if by == "transfer":
            moved = register.households.transfer(sent["id"], residence, if_match=2, actor=officer).record
        else:
            content = {**shown(register, before), "commune_as_of": None, **residence}
            moved = put(register, {k: v for k, v in content.items() if v is not None}, if_match=2, actor=officer)
    part = register.units.directory().in_force(code, TODAY).identity
    assert (moved["commune"], moved["former_commune"], moved["revision"]) == (part, "90001", 3)
    assert (moved["status"], moved["village"], moved["address"]) == ("verified", sent["village"], sent["address"])
    assert rows(register, TODAY) == {code: 1}
    assert_exact(register.store)


def test_an_officer_who_also_changes_something_submits_the_household_again(register: Register) -> None:
    sent, before = verified(register, commune="90001", address="số 12")
    load(register, *SPLIT)
    other = {**shown(register, before), "commune": "90003", "village": "Xóm 9"}
    assert put(register, other, if_match=2, actor=officer_of(register, "90003"))["status"] == "submitted"
    away = register.households.transfer(sent["id"], {"commune": "90002"}, if_match=3, actor=REGISTER_ITSELF).record
    assert (away["status"], "village" in away) == ("submitted", False)


def test_a_household_that_comes_late_under_the_code_of_a_split_commune_stays_open_until_a_part_is_named(
    register: Register,
) -> None:
    load(register, *SPLIT)
    whole = register.units.directory().in_force("90001", date.fromisoformat(DAY_BEFORE)).identity
    sent = a_least_household(**EARLY, commune="90001")
    first, other = officer_of(register, "90001"), officer_of(register, "90003")
    late = put(register, sent, actor=first)
    assert (late["commune"], put(register, sent, actor=first)) == (whole, late)
    for officer in (first, other):
        assert register.store.households.record(sent["id"], area=officer.area) == late
    assert rows(register, TODAY) == {None: 1}
    assert rows(register, date.fromisoformat(DAY_BEFORE)) == {"90001": 1}
    assert [each.moved for each in rehoming(register).run()] == [False]
    decided = put(register, {**sent, "commune": "90003"}, if_match=1, actor=other)
    assert (shown(register, decided)["commune"], decided["revision"]) == ("90003", 2)
    assert rows(register, TODAY) == {"90003": 1}
    with pytest.raises(HouseholdNotFound):
        register.store.households.record(sent["id"], area=first.area)
    assert_exact(register.store)


def test_a_code_that_is_given_again_never_mixes_two_communes(register: Register) -> None:
    old = put(register, a_least_household(**EARLY, commune="90001"))
    load(register, a_line("90001", successor="90002", **ENDED), a_line("90001", **BEGUN))
    late = put(register, a_least_household(**EARLY, commune="90001"))
    new = put(register, a_least_household(commune="90001"))
    directory = register.units.directory()
    again, heir = directory.in_force("90001", TODAY), directory.in_force("90002", TODAY)
    assert [each["commune"] for each in (old, late, new)] == ["90001", heir.identity, again.identity]
    assert again.identity != "90001"
    assert directory.stored_in(again, date.max) == {again.identity}
    assert directory.stored_in(heir, date.max) == {heir.identity, "90001"}
    for _ in range(2):
        assert rows(register, TODAY) == {"90001": 1, "90002": 2}
        list(rehoming(register).run())
    assert_exact(register.store)


def test_a_household_that_changes_meanwhile_is_moved_as_it_is_then(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, before = verified(register, commune="90002")
    load(register, *MERGED)
    job = rehoming(register)
    commit, calls = job._commit, iter([True])

    def first_revised(changes: Any, befores: Any, actor: Actor) -> Any:
        if next(calls, False):
            register.households.withdraw(before["id"], "moved_away", if_match=2, actor=REGISTER_ITSELF)
        return commit(changes, befores, actor)

    monkeypatch.setattr(job, "_commit", first_revised)
    assert list(job.run()) == [Rehomed(before["id"])]
    after = register.store.households.record(before["id"], area=None)
    assert (after["status"], after["revision"]) == ("withdrawn", 4)
    assert after["commune"] == register.units.directory().in_force("90001", TODAY).identity
    assert_exact(register.store)


def test_a_household_that_was_only_moved_is_stored_as_if_it_had_been_written_whole(register: Register) -> None:
    sent, _ = verified(register, commune="90002", village="Xóm 3", parcels=[a_parcel(geometry=a_square(105.2, 18.5))])
    households = register.store.database["households"]
    before = households.find_one({"_id": sent["id"]})
    load(register, *MERGED)
    pass_by(register, minutes=1)
    list(rehoming(register).run())
    after = households.find_one({"_id": sent["id"]})
    assert before is not None
    assert after is not None
    differ = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    moved = {"commune", "commune_as_of", "former_commune", "index", "revision", "updated_at", "sealed"}
    assert differ == moved & after.keys()
    encryption = register.store.database.encryption
    stored = register.store.households.find(sent["id"], area=None)
    before, at = {**stored.record, "revision": stored.record["revision"] - 1}, stored.record["updated_at"]
    fingerprint = stored.fingerprint
    change = Change.revision(before, stored.record, "revised", at=at, actor="test", fingerprint=fingerprint)
    whole = to_document(change, sealed_entries(change, encryption)[-1], encryption)
    assert {**whole, "sealed": after["sealed"]} == after
    assert encryption.contents(after["sealed"])["fingerprint"] == stored.fingerprint
    # The validator is not asked about a move: what it writes is valid all the same.
    assert households.count_documents({"$nor": [{"$jsonSchema": stored_household_validator()}]}) == 0
    left, arrived = register.store.database["log"].find({"household": sent["id"], "kind": "transferred"}).sort("_id")
    if left["record"] is not None:
        left, arrived = arrived, left
    assert (left["record"], left["replaced"]) == (None, None)
    assert left["sealed"] == arrived["sealed"] == after["sealed"]
    assert_exact(register.store)


def test_a_move_removes_what_the_new_place_does_not_have(register: Register) -> None:
    _, before = verified(register, commune="90002")
    old = {**before, "former_commune": "90003"}
    moved, at = {**before, "commune": "90001"}, before["updated_at"]
    change = Change.revision(old, moved, "transferred", at=at, actor="test", fingerprint="", residence_only=True)
    update = to_update(change, sealed_entries(change, register.store.database.encryption)[-1])
    assert update is not None
    assert (update["$set"]["commune"], update["$unset"]) == ("90001", {"former_commune": ""})


def test_communes_that_write_to_one_log_are_in_one_group(register: Register) -> None:
    load(register, *(a_line(f"9000{number}") for number in range(3, 7)))
    for code in ("90001", "90002", "90003", "90005", "90006"):
        for _ in range(1 + (code == "90003")):
            put(register, a_least_household(**EARLY, commune=code))
    load(register, *MERGED, a_line("90003", successor="90003;90004", **ENDED), a_line("90003", **BEGUN))
    load(register, a_line("90004", successor="90004", **ENDED), a_line("90004", **BEGUN))
    load(register, *(a_line(code, successor="90006", **ENDED) for code in ("90005", "90006")))
    load(register, a_line("90006", **BEGUN))
    groups = rehoming(register).groups()
    assert {frozenset(group) for group in groups} == {
        frozenset({"90001", "90002"}),
        frozenset({"90003"}),
        frozenset({"90005", "90006"}),
    }
    assert sum(map(len, groups)) == rehoming(register).waiting() - 1


def test_a_pause_between_two_batches_is_no_reason_to_stop(register: Register) -> None:
    for _ in range(3):
        verified(register, commune="90002")
    load(register, *MERGED)
    moving = rehoming(register).run(batch=1)
    assert next(moving).moved
    pass_by(register, minutes=5)
    assert [each.moved for each in moving] == [True, True]


@pytest.mark.slow
def test_the_command_moves_households_in_several_processes(
    register: Register, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    load(register, a_line("90003"), a_line("90004"))
    for code in ("90001", "90002", "90003", "90004") * 3:
        put(register, a_least_household(**EARLY, commune=code))
    load(register, *MERGED, *(a_line(code, successor="90004", **ENDED) for code in ("90003", "90004")))
    load(register, a_line("90004", **BEGUN))
    monkeypatch.setenv("MONGODB_URI", register.settings.mongodb_uri)
    for worth, printed in ((2, "12 households moved; 0 stay"), (0, "0 households moved; 0 stay")):
        monkeypatch.setattr("service.commands.rehome._WORTH_PROCESSES", worth)
        assert main(["--data", register.settings.data_folder]) == 0
        assert printed in capsys.readouterr().out
    assert rows(register, TODAY) == {"90001": 6, "90004": 6}
    assert_exact(register.store)


def _point(longitude: float) -> Json:
    return {"type": "Point", "coordinates": [longitude, 18.5]}


def _examiner(register: Register) -> ParcelExaminer:
    """One that has not read the borders before."""
    return examiner_of(register.store, register.settings, province_of(register.settings))
