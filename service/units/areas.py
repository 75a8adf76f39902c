"""The area of an account: the communes in force today that its units cover."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from service.area import Area
from service.units.directory import Unit, UnitDirectory


def area_of_units(units: Iterable[tuple[str, date]], directory: UnitDirectory, today: date) -> Area:
    """Return the area of ``units`` in today's communes; each unit is a code and the day as of which to read the code.

    A former commune or district is covered by every commune of today that took over any part of it. Each commune
    brings the codes under which its households are still stored, if a newer list of units merged it from others.
    The province is the whole register. Raises CommuneUnknown as the directory does, and CommuneNotInForce for a
    commune that ended without a successor.
    """
    named = tuple(units)
    found: set[str] = set()
    for code, as_of in named:
        unit = directory.meant(code, min(as_of, today))
        if unit.level == "province":
            return Area(None, tuple(code for code, _ in named))
        found.update(_communes_covering(unit, directory, today))
    return Area(frozenset(found), tuple(code for code, _ in named))


def _communes_covering(unit: Unit, directory: UnitDirectory, today: date) -> Iterator[str]:
    """Yield the codes of the communes in force today that took over any part of a commune or a district."""
    if unit.level == "commune":
        within = [unit]
    else:
        within = [each for each in directory if each.level == "commune" and directory.district_of(each) == unit]
    for commune in within:
        read_on = today if commune.in_force_on(today) else commune.valid_to or today
        yield from directory.stored_codes(directory.resolve_commune(commune.code, read_on, today).commune)
