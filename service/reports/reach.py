"""Which units' numbers an account may read: those that lie wholly in its area.

A unit of which only a part lies in the area has no row of its own: the part's numbers would stand under the whole's
name, and the whole's numbers include households outside.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from service.area import Communes
from service.errors import CoverageOutsideArea
from service.unit_names import UnitId
from service.units.attribution import Attribution
from service.units.directory import UnitDirectory


def whole_units(directory: UnitDirectory, level: str, geography: date, area: Communes) -> frozenset[UnitId] | None:
    """Return the units of which every household is counted in the area's communes; None for no limit."""
    return None if area is None else _reached_by(directory, level, geography, area)[0]


def has_parts(directory: UnitDirectory, level: str, geography: date, area: Communes) -> bool:
    """Whether the area has households of units that do not lie wholly in it."""
    return area is not None and _reached_by(directory, level, geography, area)[1]


@lru_cache(maxsize=64)
def _reached_by(
    directory: UnitDirectory, level: str, geography: date, area: frozenset[UnitId]
) -> tuple[frozenset[UnitId], bool]:
    inside: set[UnitId] = set()
    outside: set[UnitId] = set()
    for commune, units in _reached(directory, level, geography).items():
        (inside if commune in area else outside).update(units)
    return frozenset(inside - outside), not inside.isdisjoint(outside)


def require_everything(directory: UnitDirectory, today: date, area: Communes, name: str) -> None:
    """Raise CoverageOutsideArea, about ``name``, unless the area holds every commune of the register."""
    if area is not None and not area.issuperset(_reached(directory, "commune", today)):
        raise CoverageOutsideArea(unit=name)


@lru_cache(maxsize=8)
def _reached(directory: UnitDirectory, level: str, geography: date) -> Mapping[UnitId, frozenset[UnitId]]:
    """Return for each commune the units in which households stored under it can be counted."""
    attribution = Attribution(directory, level, geography)
    stored = (unit for unit in directory if directory.can_hold_records(unit))
    communes = {unit.identity for unit in stored if unit.level == "commune"}
    return {each: frozenset(unit for unit in attribution.reachable([each]) if unit is not None) for each in communes}
