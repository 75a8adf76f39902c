"""The area of an account: the communes in force today that its units cover."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from service.area import WHOLE_REGISTER, Area
from service.errors import CommuneUnknown
from service.unit_names import UnitId
from service.units.directory import UnitDirectory
from service.units.provinces import communes_by_province, lies_in, province_of
from service.units.unit import Unit

NamedUnit = tuple[str, date]
"""A code, and the day as of which it is read."""


def area_of_units(units: Iterable[NamedUnit], directory: UnitDirectory, today: date) -> Area:
    """Return the area of ``units`` in today's communes; each unit is a code and the day as of which to read the code.

    A province, or another unit that is in force today, covers its communes of today; a former unit every commune of
    today that took over any part of it. Each commune brings the identities under which its households are still stored,
    if a newer list of units merged or split them. Only WHOLE_REGISTER covers everything.

    A code that covers nothing, since its unit ended without a successor or is in no list any more, is skipped and named
    in ``Area.ended``: one closed commune must not lock anybody out.
    """
    named = tuple(units)
    codes = tuple(code for code, _ in named)
    if WHOLE_REGISTER in codes:
        return Area.whole()
    found: set[UnitId] = set()
    ended: list[str] = []
    for code, as_of in named:
        covered = communes_covering(code, as_of, directory, today)
        found |= covered
        if not covered:
            ended.append(code)
    provinces = communes_by_province(directory, today).values()
    around = (communes for communes in provinces if not communes.isdisjoint(found))
    return Area.of(found, codes, ended=ended, surroundings=frozenset[UnitId]().union(*around))


def administered_area(units: Iterable[NamedUnit], directory: UnitDirectory, today: date) -> Area:
    """Return the area that an administrator of an account with these units must hold.

    It is the account's own. A code that covers nothing counts as its whole province, and as the whole register when
    that is not known either: otherwise everybody could administer an account whose communes have ended.
    """
    named = tuple(units)
    area = area_of_units(named, directory, today)
    communes = area.communes()
    if communes is None or not area.ended:
        return area
    needed = set(communes)
    for code, as_of in named:
        if code in area.ended:
            province = _province_of_code(code, as_of, directory, today)
            around = frozenset[UnitId]() if province is None else communes_of(province, directory, today)
            if not around:
                return Area.whole()
            needed |= around
    return Area.of(needed, area.units, ended=area.ended)


def communes_covering(code: str, as_of: date, directory: UnitDirectory, today: date) -> frozenset[UnitId]:
    """Return the communes of today that a code, read on a day, covers; none if they have all ended."""
    try:
        unit = directory.meant(code, min(as_of, today))
    except CommuneUnknown:
        return frozenset()
    return communes_of(unit, directory, today)


def communes_of(unit: Unit, directory: UnitDirectory, today: date) -> frozenset[UnitId]:
    """Return the identities of the communes of today that a unit has, or that took over any part of a former one."""
    unit = directory.version_on(unit.identity, today) or unit
    if unit.level == "province" and unit.in_force_on(today):
        return communes_by_province(directory, today).get(unit.identity, frozenset())
    return frozenset(_successors_of_all(unit, directory, today))


def _successors_of_all(unit: Unit, directory: UnitDirectory, today: date) -> Iterator[UnitId]:
    """Yield the identities of the communes in force today that took over any part of a unit."""
    if unit.level == "commune":
        within = [unit]
    else:
        on = today if unit.in_force_on(today) else unit.valid_to or today
        within = [each for each in directory.of_level("commune", on) if lies_in(each, unit, directory, on)]
    for commune in within:
        for heir in directory.heirs_of(commune, max(today, commune.begins)):
            yield from directory.stored_in(heir, today)


def _province_of_code(code: str, as_of: date, directory: UnitDirectory, today: date) -> Unit | None:
    try:
        return province_of(directory.meant(code, min(as_of, today)), directory, today)
    except CommuneUnknown:
        return None
