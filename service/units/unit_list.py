"""Lists of administrative units: read from a table, and checked for contradictions."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

from schemas.text import has_lost_letters, normalize
from service.errors import DomainError
from service.formats.table_reading import Row, Table, TableUnreadable, read_table, read_text
from service.unit_names import UnitCode
from service.units.unit import LEVELS, Part, Unit

COLUMNS = (
    "code",
    "name_vi",
    "name_en",
    "kind",
    "level",
    "parent",
    "valid_from",
    "valid_to",
    "successor",
    "longitude",
    "latitude",
    "source",
)
OF_CHANGES = ("replaces", "withdrawn")
"""Columns that only a list of changes has."""
UNKNOWN_DAY = date.min
"""In ``replaces``: the validity whose first day is not known."""
_REWRITTEN_DAY = re.compile(r"[0-9]{1,4}[/.][0-9]{1,2}[/.][0-9]{1,4}( .*)?|[0-9]{1,2}-[0-9]{1,2}-[0-9]{2,4}")
_SHARES_SUM_WITHIN = 0.005
_IN_LETTERS = ("name_vi", "name_en", "kind")
LETTERS_LOST = ": it was saved in an encoding without them. Save the original as CSV UTF-8, or as .xlsx"
_NEVER_EMPTY = ("code", "name_vi", "name_en", "kind", "level", "source")


class UnitListInvalid(DomainError):
    """A list of administrative units that cannot be accepted: ``faults`` lists every fault, ``params`` the first."""

    code: ClassVar[str] = "units.list-invalid"

    def __init__(self, faults: list[UnitFault]) -> None:
        first = faults[0]
        super().__init__(line=first.line, column=first.column, reason=first.reason, faults=len(faults))
        self.faults = faults

    def __str__(self) -> str:
        return "\n".join(str(fault) for fault in self.faults)


@dataclass(frozen=True, slots=True)
class UnitFault:
    """One fault of a list of units: the line of the file (the header is line 1), the column, and what is wrong.

    ``stored`` names the unit that the register has already, where the fault stands in no line of the file (line 0).
    """

    line: int
    column: str
    reason: str
    stored: str = ""

    def __str__(self) -> str:
        place = f"line {self.line}" if self.line else f"already in the register, {self.stored}"
        return f"{place}, {self.column}: {self.reason}"


def read_units(source: str | Path) -> tuple[Unit, ...]:
    """Read a list of units (a file, or its text) with the columns of ``COLUMNS``.

    Raises UnitListInvalid with every fault: a missing column, a cell that cannot be read, a code that is valid twice
    on one day, a parent that is not in force as long as the unit, a successor that is not in force on the day after.
    The last check also rules out cycles, since each step of a chain of successors is then later than the one before.

    A unit that was split has its parts as successor, with their shares where these are known:
    ``00001;00004`` or ``00001=0.6;00004=0.4``.
    """
    lines = read_lines(source)
    faults = list(contradictions([(each.number, each.unit) for each in lines]))
    if faults:
        raise UnitListInvalid(faults)
    return tuple(each.unit for each in lines)


@dataclass(frozen=True, slots=True)
class UnitLine:
    """One line of a list of changes: a validity, which can take the place of another one or be withdrawn.

    ``replaces`` is the first day of the validity of the same code that this line puts off, brings forward or corrects.
    UNKNOWN_DAY (``…`` in the file) means the one whose first day is not known, where the register has it: so a list can
    give the first day of a unit later, and say what had the code before.
    """

    number: int
    unit: Unit
    replaces: date | None = None
    withdrawn: bool = False


def read_lines(source: str | Path) -> list[UnitLine]:
    """Read the lines of a list without comparing them: a list of changes holds together only with the units that the
    register has (``planned``). Raises UnitListInvalid with every fault of a line.

    Beside those of ``COLUMNS`` the columns ``replaces`` (a day, or ``…``) and ``withdrawn`` (``yes``) are read where
    they are.
    """
    return lines_of(table_of(source))


def table_of(source: str | Path) -> Table:
    """Read the table of a list, a file in any form that ``read_table`` knows. Raises UnitListInvalid."""
    columns = (*COLUMNS, *OF_CHANGES)
    try:
        return read_text(source, columns) if isinstance(source, str) else read_table(source.read_bytes(), columns)
    except TableUnreadable as error:
        raise UnitListInvalid([UnitFault(error.line, "file", error.reason)]) from None


def lines_of(table: Table) -> list[UnitLine]:
    """The lines of a table. Raises UnitListInvalid with every fault of a line."""
    _require_columns(table.header)
    faults: list[UnitFault] = []
    lines: list[UnitLine] = []
    for row in table.rows:
        parsed = _parse_row(row)
        if isinstance(parsed, UnitLine):
            lines.append(parsed)
        else:
            faults.extend(parsed)
    if table.broken is not None:
        faults.append(UnitFault(table.broken.line, "code", table.broken.reason))
    if faults:
        raise UnitListInvalid(faults)
    return lines


def _require_columns(header: Sequence[str]) -> None:
    """Raise UnitListInvalid unless the columns are those of a list."""
    if not set(header) & set(COLUMNS):
        reason = f"no line with the names of the columns: {', '.join(COLUMNS)}"
        raise UnitListInvalid([UnitFault(1, "file", reason)])
    if missing := [column for column in COLUMNS if column not in header]:
        raise UnitListInvalid([UnitFault(1, column, "column is missing") for column in missing])
    if unknown := [column for column in header if column not in (*COLUMNS, *OF_CHANGES)]:
        raise UnitListInvalid([UnitFault(1, column, "column is not known") for column in unknown])
    if twice := sorted({column for column in header if header.count(column) > 1}):
        raise UnitListInvalid([UnitFault(1, column, "column is there twice") for column in twice])


def _parse_row(row: Row) -> UnitLine | list[UnitFault]:
    """Parse one line into a unit, or into its faults."""
    line = row.line
    cells = {column: normalize(row.cells.get(column, "")) for column in (*COLUMNS, *OF_CHANGES)}
    faults = [UnitFault(line, column, reason) for column, reason in _faults_of_cells(cells)]
    if row.has_more:
        faults.append(UnitFault(line, COLUMNS[-1], "more cells than columns"))
    if faults:
        return faults
    heirs = _heirs(cells["successor"])
    unit = Unit(
        code=UnitCode(cells["code"]),
        name=cells["name_vi"],
        kind=cells["kind"],
        level=cells["level"],
        parent=UnitCode(cells["parent"]) if cells["parent"] else None,
        valid_from=_day(cells["valid_from"]),
        valid_to=_day(cells["valid_to"]),
        successor=heirs[0].code if len(heirs) == 1 else None,
        longitude=_degrees(cells["longitude"], 180),
        latitude=_degrees(cells["latitude"], 90),
        source=cells["source"],
        name_en=cells["name_en"],
        parts=heirs if len(heirs) > 1 else (),
    )
    return UnitLine(line, unit, _replaced(cells["replaces"]), withdrawn=bool(cells["withdrawn"]))


def _faults_of_texts(cells: dict[str, str]) -> Iterator[tuple[str, str]]:
    for column in _NEVER_EMPTY:
        if not cells[column]:
            yield column, "empty"
    for column in _IN_LETTERS:
        if has_lost_letters(cells[column]):
            yield column, f"{cells[column]!r} has lost letters{LETTERS_LOST}"


def _faults_of_cells(cells: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield column and reason of each wrong cell of one line."""
    yield from _faults_of_texts(cells)
    if cells["code"] and not (cells["code"].isascii() and cells["code"].isdigit()):
        yield "code", f"{cells['code']!r} is not a number"
    if cells["level"] and cells["level"] not in LEVELS:
        yield "level", f"{cells['level']!r} is not one of {', '.join(LEVELS)}"
    if cells["level"] in ("district", "commune") and not cells["parent"]:
        yield "parent", f"a {cells['level']} has a parent"
    if cells["successor"] and not cells["valid_to"]:
        yield "successor", "a successor without an end of validity (valid_to)"
    if bool(cells["longitude"]) != bool(cells["latitude"]):
        yield "longitude", "longitude and latitude must be given together"
    parsers: dict[str, Callable[[str], object]] = {
        "valid_from": _day,
        "valid_to": _day,
        "longitude": partial(_degrees, limit=180),
        "latitude": partial(_degrees, limit=90),
        "successor": _heirs,
        "replaces": _replaced,
    }
    if cells["withdrawn"] not in ("", "yes"):
        yield "withdrawn", f"{cells['withdrawn']!r} is not yes"
    for column, parse in parsers.items():
        try:
            parse(cells[column])
        except ValueError as error:
            yield column, str(error)
            return
    begin, end = _day(cells["valid_from"]), _day(cells["valid_to"])
    if begin and end and end < begin:
        yield "valid_to", "ends before it begins"


