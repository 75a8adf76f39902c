"""Areas of two provinces under any merger, move and closure: they share nothing, and leave nothing out."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from service.errors import CoverageOutsideArea
from service.households.ports import CommuneState
from service.reports.coverage import rows_of
from service.unit_names import UnitId
from service.units.areas import administered_area, area_of_units
from service.units.attribution import FORMER_UNKNOWN
from service.units.directory import UnitDirectory
from tests.units.lists import a_directory, a_line, units_meant

BEFORE, TODAY = date(2026, 6, 30), date(2026, 7, 1)
PROVINCES = ("40", "42")
COMMUNES = ("1", "2", "3", "4", "5", "6")


@st.composite
def directories(draw: st.DrawFn) -> UnitDirectory:
    """Six communes of two provinces; on one day each stays, ends, moves to the other province or becomes part of 1."""
    lines = [a_line("42", kind="tỉnh", level="province", parent=""), a_line("1")]
    for code in COMMUNES[1:]:
        province = draw(st.sampled_from(PROVINCES))
        fate = draw(st.sampled_from(["stays", "ends", "moves", "merges"]))
        if fate == "stays":
            lines.append(a_line(code, parent=province))
            continue
        successor = {"ends": "", "moves": code, "merges": "1"}[fate]
        lines.append(a_line(code, parent=province, valid_to=BEFORE.isoformat(), successor=successor))
        if fate == "moves":
            other = next(each for each in PROVINCES if each != province)
            lines.append(a_line(code, parent=other, valid_from=TODAY.isoformat()))
    return a_directory(*lines)


def communes_of(directory: UnitDirectory, *codes: str, on: date = TODAY) -> frozenset[UnitId]:
    area = area_of_units(units_meant([(code, on) for code in codes], directory, TODAY), directory, TODAY).communes()
    assert area is not None
    return area


@given(directories())
def test_every_commune_lies_in_the_area_of_exactly_one_province(directory: UnitDirectory) -> None:
    first, second = (communes_of(directory, province) for province in PROVINCES)
    assert first.isdisjoint(second)
    assert first | second == {unit.identity for unit in directory if unit.level == "commune"}


@given(directories(), st.lists(st.sampled_from([*PROVINCES, *COMMUNES]), max_size=4), st.sampled_from([BEFORE, TODAY]))
def test_an_account_is_administered_by_an_account_with_at_least_its_area(
    directory: UnitDirectory, codes: list[str], on: date
) -> None:
    named = units_meant([(code, on) for code in codes], directory, TODAY)
    assert administered_area(named, directory, TODAY).holds(area_of_units(named, directory, TODAY))
    if codes and not communes_of(directory, *codes, on=on):
        assert administered_area(named, directory, TODAY).communes() != frozenset()


@given(
    directories(),
    st.lists(st.integers(0, 9), min_size=len(COMMUNES), max_size=len(COMMUNES)),
    st.sampled_from([BEFORE, TODAY]),
    st.sampled_from(["province", "commune"]),
)
def test_a_reader_of_a_unit_reads_all_of_it(
    directory: UnitDirectory, counts: list[int], geography: date, level: str
) -> None:
    states = [
        CommuneState(unit.identity, 1, "", TODAY, {FORMER_UNKNOWN: {"registered": counts[int(unit.code) - 1]}})
        for unit in {unit.identity: unit for unit in directory if unit.level == "commune"}.values()
    ]
    everything = {row.code: row.registered for row in rows_of(directory, level, geography, states, area=None)}
    for area in [communes_of(directory, code) for code in (*PROVINCES, *COMMUNES)]:
        mine = [state for state in states if state.commune in area]
        try:
            found = rows_of(directory, level, geography, mine, area=area)
        except CoverageOutsideArea:
            continue
        assert {row.code: row.registered for row in found if row.code} == {
            row.code: everything[row.code] for row in found if row.code
        }
        assert sum(row.registered for row in found) == sum(sum(s.tallies[FORMER_UNKNOWN].values()) for s in mine)
