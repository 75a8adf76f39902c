"""The agency of a record that names none, on a list of units alone."""

from __future__ import annotations

from datetime import date

from service.households.agencies import agency_in, agency_of_province
from service.unit_names import UnitId
from service.units.directory import UnitDirectory
from service.units.unit_list import read_units
from tests.units.lists import a_line, a_list

TODAY = date(2026, 11, 23)
AGENCIES = {"40": "H40.1", "42": "H42.1"}


def directory() -> UnitDirectory:
    elsewhere = a_line("42", kind="tỉnh", level="province", parent="")
    ended = a_line("90003", successor="90001", valid_to="2026-06-30")
    return UnitDirectory(read_units(a_list(a_line("90001"), elsewhere, a_line("90002", parent="42"), ended)))


def test_the_province_of_the_commune_decides() -> None:
    found = agency_of_province(AGENCIES, directory(), TODAY)
    assert [found(UnitId(commune)) for commune in ("90001", "90002", "90003")] == ["H40.1", "H42.1", "H40.1"]


def test_a_commune_that_is_not_known_or_whose_province_has_none_has_no_agency() -> None:
    assert agency_of_province(AGENCIES, directory(), TODAY)(UnitId("77777")) is None
    assert agency_of_province({"40": "H40.1"}, directory(), TODAY)(UnitId("90002")) is None


def test_a_record_has_the_agency_that_made_it_wherever_it_goes() -> None:
    stays = agency_in({"agency": "H27.3"})
    assert (stays(UnitId("90001")), stays(UnitId("77777"))) == ("H27.3", "H27.3")
    assert agency_in({})(UnitId("90001")) is None
