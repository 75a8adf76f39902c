"""In which unit a household is counted, on any level and geography; without a database."""

from __future__ import annotations

from datetime import date

import pytest

from service.units.attribution import Attribution
from service.units.directory import UnitDirectory
from tests.builders import THANH_VINH, TODAY, TRUONG_VINH
from tests.units.lists import a_directory, a_line, placed
from tests.units.test_newer_units import BEFORE, LONG_BEFORE, NEWER

DIRECTORY = UnitDirectory(NEWER)
MERGED = DIRECTORY.in_force(THANH_VINH, TODAY).identity
"""The ward of November 2026, which has the code of one that was merged into it."""


def reached(level: str, geography: date, *area: str) -> set[str | None]:
    """The codes of the units in which households of an area can be counted."""
    found = Attribution(DIRECTORY, level, geography).reachable(area)
    return {identity and DIRECTORY.called(identity, geography)[0] for identity in found}


@pytest.mark.parametrize(
    ("geography", "commune", "tally", "unit"),
    [
        (TODAY, THANH_VINH, "unknown", THANH_VINH),
        (TODAY, TRUONG_VINH, "unknown", THANH_VINH),
        (TODAY, MERGED, "unknown", THANH_VINH),
        (BEFORE, MERGED, "unknown", None),
        (BEFORE, MERGED, TRUONG_VINH, TRUONG_VINH),
        (LONG_BEFORE, MERGED, "16663", "16663"),
        (date(2026, 11, 1), MERGED, "unknown", THANH_VINH),
        (BEFORE, THANH_VINH, "unknown", THANH_VINH),
        (BEFORE, TRUONG_VINH, "unknown", TRUONG_VINH),
        (BEFORE, MERGED, "16663", THANH_VINH),
        (LONG_BEFORE, THANH_VINH, "16663", "16663"),
        (LONG_BEFORE, THANH_VINH, "unknown", None),
        (LONG_BEFORE, THANH_VINH, "99999", None),
        (LONG_BEFORE, "16816", "unknown", "16816"),
    ],
)
def test_a_household_is_counted_in_the_commune_of_the_geography(
    geography: date, commune: str, tally: str, unit: str | None
) -> None:
    assert placed(DIRECTORY, "commune", geography, commune, tally) == unit


def test_one_attribution_distinguishes_communes_and_tallies() -> None:
    attribution = Attribution(DIRECTORY, "commune", BEFORE)
    for _ in range(2):
        assert attribution.unit_of(THANH_VINH, "unknown") == THANH_VINH
        assert attribution.unit_of(MERGED, "unknown") is None
        assert attribution.unit_of(MERGED, TRUONG_VINH) == TRUONG_VINH
        assert attribution.unit_of(TRUONG_VINH, "unknown") == TRUONG_VINH


def test_a_higher_level_is_found_above_the_commune_of_the_geography() -> None:
    assert placed(DIRECTORY, "district", LONG_BEFORE, THANH_VINH, "16663") == "412"
    assert placed(DIRECTORY, "district", LONG_BEFORE, THANH_VINH, "unknown") is None
    assert placed(DIRECTORY, "district", TODAY, THANH_VINH, "16663") is None
    for geography, tally in ((TODAY, "unknown"), (LONG_BEFORE, "16663"), (LONG_BEFORE, "unknown")):
        assert placed(DIRECTORY, "province", geography, THANH_VINH, tally) == "40"


def test_what_became_of_a_former_commune_is_followed_to_the_geography() -> None:
    directory = a_directory(
        a_line("1", valid_to="2009-12-31", successor="2"),
        a_line("2", valid_from="2010-01-01", valid_to="2019-12-31", successor="4"),
        a_line("3", valid_to="2019-12-31", successor="4"),
        a_line("4", valid_from="2020-01-01"),
    )
    for day, unit in ((date(2009, 12, 31), "1"), (date(2010, 1, 1), "2"), (date(2019, 12, 31), "2")):
        assert placed(directory, "commune", day, "4", "1") == unit
    assert placed(directory, "commune", date(2015, 1, 1), "4", "3") == "3"
    assert placed(directory, "commune", date(2015, 1, 1), "4", "unknown") is None
    assert placed(directory, "commune", date(2020, 1, 1), "4", "1") == "4"


@pytest.mark.parametrize(("district", "counted"), [("51", "51"), ("52", None)])
def test_a_household_of_a_split_commune_is_counted_in_the_district_of_all_parts_and_in_no_part(
    district: str, counted: str | None
) -> None:
    directory = a_directory(
        a_line("51", level="district"),
        a_line("52", level="district"),
        a_line("1", parent="51", valid_to="2019-12-31", successor="2;3"),
        a_line("2", parent="51", valid_from="2020-01-01"),
        a_line("3", parent=district, valid_from="2020-01-01"),
    )
    assert placed(directory, "district", date(2025, 1, 1), "1", "unknown") == counted
    assert placed(directory, "commune", date(2025, 1, 1), "1", "unknown") is None


def test_a_household_of_a_split_commune_is_not_counted_in_the_only_part_that_is_left() -> None:
    directory = a_directory(
        a_line("1", valid_to="2019-12-31", successor="2;3"),
        a_line("2", valid_from="2020-01-01", valid_to="2021-12-31"),
        a_line("3", valid_from="2020-01-01"),
    )
    assert placed(directory, "commune", date(2025, 1, 1), "1", "unknown") is None


def test_before_it_began_a_commune_belongs_to_the_province_that_it_had_first() -> None:
    province = {"kind": "tỉnh", "level": "province", "parent": ""}
    directory = a_directory(
        a_line("41", **province),
        a_line("42", **province),
        a_line("1", parent="41", valid_from="2010-01-01", valid_to="2019-12-31", successor="1"),
        a_line("1", parent="42", valid_from="2020-01-01"),
    )
    for year, unit in ((2005, "41"), (2015, "41"), (2025, "42")):
        assert placed(directory, "province", date(year, 1, 1), "1", "unknown") == unit


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
    assert placed(directory, "province", date(2010, 1, 1), "3", "1") == "41"
    assert placed(directory, "province", date(2010, 1, 1), "3", "unknown") == "42"
    assert placed(directory, "province", date(2025, 1, 1), "3", "1") == "42"
    assert placed(directory, "province", date(2025, 1, 1), "4", "unknown") == "41"
    assert placed(directory, "commune", date(2025, 1, 1), "4", "unknown") is None


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
    assert Attribution(DIRECTORY, level, geography).can_fail is can_fail


def test_every_unit_that_an_areas_households_can_be_counted_in_is_reachable() -> None:
    six = {str(unit.code) for unit in DIRECTORY.predecessors(THANH_VINH, BEFORE)}
    others = {str(unit.code) for unit in DIRECTORY.predecessors(TRUONG_VINH, BEFORE)}
    assert len(six) == 6
    assert reached("commune", TODAY, THANH_VINH, "16702") == {THANH_VINH, "16702"}
    assert reached("commune", BEFORE, MERGED) == {THANH_VINH, TRUONG_VINH, None}
    assert reached("commune", BEFORE, THANH_VINH) == {THANH_VINH}
    # In the newest ward, the code 16690 means the ward that it was before, not the commune of 2025.
    assert reached("commune", LONG_BEFORE, MERGED) == six | others | {None}
    assert reached("commune", LONG_BEFORE, THANH_VINH) == six | {None}
    assert reached("commune", LONG_BEFORE, TRUONG_VINH) == others | {None}
    assert reached("province", LONG_BEFORE, THANH_VINH) == {"40"}
    assert reached("commune", TODAY) == set()
