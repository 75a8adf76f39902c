"""Where the households of a unit are stored: of a commune or province of today, of a former commune, of a district."""

from __future__ import annotations

from datetime import date

import pytest

from service.errors import CommuneUnknown
from service.households.unit_households import UnitHouseholds, households_of_unit
from service.unit_names import UnitId
from service.units.directory import UnitDirectory
from tests.builders import TODAY
from tests.units.lists import a_directory, a_line
from tests.units.registers import BEGUN, ENDED

A, B, C, D = (UnitId(code) for code in ("90001", "90002", "90003", "90004"))
LINES = (
    a_line("100", kind="huyện", level="district", **ENDED),
    *(a_line(code, parent="100", successor=C, **ENDED) for code in (A, B)),
    a_line(C, **BEGUN),
    a_line(D),
    a_line("90009", parent="100", valid_to="2020-01-01", successor=D),
)


@pytest.fixture
def units() -> UnitDirectory:
    """The communes A and B of a district were merged into C; D has been there all along, in no district."""
    return a_directory(*LINES)


def found(directory: UnitDirectory, code: str, today: date = TODAY) -> tuple[set[UnitId], tuple[UnitId, ...]]:
    of_unit = households_of_unit(directory, code, today)
    return set(of_unit.communes), of_unit.former_communes


def test_a_unit_of_today_has_all_households_of_its_communes(units: UnitDirectory) -> None:
    assert found(units, C) == ({A, B, C}, ())
    assert C in found(units, "40")[0]
    assert found(units, "40") == (found(units, C)[0] | found(units, D)[0], ())
    assert isinstance(households_of_unit(units, D, TODAY), UnitHouseholds)


def test_a_former_commune_has_the_part_that_it_brought_along(units: UnitDirectory) -> None:
    assert found(units, A) == ({A, B, C}, (A,))
    assert found(units, "90009") == (found(units, D)[0] | {"90009"}, ("90009",))
    assert found(units, C, date(2026, 10, 31)) == ({C}, (C,))


def test_a_former_district_has_those_of_the_communes_of_its_last_day(units: UnitDirectory) -> None:
    assert found(units, "100") == ({A, B, C}, (A, B))
    assert found(units, "100", date(2026, 10, 1)) == ({A, B}, (A, B))


def test_a_code_that_no_unit_ever_had_is_refused(units: UnitDirectory) -> None:
    with pytest.raises(CommuneUnknown) as refused:
        households_of_unit(units, "99999", TODAY)
    assert (refused.value.pointer, refused.value.params) == ("/commune", {"commune": "99999"})
