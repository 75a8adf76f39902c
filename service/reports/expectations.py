"""How many households are expected in a unit: its own baseline, or those of the units that it consists of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache

from service.reports.ports import Baseline
from service.unit_names import UnitId
from service.units.attribution import Attribution
from service.units.directory import UnitDirectory
from service.units.identities import RECORDS_SINCE
from service.units.provinces import units_beside
from service.units.unit import Succession, Unit

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Group:
    """Communes whose expected number is only known for all of them together, since a predecessor had the baseline."""

    members: frozenset[UnitId]
    baselines: list[Baseline]


class Expectations:
    """Finds the baselines that say how many households a unit of a level has in the geography of a day."""

    def __init__(self, directory: UnitDirectory, level: str, geography: date, baselines: Iterable[Baseline]) -> None:
        """``baselines`` are in order of date, so that a later one replaces an earlier."""
        self._directory = directory
        self._level = level
        self._geography = geography
        self._baselines = tuple(baselines)
        self._own: dict[UnitId, list[Baseline]] = defaultdict(list)
        for each in self._baselines:
            self._own[each.identity or directory.meant(each.unit, each.date).identity].append(each)
        self._own.default_factory = None
        self._moves = [each for each in directory.successions if each.kind == "moved"]
        self._parts = _parts_of(directory, level, geography) if self._own and level != "commune" else {}
        self._changes = _changes_in(directory)
        self._found: dict[tuple[UnitId, date], list[Baseline]] = {}

    def of(self, unit: Unit) -> list[Baseline]:
        """Return the baselines whose sum is expected in a unit; none unless every part of it has a known number."""
        if not self._own:
            return []
        return self._together([unit], self._geography) if unit.level == "commune" else self._of(unit, self._geography)

    def of_all(self, units: Iterable[Unit]) -> tuple[list[Baseline], bool]:
        """Return the baselines whose sum is expected in these units together, and whether they cover all of the units.

        Several units can have a known number together although none has one alone: the parts of a unit that was split
        without shares.
        """
        requested = list(units)
        if not self._own:
            return [], False
        if self._level == "commune":
            return self._known(requested, self._geography, partly=True)
        of_each = [self.of(unit) for unit in requested]
        communes = [part for unit in requested for part in self._parts.get(unit.identity, ())]
        if not (found := _all_of(of_each) or self._together(communes, self._geography)):
            return [baseline for each in of_each for baseline in each], False
        return found, True

    def _of(self, unit: Unit, on: date) -> list[Baseline]:
        key = (unit.identity, on)
        if key not in self._found:
            self._found[key] = self._looked_up(unit, on)
        return self._found[key]

    def _looked_up(self, unit: Unit, on: date) -> list[Baseline]:
        start, end = self._span(unit, on)
        own = [
            each
            for each in self._own.get(unit.identity, ())
            if (start is None or start <= each.date) and (end is None or each.date < end)
        ]
        if own:
            return own[-1:]
        if unit.level != "commune":
            return self._together(self._parts.get(unit.identity, ()), on)
        first = self._directory.validities_of(unit.identity)[0]
        arrived = [each for each in self._arrivals(unit) if each.day == (start or first.begins)]
        found = [self._passed_on(each) for each in arrived]
        if arrived and start is not None and first.begins < start:
            found.append(self._of(unit, start - _DAY))
        return _all_of(found)

    def _together(self, communes: Sequence[Unit], on: date) -> list[Baseline]:
        """Return the baselines whose sum is expected in these communes; none unless every one of them is covered."""
        found, complete = self._known(communes, on)
        return found if complete else []

    def _known(self, communes: Sequence[Unit], on: date, *, partly: bool = False) -> tuple[list[Baseline], bool]:
        """Return the baselines whose sum is expected in these communes, and whether they cover all of the communes.

        Communes without a number of their own can be covered together: a unit that was split without shares had the
        number of all its parts. Where some commune is not covered, baselines are returned only with ``partly``.
        """
        found: dict[UnitId, list[Baseline]] = {}
        doubtful = _doubtful(self._directory)
        for each in communes:
            found[each.identity] = self._of(each, on)
            if not partly and not found[each.identity] and each.identity not in doubtful:
                return [], False
        groups: list[_Group] = []
        complete = bool(found)
        for commune in communes:
            if found[commune.identity] or any(commune.identity in group.members for group in groups):
                continue
            group = self._group(commune, communes, on) if commune.identity in doubtful else None
            if group is None:
                if not partly:
                    return [], False
                complete = False
                continue
            # A group that meets another one contains it: it is of an earlier day, from which all of them come.
            groups = [*(each for each in groups if each.members.isdisjoint(group.members)), group]
        grouped = {member for group in groups for member in group.members}
        alone = [found[each.identity] for each in communes if each.identity not in grouped]
        return [baseline for each in (*alone, *(group.baselines for group in groups)) for baseline in each], complete

    def _group(self, commune: Unit, among: Sequence[Unit], on: date) -> _Group | None:
        """Return the smallest set of communes with this one whose joint predecessors have a known baseline.

        The search goes back in time until a day on which the predecessors have one. Returns None where there is no such
        day, or where a successor of the predecessors is not ``among`` the requested communes.
        """
        within = {unit.identity for unit in among}
        before, day = [commune], on
        while True:
            open_since = [self._since(unit, day) for unit in before if not self._of(unit, day)]
            began = max((each for each in open_since if each is not None), default=None)
            if began is None:
                return None
            day = began - _DAY
            members = {commune.identity}
            before = []
            waiting = [commune]
            while waiting:
                unit = waiting.pop()
                origins = self._directory.origins_of(unit, day)
                if not origins:
                    return self._with_newcomers(among, on)
                fresh = [each for each in origins if each not in before]
                before.extend(fresh)
                for heirs in (self._heirs(each, on) for each in fresh):
                    if not heirs or not within.issuperset(each.identity for each in heirs):
                        return None
                    waiting.extend(each for each in heirs if each.identity not in members)
                    members |= {each.identity for each in heirs}
            if found := self._together(before, day):
                return _Group(frozenset(members), found)

    def _with_newcomers(self, among: Sequence[Unit], on: date) -> _Group | None:
        """Return all requested communes as one group where some of them began without a named predecessor.

        Before, the households of such a newcomer were counted in other communes of the province, and no list says in
        which. Only the whole province therefore has a known number, from the day before the newcomers began.
        """
        within = {unit.identity for unit in among}
        begun_alone = _newcomers(self._directory)
        newcomers = [unit for unit in among if unit.identity in begun_alone]
        if not newcomers or not self._have_all_around(newcomers, within, on):
            return None
        begun = max(unit.begins for unit in newcomers)
        day = begun - _DAY
        others = [unit for unit in among if unit not in newcomers or unit.begins < begun]
        origins = [self._directory.origins_of(unit, day) for unit in others]
        before = list({each.identity: each for found in origins for each in found}.values())
        heirs = [self._heirs(each, on) for each in before]
        if (
            not all(origins)
            or not all(heirs)
            or not within.issuperset(each.identity for part in heirs for each in part)
        ):
            return None
        dated = [each for each in self._baselines if each.date <= day]
        found, complete = Expectations(self._directory, "commune", day, dated).of_all(before)
        return _Group(frozenset(within), found) if complete else None

    def _have_all_around(self, communes: Iterable[Unit], within: set[UnitId], on: date) -> bool:
        """Return whether ``within`` has every commune of the provinces in which these communes lie."""
        beside = units_beside(communes, self._directory, on)
        return within.issuperset(each.identity for each in beside if each.level == "commune" and each.in_force_on(on))

    def _heirs(self, unit: Unit, on: date) -> list[Unit]:
        """Return the communes that have a unit's households on a day; none where a part ended without a successor."""
        if unit.valid_to is None or unit.day_after is None or on <= unit.valid_to:
            return [unit]
        following = [self._heirs(each, on) for each in self._directory.heirs_of(unit, unit.day_after)]
        return [heir for each in following for heir in each] if all(following) else []

    def _passed_on(self, succession: Succession) -> list[Baseline]:
        """Return the baselines that a predecessor passes on; of a split, the part's share, or none if it is not known.

        The parts are rounded so that their sum is the whole.
        """
        found = self._of(succession.before, succession.day - _DAY)
        if succession.kind != "split":
            return found
        if succession.share is None:
            return []
        parts = sorted(self._directory.successions_from(succession.before), key=lambda each: each.after.code)
        shares = [each.share or 0.0 for each in parts]
        position = parts.index(succession)
        low, high = (sum(shares[:end]) / sum(shares) for end in (position, position + 1))
        return [
            replace(each, households=round(each.households * high) - round(each.households * low)) for each in found
        ]

    def _since(self, unit: Unit, on: date) -> date | None:
        """Return the last day up to ``on`` on which a commune began or others joined it; None where it is not known."""
        return self._span(unit, on)[0] or self._directory.validities_of(unit.identity)[0].valid_from

    def _span(self, unit: Unit, on: date) -> tuple[date | None, date | None]:
        """Return the days around ``on`` between which a baseline of the unit applies; the second is outside."""
        if unit.identity not in self._changes:
            self._changes[unit.identity] = sorted({each.day for each in self._comings_and_goings(unit)})
        changes = self._changes[unit.identity]
        start = max((day for day in changes if day <= on), default=None)
        return start, min((day for day in changes if day > on), default=None)

    def _arrivals(self, unit: Unit) -> list[Succession]:
        """Return the successions by which other units, or parts of them, became part of a unit."""
        validities = self._directory.validities_of(unit.identity)
        found = (each for validity in validities for each in self._directory.successions_to(validity))
        return [each for each in found if each.before.identity != unit.identity]

    def _comings_and_goings(self, unit: Unit) -> list[Succession]:
        """Return the successions after which earlier baselines of the unit no longer apply."""
        if unit.level == "commune":
            first = self._directory.validities_of(unit.identity)[0]
            return [each for each in self._arrivals(unit) if each.day > first.begins]
        return [
            each
            for each in self._moves
            if each.before.level == "commune" and self._lies_in(each.before, unit) != self._lies_in(each.after, unit)
        ]

    def _lies_in(self, commune: Unit, unit: Unit) -> bool:
        above: Unit | None = commune
        while above is not None and above.identity != unit.identity:
            above = self._directory.parent_of(above, commune.valid_to or commune.begins)
        return above is not None


