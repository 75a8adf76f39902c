"""Coverage, from counters and baselines as plain objects."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import pytest

from service.area import Communes
from service.errors import CoverageOutsideArea, LevelNotInForce, UnitNotFound
from service.households.changes import COUNTS
from service.households.ports import CommuneState
from service.reports.coverage import CoverageRow, everything_of, expect, membership, percentage, rows_of, total_of
from service.reports.ports import Baseline
from service.unit_names import UnitId
from service.units.areas import area_of_units, unit_meant
from service.units.attribution import FORMER_UNKNOWN
from service.units.directory import UnitDirectory
from service.units.geographies import latest_geography
from service.units.unit_list import read_units
from tests.builders import THANH_VINH, TODAY, TRUONG_VINH
from tests.two_provinces import TRAN_PHU, second_province
from tests.units.lists import a_directory, a_line

NOW = date(2025, 7, 1)
BEFORE = date(2025, 6, 30)


def a_state(commune: UnitId = THANH_VINH, **tallies: dict[str, int]) -> CommuneState:
    """Where a commune's tallies stand; tallies are named ``f16663={"registered": 2}`` or ``unknown=…``."""
    return CommuneState(commune, 1, "", TODAY, {name.removeprefix("f"): tally for name, tally in tallies.items()})


def rows(
    directory: UnitDirectory, level: str, geography: date, states: Iterable[CommuneState], area: Communes = None
) -> dict[str | None, CoverageRow]:
    found = rows_of(directory, level, geography, states, area=area)
    return {None if row.unit is None else row.unit.code: row for row in found}


def counted(found: dict[str | None, CoverageRow]) -> dict[str | None, int]:
    return {code: row.counts["registered"] for code, row in found.items() if row.counts["registered"]}


@pytest.mark.parametrize(
    ("count", "expected", "share"),
    [(1, 3, 33.3), (0, 5, 0.0), (5, 5, 100.0), (6, 5, 120.0), (1, None, None), (0, 0, None)],
)
def test_a_percentage_needs_something_to_be_of(count: int, expected: int | None, share: float | None) -> None:
    assert percentage(count, expected) == share


@pytest.mark.parametrize(
    ("level", "geography", "units"),
    [
        ("commune", NOW, 130),
        ("commune", BEFORE, 412),
        ("district", BEFORE, 20),
        ("province", NOW, 1),
        ("province", BEFORE, 1),
    ],
)
def test_every_unit_in_force_has_a_row(directory: UnitDirectory, level: str, geography: date, units: int) -> None:
    found = rows(directory, level, geography, [])
    assert len([code for code in found if code is not None]) == units
    assert all(row.counts == dict.fromkeys(COUNTS, 0) for row in found.values())


def test_there_are_no_districts_any_more(directory: UnitDirectory) -> None:
    with pytest.raises(LevelNotInForce):
        rows(directory, "district", NOW, [])


def test_a_household_counts_in_its_commune_and_in_its_former_one(directory: UnitDirectory) -> None:
    quang_trung = directory.in_force("16681", BEFORE).identity
    tallies = {"16663": {"registered": 2}, quang_trung: {"registered": 3}}
    states = [CommuneState(THANH_VINH, 1, "", TODAY, tallies)]
    assert counted(rows(directory, "commune", NOW, states)) == {THANH_VINH: 5}
    assert counted(rows(directory, "commune", BEFORE, states)) == {"16663": 2, "16681": 3}
    assert counted(rows(directory, "district", BEFORE, states)) == {"412": 5}
    assert counted(rows(directory, "province", BEFORE, states)) == {"40": 5}


def test_a_household_whose_former_commune_is_not_known_has_a_row_of_its_own(directory: UnitDirectory) -> None:
    states = [a_state(unknown={"registered": 4}, f16663={"registered": 1})]
    assert counted(rows(directory, "commune", BEFORE, states)) == {"16663": 1, None: 4}
    assert counted(rows(directory, "district", BEFORE, states)) == {"412": 1, None: 4}
    assert counted(rows(directory, "province", BEFORE, states)) == {"40": 5}
    assert None not in rows(directory, "commune", NOW, states)