def _replaced(text: str) -> date | None:
    """Read the first day of a validity that a line replaces; three dots are an unknown one."""
    return UNKNOWN_DAY if text == "…" else _day(text)


def _day(text: str) -> date | None:
    """Read a day; None for an empty text."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        rewritten = _REWRITTEN_DAY.fullmatch(text) is not None
        advice = ": a spreadsheet rewrites dates as its language writes them. Format the column as text"
        raise ValueError(f"{text!r} is not a date (YYYY-MM-DD){advice if rewritten else ''}") from None


def _heirs(text: str) -> tuple[Part, ...]:
    """Read the codes that follow a unit, each with its share where there is one; none for an empty text."""
    parts = []
    for each in text.split(";") if text else ():
        code, equals, share = (cell.strip() for cell in each.partition("="))
        if not (code.isascii() and code.isdigit()):
            raise ValueError(f"{text!r} is not a code, nor CODE;CODE or CODE=SHARE;CODE=SHARE of a split")
        parts.append(Part(UnitCode(code), _share(share) if equals else None))
    if len({part.code for part in parts}) < len(parts):
        raise ValueError(f"{text!r} names a part twice")
    shares = [part.share for part in parts if part.share is not None]
    if shares and (len(shares) < len(parts) or abs(sum(shares) - 1) > _SHARES_SUM_WITHIN):
        raise ValueError(f"{text!r}: all parts have a share or none has, and their sum is 1")
    return tuple(parts)


def _share(text: str) -> float:
    try:
        share = float(text.replace(",", "."))
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise ValueError(f"{text!r} is not a share from 0 to 1")
    return share


def _degrees(text: str, limit: int) -> float | None:
    """Read a longitude or latitude in degrees; None for an empty text."""
    if not text:
        return None
    try:
        value = float(text.replace(",", "."))  # as spreadsheets in Vietnamese write it
    except ValueError:
        value = float("nan")
    if not -limit <= value <= limit:
        raise ValueError(f"{text!r} is not a number of degrees within ±{limit}")
    return value


def contradictions(placed: list[tuple[int, Unit]]) -> Iterator[UnitFault]:
    """Yield the contradictions between the lines of one list."""
    by_code: dict[str, list[tuple[int, Unit]]] = defaultdict(list)
    for line, unit in placed:
        by_code[unit.code].append((line, unit))
    for validities in by_code.values():
        validities.sort(key=lambda each: each[1].begins)
        for (_, earlier), (line, later) in pairwise(validities):
            if earlier.valid_to is None or later.begins <= earlier.valid_to:
                yield _fault(line, later, "valid_from", f"{later.code} is in force twice on one day")
    for line, unit in placed:
        if unit.parent is not None and not _is_always_above(unit, [each for _, each in by_code[unit.parent]]):
            yield _fault(line, unit, "parent", f"{unit.parent} is not a unit above {unit.code} at that time")
        if unit.day_after is None:
            continue
        for part in unit.heirs:
            heirs = [each for _, each in by_code[part.code] if each.in_force_on(unit.day_after)]
            if not heirs:
                yield _fault(line, unit, "successor", f"{part.code} is not in force on {unit.day_after}")
            elif heirs[0].level != unit.level:
                reason = f"{part.code} is a {heirs[0].level}, {unit.code} a {unit.level}"
                yield _fault(line, unit, "successor", reason)


def _fault(line: int, unit: Unit, column: str, reason: str) -> UnitFault:
    stored = "" if line else f"{unit.level} {unit.code} from {unit.valid_from or '…'}"
    return UnitFault(line, column, reason, stored)


def _is_always_above(unit: Unit, candidates: list[Unit]) -> bool:
    """Whether units of a higher level are in force on every day of a unit's validity."""
    day: date | None = unit.begins
    for above in sorted(candidates, key=lambda each: each.begins):
        if LEVELS.index(above.level) >= LEVELS.index(unit.level) or (above.valid_to or date.max) < (day or date.max):
            continue
        if day is None or above.begins > day:
            break
        day = above.day_after
        if day is None or (unit.valid_to is not None and day > unit.valid_to):
            return True
    return False
