"""Which communes a province consists of. A register can hold several provinces."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache

from service.unit_names import UnitId
from service.units.directory import UnitDirectory
from service.units.identities import RECORDS_SINCE
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
    """Return for each province of today the identities under which households of its communes can be stored.

    A commune that ended without a successor stays with its province: somebody must be able to move its households.
    """
    found: dict[UnitId, set[UnitId]] = defaultdict(set)
    stored: set[UnitId] = set()
    for commune in directory.of_level("commune", today):
        theirs = directory.stored_in(commune, today)
        stored |= theirs
        province = province_of(commune, directory, today)
        if province is not None:
            found[province.identity].update(theirs)
    for unit in directory:
        if unit.level == "commune" and unit.identity not in stored and _ended_with_records(unit, today):
            province = province_of(unit, directory, today)
            if province is not None and province.in_force_on(today):
                found[province.identity].add(unit.identity)
    return {province: frozenset(communes) for province, communes in found.items()}


def _ended_with_records(unit: Unit, today: date) -> bool:
    return unit.valid_to is not None and RECORDS_SINCE <= unit.valid_to < today


def units_beside(units: Iterable[Unit], directory: UnitDirectory, today: date) -> list[Unit]:
    """Return every unit, of any time, of the provinces in which the given units lie."""
    provinces = {province.identity for unit in units if (province := province_of(unit, directory, today)) is not None}
    above = ((unit, province_of(unit, directory, today)) for unit in directory)
    return [unit for unit, province in above if province is not None and province.identity in provinces]
