"""The village decides to which part of a split commune a household belongs, where its position does not: when it is
rehomed, and when it is written under the code of the whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import shapely

from service.actor import REGISTER_ITSELF, Actor
from service.households.bulk import BulkRegistration
from service.jobs.rehoming import Rehoming
from service.settings import Settings, province_of
from service.units.village_register import NamedVillage
from service.wiring import Register, examiner_of
from tests.builders import TODAY, Json, MovedClock, a_household, a_least_household, a_parcel, a_square
from tests.storage.writing import assert_exact
from tests.units.lists import a_line
from tests.units.registers import BEGUN, DAY_BEFORE, ENDED, a_register, load, two_communes

pytestmark = pytest.mark.slow

EARLY = {"captured_at": "2026-10-01T02:00:00Z", "commune": "90001"}
WHOLE = a_line("90001", successor="90001;90003", **ENDED)
SPLIT = (WHOLE, a_line("90001", **BEGUN), a_line("90003", **BEGUN))


@pytest.fixture
def register(own_settings: Settings) -> Iterator[Register]:
    with a_register(own_settings) as made:
        load(made, *two_communes())
        yield made


def put(register: Register, **items: Any) -> str:
    household = a_least_household(**{**EARLY, **items})
    return put_whole(register, household)


def put_whole(register: Register, household: Json) -> str:
    register.households.put(household["id"], household, if_match=None, actor=REGISTER_ITSELF)
    key: str = household["id"]
    return key


def put_list(register: Register, code: str, *villages: str | tuple[str, str], as_of: date | None = None) -> None:
    named = [(each, None) if isinstance(each, str) else each for each in villages]
    given = [NamedVillage(name, former_commune=former) for name, former in named]
    revision = register.villages.of(code, as_of, actor=REGISTER_ITSELF).revision
    register.villages.put(code, as_of, given, if_match=revision, if_new=False, actor=REGISTER_ITSELF)


def moved(register: Register) -> dict[str, str]:
    """The code of the part to which each household was moved."""
    examiner = examiner_of(register.store, register.settings, province_of(register.settings))
    job = Rehoming(register.store, register.units.directory, register.clock, examiner)
    households = [each.household_id for each in job.run() if each.moved]
    directory = register.units.directory()
    return {
        each: directory.called(register.store.households.record(each, area=None)["commune"], TODAY)[0]
        for each in households
    }


def test_the_one_part_whose_list_names_the_village_has_the_household(register: Register) -> None:
    one = put(register, village="Xóm 5")
    three = put(register, village="XÓM 06")
    put(register, village="Xóm 7")
    put(register, village="Xóm 9")
    put(register)
    load(register, *SPLIT)
    assert moved(register) == {}
    put_list(register, "90001", "Xóm 5", "Xóm 7")
    put_list(register, "90003", "Xóm 6", "Xóm 7")
    assert moved(register) == {one: "90001", three: "90003"}
    report = register.coverage.report("commune", TODAY, area=None)
    assert {row.code: row.registered for row in report.rows if row.registered} == {"90001": 1, "90003": 1, None: 3}
    before = register.coverage.report("commune", date.fromisoformat(DAY_BEFORE), area=None)
    assert {row.code: row.registered for row in before.rows if row.registered} == {"90001": 5}
    assert_exact(register.store)


def test_a_household_that_its_village_moved_stays_verified_and_has_its_village(register: Register) -> None:
    key = put_whole(register, a_household(**EARLY, village="Xóm 5", address="số 12"))
    register.households.verify(key, if_match=1, actor=REGISTER_ITSELF)
    load(register, *SPLIT)
    put_list(register, "90003", "Xóm 5")
    assert moved(register) == {key: "90003"}
    record = register.store.households.record(key, area=None)
    assert (record["status"], record["village"], record["address"]) == ("verified", "Xóm 5", "số 12")
    assert (record["former_commune"], record["revision"]) == ("90001", 3)
    assert moved(register) == {}


def test_the_position_comes_before_the_village(register: Register) -> None:
    there = {"type": "Point", "coordinates": [105.2, 18.5]}
    outside = {"type": "Point", "coordinates": [107.0, 18.5]}
    by_position = put(register, village="Xóm 6", location=there)
    by_village = put(register, village="Xóm 6", location=outside)
    load(register, *SPLIT)
    directory = register.units.directory()
    one, three = (directory.in_force(code, TODAY).identity for code in ("90001", "90003"))
    west, east = shapely.box(105.0, 18.0, 105.5, 19.0), shapely.box(105.5, 18.0, 106.0, 19.0)
    register.store.borders.replace_borders({one: west, three: east})
    put_list(register, "90003", "Xóm 6")
    assert moved(register) == {by_position: "90001", by_village: "90003"}


def test_a_list_from_before_the_split_says_nothing_of_the_villages_that_come(register: Register) -> None:
    clock = register.clock
    assert isinstance(clock, MovedClock)
    key = put(register, village="Xóm 5")
    clock.pass_by(days=-30)
    put_list(register, "90002", "Xóm 5")
    clock.pass_by(days=30)
    load(register, a_line("90001", successor="90002;90003", **ENDED), a_line("90003", **BEGUN))
    assert moved(register) == {}
    put_list(register, "90003", "Xóm 5")
    assert moved(register) == {key: "90003"}


def test_villages_of_one_name_differ_by_the_former_commune(register: Register) -> None:
    again = {"valid_from": "2026-11-01", "valid_to": "2026-11-10"}
    keys = [put(register, village="Xóm 5", commune=code) for code in ("90001", "90002")]
    load(register, *(a_line(code, successor="90004", **ENDED) for code in ("90001", "90002")))
    load(register, a_line("90004", successor="90005;90006", **again))
    load(register, *(a_line(code, valid_from="2026-11-11") for code in ("90005", "90006")))
    late = {"commune": "90004", "captured_at": "2026-11-05T02:00:00Z"}
    put(register, village="Xóm 5", **late)
    keys.append(put(register, village="Xóm 5", former_commune="90001", **late))
    put_list(register, "90005", ("Xóm 5", "90001"))
    put_list(register, "90006", ("Xóm 5", "90002"))
    assert moved(register) == dict(zip(keys, ("90005", "90006", "90005"), strict=True))
    assert_exact(register.store)


def test_a_part_that_was_merged_since_brings_its_villages_along(register: Register) -> None:
    key = put(register, village="Xóm 5")
    load(register, *SPLIT)
    put_list(register, "90003", "Xóm 5")
    again = {"valid_to": "2026-11-10", "successor": "90007"}
    load(
        register, a_line("90003", **BEGUN, **again), a_line("90002", **again), a_line("90007", valid_from="2026-11-11")
    )
    assert moved(register) == {key: "90007"}
    assert_exact(register.store)


def test_a_village_that_came_to_a_part_from_elsewhere_is_another(register: Register) -> None:
    key = put(register, village="Xóm 5")
    load(register, *SPLIT, a_line("90002", successor="90003", valid_to="2026-11-10"))
    put_list(register, "90003", ("Xóm 5", "90002"))
    assert moved(register) == {}
    put_list(register, "90001", "Xóm 5")
    assert moved(register) == {key: "90001"}


def stored_in(register: Register, key: str) -> tuple[str, str | None, bool]:
    """Code and former commune of a stored household, and whether its commune is in force."""
    record = register.store.households.record(key, area=None)
    directory = register.units.directory()
    in_force = directory.validity_on(record["commune"], TODAY) is not None
    return directory.called(record["commune"], TODAY)[0], record.get("former_commune"), in_force


def test_a_write_under_the_code_of_the_whole_lands_in_the_part_that_rehoming_would_choose(register: Register) -> None:
    load(register, *SPLIT)
    directory = register.units.directory()
    one, three = (directory.in_force(code, TODAY).identity for code in ("90001", "90003"))
    register.store.borders.replace_borders(
        {one: shapely.box(105.0, 18.0, 105.5, 19.0), three: shapely.box(105.5, 18.0, 106.0, 19.0)}
    )
    put_list(register, "90003", "Xóm 6")
    west, far = ({"type": "Point", "coordinates": [longitude, 18.5]} for longitude in (105.2, 107.0))
    plot = a_square(105.2, 18.5, 0.0004)
    sent = [
        a_least_household(**EARLY, **items)
        for items in (
            {"village": "Xóm 6", "location": west, "parcels": [a_parcel(geometry=a_square(105.6, 18.5, 0.0004))]},
            {"village": "xóm  06", "location": far, "outside_confirmed": True},
            {"village": "Xóm 6", "parcels": [a_parcel(geometry=plot)]},
            {"village": "Xóm 7"},
        )
    ]
    for household in sent[:3]:
        put_whole(register, household)
    bulk = BulkRegistration(register.store, register.units.directory, register.clock, register.examiner)
    results = [each.result for each in bulk.register(sent, actor=REGISTER_ITSELF)]
    assert sorted(results) == ["registered", "unchanged", "unchanged", "unchanged"]
    expected = [("90001", "90001", True), ("90003", "90001", True), ("90001", "90001", True), ("90001", None, False)]
    assert [stored_in(register, each["id"]) for each in sent] == expected
    # They are examined in the part: its neighbour's land is outside.
    found = [
        {each["code"] for each in register.store.households.record(one["id"], area=None)["findings"]}
        for one in sent[:3]
    ]
    assert ["parcel.outside-commune" in each for each in found] == [True, False, False]
    assert moved(register) == {}
    report = register.coverage.report("commune", TODAY, area=None)
    assert {row.code: row.registered for row in report.rows if row.registered} == {"90001": 2, "90003": 1, None: 1}
    assert_exact(register.store)


def test_bulk_registration_decides_too_and_nobody_puts_a_household_where_they_may_not_write(register: Register) -> None:
    load(register, *SPLIT)
    put_list(register, "90003", "Xóm 6")
    directory = register.units.directory()
    one, three = (directory.in_force(code, TODAY) for code in ("90001", "90003"))
    sent = [a_least_household(**EARLY, village="Xóm 6") for _ in range(3)]
    bulk = BulkRegistration(register.store, register.units.directory, register.clock, register.examiner)
    assert [each.result for each in bulk.register(sent[:1], actor=REGISTER_ITSELF)] == ["registered"]
    for household, part in zip(sent[1:], (one, three), strict=True):
        officer = Actor("officer", directory.stored_in(part, TODAY))
        register.households.put(household["id"], household, if_match=None, actor=officer)
    places = [stored_in(register, each["id"]) for each in sent]
    assert places == [("90003", "90001", True), ("90001", None, False), ("90003", "90001", True)]


def test_what_was_decided_stands_though_a_phone_still_writes_the_code_of_the_whole(register: Register) -> None:
    households, clock = register.households, register.clock
    assert isinstance(clock, MovedClock)
    load(register, *SPLIT)
    waiting = a_least_household(**EARLY, village="Xóm 6")
    first = households.put(waiting["id"], waiting, if_match=None, actor=REGISTER_ITSELF).record
    put_list(register, "90003", "Xóm 6")
    clock.pass_by(minutes=1)
    assert households.put(waiting["id"], waiting, if_match=None, actor=REGISTER_ITSELF).record == first
    assert households.put(waiting["id"], waiting, if_match=1, actor=REGISTER_ITSELF).record == first
    changed = waiting | {"address": "số 1"}
    for _ in range(2):
        written = households.put(waiting["id"], changed, if_match=1, actor=REGISTER_ITSELF)
        assert written.record["revision"] == 2
    assert stored_in(register, waiting["id"]) == ("90003", "90001", True)
    put_list(register, "90003", "Xóm 8")
    put_list(register, "90001", "Xóm 6")
    later = changed | {"address": "số 2"}
    assert households.put(waiting["id"], later, if_match=2, actor=REGISTER_ITSELF).record["revision"] == 3
    assert stored_in(register, waiting["id"]) == ("90003", "90001", True)
    assert households.put(waiting["id"], changed, if_match=1, actor=REGISTER_ITSELF).changed is False
    new = a_least_household(**EARLY, village="Xóm 8")
    put_whole(register, new)
    put_list(register, "90003")
    for again in ("retry", "retry after a revision"):
        assert households.put(new["id"], new, if_match=None, actor=REGISTER_ITSELF).changed is False, again
        households.verify(new["id"], if_match=None, actor=REGISTER_ITSELF)
    assert_exact(register.store)
