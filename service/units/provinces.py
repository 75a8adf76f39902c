"""Which communes a province consists of. A register can hold several provinces."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache

from service.unit_names import UnitId
from service.units.directory import UnitDirectory
from service.units.unit import Unit


def lies_in(unit: Unit, above: Unit, directory: UnitDirectory, on: date) -> bool:
    """Whether ``above`` is the unit itself or above it on the day ``on``."""
    nearer: Unit | None = unit
    while nearer is not None and nearer != above:
        nearer = directory.parent_of(nearer, on)
    return nearer is not None


def province_of(unit: Unit, directory: UnitDirectory, on: date) -> Unit | None:
    """Return the province in which a unit lies on the day ``on``; of a unit that has ended, the one it last lay in."""
    above: Unit | None = unit
    while above is not None and above.level != "province":
        above = directory.parent_of(above, on)
    return above


@lru_cache(maxsize=16)
def communes_by_province(directory: UnitDirectory, today: date) -> Mapping[UnitId, frozenset[UnitId]]:
    """Return for each province of today the identities under which households of its communes can be stored."""
    found: dict[UnitId, set[UnitId]] = defaultdict(set)
    for commune in directory.of_level("commune", today):
        province = province_of(commune, directory, today)
        if province is not None:
            found[province.identity].update(directory.stored_in(commune))
    return {province: frozenset(communes) for province, communes in found.items()}


def units_beside(units: Iterable[Unit], directory: UnitDirectory, today: date) -> list[Unit]:
    """Return every unit, of any time, of the provinces in which the given units lie."""
    provinces = {province.identity for unit in units if (province := province_of(unit, directory, today)) is not None}
    above = ((unit, province_of(unit, directory, today)) for unit in directory)
    return [unit for unit, province in above if province is not None and province.identity in provinces]
