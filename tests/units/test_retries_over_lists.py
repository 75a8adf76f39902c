"""A write that is sent again after a list gave its commune's code another meaning, or none, is the same write."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from service.actor import REGISTER_ITSELF, Actor
from service.errors import (
    CommuneNotInForce,
    CommuneOutsideArea,
    DomainError,
    HouseholdExists,
    HouseholdIdTaken,
    HouseholdStale,
    HouseholdWithdrawn,
)
from service.households.bulk import BulkRegistration
from service.settings import Settings
from service.unit_names import UnitId
from service.units.unit import Unit
from service.wiring import Register
from tests.builders import Json, MovedClock, a_least_household
from tests.units.lists import a_line
from tests.units.registers import BEGUN, ENDED, a_register, load_edition

pytestmark = pytest.mark.slow  # together they take more than a second of a processor

RECODED = (a_line("90001", successor="90011", **ENDED), a_line("90011", **BEGUN))
REUSED = (*RECODED, a_line("90001", name_vi="Khác", **BEGUN))
SPLIT = (a_line("90001", successor="90003;90004", **ENDED), a_line("90003", **BEGUN), a_line("90004", **BEGUN))
SPLIT_WITH_ITS_CODE = (SPLIT[0].replace("90004", "90001"), SPLIT[1], a_line("90001", name_vi="Phần", **BEGUN))
MERGED = (
    a_line("90001", successor="90002", **ENDED),
    a_line("90002", successor="90002", **ENDED),
    a_line("90002", name_vi="Lớn", **BEGUN),
)
CLOSED = (a_line("90001", **ENDED),)
LISTS = (RECODED, REUSED, SPLIT, SPLIT_WITH_ITS_CODE, MERGED, CLOSED)
CODES = tuple(UnitId(f"9{number}001") for number in range(len(LISTS)))
"""The commune that each of the lists changes."""
ELSEWHERE = UnitId("99009")


@pytest.fixture
def register(own_settings: Settings) -> Iterator[Register]:
    """A register with a commune for each of the lists, and one that none of them names."""
    with a_register(own_settings) as made:
        neighbours = (f"{code[:2]}002" for code in CODES)
        load_edition(made, *(a_line(code) for code in (*CODES, *neighbours, ELSEWHERE)))
        pass_by(made)
        yield made


def pass_by(register: Register, **duration: float) -> None:
    clock = register.clock
    assert isinstance(clock, MovedClock)
    clock.pass_by(**(duration or {"hours": 1}))


def about(code: str, lines: Sequence[str], *, later: bool = False) -> list[str]:
    """A list as it is of another commune than 90001; ``later``: a month later."""
    moved = [line.replace("900", code[:2] + "0") for line in lines]
    if not later:
        return moved
    return [line.replace("2026-10-31", "2026-11-30").replace("2026-11-01", "2026-12-01") for line in moved]


def load_all(register: Register, *, later: bool = False) -> None:
    """Load all lists, and let time pass."""
    pass_by(register)
    changes = zip(CODES, LISTS, strict=True)
    load_edition(register, *(line for code, lines in changes for line in about(code, lines, later=later)))
    pass_by(register, days=20)


def officer(code: str) -> Actor:
    """An officer of the commune that had a code before the lists, and of the one that none of them names."""
    return Actor("officer", frozenset({UnitId(code), ELSEWHERE}))


def put(register: Register, body: Json, *, actor: Actor | None = None, **options: Any) -> Any:
    options = {"if_match": None, **options}
    return register.households.put(body["id"], body, actor=actor or officer(body["commune"]), **options)


def in_bulk(register: Register, *bodies: Json) -> list[tuple[str, object]]:
    bulk = BulkRegistration(register.store, register.units.directory, register.clock, register.examiner)
    outcomes = bulk.register(bodies, actor=Actor("officer", frozenset({*CODES, ELSEWHERE})))
    ordered = sorted(outcomes, key=lambda each: each.position)
    return [(each.result, each.error and getattr(each.error, "code", "")) for each in ordered]


def a_body(code: str = "90001", **items: Any) -> Json:
    return a_least_household(commune=code, **items)


@pytest.mark.parametrize("later", [False, True])
def test_a_write_sent_again_is_the_same_whatever_became_of_its_commune(register: Register, later: bool) -> None:
    captured, named = {"captured_at": "2026-11-20T02:00:00Z"}, {"commune_as_of": "2026-11-05"}
    bodies = [a_body(code, **items) for code in CODES for items in ({}, captured, named)]
    first = [put(register, body).record for body in bodies]
    registered = [a_body(code) for code in CODES]
    assert in_bulk(register, *registered) == [("registered", None)] * len(CODES)
    load_all(register, later=later)
    for body, record in zip(bodies, first, strict=True):
        posted = register.households.post(body, actor=officer(body["commune"]))
        for again in (put(register, body), posted):
            assert (again.changed, again.created, again.record) == (False, False, record)
    assert in_bulk(register, *bodies, *registered) == [("unchanged", None)] * 4 * len(CODES)


def test_the_list_of_a_moment_is_known_about_the_units_that_changed_since(register: Register) -> None:
    units, moment = register.store.units, register.clock()
    before = of_these_tests(units.unit_list())
    pass_by(register)
    load_edition(register, *RECODED)
    for about in (["90001"], [ELSEWHERE, "90011"]):
        found = units.list_at(moment, about)
        assert found is not None
        assert of_these_tests(found) == before
    assert units.list_at(moment, [ELSEWHERE]) is None
    assert units.list_at(register.clock(), ["90001"]) is None


def of_these_tests(units: Iterable[Unit]) -> set[Unit]:
    """The communes of these tests: the province's own list was loaded by the real clock."""
    return {unit for unit in units if unit.code.startswith("9")}