@pytest.mark.parametrize(
    ("level", "geography"), [("commune", NOW), ("commune", BEFORE), ("district", BEFORE), ("province", NOW)]
)
def test_the_total_is_the_same_in_every_geography(directory: UnitDirectory, level: str, geography: date) -> None:
    tally = {"registered": 3, "standardized": 2, "digitized": 1, "verified": 1}
    states = [
        a_state(unknown=tally, f16663=tally),
        a_state(TRUONG_VINH, unknown=tally),
        a_state(UnitId("16816"), f16816=tally),
    ]
    total = total_of(rows(directory, level, geography, states).values())
    assert total.counts == {name: 4 * count for name, count in tally.items()}


def test_an_area_limits_the_rows(directory: UnitDirectory) -> None:
    states = [a_state(f16663={"registered": 2})]
    area = frozenset({THANH_VINH})
    assert set(rows(directory, "commune", NOW, states, area)) == {THANH_VINH}
    former = set(rows(directory, "commune", BEFORE, states, area))
    assert former == {"16660", "16663", "16666", "16681", "16693", "18013", None} or former >= {"16663", "16681", None}
    assert len(former) == 7


OF_BOTH = [a_state(f16663={"registered": 2}), a_state(TRUONG_VINH, unknown={"registered": 3}), a_state(TRAN_PHU)]


@pytest.fixture(scope="module")
def both(directory: UnitDirectory) -> UnitDirectory:
    """Both provinces."""
    return UnitDirectory([*directory, *second_province()])


def area_of(both: UnitDirectory, *codes: str) -> Communes:
    return area_of_units([unit_meant(code, TODAY, both, TODAY) for code in codes], both, TODAY).communes()


@pytest.mark.parametrize("geography", [NOW, BEFORE])
def test_a_unit_of_which_a_part_lies_outside_has_no_row(both: UnitDirectory, geography: date) -> None:
    assert set(rows(both, "province", geography, OF_BOTH, area_of(both, "40"))) == {"40"}
    assert set(rows(both, "province", geography, OF_BOTH, area_of(both, "42", THANH_VINH))) >= {"42"}
    for area in (area_of(both, THANH_VINH), area_of(both, TRAN_PHU), frozenset[UnitId]()):
        with pytest.raises(CoverageOutsideArea):
            rows(both, "province", geography, OF_BOTH, area)


def test_what_is_counted_in_a_part_of_a_unit_is_in_the_row_without_one(both: UnitDirectory) -> None:
    states = [a_state(f16663={"registered": 2})]
    found = rows(both, "province", NOW, states, area_of(both, "42", THANH_VINH))
    assert counted(found) == {None: 2}
    expected = CoverageRow(None, expected=10)
    assert total_of([expected]).registered_pct == 0.0
    assert total_of([expected, *found.values()]).registered_pct is None


@pytest.mark.parametrize("level", ["commune", "district", "province"])
def test_every_row_that_an_area_has_is_the_same_for_everybody(both: UnitDirectory, level: str) -> None:
    states = [a_state(f16663={"registered": 2}), a_state(TRUONG_VINH, f16690={"registered": 3}), a_state(TRAN_PHU)]
    everything = rows(both, level, BEFORE, states)
    area = area_of(both, "42", THANH_VINH)
    found = rows(both, level, BEFORE, [state for state in states if state.commune in (area or ())], area)
    assert {code: row.counts for code, row in found.items() if code} == {
        code: everything[code].counts for code in found if code
    }


def test_everything_is_one_row_expected_only_when_every_province_is(both: UnitDirectory) -> None:
    for known, result in ((("40", "42"), 15), (("40",), None)):
        found = rows_of(both, "province", NOW, OF_BOTH, area=None)
        expect(
            found,
            both,
            "province",
            NOW,
            [a_baseline(code, size, NOW) for code, size in zip(known, (10, 5), strict=False)],
        )
        row = everything_of(total_of(found))
        assert (row.code, row.registered, row.expected) == ("*", 5, result)
        assert row.registered_pct == (33.3 if result else None)


