"""How many households are expected in a unit: its own baseline, or those of the units that it consists of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from service.reports.ports import Baseline
from service.unit_names import UnitId
from service.units.directory import UnitDirectory
from service.units.placing import Placing
from service.units.unit import Succession, Unit

_DAY = timedelta(days=1)


class Expectations:
    """Finds the baselines that say how many households a unit of a level has in the geography of a day."""

    def __init__(self, directory: UnitDirectory, level: str, geography: date, baselines: Iterable[Baseline]) -> None:
        """``baselines`` are in order of date, so that a later one replaces an earlier."""
        self._directory = directory
        self._level = level
        self._geography = geography
        self._own: dict[UnitId, list[Baseline]] = defaultdict(list)
        for each in baselines:
            self._own[each.identity or directory.meant(each.unit, each.date).identity].append(each)
        self._own.default_factory = None
        self._moves = [each for each in directory.successions if each.kind == "moved"]
        self._parts = _parts_of(directory, level, geography) if self._own and level != "commune" else {}

    def of(self, unit: Unit) -> list[Baseline]:
        """Return the baselines whose sum is expected in a unit; none where any part of it has none."""
        return self._of(unit, self._geography) if self._own else []

    def _of(self, unit: Unit, on: date) -> list[Baseline]:
        changes = sorted({each.day for each in self._comings_and_goings(unit)})
        start = max((day for day in changes if day <= on), default=None)
        end = min((day for day in changes if day > on), default=None)
        own = [
            each
            for each in self._own.get(unit.identity, ())
            if (start is None or start <= each.date) and (end is None or each.date < end)
        ]
        if own:
            return own[-1:]
        if unit.level != "commune":
            return _all_of([self._of(part, on) for part in self._parts.get(unit.identity, ())])
        first = self._directory.versions_of(unit.identity)[0]
        arrived = [each for each in self._arrivals(unit) if each.day == (start or first.begins)]
        found = [self._passed_on(each) for each in arrived]
        if arrived and start is not None and first.begins < start:
            found.append(self._of(unit, start - _DAY))
        return _all_of(found)

    def _passed_on(self, succession: Succession) -> list[Baseline]:
        """The baselines of a unit that another succeeded; of a split, the share of the part, if it is known."""
        found = self._of(succession.before, succession.day - _DAY)
        if succession.kind != "split":
            return found
        if succession.share is None:
            return []
        return [replace(each, households=round(each.households * succession.share)) for each in found]

    def _arrivals(self, unit: Unit) -> list[Succession]:
        """The other units that were merged into a unit, or that it is a part of, at its beginning and since."""
        versions = self._directory.versions_of(unit.identity)
        found = (each for version in versions for each in self._directory.successions_to(version))
        return [each for each in found if each.before.identity != unit.identity]

    def _comings_and_goings(self, unit: Unit) -> list[Succession]:
        """The successions after which earlier baselines of the unit no longer apply."""
        if unit.level == "commune":
            first = self._directory.versions_of(unit.identity)[0]
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


def _all_of(found: list[list[Baseline]]) -> list[Baseline]:
    """The baselines of all parts; none where any part has none."""
    return [baseline for each in found for baseline in each] if found and all(found) else []


def _parts_of(directory: UnitDirectory, level: str, geography: date) -> dict[UnitId, list[Unit]]:
    """The communes in each unit of a level above them."""
    place = Placing(directory, level, geography)
    parts: dict[UnitId, list[Unit]] = {}
    for commune in directory.of_level("commune", geography):
        identity = place.unit_above(commune.identity, None)
        if identity is not None:
            parts.setdefault(identity, []).append(commune)
    return parts
