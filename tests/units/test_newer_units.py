"""A newer list of units that is loaded after its first day: every household counts, is found, and can be revised."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from service.actor import REGISTER_ITSELF
from service.households.ports import HouseholdQuery
from service.households.residence import Residences
from service.settings import Settings
from service.unit_names import UnitId
from service.units.areas import area_of_units, unit_meant
from service.units.attribution import of_tally_key, tally_key
from service.units.directory import UnitDirectory
from service.units.unit_list import read_units
from service.wiring import Register, wire
from tests.builders import THANH_VINH, TODAY, TRUONG_VINH, Json, MovedClock, a_least_household
from tests.provinces import UNITS_FILE
from tests.storage.writing import assert_exact

MERGED_ON = date(2026, 11, 1)
BEFORE = date(2026, 10, 31)
LONG_BEFORE = date(2025, 6, 30)


def a_newer_list() -> str:
    """The official list, in which Thành Vinh (16681) and Trường Vinh (16690) became one ward with the first's code."""
    with UNITS_FILE.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    merged = next(row for row in rows if row["code"] == THANH_VINH and not row["valid_to"])
    merged = {**merged, "name_vi": "Vinh", "name_en": "Vinh ward", "valid_from": MERGED_ON.isoformat()}
    for row in rows:
        if row["code"] in (THANH_VINH, TRUONG_VINH) and not row["valid_to"]:
            row |= {"valid_to": BEFORE.isoformat(), "successor": THANH_VINH}
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(merged))
    writer.writeheader()
    writer.writerows([*rows, merged])
    return text.getvalue()


NEWER = read_units(a_newer_list())
MERGED = UnitDirectory(NEWER).in_force(THANH_VINH, TODAY)


@pytest.fixture
def register(own_settings: Settings) -> Iterator[Register]:
    """A register of its own, since it is given other units; it looks for them at every question."""
    services = wire(replace(own_settings, units_refresh_seconds=0.0), MovedClock())
    yield services
    services.store.close()


def put(register: Register, if_match: int | None = None, **items: Any) -> Json:
    household = a_least_household(**items)
    record: Json = register.households.put(household["id"], household, if_match=if_match, actor=REGISTER_ITSELF).record
    return record


def rows(register: Register, geography: date) -> dict[str | None, int]:
    report = register.coverage.report("commune", geography, area=None)
    assert report.total.registered == sum(row.registered for row in report.rows)
    return {row.code: row.registered for row in report.rows if row.registered}


def test_a_late_list_counts_every_household_where_it_belongs_and_changes_none(register: Register) -> None:
    known, other = put(register, former_commune="16663"), put(register, commune=TRUONG_VINH)
    register.store.units.replace_units(NEWER)
    assert rows(register, TODAY) == {THANH_VINH: 2}
    assert rows(register, BEFORE) == {THANH_VINH: 1, TRUONG_VINH: 1}
    assert rows(register, LONG_BEFORE) == {"16663": 1, None: 1}
    assert register.coverage.report("district", area=None).total.registered == 2
    assert [register.store.households.record(each["id"], area=None) for each in (known, other)] == [known, other]


def test_a_reused_code_distinguishes_old_and_new_households(register: Register) -> None:
    put(register, former_commune="16663")
    register.store.units.replace_units(NEWER)
    new = put(register)
    assert new["commune"] == MERGED.identity != THANH_VINH
    assert rows(register, TODAY) == {THANH_VINH: 2}
    assert rows(register, BEFORE) == {THANH_VINH: 1, None: 1}
    assert rows(register, LONG_BEFORE) == {"16663": 1, None: 1}
    assert_exact(register.store)


def test_a_household_from_before_a_merger_moves_when_it_is_revised(register: Register) -> None:
    before = put(register, commune=TRUONG_VINH)
    register.store.units.replace_units(NEWER)
    steps = register.households
    assert steps.verify(before["id"], if_match=None, actor=REGISTER_ITSELF).record["commune"] == TRUONG_VINH
    revised = {**before, "village": "Khối 9"}
    after = steps.put(before["id"], revised, if_match=2, actor=REGISTER_ITSELF).record
    assert (after["commune"], after["former_commune"]) == (MERGED.identity, TRUONG_VINH)
    shown = Residences(register.units.directory(), TODAY).shown(after)
    assert (shown["commune"], shown["commune_since"]) == (THANH_VINH, MERGED_ON.isoformat())
    assert steps.put(before["id"], shown, if_match=3, actor=REGISTER_ITSELF).changed is False
    assert rows(register, BEFORE) == {TRUONG_VINH: 1}
    assert_exact(register.store)


def test_a_finer_former_commune_stays_known_over_two_mergers(register: Register) -> None:
    before = put(register, former_commune="16663")
    register.store.units.replace_units(NEWER)
    after = register.households.put(
        before["id"], {**before, "village": "Khối 9"}, if_match=1, actor=REGISTER_ITSELF
    ).record
    assert (after["former_commune"], after["commune"]) == ("16663", MERGED.identity)
    assert rows(register, LONG_BEFORE) == {"16663": 1}
    assert rows(register, BEFORE) == {THANH_VINH: 1}


def test_an_area_with_one_of_the_merged_communes_covers_both() -> None:
    directory = UnitDirectory(NEWER)
    for code in (THANH_VINH, TRUONG_VINH):
        area = area_of_units([unit_meant(code, TODAY, directory, TODAY)], directory, TODAY)
        assert area.communes() == frozenset({THANH_VINH, TRUONG_VINH, MERGED.identity})
    assert area_of_units([UnitId("16702")], directory, TODAY).communes() == frozenset({"16702"})


def test_households_from_before_a_merger_are_found_by_the_new_code(register: Register) -> None:
    put(register, commune=TRUONG_VINH)
    communes = UnitDirectory(NEWER).stored_in(MERGED, date.max)
    found = register.store.households.page(HouseholdQuery(limit=10, communes=communes))
    assert len(found.records) == 1
    formers = (TRUONG_VINH,)
    found = register.store.households.page(HouseholdQuery(limit=10, communes=communes, former_communes=formers))
    assert len(found.records) == 1


@pytest.mark.parametrize("former", [None, "16663"])
def test_the_key_of_a_tally_is_read_back(former: str | None) -> None:
    assert of_tally_key(tally_key(former)) == former