def test_a_unit_outside_the_area_is_not_followed(both: UnitDirectory) -> None:
    area = area_of(both, "42")
    for code in ("40", THANH_VINH, "16663", "412", "*"):
        with pytest.raises(CoverageOutsideArea):
            membership(both, code, TODAY, area=area)
    assert membership(both, "42", TODAY, area=area)(TRAN_PHU, FORMER_UNKNOWN)
    assert membership(both, "*", TODAY, area=None)(THANH_VINH, FORMER_UNKNOWN)


def test_without_a_geography_the_last_one_with_such_units_is_meant(directory: UnitDirectory) -> None:
    assert latest_geography(directory, "commune", TODAY) == NOW
    assert latest_geography(directory, "province", TODAY) == NOW
    assert latest_geography(directory, "district", TODAY) == BEFORE


# Baselines


def a_baseline(unit: str, households: int, on: date, source: str = "Tổng điều tra") -> Baseline:
    return Baseline(unit, households, source, on)


def expected(directory: UnitDirectory, level: str, geography: date, *baselines: Baseline) -> dict[str | None, Any]:
    found = rows_of(directory, level, geography, [], area=None)
    expect(found, directory, level, geography, sorted(baselines, key=lambda each: each.date))
    return {row.unit.code: row.expected for row in found if row.unit and row.expected is not None}


def test_a_unit_has_its_own_latest_baseline(directory: UnitDirectory) -> None:
    older, newer = a_baseline(THANH_VINH, 10, date(2025, 7, 2)), a_baseline(THANH_VINH, 12, date(2026, 1, 1))
    assert expected(directory, "commune", NOW, older, newer) == {THANH_VINH: 12}


def test_a_code_that_was_used_again_keeps_its_baselines_apart(directory: UnitDirectory) -> None:
    then, now = a_baseline("16681", 10, BEFORE), a_baseline("16681", 90, NOW)
    assert expected(directory, "commune", BEFORE, then, now) == {"16681": 10}
    assert expected(directory, "commune", NOW, then, now) == {"16681": 90}


def test_a_merged_commune_is_expected_to_be_the_sum_when_every_part_has_a_baseline(directory: UnitDirectory) -> None:
    parts = [unit.code for unit in directory.predecessors(THANH_VINH, TODAY)]
    all_of_them = [a_baseline(code, 10, BEFORE) for code in parts]
    assert expected(directory, "commune", NOW, *all_of_them)[THANH_VINH] == 60
    assert THANH_VINH not in expected(directory, "commune", NOW, *all_of_them[1:])


def test_a_province_is_expected_to_be_the_sum_of_its_communes(directory: UnitDirectory) -> None:
    communes = [a_baseline(unit.code, 10, NOW) for unit in directory.of_level("commune", NOW)]
    assert expected(directory, "province", NOW, *communes) == {"40": 1300}
    assert expected(directory, "province", NOW, *communes[1:]) == {}
    assert expected(directory, "province", NOW, *communes[1:], a_baseline("40", 7, NOW)) == {"40": 7}


def test_a_province_is_whole_though_one_of_its_communes_has_ended() -> None:
    directory = a_directory(a_line("1", valid_to="2026-06-30"), a_line("2"))
    area = area_of_units([UnitId("40")], directory, TODAY).communes()
    states = [a_state(UnitId(code), unknown={"registered": 2}) for code in ("1", "2")]
    assert counted(rows(directory, "province", TODAY, states, area)) == {"40": 4}


MOVED_ON = date(2026, 7, 1)
MOVED = a_directory(
    a_line("42", kind="tỉnh", level="province", parent=""),
    a_line("1", valid_to="2026-06-30", successor="1"),
    a_line("1", parent="42", valid_from="2026-07-01"),
    a_line("2"),
    a_line("3", parent="42"),
)
"""Commune 1 has moved from province 40 to 42."""


