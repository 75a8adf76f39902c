"""Administrative units with validity and successors: what a commune's code means on a date, and what it became."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from schemas.text import fold
from service.errors import CommuneNotInForce, CommuneUnknown

RECORDS_SINCE = date(2026, 1, 1)
"""No household was stored before this day, so none refers to a unit that ended before it."""

LEVELS = ("province", "district", "commune")


@dataclass(frozen=True, slots=True)
class Unit:
    """One validity of one administrative unit.

    ``name`` is without the kind ("Kim Liên", kind "xã"). ``valid_from`` and ``valid_to`` are both inclusive;
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
        """Whether the unit is in force on the day ``on``."""
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on <= self.valid_to)

    @property
    def day_after(self) -> date | None:
        """The first day on which the unit is no longer in force; None while it has no end."""
        return None if self.valid_to is None else self.valid_to + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ResolvedCommune:
    """What a commune's code means: the commune in force today, and the one before the merger where that is known."""

    commune: Unit
    former: Unit | None


def is_above(unit: Unit, candidates: Iterable[Unit]) -> bool:
    """Whether one of ``candidates`` is of a higher level and valid at some point during the unit's validity."""
    return any(
        LEVELS.index(each.level) < LEVELS.index(unit.level)
        and (each.valid_to is None or unit.valid_from is None or unit.valid_from <= each.valid_to)
        and (unit.valid_to is None or each.valid_from is None or each.valid_from <= unit.valid_to)
        for each in candidates
    )


class UnitDirectory:
    """All units of one list, looked up by code and date. Takes a list that ``read_units`` has accepted."""

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
        # Nothing changes between two of these days, so each level is listed once per span and cached.
        days = {day for unit in self._units for day in (unit.valid_from, unit.day_after)}
        self._changes = sorted(day for day in days if day is not None)
        self._levels: dict[tuple[str, int], tuple[Unit, ...]] = {}
        # The key is level, code and first day: hashing a whole unit costs more than the lookup saves.
        self._ancestors: dict[tuple[str, str, date | None], tuple[Unit, ...]] = {}
        self._names = {unit: (fold(unit.name), fold(f"{unit.kind} {unit.name}")) for unit in self._units}

    def __iter__(self) -> Iterator[Unit]:
        """Iterate over every validity of every unit, in order of code and time."""
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
        """Return kind and name of the latest unit with the code ("xã Kim Liên"); the code itself if there is none."""
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
        """Return the latest unit that had begun by that day under this code, even if a later list has ended it since.

        Raises CommuneUnknown when no unit ever had the code.
        """
        validities = self._by_code.get(code)
        if not validities:
            raise CommuneUnknown(commune=code)
        begun = [unit for unit in validities if unit.valid_from is None or unit.valid_from <= on]
        return begun[-1] if begun else validities[0]

    def stored_units(self, code: str) -> list[Unit]:
        """Return the communes that a stored household with this code can mean, earliest first.

        Where there is none, the last commune that had the code. Raises CommuneUnknown.
        """
        validities = self.require_commune(code)
        return [unit for unit in validities if _can_hold_records(unit)] or validities[-1:]

    def stored_unit(self, code: str, since: date | None) -> Unit:
        """Return the commune that a stored code means: the one that began on ``since``, or else the first since the
        register exists.

        A stored household keeps its code when a newer list ends its commune. Raises CommuneUnknown.
        """
        validities = self.stored_units(code)
        if since is not None:
            return next((unit for unit in validities if unit.valid_from == since), validities[-1])
        return validities[0]

    def since_of(self, commune: Unit) -> date | None:
        """Return the day from which a stored code means this commune; None unless stored households can also mean an
        earlier commune by it.
        """
        return None if self.stored_unit(commune.code, None) == commune else commune.valid_from

    def heir_of(self, unit: Unit, until: date) -> Unit | None:
        """Follow a unit's successors to the one in force on the day ``until``; None where they end before it."""
        heir: Unit | None = unit
        while heir is not None and heir.valid_to is not None and heir.valid_to < until:
            heir = self._successor_of(heir)
        return heir

    def ancestors_of(self, unit: Unit) -> tuple[Unit, ...]:
        """Return all direct and indirect predecessors of this unit, the nearest first."""
        key = (unit.level, unit.code, unit.valid_from)
        if key not in self._ancestors:
            before = self.predecessors_of(unit)
            found = [*before, *(each for nearer in before for each in self.ancestors_of(nearer))]
            self._ancestors[key] = tuple(sorted(found, key=lambda each: each.valid_to or date.max, reverse=True))
        return self._ancestors[key]

    def stored_codes(self, commune: Unit) -> frozenset[str]:
        """Return the codes under which households of a commune of today can be stored: its own, and those of the units
        that it took over since the register exists, except codes that another commune has today.
        """
        taken_over = {unit.code for unit in self.ancestors_of(commune) if _can_hold_records(unit)}
        others = {code for code in taken_over if any(unit.valid_to is None for unit in self.require_commune(code))}
        return frozenset({commune.code, *(taken_over - others)})

    def predecessors(self, code: str, on: date | None = None) -> list[Unit]:
        """Return the direct predecessors of the unit with this code (on the day ``on``, or ever), in order of code."""
        found = (
            before
            for unit in self._by_code.get(code, [])
            if on is None or unit.in_force_on(on)
            for before in self._predecessors.get(unit, [])
        )
        return sorted(found, key=lambda unit: (unit.code, unit.valid_from or date.min))

    def predecessors_of(self, unit: Unit) -> list[Unit]:
        """Return the direct predecessors of this unit, in order of code."""
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
        """Return the district that a commune belonged to; None for a commune from a time without districts."""
        for parent in self._by_code.get(commune.parent or "", []):
            if parent.level == "district" and is_above(commune, [parent]):
                return parent
        return None

    def find(self, q: str, level: str | None, on: date) -> list[Unit]:
        """Return the units in force on that day whose name, with or without kind and diacritics, or code matches ``q``.

        Exact matches come first, then names that begin with ``q``, then names that contain it; each in order of code.
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
    """Make the error that gives the first and last day of the code; an open end is three dots."""
    return CommuneNotInForce(
        commune=code,
        on=on.isoformat(),
        known_from=first.isoformat() if (first := validities[0].valid_from) else "…",
        known_to=last.isoformat() if (last := validities[-1].valid_to) else "…",
    )
