"""Administrative units with validity and successors: what a commune's code means on a date, and what it became."""

from __future__ import annotations

import csv
import io
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

from schemas.text import fold, normalize
from service.errors import CommuneNotInForce, CommuneUnknown, DomainError

RECORDS_SINCE = date(2026, 1, 1)
"""No household was stored before this day, so none stands under a unit that ended before it."""

LEVELS = ("province", "district", "commune")
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
_NEVER_EMPTY = ("code", "name_vi", "name_en", "kind", "level", "source")


class UnitListInvalid(DomainError):
    """A list of administrative units that contradicts itself: ``faults`` names every place, the params the first."""

    code: ClassVar[str] = "units.list-invalid"

    def __init__(self, faults: list[UnitFault]) -> None:
        first = faults[0]
        super().__init__(line=first.line, column=first.column, reason=first.reason, faults=len(faults))
        self.faults = faults

    def __str__(self) -> str:
        return "\n".join(f"line {fault.line}, {fault.column}: {fault.reason}" for fault in self.faults)


@dataclass(frozen=True, slots=True)
class UnitFault:
    """One fault of a list of units: the line of the file (the header is line 1), the column, and what is wrong."""

    line: int
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unit:
    """One validity of one administrative unit.

    ``name`` is without the kind ("Thành Vinh", kind "phường"). ``valid_from`` and ``valid_to`` are both inclusive;
    None is an unknown beginning, or no end yet. ``successor`` is the code that the unit has, or was merged into, from
    the day after ``valid_to``. Longitude and latitude (WGS84 degrees) are a point inside the unit.
    """

    code: str
    name: str
    kind: str
    level: str
    parent: str | None
    valid_from: date | None
    valid_to: date | None
    successor: str | None
    longitude: float | None
    latitude: float | None
    source: str
    name_en: str

    def in_force_on(self, on: date) -> bool:
        """Say whether the unit is in force on the day ``on``."""
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on <= self.valid_to)

    @property
    def day_after(self) -> date | None:
        """The first day on which the unit is no longer in force; None while it has no end."""
        return None if self.valid_to is None else self.valid_to + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ResolvedCommune:
    """What a commune's code stands for: the commune in force today, and the one before the merger where it is known."""

    commune: Unit
    former: Unit | None


def read_units(source: str | Path) -> tuple[Unit, ...]:
    """Read a list of units from CSV (a file, or its text) with the columns of ``COLUMNS``.

    Raises UnitListInvalid with every fault: a column missing, a cell that cannot be read, one code twice on one day, a
    parent that is not there, a successor that is not in force on the day after. The last also refuses cycles of
    successions, since each step of a chain is then later than the one before.
    """
    text = source.read_text(encoding="utf-8-sig") if isinstance(source, Path) else source.removeprefix("\ufeff")
    reader = csv.DictReader(io.StringIO(text), restkey="", strict=True)
    header = tuple(reader.fieldnames or ())
    if missing := [column for column in COLUMNS if column not in header]:
        raise UnitListInvalid([UnitFault(1, column, "column is missing") for column in missing])
    if unknown := [column for column in header if column not in COLUMNS]:
        raise UnitListInvalid([UnitFault(1, column, "column is not known") for column in unknown])
    faults: list[UnitFault] = []
    placed: list[tuple[int, Unit]] = []
    try:
        for row in reader:
            parsed = _parse_row(row, reader.line_num)
            if isinstance(parsed, Unit):
                placed.append((reader.line_num, parsed))
            else:
                faults.extend(parsed)
    except csv.Error as error:
        faults.append(UnitFault(reader.line_num, "code", f"not CSV: {error}"))
    if not faults:
        faults.extend(_contradictions(placed))
    if faults:
        raise UnitListInvalid(faults)
    return tuple(unit for _, unit in placed)


def require_whole(new: Sequence[Unit], kept: Sequence[Unit]) -> None:
    """Hold a list to the units that stay beside it. Raises UnitListInvalid, in which a unit that stays has line 0."""
    faults = list(_contradictions([*((0, unit) for unit in kept), *((line, unit) for line, unit in enumerate(new, 2))]))
    if faults:
        raise UnitListInvalid(faults)