@lru_cache(maxsize=8)
def _changes_in(directory: UnitDirectory) -> dict[UnitId, list[date]]:  # noqa: ARG001 - each list of units has its own
    """Return where the days on which a unit changed are noted once they were looked up: for all readings of a list."""
    return {}


@lru_cache(maxsize=8)
def _newcomers(directory: UnitDirectory) -> frozenset[UnitId]:
    """Return the communes that began without a predecessor since the register exists."""
    begun = {unit.identity for unit in directory if unit.level == "commune" and unit.begins > RECORDS_SINCE}
    firsts = (directory.validities_of(identity)[0] for identity in begun)
    return frozenset(
        unit.identity for unit in firsts if unit.begins > RECORDS_SINCE and not directory.successions_to(unit)
    )


@lru_cache(maxsize=8)
def _doubtful(directory: UnitDirectory) -> frozenset[UnitId]:
    """Return the communes that may have a known number only together with others.

    These are newcomers, parts of a unit that was split without shares, and the successors of both.
    """
    found = set(_newcomers(directory))
    found |= {each.after.identity for each in directory.successions if each.kind == "split" and each.share is None}
    for each in sorted(directory.successions, key=lambda each: each.day):
        if each.before.identity in found:
            found.add(each.after.identity)
    return frozenset(found)


def _all_of(found: list[list[Baseline]]) -> list[Baseline]:
    """Return the baselines of all parts; none where any part has none."""
    return [baseline for each in found for baseline in each] if found and all(found) else []


def _parts_of(directory: UnitDirectory, level: str, geography: date) -> dict[UnitId, list[Unit]]:
    """Return the communes in each unit of a level above them."""
    attribution = Attribution(directory, level, geography)
    parts: dict[UnitId, list[Unit]] = {}
    for commune in directory.of_level("commune", geography):
        identity = attribution.unit_above(commune.identity, None)
        if identity is not None:
            parts.setdefault(identity, []).append(commune)
    return parts
