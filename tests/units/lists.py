"""Lists of units in CSV: each line a commune of the province 40 unless it says otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from service.unit_names import UnitId
from service.units.areas import NamedUnit, unit_meant
from service.units.attribution import Attribution
from service.units.directory import UnitDirectory
from service.units.unit import Unit
from service.units.unit_list import COLUMNS, read_units


def a_line(code: str = "00001", **cells: str) -> str:
    """One line of a list."""
    defaults = {"name_vi": "Làng", "name_en": "Lang commune", "kind": "xã", "level": "commune", "parent": "40"}
    row = {"code": code, **defaults, "source": "test", **cells}
    return ",".join(row.get(column, "") for column in COLUMNS)


def a_list(*lines: str) -> str:
    """A list of these lines under the province 40."""
    province = a_line("40", kind="tỉnh", level="province", parent="")
    return "\n".join([",".join(COLUMNS), province, *lines]) + "\n"


def placed(directory: UnitDirectory, level: str, geography: date, commune: str, tally: str) -> str | None:
    """The code that the unit which counts a household has on the geography."""
    identity = Attribution(directory, level, geography).unit_of(commune, tally)
    return None if identity is None else directory.called(identity, geography)[0]


def codes_of(directory: UnitDirectory, identities: Iterable[str | None]) -> set[str | None]:
    """The codes that units have, or had last."""
    return {identity and directory.validities_of(identity)[-1].code for identity in identities}


def units_meant(named: Iterable[NamedUnit], directory: UnitDirectory, today: date) -> list[UnitId]:
    """The units that codes mean, each on its day."""
    return [unit_meant(code, as_of, directory, today) for code, as_of in named]


def a_directory(*lines: str) -> UnitDirectory:
    """The directory of these lines under the province 40."""
    return UnitDirectory(read_units(a_list(*lines)))


def district_of(directory: UnitDirectory, commune: Unit) -> Unit | None:
    """The district that a commune belonged to; None for a commune from a time without districts."""
    above = directory.parent_of(commune, commune.valid_to or commune.begins)
    return above if above is not None and above.level == "district" else None
