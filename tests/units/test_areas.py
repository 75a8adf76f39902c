"""The area of an account in communes of today, from codes and the days as of which they are read."""

from __future__ import annotations

from datetime import date

import pytest

from service.errors import CommuneNotInForce, CommuneUnknown
from service.units.areas import area_of_units
from tests.units.lists import a_directory, a_line

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
    assert area.communes() == frozenset(communes)
    assert area.units == tuple(code for code, _ in units)


def test_the_province_among_the_units_is_the_whole_register() -> None:
    area = area_of_units([("4", NOW), ("40", NOW), ("5", NOW)], DIRECTORY, NOW)
    assert area.communes() is None
    assert area.units == ("4", "40", "5")


def test_a_code_is_read_no_later_than_today() -> None:
    to_come = a_directory(a_line("1", valid_to="2019-12-31"), a_line("1", valid_from="2020-01-01", successor=""))
    assert area_of_units([("1", LATER)], to_come, NOW).communes() == frozenset({"1"})


def test_a_unit_that_nobody_has_or_that_ended_for_good_is_refused() -> None:
    with pytest.raises(CommuneUnknown):
        area_of_units([("99", NOW)], DIRECTORY, NOW)
    with pytest.raises(CommuneNotInForce):
        area_of_units([("6", OLD)], DIRECTORY, NOW)