@pytest.mark.parametrize("own", [("40",), ("40", "42"), ("42",)])
def test_a_commune_that_moved_to_another_province_is_expected_once(own: tuple[str, ...]) -> None:
    sizes = {"1": 100, "2": 900, "3": 500, "40": 1000, "42": 500}
    baselines = [a_baseline(code, sizes[code], date(2026, 1, 1)) for code in ("1", "2", "3", *own)]
    before, after = (expected(MOVED, "province", day, *baselines) for day in (date(2026, 6, 30), MOVED_ON))
    assert before == {"40": 1000, "42": 500}
    assert after == {"40": 900, "42": 600}


def test_a_baseline_of_before_a_move_is_not_true_any_more() -> None:
    baselines = [a_baseline("40", 1000, date(2026, 1, 1)), a_baseline("42", 600, MOVED_ON)]
    assert expected(MOVED, "province", MOVED_ON, *baselines) == {"42": 600}


def test_a_total_has_percentages_only_when_every_unit_has_a_baseline(directory: UnitDirectory) -> None:
    complete, open_row = CoverageRow(None, expected=10), CoverageRow(next(iter(directory)))
    complete.counts["registered"] = 5
    assert total_of([complete]).registered_pct == 50.0
    assert total_of([complete, open_row]).registered_pct is None
    assert total_of([complete, open_row]).expected == 10


# Belonging


def test_a_unit_contains_its_households_whatever_its_level(directory: UnitDirectory) -> None:
    for code, inside, outside in [
        (THANH_VINH, ("16681", FORMER_UNKNOWN), (TRUONG_VINH, FORMER_UNKNOWN)),
        ("16663", (THANH_VINH, "16663"), (THANH_VINH, "16681")),
        ("412", (THANH_VINH, "16663"), ("16816", "16816")),
        ("40", (THANH_VINH, FORMER_UNKNOWN), ("99999", FORMER_UNKNOWN)),
    ]:
        belongs = membership(directory, code, TODAY, area=None)
        assert belongs(*inside)
        if outside[0] != "99999":
            assert not belongs(*outside)


def test_an_unknown_code_contains_nothing(directory: UnitDirectory) -> None:
    with pytest.raises(UnitNotFound):
        membership(directory, "99999", TODAY, area=None)


# A list to come


def a_list_to_come() -> UnitDirectory:
    """Two communes that merge on 1 January 2027 into one that keeps the code of the first."""
    header = "code,name_vi,name_en,kind,level,parent,valid_from,valid_to,successor,longitude,latitude,source"
    lines = [
        header,
        "40,Tỉnh,Province,tỉnh,province,,,,,,,x",
        "16681,Một,One,xã,commune,40,,2026-12-31,16681,,,x",
        "16690,Hai,Two,xã,commune,40,,2026-12-31,16681,,,x",
        "16681,Gộp,Merged,xã,commune,40,2027-01-01,,,,,x",
    ]
    return UnitDirectory(read_units("\n".join(lines) + "\n"))


@pytest.mark.parametrize("today", [date(2026, 12, 31), date(2027, 1, 1), date(2028, 1, 1)])
def test_a_merger_to_come_changes_no_count(today: date) -> None:
    directory = a_list_to_come()
    last = date(2026, 12, 31)
    states = [
        CommuneState(UnitId(code), 1, "", last, {FORMER_UNKNOWN: {"registered": count}})
        for code, count in (("16681", 2), ("16690", 3))
    ]
    for geography in (last, today):
        found = rows_of(directory, "commune", geography, states, area=None)
        assert total_of(found).counts["registered"] == 5
    before = rows_of(directory, "commune", last, states, area=None)
    assert {row.unit.code: row.counts["registered"] for row in before if row.unit} == {"16681": 2, "16690": 3}