def test_a_write_while_a_list_is_being_loaded_was_read_by_the_list_before(register: Register) -> None:
    body = a_body(CODES[0])
    put(register, body)
    load_edition(register, *about(CODES[0], RECODED), begun=timedelta(minutes=5))
    after = a_body("90011")
    put(register, after, actor=officer("90001"))
    pass_by(register)
    ended, begun = {"valid_to": "2026-11-09", "successor": "90015"}, {"valid_from": "2026-11-10"}
    load_edition(register, a_line("90011", **BEGUN, **ended), *(a_line(code, **begun) for code in ("90011", "90015")))
    for again in (body, after):
        assert not put(register, again, actor=officer("90001")).changed


def test_revisions_patches_and_transfers_sent_again_are_the_same_too(register: Register) -> None:
    households = [(a_body(code), a_body(ELSEWHERE), officer(code)) for code in CODES]
    again: list[Callable[[], Any]] = []
    for body, elsewhere, actor in households:
        put(register, body)
        put(register, elsewhere)
        revised = {**body, "village": "Xóm 1"}
        patch = {"village": "Xóm 2", "commune": body["commune"], "commune_as_of": "2026-11-05"}
        residence = {"commune": body["commune"]}
        again.append(partial(put, register, revised, if_match=1))
        again.append(partial(register.households.patch, body["id"], patch, if_match=2, actor=actor))
        again.append(partial(register.households.transfer, elsewhere["id"], residence, if_match=1, actor=actor))
    assert all(write().changed for write in again)
    load_all(register)
    assert not any(write().changed for write in again)
    for body, elsewhere, actor in households:
        found = [register.store.households.record(each["id"], area=actor.area) for each in (body, elsewhere)]
        assert [record["revision"] for record in found] == [3, 2]


def test_the_day_that_the_refusal_recommends_is_accepted(register: Register) -> None:
    captured = {"captured_at": "2026-11-20T02:00:00Z"}
    codes = [code for code, lines in zip(CODES, LISTS, strict=True) if lines in (RECODED, SPLIT, MERGED)]
    bodies = [a_body(code, **captured) for code in codes]
    for body in bodies:
        put(register, body)
    load_all(register)
    for body in bodies:
        with pytest.raises(CommuneNotInForce) as refused:
            put(register, a_body(body["commune"], **captured), actor=REGISTER_ITSELF)
        with_day = {**body, "commune_as_of": refused.value.params["known_to"]}
        assert not put(register, with_day).changed
        assert in_bulk(register, with_day) == [("unchanged", None)]
        register.households.verify(body["id"], if_match=1, actor=REGISTER_ITSELF)
        assert not put(register, with_day).changed


def test_other_content_and_other_communes_are_no_retries(register: Register) -> None:
    code = CODES[LISTS.index(REUSED)]
    body = a_body(code, captured_at="2026-11-20T02:00:00Z")
    put(register, body)
    load_all(register)
    both = Actor("officer", frozenset({code, UnitId(f"{code}-2026-11-01"), ELSEWHERE}))
    other = {**body, "village": "Xóm 1"}
    refused: list[tuple[Json, Actor, type[DomainError]]] = [
        (other, officer(code), CommuneOutsideArea),
        (other, both, HouseholdIdTaken),
        ({**body, "commune_as_of": "2026-11-21"}, both, HouseholdIdTaken),
        ({**body, "commune": ELSEWHERE}, both, HouseholdIdTaken),
        (body, Actor("elsewhere", frozenset({ELSEWHERE})), CommuneOutsideArea),
    ]
    for content, actor, error in refused:
        with pytest.raises(error):
            put(register, content, actor=actor)
    assert in_bulk(register, other) == [("refused", "commune.outside-area")]
    with pytest.raises(HouseholdExists):
        put(register, body, if_new=True)
    with pytest.raises(HouseholdStale):
        put(register, other, if_match=7)
    register.households.withdraw(body["id"], "moved_away", if_match=None, actor=officer(code))
    with pytest.raises(HouseholdWithdrawn):
        put(register, body)


def test_a_revision_of_what_a_record_showed_before_a_list_stays_where_it_is(register: Register) -> None:
    bodies = [a_body(code, captured_at="2026-11-20T02:00:00Z") for code in CODES]
    for body in bodies:
        put(register, body)
    load_all(register)
    for body, lines in zip(bodies, LISTS, strict=True):
        record = put(register, {**body, "village": "Xóm 1"}, if_match=1, actor=REGISTER_ITSELF).record
        stays = lines is not MERGED
        assert (record["village"], record["commune"] == body["commune"]) == ("Xóm 1", stays)
        assert not stays or record["commune_as_of"] == "2026-11-20"


def test_a_revision_without_a_day_under_a_code_that_nobody_has_stays_where_it_is(register: Register) -> None:
    for dated, code in (("before", CODES[0]), ("after", CODES[1])):
        body = a_body(code)
        put(register, body)
        load_edition(register, *about(code, RECODED, later=dated == "after"))
        pass_by(register, days=20)
        assert put(register, {**body, "village": "Xóm 1"}, if_match=1).record["commune"] == code


def test_a_revision_under_a_code_that_was_given_again_before_means_its_new_commune(register: Register) -> None:
    load_edition(register, *REUSED)
    pass_by(register)
    both = Actor("officer", frozenset({UnitId("90001"), UnitId("90001-2026-11-01")}))
    body = a_body("90011", captured_at="2026-11-20T02:00:00Z")
    put(register, body, actor=both)
    with pytest.raises(HouseholdIdTaken):
        put(register, {**body, "commune": "90001"}, actor=both)
    moved = put(register, {**body, "commune": "90001"}, if_match=1, actor=both)
    assert moved.record["commune"] == "90001-2026-11-01"
