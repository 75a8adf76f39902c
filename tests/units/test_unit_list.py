"""Lists of units: what is read from each line, and the reason that is given for each fault; without a database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from service.unit_names import UnitCode
from service.units.unit import Unit
from service.units.unit_list import COLUMNS, LETTERS_LOST, UnitListInvalid, contradictions, read_lines, read_units
from tests.units.lists import a_line, a_list

REWRITTEN = ": a spreadsheet rewrites dates as its language writes them. Format the column as text"


def faults(text: str) -> list[tuple[int, str, str]]:
    with pytest.raises(UnitListInvalid) as caught:
        read_units(text)
    return [(fault.line, fault.column, fault.reason) for fault in caught.value.faults]


def test_every_cell_of_a_line_is_read(tmp_path: Path) -> None:
    path = tmp_path / "units.csv"
    cells = {"valid_from": "2020-01-01", "valid_to": "2021-12-31", "successor": "2", "longitude": "105.5"}
    line = a_line("1", name_vi=" Kim Lie\u0302n ", name_en="Kim Lien", latitude="-18.5", **cells)
    path.write_text("\ufeff" + a_list(line, a_line("2")), encoding="utf-8")
    province, unit, other = read_units(path)
    assert unit == Unit(
        code=UnitCode("1"),
        name="Kim Liên",
        kind="xã",
        level="commune",
        parent=UnitCode("40"),
        valid_from=date(2020, 1, 1),
        valid_to=date(2021, 12, 31),
        successor=UnitCode("2"),
        longitude=105.5,
        latitude=-18.5,
        source="test",
        name_en="Kim Lien",
    )
    assert (province.parent, province.level) == (None, "province")
    assert (other.valid_from, other.valid_to, other.successor, other.longitude, other.latitude) == (None,) * 5
    assert read_units(path.read_text(encoding="utf-8")) == (province, unit, other)


@pytest.mark.parametrize(
    ("cells", "column", "reason"),
    [
        ({"name_vi": ""}, "name_vi", "empty"),
        ({"name_vi": "Vinh Th?nh"}, "name_vi", f"'Vinh Th?nh' has lost letters{LETTERS_LOST}"),
        ({"name_en": "Vinh Th\ufffdnh"}, "name_en", f"'Vinh Th\ufffdnh' has lost letters{LETTERS_LOST}"),
        ({"kind": "x?"}, "kind", f"'x?' has lost letters{LETTERS_LOST}"),
        ({"code": "12x"}, "code", "'12x' is not a number"),
        ({"code": "१"}, "code", "'१' is not a number"),
        ({"level": "ward"}, "level", "'ward' is not one of province, district, commune"),
        ({"parent": ""}, "parent", "a commune has a parent"),
        ({"level": "district", "parent": ""}, "parent", "a district has a parent"),
        ({"successor": "40"}, "successor", "a successor without an end of validity (valid_to)"),
        ({"longitude": "105"}, "longitude", "longitude and latitude must be given together"),
        ({"latitude": "18"}, "longitude", "longitude and latitude must be given together"),
        ({"valid_from": "2025-02-30"}, "valid_from", "'2025-02-30' is not a date (YYYY-MM-DD)"),
        ({"valid_to": "soon"}, "valid_to", "'soon' is not a date (YYYY-MM-DD)"),
        ({"valid_to": "30/06/2025"}, "valid_to", f"'30/06/2025' is not a date (YYYY-MM-DD){REWRITTEN}"),
        ({"longitude": "181", "latitude": "18"}, "longitude", "'181' is not a number of degrees within ±180"),
        ({"longitude": "105", "latitude": "91"}, "latitude", "'91' is not a number of degrees within ±90"),
        ({"longitude": "105", "latitude": "-90.1"}, "latitude", "'-90.1' is not a number of degrees within ±90"),
        ({"longitude": "east", "latitude": "18"}, "longitude", "'east' is not a number of degrees within ±180"),
        ({"valid_from": "2025-07-01", "valid_to": "2025-06-30"}, "valid_to", "ends before it begins"),
        ({"parent": "41"}, "parent", "41 is not a unit above 2 at that time"),
        ({"parent": "00001"}, "parent", "00001 is not a unit above 2 at that time"),
        ({"valid_to": "2025-06-30", "successor": "7"}, "successor", "7 is not in force on 2025-07-01"),
        ({"valid_to": "2025-06-30", "successor": "40"}, "successor", "40 is a province, 2 a commune"),
    ],
)
def test_a_fault_says_what_is_wrong(cells: dict[str, str], column: str, reason: str) -> None:
    assert faults(a_list(a_line(), a_line(**{"code": "2", **cells}))) == [(4, column, reason)]


@pytest.mark.parametrize("column", ["code", "name_vi", "name_en", "kind", "level", "source"])
def test_a_cell_that_must_be_filled_is_reported_empty(column: str) -> None:
    assert faults(a_list(*(a_line(**{"code": code, column: ""}) for code in "23"))) == [
        (3, column, "empty"),
        (4, column, "empty"),
    ]


def test_every_fault_of_one_line_is_reported() -> None:
    line = a_line("2x", level="ward", successor="7", longitude="1", valid_from="x", valid_to="")
    assert [column for _, column, _ in faults(a_list(line))] == [
        "code",
        "level",
        "successor",
        "longitude",
        "valid_from",
    ]


@pytest.mark.parametrize(
    ("cells", "unit"),
    [
        ({"longitude": "180", "latitude": "90"}, (180.0, 90.0)),
        ({"longitude": "-180", "latitude": "-90"}, (-180.0, -90.0)),
        ({"longitude": "0", "latitude": "0"}, (0.0, 0.0)),
    ],
)
def test_degrees_reach_their_limits(cells: dict[str, str], unit: tuple[float, float]) -> None:
    _, read = read_units(a_list(a_line(**cells)))
    assert (read.longitude, read.latitude) == unit


def test_decimals_may_have_the_comma_of_a_spreadsheet_in_vietnamese() -> None:
    text = a_list(a_line(longitude="105.4938", latitude="18.5")).replace(",", ";").replace(".", ",")
    _, read = read_units(text)
    assert (read.longitude, read.latitude) == (105.4938, 18.5)


def test_a_column_that_is_there_twice_is_refused() -> None:
    assert faults(f"{','.join(COLUMNS)},code\n") == [(1, "code", "column is there twice")]


@pytest.mark.parametrize(("successor", "shares"), [("2=1;3=0", (1.0, 0.0)), ("2=0.604;3=0.4", (0.604, 0.4))])
def test_the_shares_of_a_split_reach_from_none_to_all_and_may_be_rounded(
    successor: str, shares: tuple[float, float]
) -> None:
    split = a_line("1", valid_to="2019-12-31", successor=successor)
    _, unit, *_ = read_units(a_list(split, a_line("2"), a_line("3")))
    assert [(part.code, part.share) for part in unit.parts] == list(zip("23", shares, strict=True))
    assert unit.successor is None


@pytest.mark.parametrize(
    ("successor", "reason"),
    [
        ("2=1.1;3=-0.1", "'1.1' is not a share from 0 to 1"),
        ("2=-0.1;3=1.1", "'-0.1' is not a share from 0 to 1"),
        ("2=half;3=0.5", "'half' is not a share from 0 to 1"),
        ("2=;3=1", "'' is not a share from 0 to 1"),
        ("2=0.606;3=0.4", "'2=0.606;3=0.4': all parts have a share or none has, and their sum is 1"),
        ("2=0.594;3=0.4", "'2=0.594;3=0.4': all parts have a share or none has, and their sum is 1"),
        ("2=1;3", "'2=1;3': all parts have a share or none has, and their sum is 1"),
        ("2;2", "'2;2' names a part twice"),
        ("2;x", "'2;x' is not a code, nor CODE;CODE or CODE=SHARE;CODE=SHARE of a split"),
        ("२;3", "'२;3' is not a code, nor CODE;CODE or CODE=SHARE;CODE=SHARE of a split"),
    ],
)
def test_a_split_with_a_fault_is_refused_with_what_is_wrong(successor: str, reason: str) -> None:
    text = a_list(a_line("1", valid_to="2019-12-31", successor=successor), a_line("2"), a_line("3"))
    assert faults(text) == [(3, "successor", reason)]


def test_a_unit_may_be_in_force_for_a_single_day() -> None:
    _, unit = read_units(a_list(a_line(valid_from="2025-07-01", valid_to="2025-07-01")))
    assert unit.valid_from == unit.valid_to


def test_what_is_no_csv_or_has_too_many_cells_is_refused() -> None:
    assert faults(a_list(a_line() + ",more", a_line("2"))) == [(3, "source", "more cells than columns")]
    ((line, column, reason),) = faults(a_list(a_line(), '"2"x'))
    assert (line, column) == (4, "code")
    assert reason.startswith("not CSV: ")
    assert "expected" in reason


def test_missing_and_unknown_columns_are_reported_all_at_line_one() -> None:
    header = ",".join(COLUMNS)
    assert faults("") == [(1, "file", f"no line with the names of the columns: {', '.join(COLUMNS)}")]
    assert faults("code") == [(1, column, "column is missing") for column in COLUMNS if column != "code"]
    assert faults(header.replace("kind,", "")) == [(1, "kind", "column is missing")]
    assert faults(header + ",colour,size\n") == [(1, each, "column is not known") for each in ("colour", "size")]


def test_lines_may_stand_in_any_order_of_time() -> None:
    lines = [a_line("1", valid_from="2020-01-01"), a_line("1", valid_to="2019-12-31"), a_line("2")]
    assert len(read_units(a_list(*lines))) == 4


@pytest.mark.parametrize(("begins", "ends"), [("2020-01-01", ""), ("", "2024-12-31")])
def test_a_province_is_in_force_as_long_as_its_communes(begins: str, ends: str) -> None:
    dates = {"valid_from": begins, "valid_to": ends}
    text = a_list(a_line("43", level="province", parent="", **dates), a_line("1", parent="43"))
    assert faults(text) == [(4, "parent", "43 is not a unit above 1 at that time")]
    assert (
        len(read_units(a_list(a_line("43", level="province", parent="", **dates), a_line("1", parent="43", **dates))))
        == 3
    )


@pytest.mark.parametrize(
    ("parents_last", "begins", "ends", "fits"),
    [
        ("2019-12-31", "2019-12-31", "", True),
        ("2019-12-31", "2019-12-31", "2019-12-31", True),
        ("2019-12-30", "2010-01-01", "2019-12-31", False),
        ("2019-12-30", "2010-01-01", "2019-12-30", True),
    ],
)
def test_units_above_follow_each_other_without_a_day_between(
    parents_last: str, begins: str, ends: str, fits: bool
) -> None:
    lines = [
        a_line("43", level="province", parent="", valid_to=parents_last),
        a_line("43", level="province", parent="", valid_from="2020-01-01"),
        a_line("1", parent="43", valid_from=begins, valid_to=ends),
    ]
    fault = (5, "parent", "43 is not a unit above 1 at that time")
    assert len(read_units(a_list(*lines))) == 4 if fits else faults(a_list(*lines)) == [fault]


def test_a_line_is_withdrawn_by_yes_and_by_nothing_else() -> None:
    header, *rest = a_list(a_line("1")).splitlines()
    for word, withdrawn in (("yes", True), ("", False)):
        text = "\n".join([f"{header},withdrawn", f"{rest[0]},", f"{rest[1]},{word}"])
        assert [line.withdrawn for line in read_lines(text)] == [False, withdrawn]
    with pytest.raises(UnitListInvalid) as caught:
        read_lines("\n".join([f"{header},withdrawn", f"{rest[0]},no"]))
    assert str(caught.value) == "line 2, withdrawn: 'no' is not yes"


@pytest.mark.parametrize(("begins", "twice"), [("2019-12-31", True), ("2020-01-01", False)])
def test_a_code_is_in_force_once_on_each_day(begins: str, twice: bool) -> None:
    text = a_list(a_line("1", valid_to="2019-12-31"), a_line("1", valid_from=begins))
    expected = (4, "valid_from", "1 is in force twice on one day")
    assert faults(text) == [expected] if twice else len(read_units(text)) == 3
    assert faults(a_list(a_line("1", valid_from="2020-01-01"), a_line("1"), a_line("2"))) == [
        (3, "valid_from", "1 is in force twice on one day")
    ]


def test_every_contradiction_is_reported() -> None:
    ended = {"valid_to": "2019-12-31"}
    lines = [a_line("1"), a_line("2", successor="9", parent="8", **ended), a_line("3", **ended)]
    lines += [a_line("4", successor="3", **ended), a_line("5", successor="40", **ended)]
    assert [(line, column) for line, column, _ in faults(a_list(*lines))] == [
        (4, "parent"),
        (4, "successor"),
        (6, "successor"),
        (7, "successor"),
    ]


def test_an_error_lists_every_fault_and_carries_the_first() -> None:
    with pytest.raises(UnitListInvalid) as caught:
        read_units(a_list(a_line("1", kind=""), a_line("2", valid_to="soon")))
    assert caught.value.params == {"line": 3, "column": "kind", "reason": "empty", "faults": 2}
    assert str(caught.value) == "line 3, kind: empty\nline 4, valid_to: 'soon' is not a date (YYYY-MM-DD)"


def require_consistent(new: Sequence[Unit], existing: Sequence[Unit]) -> None:
    """Check a new list with the units that stay, as an edition is: these have line 0."""
    numbered = [*((0, unit) for unit in existing), *((line, unit) for line, unit in enumerate(new, 2))]
    if found := list(contradictions(numbered)):
        raise UnitListInvalid(found)


@pytest.mark.parametrize(
    ("successor", "reason"), [("7", "7 is not in force on 2020-01-01"), ("40", "40 is a province, 1 a commune")]
)
def test_a_unit_of_the_register_that_would_lose_its_successor_is_named(successor: str, reason: str) -> None:
    province, unit = read_units(a_list(a_line("1", valid_to="2019-12-31")))
    with pytest.raises(UnitListInvalid) as caught:
        require_consistent([], [province, replace(unit, successor=UnitCode(successor))])
    assert str(caught.value) == f"already in the register, commune 1 from …, successor: {reason}"


def test_a_new_list_is_checked_with_the_units_that_stay() -> None:
    existing = read_units(a_list(a_line("1", valid_to="2019-12-31")))
    _, unit = read_units(a_list(a_line("1", valid_from="2019-12-31")))
    require_consistent([], existing)
    for new, old, line, stored in (([unit], existing, 2, ""), (existing, [unit], 0, "commune 1 from 2019-12-31")):
        with pytest.raises(UnitListInvalid) as caught:
            require_consistent(new, old)
        (fault,) = caught.value.faults
        assert (fault.line, fault.column, fault.stored) == (line, "valid_from", stored)
