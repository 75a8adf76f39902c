"""In which unit of a level and geography a household is counted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from service.units.directory import Unit, UnitDirectory

FORMER_UNKNOWN = "unknown"
"""Key of the tally of households whose former commune is not known."""


def tally_key(former: str | None, since: str | None) -> str:
    """Return the key of a tally: the former commune (or FORMER_UNKNOWN) and, where the commune's code meant another
    commune before, the commune's first day: ``00001``, ``unknown@2027-07-01``.
    """
    return f"{former or FORMER_UNKNOWN}@{since}" if since else former or FORMER_UNKNOWN


def of_tally_key(key: str) -> tuple[str | None, str | None]:
    """Return former commune (None: not known) and first day (None: the code had no other meaning) of a tally's key."""
    former, _, since = key.partition("@")
    return None if former == FORMER_UNKNOWN else former, since or None


class Placing:
    """Finds the unit of a level and geography that counts a household of a commune and tally (``tally_key``)."""

    def __init__(self, directory: UnitDirectory, level: str, geography: date) -> None:
        self._directory = directory
        self._level = level
        self._geography = geography
        self._known: dict[tuple[str, str], str | None] = {}
        succeeded = [unit for unit in directory.of_level("commune", geography) if unit.valid_to is not None]
        self.can_fail = level != "province" and bool(succeeded)

    def unit_of(self, commune: str, tally: str) -> str | None:
        """Return the unit's code; None if the geography is older than the commune and the former one is not known."""
        key = (commune, tally)
        if key not in self._known:
            former, since = of_tally_key(tally)
            stored = self._directory.stored_unit(commune, None if since is None else date.fromisoformat(since))
            self._known[key] = self.unit_above(stored, former)
        return self._known[key]

    def reachable(self, area: Iterable[str]) -> set[str | None]:
        """Return every unit in which households of the area's communes can be counted."""
        found: set[str | None] = set()
        for code in area:
            for commune in self._directory.stored_units(code):
                found.add(self.unit_above(commune, None))
                if self._geography < (commune.valid_from or date.min):
                    ancestors = self._directory.ancestors_of(commune)
                    found.update(self.unit_above(commune, before.code) for before in ancestors)
        return found

    def unit_above(self, commune: Unit, former: str | None) -> str | None:
        """Return the code of the unit of this level that is or contains the commune, or the former commune in it."""
        unit = self._commune_on_geography(commune, former)
        while unit is not None and unit.level != self._level:
            unit = self._parent(unit)
        if unit is None and self._level == "province":
            unit = self._parent(commune)
        return None if unit is None else unit.code

    def _commune_on_geography(self, commune: Unit, former: str | None) -> Unit | None:
        """Return the commune, its successor or its predecessor that is in force on the geography.

        The predecessor is found by the former commune; without it, only where there is exactly one.
        """
        if self._geography >= (commune.valid_from or date.min):
            return self._directory.heir_of(commune, self._geography)
        unit: Unit | None = commune
        if former is not None:
            before = self._directory.ancestors_of(commune)
            unit = next((each for each in before if each.code == former), None)
            if unit is not None and self._geography > (unit.valid_to or date.max):
                return self._directory.heir_of(unit, self._geography)
        while unit is not None and not unit.in_force_on(self._geography):
            nearest = self._directory.predecessors_of(unit)
            unit = nearest[0] if len(nearest) == 1 else None
        return unit

    def _parent(self, unit: Unit) -> Unit | None:
        if unit.parent is None:
            return None
        on = (
            self._geography
            if unit.in_force_on(self._geography)
            else (unit.valid_to or unit.valid_from or self._geography)
        )
        return self._directory.in_force(unit.parent, on)
