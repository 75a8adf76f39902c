"""The area of an account: stored as identities of units, sent and shown as codes with a day.

Codes are read when an account is made or changed, and written when it is shown; nothing in between uses codes, so
that no later list of units gives an account the communes of another unit.
"""

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


def unit_meant(code: str, as_of: date, directory: UnitDirectory, today: date) -> UnitId:
    """Return the identity of the unit that a code means on a day, or today where that is earlier.

    A code that no unit ever had is its own identity, which covers nothing; WHOLE_REGISTER stays as it is.
    """
    try:
        return directory.meant(code, min(as_of, today)).identity
    except CommuneUnknown:
        return UnitId(code)


def named_unit(unit: UnitId, directory: UnitDirectory, today: date) -> NamedUnit:
    """Return the code of a unit today, or its last, and a day on which the code means it: today, or the last such day.

    An identity that is in no list stands for its code, and so does WHOLE_REGISTER.
    """
    run = directory.code_run(unit, today)
    if run is None:
        return unit, today
    code, first, last = run
    return code, min(max(today, first), last)


def area_of_units(units: Iterable[UnitId], directory: UnitDirectory, today: date) -> Area:
    """Return the area of ``units``, identities, in today's communes.

    A province, or another unit that is in force today, covers its communes of today; a former unit every commune of
    today that took over any part of it. Each commune brings the identities under which its households are still stored,
    if a newer list of units merged or split them. Only WHOLE_REGISTER covers everything.

    A unit that covers nothing, since it ended without a successor or is in no list any more, is skipped and named in
    ``Area.ended``: one closed commune must not lock anybody out.
    """
    given = tuple(units)
    if WHOLE_REGISTER in given:
        return Area.whole()
    found: set[UnitId] = set()
    ended: list[UnitId] = []
    for each in given:
        unit = directory.known_on(each, today)
        covered = frozenset[UnitId]() if unit is None else communes_of(unit, directory, today)
        found |= covered
        if not covered:
            ended.append(each)
    provinces = communes_by_province(directory, today).values()
    around = (communes for communes in provinces if not communes.isdisjoint(found))
    return Area.of(found, given, ended=ended, surroundings=frozenset[UnitId]().union(*around))


def administered_area(units: Iterable[UnitId], directory: UnitDirectory, today: date) -> Area:
    """Return the area that an administrator of an account with these units must hold.

    It is the account's own. A unit that covers nothing counts as its whole province, and as the whole register when
    that is not known either: otherwise everybody could administer an account whose communes have ended.
    """
    area = area_of_units(units, directory, today)
    communes = area.communes()
    if communes is None or not area.ended:
        return area
    needed = set(communes)
    for each in area.ended:
        unit = directory.known_on(each, today)
        province = None if unit is None else province_of(unit, directory, today)
        around = frozenset[UnitId]() if province is None else communes_of(province, directory, today)
        if not around:
            return Area.whole()
        needed |= around
    return Area.of(needed, area.units, ended=area.ended)


def communes_of(unit: Unit, directory: UnitDirectory, today: date) -> frozenset[UnitId]:
    """Return the identities of the communes of today that a unit has, or that took over any part of a former one."""
    unit = directory.validity_on(unit.identity, today) or unit
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
