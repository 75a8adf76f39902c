"""A second province beside Nghệ An: the list of Hà Tĩnh that comes with the register."""

from __future__ import annotations

from service.province import read_province
from service.unit_names import UnitId
from service.units.unit import Unit
from service.units.unit_list import read_units

HA_TINH = "42"
THANH_SEN, TRAN_PHU = UnitId("18073"), UnitId("18100")


def second_province() -> tuple[Unit, ...]:
    """The units of Hà Tĩnh: 69 communes of today, and those of before July 2025 with their districts."""
    return read_units(read_province(HA_TINH).units)
