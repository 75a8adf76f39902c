"""Which communes a province consists of. A register can hold several provinces."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache

from service.errors import CommuneUnknown
from service.units.directory import Unit, UnitDirectory


def parent_of(unit: Unit, directory: UnitDirectory, on: date) -> Unit | None:
    """Return the unit directly above this one on the day ``on``, or at its own end when it is not in force then."""
    if unit.parent is None:
        return None
    day = on if unit.in_force_on(on) else unit.valid_to or unit.valid_from or on
    try:
        return directory.meant(unit.parent, day)
    except CommuneUnknown:
        return None


def lies_in(unit: Unit, above: Unit, directory: UnitDirectory, on: date) -> bool:
    """Whether ``above`` is the unit itself or above it on the day ``on``."""
    nearer: Unit | None = unit
    while nearer is not None and nearer != above:
        nearer = parent_of(nearer, directory, on)
    return nearer is not None


def province_of(unit: Unit, directory: UnitDirectory, on: date) -> Unit | None:
    """Return the province in which a unit lies on the day ``on``; of a unit that has ended, the one it last lay in."""
    above: Unit | None = unit
    while above is not None and above.level != "province":
        above = parent_of(above, directory, on)
    return above


@lru_cache(maxsize=16)
def communes_by_province(directory: UnitDirectory, today: date) -> Mapping[Unit, frozenset[str]]:
    """Return for each province of today the codes under which households of its communes can be stored."""
    found: dict[Unit, set[str]] = defaultdict(set)
    for commune in directory.of_level("commune", today):
        province = province_of(commune, directory, today)
        if province is not None:
            found[province].update(directory.stored_codes(commune))
    return {province: frozenset(codes) for province, codes in found.items()}


def units_beside(units: Iterable[Unit], directory: UnitDirectory, today: date) -> list[Unit]:
    """Return every unit, of any time, of the provinces in which the given units lie."""
    provinces = {province_of(unit, directory, today) for unit in units} - {None}
    return [unit for unit in directory if province_of(unit, directory, today) in provinces]
