"""Lists of units in CSV: each line a commune of the province 40 unless it says otherwise."""

from __future__ import annotations

from service.units.directory import UnitDirectory
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


def a_directory(*lines: str) -> UnitDirectory:
    """The directory of these lines under the province 40."""
    return UnitDirectory(read_units(a_list(*lines)))
