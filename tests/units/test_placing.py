"""In which unit a household is counted, on any level and geography; without a database."""

from __future__ import annotations

from datetime import date

import pytest

from service.units.directory import UnitDirectory
from service.units.placing import Placing
from tests.builders import THANH_VINH, TODAY, TRUONG_VINH
from tests.units.lists import a_directory, a_line
from tests.units.test_newer_units import BEFORE, LONG_BEFORE, NEWER

DIRECTORY = UnitDirectory(NEWER)


@pytest.mark.parametrize(
    ("geography", "commune", "tally", "unit"),
    [
        (TODAY, THANH_VINH, "unknown", THANH_VINH),
        (TODAY, TRUONG_VINH, "unknown", THANH_VINH),
        (TODAY, THANH_VINH, "unknown@2026-11-01", THANH_VINH),
        (date(2026, 11, 1), THANH_VINH, "unknown@2026-11-01", THANH_VINH),
        (BEFORE, THANH_VINH, "unknown", THANH_VINH),
        (BEFORE, TRUONG_VINH, "unknown", TRUONG_VINH),
        (BEFORE, THANH_VINH, "unknown@2026-11-01", None),
        (BEFORE, THANH_VINH, "16690@2026-11-01", TRUONG_VINH),
        (BEFORE, THANH_VINH, "16663@2026-11-01", THANH_VINH),
        (LONG_BEFORE, THANH_VINH, "16663", "16663"),
        (LONG_BEFORE, THANH_VINH, "16663@2026-11-01", "16663"),
        (LONG_BEFORE, THANH_VINH, "unknown", None),
        (LONG_BEFORE, THANH_VINH, "99999", None),
        (LONG_BEFORE, "16816", "unknown", "16816"),
    ],
)
def test_a_household_is_counted_in_the_commune_of_the_geography(
    geography: date, commune: str, tally: str, unit: str | None
) -> None:
    assert Placing(DIRECTORY, "commune", geography).unit_of(commune, tally) == unit


def test_one_placing_distinguishes_communes_and_tallies() -> None:
    place = Placing(DIRECTORY, "commune", BEFORE)
    for _ in range(2):
        assert place.unit_of(THANH_VINH, "unknown") == THANH_VINH
        assert place.unit_of(THANH_VINH, "unknown@2026-11-01") is None
        assert place.unit_of(TRUONG_VINH, "unknown") == TRUONG_VINH


def test_a_higher_level_is_found_above_the_commune_of_the_geography() -> None:
    assert Placing(DIRECTORY, "district", LONG_BEFORE).unit_of(THANH_VINH, "16663") == "412"
    assert Placing(DIRECTORY, "district", LONG_BEFORE).unit_of(THANH_VINH, "unknown") is None
    assert Placing(DIRECTORY, "district", TODAY).unit_of(THANH_VINH, "16663") is None
    for geography, tally in ((TODAY, "unknown"), (LONG_BEFORE, "16663"), (LONG_BEFORE, "unknown")):
        assert Placing(DIRECTORY, "province", geography).unit_of(THANH_VINH, tally) == "40"


def test_what_became_of_a_former_commune_is_followed_to_the_geography() -> None:
    directory = a_directory(
        a_line("1", valid_to="2009-12-31", successor="2"),
        a_line("2", valid_from="2010-01-01", valid_to="2019-12-31", successor="4"),
        a_line("3", valid_to="2019-12-31", successor="4"),
        a_line("4", valid_from="2020-01-01"),
    )
    for day, unit in ((date(2009, 12, 31), "1"), (date(2010, 1, 1), "2"), (date(2019, 12, 31), "2")):
        assert Placing(directory, "commune", day).unit_of("4", "1") == unit
    assert Placing(directory, "commune", date(2009, 12, 31)).unit_of("4", "2") == "1"
    assert Placing(directory, "commune", date(2015, 1, 1)).unit_of("4", "3") == "3"
    assert Placing(directory, "commune", date(2015, 1, 1)).unit_of("4", "unknown") is None
    assert Placing(directory, "commune", date(2020, 1, 1)).unit_of("4", "1") == "4"


def test_where_the_commune_of_the_time_is_not_known_the_province_is_the_communes_own() -> None:
    province = {"kind": "tỉnh", "level": "province", "parent": ""}
    directory = a_directory(
        a_line("41", valid_to="2019-12-31", **province),
        a_line("42", valid_from="2020-01-01", **province),
        a_line("1", parent="41", valid_to="2019-12-31", successor="3"),
        a_line("2", parent="41", valid_to="2019-12-31", successor="3"),
        a_line("3", parent="42", valid_from="2020-01-01"),
        a_line("4", parent="41", valid_to="2019-12-31"),
    )
    assert Placing(directory, "province", date(2010, 1, 1)).unit_of("3", "1") == "41"
    assert Placing(directory, "province", date(2010, 1, 1)).unit_of("3", "unknown") == "42"
    assert Placing(directory, "province", date(2025, 1, 1)).unit_of("3", "1") == "42"
    assert Placing(directory, "province", date(2025, 1, 1)).unit_of("4", "unknown") == "41"
    assert Placing(directory, "commune", date(2025, 1, 1)).unit_of("4", "unknown") is None


@pytest.mark.parametrize(
    ("level", "geography", "can_fail"),
    [
        ("commune", LONG_BEFORE, True),
        ("district", LONG_BEFORE, True),
        ("province", LONG_BEFORE, False),
        ("commune", BEFORE, True),
        ("commune", TODAY, False),
    ],
)
def test_only_below_the_province_and_before_a_merger_can_a_unit_be_unknown(
    level: str, geography: date, can_fail: bool
) -> None:
    assert Placing(DIRECTORY, level, geography).can_fail is can_fail


def test_every_unit_that_an_areas_households_can_be_counted_in_is_reachable() -> None:
    six = {unit.code for unit in DIRECTORY.predecessors(THANH_VINH, BEFORE)}
    others = {unit.code for unit in DIRECTORY.predecessors(TRUONG_VINH, BEFORE)}
    assert len(six) == 6
    assert Placing(DIRECTORY, "commune", TODAY).reachable([THANH_VINH, "16702"]) == {THANH_VINH, "16702"}
    assert Placing(DIRECTORY, "commune", BEFORE).reachable([THANH_VINH]) == {THANH_VINH, TRUONG_VINH, None}
    # In the newest ward, the code 16690 means the ward that it was before, not the commune of 2025.
    assert Placing(DIRECTORY, "commune", LONG_BEFORE).reachable([THANH_VINH]) == six | others - {TRUONG_VINH} | {None}
    assert Placing(DIRECTORY, "commune", LONG_BEFORE).reachable([TRUONG_VINH]) == others | {None}
    assert Placing(DIRECTORY, "province", LONG_BEFORE).reachable([THANH_VINH]) == {"40"}
    assert Placing(DIRECTORY, "commune", TODAY).reachable([]) == set()
