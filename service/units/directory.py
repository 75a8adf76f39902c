"""Administrative units by code and day, by identity, and by what became of them."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from schemas.text import fold
from service.errors import CommuneNotInForce, CommuneSuccessorUnknown, CommuneUnknown
from service.unit_names import UnitCode, UnitId
from service.units.identities import RECORDS_SINCE, successions_of, with_identities
from service.units.unit import LEVELS, Succession, Unit, is_above

__all__ = ["LEVELS", "ResolvedCommune", "Unit", "UnitDirectory", "is_above"]


@dataclass(frozen=True, slots=True)
class ResolvedCommune:
    """What a commune's code means.

    ``commune`` is the commune in force today, or one that was split where it is open which ``parts`` a household
    belongs to. ``former`` is the commune before the merger, where that is known.
    """

    commune: Unit
    former: Unit | None
    parts: tuple[Unit, ...] = ()


class UnitDirectory:
    """All units of one list. Takes a list that ``read_units`` has accepted; gives identities where it has none."""

    def __init__(self, units: Iterable[Unit]) -> None:
        self._units = tuple(sorted(with_identities(units), key=lambda unit: (unit.code, unit.begins)))
        self._by_code: dict[str, list[Unit]] = defaultdict(list)
        self._by_identity: dict[str, list[Unit]] = defaultdict(list)
        for unit in self._units:
            self._by_code[unit.code].append(unit)
            self._by_identity[unit.identity].append(unit)
        for validities in self._by_identity.values():
            validities.sort(key=lambda unit: unit.begins)
        self._by_code.default_factory = self._by_identity.default_factory = None
        self.successions = tuple(successions_of(self._units))
        # The key is level, code and first day: hashing a whole unit costs more than the lookup saves.
        self._before: dict[tuple[str, str, date | None], list[Succession]] = defaultdict(list)
        self._after: dict[tuple[str, str, date | None], list[Succession]] = defaultdict(list)
        for succession in self.successions:
            self._before[succession.after.key].append(succession)
            self._after[succession.before.key].append(succession)
        self._before.default_factory = self._after.default_factory = None
        # Nothing changes between two of these days, so each level is listed once per span and cached.
        days = {day for unit in self._units for day in (unit.valid_from, unit.day_after)}
        self._changes = sorted(day for day in days if day is not None)
        self._levels: dict[tuple[str, int], tuple[Unit, ...]] = {}
        self._ancestors: dict[tuple[str, str, date | None], tuple[Unit, ...]] = {}
        self._names = {unit.key: (fold(unit.name), fold(f"{unit.kind} {unit.name}")) for unit in self._units}

    def __iter__(self) -> Iterator[Unit]:
        """Iterate over every validity of every unit, in order of code and time."""
        return iter(self._units)

    # Lookups by code and day (requests).

    def in_force(self, code: str, on: date) -> Unit:
        """Return the unit that has the code on that day.

        Raises CommuneUnknown when no unit ever had it, CommuneNotInForce, with the days of the one before, otherwise.
        """
        validities = self._by_code.get(code)
        if not validities:
            raise CommuneUnknown(commune=code)
        for unit in validities:
            if unit.in_force_on(on):
                return unit
        raise not_in_force(code, on, [self.meant(code, on)])

    def meant(self, code: str, on: date) -> Unit:
        """Return the latest unit that had begun by that day under this code, even if a later list has ended it since.

        Raises CommuneUnknown when no unit ever had the code.
        """
        validities = self._by_code.get(code)
        if not validities:
            raise CommuneUnknown(commune=code)
        begun = [unit for unit in validities if unit.begins <= on]
        return begun[-1] if begun else validities[0]

    def with_code(self, code: str) -> Sequence[Unit]:
        """Return every validity of a unit that has, or once had, the code, in order of time."""
        return self._by_code.get(code, ())

    def require_commune(self, code: str) -> list[Unit]:
        """Return the communes that have, or once had, the code. Raises CommuneUnknown when there is none."""
        validities = [unit for unit in self._by_code.get(code, []) if unit.level == "commune"]
        if not validities:
            raise CommuneUnknown(commune=code, pointer="/commune")
        return validities

    def resolve_commune(self, code: str, as_of: date, today: date) -> ResolvedCommune:
        """Read a commune's code as of ``as_of`` and follow the table of successions to the commune in force today.

        The former commune is the unit that was read, when another has succeeded it since; otherwise the only
        predecessor of the commune, where there is exactly one. A day after today is read as today. Raises
        CommuneUnknown (also for a district's or a province's code), CommuneNotInForce and CommuneSuccessorUnknown,
        which point at ``/commune``.
        """
        try:
            read = self.in_force(code, min(as_of, today))
        except (CommuneUnknown, CommuneNotInForce) as error:
            error.pointer = "/commune"
            raise
        if read.level != "commune":
            raise CommuneUnknown(commune=code, pointer="/commune")
        commune, parts = self.last_known_successor(read, today), self.heirs_of(read, today)
        heir = self.heir_of(read, today)
        if not parts:
            raise CommuneSuccessorUnknown(pointer="/commune", **not_in_force(code, today, [read]).params)
        if heir is None:
            former = read if commune.identity != read.identity else self._only_predecessor(commune)
            return ResolvedCommune(commune, former, parts)
        former = read if heir.identity != read.identity else self._only_predecessor(heir)
        return ResolvedCommune(heir, former)

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
            texts = (*self._names[unit.key], unit.code)
            if wanted in texts:
                ranked.append((0, unit))
            elif any(text.startswith(wanted) for text in texts):
                ranked.append((1, unit))
            elif any(wanted in text for text in texts[:2]):
                ranked.append((2, unit))
        return [unit for _, unit in sorted(ranked, key=lambda each: (each[0], each[1].code))]

    # Lookups by identity (stored records).

    def validities_of(self, identity: str) -> tuple[Unit, ...]:
        """Return the validities of a unit, earliest first; none for an identity that is not in the list."""
        return tuple(self._by_identity.get(identity, ()))

    def validity_on(self, identity: str, on: date) -> Unit | None:
        """Return the unit as it is on a day; None when it is not in force then."""
        return next((unit for unit in self._by_identity.get(identity, ()) if unit.in_force_on(on)), None)

    def known_on(self, identity: str, on: date) -> Unit | None:
        """Return the unit as it is on a day, or as it was last before; else as it is first. None for no such unit."""
        validities = self._by_identity.get(identity)
        if not validities:
            return None
        begun = [unit for unit in validities if unit.begins <= on]
        return begun[-1] if begun else validities[0]

    def code_run(self, identity: str, on: date) -> tuple[UnitCode, date, date] | None:
        """Return the code of a unit as ``known_on`` that day, and the first and last day on which it means it."""
        unit = self.known_on(identity, on)
        if unit is None:
            return None
        first = last = unit
        validities = self._by_identity[identity]
        position = validities.index(unit)
        for each in reversed(validities[:position]):
            if each.code != unit.code or each.day_after != first.valid_from:
                break
            first = each
        for each in validities[position + 1 :]:
            if each.code != unit.code or last.day_after != each.valid_from:
                break
            last = each
        return unit.code, first.begins, last.valid_to or date.max

    def was_another(self, code: UnitCode, before: date) -> bool:
        """Whether the code was another unit's before that day, in the time since which households can refer to it."""
        return any(unit.begins < before and self.can_hold_records(unit) for unit in self._by_code.get(code, ()))

    def called(self, identity: str, on: date) -> tuple[UnitCode, str]:
        """Return code and name ("xã Kim Liên") of a unit as ``known_on`` that day; the identity where there is none."""
        unit = self.known_on(identity, on)
        return (UnitCode(identity), identity) if unit is None else (unit.code, f"{unit.kind} {unit.name}")

    def name_of(self, identity: str) -> str:
        """Return kind and name of a unit's latest validity ("xã Kim Liên"); the identity itself if there is none."""
        validities = self._by_identity.get(identity)
        return f"{validities[-1].kind} {validities[-1].name}" if validities else identity

    def former_of(self, identity: str, former: str | None) -> Unit | None:
        """Return the former commune of a household of a commune, both as stored; None where it is not known."""
        validities = self._by_identity.get(identity)
        if former is None or not validities:
            return None
        before = [unit for unit in self.ancestors_of(validities[-1]) if unit.identity != identity]
        found = next((unit for unit in before if unit.identity == former), None)
        return found or (validities[0] if former == identity else self._open_end(self._by_identity.get(former)))

    def former_named(self, commune: Unit, code: str) -> Unit | None:
        """Return the former commune that a code means for a household of this commune: the nearest of the units from
        which it came, else the commune itself as it was before, else one of the same province that ended before the
        register began and whose successor is not known (nobody can say it was not this commune). None for others.
        """
        before = self.ancestors_of(commune)
        others = [unit for unit in before if unit.identity != commune.identity]
        found = self._coded(others, code) or self._coded(before, code)
        if found is not None:
            return found
        ended = self._open_end(self._by_code.get(code))
        return ended if ended is not None and self._top_of(ended) == self._top_of(commune) else None

    def _open_end(self, validities: Sequence[Unit] | None) -> Unit | None:
        """Return the last of the validities where it ended before the register began and nothing is known to follow."""
        last = validities[-1] if validities and validities[-1].level == "commune" else None
        return None if last is None or self.can_hold_records(last) or self._following(last) else last

    def _top_of(self, unit: Unit) -> UnitId:
        """Return the identity of the highest unit above this one, at its end."""
        above = self.parent_of(unit, unit.valid_to or date.max)
        return unit.identity if above is None else self._top_of(above)

    @staticmethod
    def _coded(units: Iterable[Unit], code: str) -> Unit | None:
        return next((unit for unit in units if unit.code == code), None)

    def stored_in(self, commune: Unit, today: date) -> frozenset[UnitId]:
        """Return the identities under which households of a commune of today can be stored: its own, and those of the
        units whose households it took over, all or some, since the register exists. What it will only take over on a
        later day is not its own yet: its officers would see households of another commune before that day.
        """
        taken: set[UnitId] = {commune.identity}
        ended, seen = [commune], {commune.key}
        while ended:
            before = self.predecessors_of(ended.pop())
            fresh = [unit for unit in before if unit.key not in seen and unit.valid_to and unit.valid_to < today]
            seen |= {unit.key for unit in fresh}
            ended.extend(fresh)
            taken |= {
                unit.identity
                for unit in fresh
                if self.can_hold_records(unit) and self._by_identity[unit.identity][-1] == unit
            }
        return frozenset(taken)

    def can_hold_records(self, unit: Unit) -> bool:
        """Whether households can be stored under a unit: it lasted into the register's time, or it was split before, so
        that a household is stored in it until somebody decides on its part.
        """
        return unit.valid_to is None or unit.valid_to >= RECORDS_SINCE or len(self._following(unit)) > 1

    # Lookups by day (successors and predecessors).

    def of_level(self, level: str, on: date) -> list[Unit]:
        """Return the units of a level in force on that day, in order of code."""
        span = (level, bisect_right(self._changes, on))
        if span not in self._levels:
            found = (unit for unit in self._units if unit.level == level and unit.in_force_on(on))
            self._levels[span] = tuple(found)
        return list(self._levels[span])

    def heirs_of(self, unit: Unit, until: date) -> tuple[Unit, ...]:
        """Follow a unit to those in force on the day ``until`` that have its households: one, or several parts.

        Empty where all of it ended before that day without a successor.
        """
        return self._followed(unit, until)[0]

    def heir_of(self, unit: Unit, until: date) -> Unit | None:
        """Return the one unit that has all of a unit's households on a day; None where there is none, or several."""
        heirs, complete = self._followed(unit, until)
        return heirs[0] if len(heirs) == 1 and complete else None

    def _followed(self, unit: Unit, until: date) -> tuple[tuple[Unit, ...], bool]:
        """Return the heirs of a unit on a day, and whether no part of it ended without a successor."""
        heirs, complete = [unit], True
        while ended := [each for each in heirs if each.valid_to is not None and each.valid_to < until]:
            heirs = [each for each in heirs if each not in ended]
            for each in ended:
                following = self._following(each)
                complete = complete and bool(following)
                heirs.extend(heir for heir in following if heir not in heirs)
        return tuple(heirs), complete

    def last_known_successor(self, unit: Unit, until: date) -> Unit:
        """Follow a unit towards the day ``until`` as far as it is certain which unit has its households."""
        while unit.valid_to is not None and unit.valid_to < until:
            following = self._following(unit)
            if len(following) != 1:
                return unit if (heir := self.heir_of(unit, until)) is None else heir
            unit = following[0]
        return unit

    def origins_of(self, unit: Unit, on: date) -> tuple[Unit, ...]:
        """Follow a unit back to those in force on an earlier day whose households it took over.

        Empty where it is not known for all of them.
        """
        found: list[Unit] = []
        for each in self.predecessors_of(unit) if on < unit.begins else [unit]:
            origins = [each] if each.begins <= on else list(self.origins_of(each, on))
            if not origins:
                return ()
            found.extend(origin for origin in origins if origin not in found)
        return tuple(found)

    def ancestors_of(self, unit: Unit) -> tuple[Unit, ...]:
        """Return all direct and indirect predecessors of this unit, the nearest first."""
        if unit.key not in self._ancestors:
            before = self.predecessors_of(unit)
            found = {each.key: each for nearer in before for each in (nearer, *self.ancestors_of(nearer))}
            ordered = sorted(found.values(), key=lambda each: each.valid_to or date.max, reverse=True)
            self._ancestors[unit.key] = tuple(ordered)
        return self._ancestors[unit.key]

    def predecessors(self, code: str, on: date | None = None) -> list[Unit]:
        """Return the direct predecessors of the unit with this code (on the day ``on``, or ever), in order of code."""
        units = (unit for unit in self._by_code.get(code, []) if on is None or unit.in_force_on(on))
        found = (succession.before for unit in units for succession in self._before.get(unit.key, ()))
        return sorted(found, key=lambda unit: (unit.code, unit.begins))

    def predecessors_of(self, unit: Unit) -> list[Unit]:
        """Return the direct predecessors of this unit, in order of code."""
        found = (succession.before for succession in self._before.get(unit.key, ()))
        return sorted(found, key=lambda each: (each.code, each.begins))

    def successions_to(self, unit: Unit) -> tuple[Succession, ...]:
        """Return the lines of the table that lead to this unit."""
        return tuple(self._before.get(unit.key, ()))

    def successions_from(self, unit: Unit) -> tuple[Succession, ...]:
        """Return the lines of the table that lead away from this unit."""
        return tuple(self._after.get(unit.key, ()))

    def geographies(self) -> list[date]:
        """Return the days on which the set of communes changes, earliest first."""
        communes = [unit for unit in self._units if unit.level == "commune"]
        days = {day for unit in communes for day in (unit.valid_from, unit.day_after) if day is not None}
        return sorted(days)

    def parent_of(self, unit: Unit, on: date) -> Unit | None:
        """Return the unit above this one on a day (its last, where it has ended by then); None where there is none."""
        if unit.parent is None:
            return None
        day = on if unit.in_force_on(on) else unit.valid_to or unit.valid_from or on
        above = self._by_code.get(unit.parent, ())
        return next((each for each in above if each.in_force_on(day) and each.level != unit.level), None)

    def _following(self, unit: Unit) -> list[Unit]:
        """Return the units that have a unit's households on the day after it ended: itself where it goes on."""
        validities = self._by_identity[unit.identity]
        later = validities.index(unit) + 1
        if later < len(validities):
            return [validities[later]]
        return [succession.after for succession in self._after.get(unit.key, ())]

    def _only_predecessor(self, unit: Unit) -> Unit | None:
        """Return the unit that this one followed, where it followed exactly one other; itself as it was before where it
        has been the same unit since the list begins.
        """
        first = self._by_identity[unit.identity][0]
        before = self.predecessors_of(first)
        if not before and first.key != unit.key:
            return first
        return before[0] if len(before) == 1 else None


def not_in_force(code: str, on: date, validities: list[Unit]) -> CommuneNotInForce:
    """Make the error that gives the first and last day of these validities; an open end is three dots."""
    return CommuneNotInForce(
        commune=code,
        on=on.isoformat(),
        known_from=first.isoformat() if (first := validities[0].valid_from) else "…",
        known_to=last.isoformat() if (last := validities[-1].valid_to) else "…",
    )
