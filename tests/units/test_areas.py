"""The area of an account in communes of today, from codes and the days as of which they are read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import pytest

from service.area import WHOLE_REGISTER, Area
from service.units import areas
from service.units.areas import NamedUnit
from service.units.directory import UnitDirectory
from tests.units.lists import a_directory, a_line, codes_of, units_meant

OLD = date(2005, 1, 1)
NOW = date(2015, 1, 1)
LATER = date(2025, 1, 1)
DIRECTORY = a_directory(
    a_line("51", level="district", valid_to="2009-12-31"),
    a_line("52", level="district"),
    a_line("1", parent="51", valid_to="2009-12-31", successor="2"),
    a_line("2", valid_from="2010-01-01"),
    a_line("3", parent="51", valid_to="2009-12-31", successor="1"),
    a_line("1", valid_from="2010-01-01", valid_to="2019-12-31", successor="2"),
    a_line("4", parent="52"),
    a_line("5", parent="52"),
    a_line("6", valid_to="2009-12-31"),
)


def area_of_units(named: Iterable[NamedUnit], directory: UnitDirectory, today: date) -> Area:
    """The area of an account that is given these codes."""
    return areas.area_of_units(units_meant(named, directory, today), directory, today)


def administered_area(named: Iterable[NamedUnit], directory: UnitDirectory, today: date) -> Area:
    """What the administrator of an account that is given these codes must hold."""
    return areas.administered_area(units_meant(named, directory, today), directory, today)


@pytest.mark.parametrize(
    ("units", "communes"),
    [
        ([("2", NOW)], {"2"}),
        ([("1", OLD)], {"2"}),
        ([("1", NOW)], {"1"}),
        ([("1", LATER)], {"1"}),
        ([("3", OLD)], {"1"}),
        ([("51", OLD)], {"1", "2"}),
        ([("52", NOW)], {"4", "5"}),
        ([("4", NOW), ("3", OLD)], {"1", "4"}),
        ([], set()),
    ],
)
def test_units_are_covered_by_the_communes_of_today(units: list[tuple[str, date]], communes: set[str]) -> None:
    area = area_of_units(iter(units), DIRECTORY, NOW)
    assert codes_of(DIRECTORY, area.communes() or ()) == communes
    assert area.units == tuple(units_meant(units, DIRECTORY, NOW))


TWO_PROVINCES = a_directory(
    a_line("1", valid_to="2009-12-31", successor="2"),
    a_line("2"),
    a_line("42", kind="tỉnh", level="province", parent=""),
    a_line("7", parent="42"),
    a_line("8", parent="42", valid_to="2014-06-30", successor="8"),
    a_line("8", valid_from="2014-07-01"),
    a_line("43", kind="tỉnh", level="province", parent="", valid_to="2014-06-30"),
    a_line("9", parent="43", valid_to="2014-06-30", successor="7"),
)
"""Province 42 has 7; 8 moved from it to 40; 43 has become part of 42."""


@pytest.mark.parametrize(
    ("units", "communes"),
    [
        ([("40", NOW)], {"2", "8"}),
        ([("42", NOW)], {"7"}),
        ([("42", OLD)], {"7"}),
        ([("43", OLD)], {"7"}),
        ([("8", OLD)], {"8"}),
        ([("7", NOW), ("40", NOW)], {"2", "7", "8"}),
    ],
)
def test_a_province_is_the_communes_that_it_has_today(units: list[tuple[str, date]], communes: set[str]) -> None:
    area = area_of_units(units, TWO_PROVINCES, NOW)
    assert area.communes() == frozenset(communes)
    assert area.units == tuple(units_meant(units, TWO_PROVINCES, NOW))


def test_no_list_of_units_is_the_whole_register() -> None:
    every_unit = [(unit.code, unit.valid_to or NOW) for unit in TWO_PROVINCES]
    area = area_of_units(every_unit, TWO_PROVINCES, NOW)
    assert area.communes() is not None
    assert not area.holds(Area.whole())


def test_the_whole_register_is_a_grant_of_its_own() -> None:
    area = area_of_units([(WHOLE_REGISTER, NOW)], TWO_PROVINCES, NOW)
    assert (area.communes(), area.units, area.ended) == (None, ("*",), ())


def test_an_area_is_surrounded_by_its_provinces_alone() -> None:
    assert area_of_units([("2", NOW)], TWO_PROVINCES, NOW).surroundings == frozenset({"2", "8"})
    assert area_of_units([("42", NOW)], TWO_PROVINCES, NOW).surroundings == frozenset({"7"})
    assert area_of_units([("*", NOW)], TWO_PROVINCES, NOW).surroundings is None


def test_a_code_is_read_no_later_than_today() -> None:
    to_come = a_directory(a_line("1", valid_to="2019-12-31"), a_line("1", valid_from="2020-01-01", successor=""))
    assert area_of_units([("1", LATER)], to_come, NOW).communes() == frozenset({to_come.in_force("1", NOW).identity})
    assert to_come.in_force("1", NOW).identity != to_come.in_force("1", LATER).identity


ENDED = a_directory(
    a_line("1", valid_to="2009-12-31"),
    a_line("2"),
    a_line("42", kind="tỉnh", level="province", parent=""),
    a_line("7", parent="42"),
)


def test_codes_that_cover_nothing_any_more_are_skipped_and_named() -> None:
    area = area_of_units([("1", OLD), ("99", NOW), ("2", NOW)], ENDED, NOW)
    assert (area.communes(), area.ended) == (frozenset({"2"}), ("1", "99"))
    assert area_of_units([("1", OLD)], ENDED, NOW).communes() == frozenset()


def test_the_administrator_of_an_ended_code_holds_its_province() -> None:
    assert administered_area([("1", OLD)], ENDED, NOW).communes() == frozenset({"2"})
    assert administered_area([("1", OLD), ("7", NOW)], ENDED, NOW).communes() == frozenset({"2", "7"})
    assert administered_area([("7", NOW)], ENDED, NOW).communes() == frozenset({"7"})
    assert administered_area([("99", NOW)], ENDED, NOW).communes() is None


def test_an_administrators_area_names_what_the_account_names_and_has_its_surroundings() -> None:
    area = administered_area([("1", OLD), ("7", NOW)], ENDED, NOW)
    assert (area.units, area.ended) == (("1", "7"), ("1",))
    assert administered_area([("7", NOW)], ENDED, NOW).surroundings == frozenset({"7"})


def test_a_province_under_another_name_is_the_one_of_today() -> None:
    province = {"kind": "tỉnh", "level": "province", "parent": ""}
    directory = a_directory(
        a_line("44", valid_to="2009-12-31", successor="45", **province),
        a_line("45", valid_from="2010-01-01", **province),
        a_line("7", parent="44", valid_to="2009-12-31", successor="7"),
        a_line("7", parent="45", valid_from="2010-01-01"),
        a_line("8", parent="45", valid_from="2012-01-01"),
    )
    assert area_of_units([("44", OLD)], directory, NOW).communes() == frozenset({"7", "8"})


def test_a_district_whose_end_is_announced_covers_the_communes_that_it_has_today() -> None:
    directory = a_directory(
        a_line("51", level="district", valid_to="2019-12-31"),
        a_line("1", parent="51", valid_to="2016-12-31", successor="3"),
        a_line("2", parent="51", valid_to="2016-12-31", successor="3"),
        a_line("3", valid_from="2017-01-01"),
    )
    assert area_of_units([("51", NOW)], directory, NOW).communes() == frozenset({"1", "2"})


def test_a_former_district_covers_what_is_left_of_it() -> None:
    directory = a_directory(
        a_line("51", level="district", valid_to="2009-12-31"),
        a_line("1", parent="51", valid_to="2009-12-31"),
        a_line("2", parent="51", valid_to="2009-12-31", successor="3"),
        a_line("3", valid_from="2010-01-01"),
    )
    area = area_of_units([("51", OLD)], directory, NOW)
    assert (codes_of(directory, area.communes() or ()), area.ended) == ({"3"}, ())


def test_a_commune_that_ended_without_a_successor_stays_with_its_province() -> None:
    directory = a_directory(
        a_line("1", valid_to="2026-06-30"),
        a_line("2"),
        a_line("3", valid_to="2025-12-31"),
        a_line("4", valid_to="2026-01-01"),
        a_line("42", kind="tỉnh", level="province", parent=""),
        a_line("7", parent="42"),
    )
    today = date(2026, 7, 1)
    assert area_of_units([("40", today)], directory, today).communes() == frozenset({"1", "2", "4"})
    assert area_of_units([("42", today)], directory, today).communes() == frozenset({"7"})
    assert area_of_units([("1", today)], directory, today).ended == ("1",)


def test_what_a_commune_will_take_over_is_its_own_only_from_that_day() -> None:
    before, day = date(2026, 11, 30), date(2026, 12, 1)
    directory = a_directory(a_line("90001"), a_line("90002", successor="90001", valid_to=before.isoformat()))
    assert set(area_of_units([("90001", before)], directory, before).communes() or ()) == {"90001"}
    assert set(area_of_units([("90001", day)], directory, day).communes() or ()) == {"90001", "90002"}
