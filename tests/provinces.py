"""The provinces that come with the register, for tests: most of them are about Nghệ An."""

from __future__ import annotations

from service.parcels.limits import GeometryRules
from service.parcels.reference_systems import Zones, system_of
from service.province import Province, read_province

NGHE_AN, HA_TINH = read_province("40"), read_province("42")
UNITS_FILE = NGHE_AN.units


def zones_of(province: Province) -> Zones:
    """The systems in which the province's sheets come."""
    return Zones(system_of(province.vn2000.home), tuple(map(system_of, province.vn2000.zones)))


RULES = GeometryRules(zones=zones_of(NGHE_AN))
"""The usual limits, and the sheets of Nghệ An."""