def _parse_row(row: dict[str, str], line: int) -> Unit | list[UnitFault]:
    """Parse one line into a unit, or into everything that is wrong with it."""
    cells = {column: normalize(row.get(column) or "") for column in COLUMNS}
    faults = [UnitFault(line, column, reason) for column, reason in _faults_of_cells(cells)]
    if "" in row:
        faults.append(UnitFault(line, COLUMNS[-1], "more cells than columns"))
    if faults:
        return faults
    return Unit(
        code=cells["code"],
        name=cells["name_vi"],
        kind=cells["kind"],
        level=cells["level"],
        parent=cells["parent"] or None,
        valid_from=_day(cells["valid_from"]),
        valid_to=_day(cells["valid_to"]),
        successor=cells["successor"] or None,
        longitude=_degrees(cells["longitude"], 180),
        latitude=_degrees(cells["latitude"], 90),
        source=cells["source"],
        name_en=cells["name_en"],
    )


def _faults_of_cells(cells: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Name each column of one line whose cell is wrong, and why."""
    for column in _NEVER_EMPTY:
        if not cells[column]:
            yield column, "empty"
    if cells["code"] and not (cells["code"].isascii() and cells["code"].isdigit()):
        yield "code", f"{cells['code']!r} is not a number"
    if cells["level"] and cells["level"] not in LEVELS:
        yield "level", f"{cells['level']!r} is not one of {', '.join(LEVELS)}"
    if cells["level"] in ("district", "commune") and not cells["parent"]:
        yield "parent", f"a {cells['level']} has a parent"
    if cells["successor"] and not cells["valid_to"]:
        yield "successor", "a successor without an end of validity (valid_to)"
    if bool(cells["longitude"]) != bool(cells["latitude"]):
        yield "longitude", "longitude and latitude stand together or not at all"
    parsers: dict[str, Callable[[str], object]] = {
        "valid_from": _day,
        "valid_to": _day,
        "longitude": partial(_degrees, limit=180),
        "latitude": partial(_degrees, limit=90),
    }
    for column, parse in parsers.items():
        try:
            parse(cells[column])
        except ValueError as error:
            yield column, str(error)
            return
    begin, end = _day(cells["valid_from"]), _day(cells["valid_to"])
    if begin and end and end < begin:
        yield "valid_to", "ends before it begins"


def _day(text: str) -> date | None:
    """Read a day; an empty text is no day."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ValueError(f"{text!r} is not a date (YYYY-MM-DD)") from None


def _degrees(text: str, limit: int) -> float | None:
    """Read a longitude or latitude in degrees; an empty text is none."""
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not -limit <= value <= limit:
        raise ValueError(f"{text!r} is not a number of degrees within ±{limit}")
    return value


def _contradictions(placed: list[tuple[int, Unit]]) -> Iterator[UnitFault]:
    """Find what contradicts between the lines of one list."""
    by_code: dict[str, list[tuple[int, Unit]]] = defaultdict(list)
    for line, unit in placed:
        by_code[unit.code].append((line, unit))
    for validities in by_code.values():
        validities.sort(key=lambda each: each[1].valid_from or date.min)
        for (_, earlier), (line, later) in pairwise(validities):
            if earlier.valid_to is None or (later.valid_from or date.min) <= earlier.valid_to:
                yield UnitFault(line, "valid_from", f"{later.code} is in force twice on one day")
    for line, unit in placed:
        if unit.parent is not None and not _stands_above(unit, (each for _, each in by_code[unit.parent])):
            yield UnitFault(line, "parent", f"{unit.parent} is not a unit above {unit.code} in its time")
        if unit.successor is None or unit.day_after is None:
            continue
        heirs = [each for _, each in by_code[unit.successor] if each.in_force_on(unit.day_after)]
        if not heirs:
            yield UnitFault(line, "successor", f"{unit.successor} is not in force on {unit.day_after}")
        elif heirs[0].level != unit.level:
            yield UnitFault(line, "successor", f"{unit.successor} is a {heirs[0].level}, {unit.code} a {unit.level}")


def _stands_above(unit: Unit, candidates: Iterable[Unit]) -> bool:
    """Say whether one of ``candidates`` is of a higher level and in force somewhen in the unit's own time."""
    return any(
        LEVELS.index(each.level) < LEVELS.index(unit.level)
        and (each.valid_to is None or unit.valid_from is None or unit.valid_from <= each.valid_to)
        and (unit.valid_to is None or each.valid_from is None or each.valid_from <= unit.valid_to)
        for each in candidates
    )


class UnitDirectory:
    """All units of one list, looked up by code and date. Made once from a list that ``read_units`` has accepted."""

    def __init__(self, units: Iterable[Unit]) -> None:
        self._units = tuple(sorted(units, key=lambda unit: (unit.code, unit.valid_from or date.min)))
        self._by_code: dict[str, list[Unit]] = defaultdict(list)
        for unit in self._units:
            self._by_code[unit.code].append(unit)
        self._by_code.default_factory = None
        self._predecessors: dict[Unit, list[Unit]] = defaultdict(list)
        for unit in self._units:
            if (heir := self._successor_of(unit)) is not None:
                self._predecessors[heir].append(unit)
        self._predecessors.default_factory = None
        # Between two of these days nothing changes, so that a level is listed once for each span.
        days = {day for unit in self._units for day in (unit.valid_from, unit.day_after)}
        self._changes = sorted(day for day in days if day is not None)
        self._levels: dict[tuple[str, int], tuple[Unit, ...]] = {}
        # By code and first day: the hash of a whole unit costs more than what it would find.
        self._ancestors: dict[tuple[str, str, date | None], tuple[Unit, ...]] = {}
        self._names = {unit: (fold(unit.name), fold(f"{unit.kind} {unit.name}")) for unit in self._units}

    def __iter__(self) -> Iterator[Unit]:
        """Every validity of every unit, in order of code and time."""
        return iter(self._units)

    def in_force(self, code: str, on: date) -> Unit:
        """Return the unit that has the code on that day.

        Raises CommuneUnknown when no unit ever had the code, CommuneNotInForce when one had it at another time.
        """
        validities = self._by_code.get(code)
        if not validities:
            raise CommuneUnknown(commune=code)
        for unit in validities:
            if unit.in_force_on(on):
                return unit
        raise _not_in_force(code, on, validities)

    def name_of(self, code: str) -> str:
        """Return kind and name of the unit with the code, the latest there was ("xã Kim Liên"); the code if none."""
        validities = self._by_code.get(code)
        return f"{validities[-1].kind} {validities[-1].name}" if validities else code

    def of_level(self, level: str, on: date) -> list[Unit]:
        """Return the units of a level in force on that day, in order of code."""
        span = (level, bisect_right(self._changes, on))
        if span not in self._levels:
            found = (unit for unit in self._units if unit.level == level and unit.in_force_on(on))
            self._levels[span] = tuple(found)
        return list(self._levels[span])

    def resolve_commune(self, code: str, as_of: date, today: date) -> ResolvedCommune:
        """Read a commune's code as of ``as_of`` and follow its successors to the commune in force today.

        The former commune is the unit that was read, when it has since been succeeded; otherwise the only predecessor
        of the commune, where there is exactly one. A day after today is read as today. Raises CommuneUnknown (also for
        a district's or a province's code) and CommuneNotInForce, both pointing at ``/commune``.
        """
        try:
            read = self.in_force(code, min(as_of, today))
        except (CommuneUnknown, CommuneNotInForce) as error:
            error.pointer = "/commune"
            raise
        if read.level != "commune":
            raise CommuneUnknown(commune=code, pointer="/commune")
        commune = read
        while not commune.in_force_on(today):
            heir = self._successor_of(commune)
            if heir is None:
                refused = _not_in_force(code, today, [commune])
                refused.pointer = "/commune"
                raise refused
            commune = heir
        if commune is not read:
            return ResolvedCommune(commune, read)
        before = self._predecessors.get(commune, [])
        return ResolvedCommune(commune, before[0] if len(before) == 1 else None)

    def require_commune(self, code: str) -> list[Unit]:
        """Return the communes that have, or once had, the code. Raises CommuneUnknown when there is none."""
        validities = [unit for unit in self._by_code.get(code, []) if unit.level == "commune"]
        if not validities:
            raise CommuneUnknown(commune=code, pointer="/commune")
        return validities

    def meant(self, code: str, on: date) -> Unit:
        """Return the unit that somebody meant by a code on a day; a list that came later may have ended it before.

        Raises CommuneUnknown when no unit ever had the code.
        """
        validities = self._by_code.get(code)
        if not validities:
            raise CommuneUnknown(commune=code)
        begun = [unit for unit in validities if unit.valid_from is None or unit.valid_from <= on]
        return begun[-1] if begun else validities[0]

    def stored_units(self, code: str) -> list[Unit]:
        """Return the communes under which households can stand with this code, the first of them first; the last that
        had the code where none can. Raises CommuneUnknown."""
        validities = self.require_commune(code)
        return [unit for unit in validities if _can_hold_records(unit)] or validities[-1:]

    def stored_unit(self, code: str, since: date | None) -> Unit:
        """Return the commune that a stored code means: the one that began on ``since``, else the first of the
        register's own time.

        A stored household keeps its code when a newer list ends its commune. Raises CommuneUnknown.
        """
        validities = self.stored_units(code)
        if since is not None:
            return next((unit for unit in validities if unit.valid_from == since), validities[-1])
        return validities[0]

    def since_of(self, commune: Unit) -> date | None:
        """Return the day from which a stored code means this commune; None unless it meant another one before, under
        which households can stand."""
        return None if self.stored_unit(commune.code, None) == commune else commune.valid_from

    def heir_of(self, unit: Unit, until: date) -> Unit | None:
        """Follow a unit's successors to the one in force ``until`` that day; None where they end before."""
        heir: Unit | None = unit
        while heir is not None and heir.valid_to is not None and heir.valid_to < until:
            heir = self._successor_of(heir)
        return heir

    def ancestors_of(self, unit: Unit) -> tuple[Unit, ...]:
        """Return all units that became this one, by way of others too; the nearest first."""
        key = (unit.level, unit.code, unit.valid_from)
        if key not in self._ancestors:
            before = self.predecessors_of(unit)
            found = [*before, *(each for nearer in before for each in self.ancestors_of(nearer))]
            self._ancestors[key] = tuple(sorted(found, key=lambda each: each.valid_to or date.max, reverse=True))
        return self._ancestors[key]

    def stored_codes(self, commune: Unit) -> frozenset[str]:
        """Return the codes under which households of a commune of today can stand: its own, and those of the units that
        it took over while the register was kept, but for what another commune is called today.
        """
        taken_over = {unit.code for unit in self.ancestors_of(commune) if _can_hold_records(unit)}
        others = {code for code in taken_over if any(unit.valid_to is None for unit in self.require_commune(code))}
        return frozenset({commune.code, *(taken_over - others)})

    def predecessors(self, code: str, on: date | None = None) -> list[Unit]:
        """Return the units that became the unit with this code (the one in force ``on`` that day, or any), by code."""
        found = (
            before
            for unit in self._by_code.get(code, [])
            if on is None or unit.in_force_on(on)
            for before in self._predecessors.get(unit, [])
        )
        return sorted(found, key=lambda unit: (unit.code, unit.valid_from or date.min))

    def predecessors_of(self, unit: Unit) -> list[Unit]:
        """Return the units that became just this unit, by code."""
        return sorted(self._predecessors.get(unit, []), key=lambda each: (each.code, each.valid_from or date.min))

    def geographies(self) -> list[date]:
        """Return the days on which the set of communes changes, earliest first."""
        days = {
            day
            for unit in self._units
            if unit.level == "commune"
            for day in (unit.valid_from, unit.day_after)
            if day is not None
        }
        return sorted(days)

    def district_of(self, commune: Unit) -> Unit | None:
        """Return the district that a commune belonged to; None for a commune of a time without districts."""
        for parent in self._by_code.get(commune.parent or "", []):
            if parent.level == "district" and _stands_above(commune, [parent]):
                return parent
        return None

    def find(self, q: str, level: str | None, on: date) -> list[Unit]:
        """Return the units in force on that day whose name, with or without kind and diacritics, or code matches ``q``.

        Exact matches come first, then names that begin with ``q``, then names that hold it; each in order of code.
        An empty ``q`` matches every unit.
        """
        wanted = fold(q)
        ranked = []
        for unit in self._units:
            if (level is not None and unit.level != level) or not unit.in_force_on(on):
                continue
            texts = (*self._names[unit], unit.code)
            if wanted in texts:
                ranked.append((0, unit))
            elif any(text.startswith(wanted) for text in texts):
                ranked.append((1, unit))
            elif any(wanted in text for text in texts[:2]):
                ranked.append((2, unit))
        return [unit for _, unit in sorted(ranked, key=lambda each: (each[0], each[1].code))]

    def _successor_of(self, unit: Unit) -> Unit | None:
        """Return the unit that succeeded this one, as it was on the first day after."""
        if unit.successor is None or unit.day_after is None:
            return None
        day = unit.day_after
        return next((heir for heir in self._by_code.get(unit.successor, []) if heir.in_force_on(day)), None)


def _can_hold_records(unit: Unit) -> bool:
    return unit.valid_to is None or unit.valid_to >= RECORDS_SINCE


def _not_in_force(code: str, on: date, validities: list[Unit]) -> CommuneNotInForce:
    """Say from when to when the code was known; an open end is three dots."""
    return CommuneNotInForce(
        commune=code,
        on=on.isoformat(),
        known_from=first.isoformat() if (first := validities[0].valid_from) else "…",
        known_to=last.isoformat() if (last := validities[-1].valid_to) else "…",
    )
