"""Coordinate reference systems: WGS 84 and every VN-2000 projection of the country.

Each province has a central meridian of its own, in which its survey sheets are drawn; those of its neighbours and
old sheets use other zones. All are transformed to WGS 84 by one pinned operation, EPSG:6960 "VN-2000 to WGS 84 (2)"
(accuracy 1 m), written out below as a PROJ pipeline, so that neither another version of PROJ's database nor a network
grid can change it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

Positions = NDArray[np.float64]
"""Positions as an array of shape (n, 2): longitude and latitude in degrees, or east and north in metres."""

WGS84 = "EPSG:4326"
VN2000_GEOGRAPHIC = "EPSG:4756"

# EPSG:6960, coordinate frame rotation: metres, arc seconds, parts per million. A test compares it with EPSG.
_DATUM_SHIFT = (
    "+proj=helmert +x=-191.90441429 +y=-39.30318279 +z=-111.45032835 "
    "+rx=-0.00928836 +ry=0.01975479 +rz=-0.00427372 +s=0.252906278 +convention=coordinate_frame"
)

_FALSE_EASTING = 500_000.0
_EAST_LIMITS = (100_000.0, 900_000.0)
_NORTH_LIMITS = (900_000.0, 2_700_000.0)
"""The ranges of eastings and northings in Viet Nam. They are disjoint, so the order of a pair can be recognized."""


@dataclass(frozen=True, slots=True)
class ReferenceSystem:
    """A coordinate reference system. ``central_meridian`` is None if positions are longitude and latitude."""

    code: str
    name: str
    central_meridian: float | None
    scale: float = 1.0

    @property
    def projected(self) -> bool:
        """Whether positions are eastings and northings in metres."""
        return self.central_meridian is not None


_THREE_DEGREE_ZONES: dict[str, float] = {
    "EPSG:5896": 102.0, "EPSG:9205": 103.0, "EPSG:9206": 104.0, "EPSG:9207": 104.5, "EPSG:9208": 104.75,
    "EPSG:5897": 105.0, "EPSG:9209": 105.5, "EPSG:9210": 105.75, "EPSG:9211": 106.0, "EPSG:9212": 106.25,
    "EPSG:9213": 106.5, "EPSG:9214": 107.0, "EPSG:9215": 107.25, "EPSG:9216": 107.5, "EPSG:5899": 107.75,
    "EPSG:5898": 108.0, "EPSG:9217": 108.25, "EPSG:9218": 108.5,
}  # fmt: skip
"""Central meridians of the zones that are 3° wide, as the provinces use them."""


def _three_degree_zone(code: str, degrees: float) -> ReferenceSystem:
    name = f"VN-2000 / TM-3 {int(degrees)}°{round(degrees % 1 * 60):02d}′"
    return ReferenceSystem(code, name, degrees, 0.9999)


SYSTEMS: dict[str, ReferenceSystem] = {
    system.code: system
    for system in (
        ReferenceSystem(WGS84, "WGS 84", None),
        ReferenceSystem(VN2000_GEOGRAPHIC, "VN-2000", None),
        *(_three_degree_zone(code, degrees) for code, degrees in _THREE_DEGREE_ZONES.items()),
        ReferenceSystem("EPSG:3405", "VN-2000 / UTM 48N", 105.0, 0.9996),
        ReferenceSystem("EPSG:3406", "VN-2000 / UTM 49N", 111.0, 0.9996),
    )
}
"""The supported systems by code; the zones of 3° from west to east."""


@dataclass(frozen=True, slots=True)
class Zones:
    """The projections that sheets of a province come in, the likeliest first; ``home`` is that of its own meridian."""

    home: ReferenceSystem | None
    systems: tuple[ReferenceSystem, ...]


EVERYWHERE = Zones(None, tuple(system for system in SYSTEMS.values() if system.projected))
"""Where no province is known, a sheet may be from anywhere in the country."""

MIDDLE = SYSTEMS["EPSG:5897"]
"""The zone in the middle of the country: distances in borders of no particular province are measured in it."""


class UnknownReferenceSystem(Exception):
    """A code that is not in SYSTEMS; ``known`` lists those that are."""

    def __init__(self, code: object) -> None:
        super().__init__(code)
        self.code = str(code)
        self.known = list(SYSTEMS)


def system_of(code: object) -> ReferenceSystem:
    """Return the system of a code, which may be a URN or URI. None, EPSG:4326 and OGC:CRS84 mean WGS 84.

    Raises UnknownReferenceSystem.
    """
    if code is None:
        return SYSTEMS[WGS84]
    if not isinstance(code, str):
        raise UnknownReferenceSystem(code)
    last = code.strip().upper().replace("/", ":").split(":")[-1]
    if last == "CRS84":
        return SYSTEMS[WGS84]
    system = SYSTEMS.get(f"EPSG:{last}")
    if system is None:
        raise UnknownReferenceSystem(code)
    return system


def to_wgs84(positions: Positions, system: ReferenceSystem) -> Positions:
    """Convert positions (easting, northing) to WGS 84 longitude and latitude; infinite where none corresponds."""
    return positions if system.code == WGS84 else _transformed(positions, system, inverse=False)


def from_wgs84(positions: Positions, system: ReferenceSystem) -> Positions:
    """Convert WGS 84 longitudes and latitudes to positions (easting, northing); the exact inverse of to_wgs84.

    The operation is two-dimensional: the resulting height is dropped in both directions, so that the library's inverse
    is off by up to 1.3 mm. One correction by the difference reduces that to less than a micrometre.
    """
    if system.code == WGS84 or len(positions) == 0:
        return positions
    returned = _transformed(_transformed(positions, system, inverse=True), system, inverse=False)
    return _transformed(2 * positions - returned, system, inverse=True)


def geometry_from_wgs84(geometry: BaseGeometry, system: ReferenceSystem) -> BaseGeometry:
    """Convert a WGS 84 geometry to another system, rounded to millimetres or to nine decimals of a degree."""
    if system.code == WGS84:
        return geometry
    decimals = 3 if system.projected else 9
    converted: BaseGeometry = shapely.transform(geometry, lambda pairs: np.round(from_wgs84(pairs, system), decimals))
    return converted


def north_comes_first(positions: Positions) -> bool:
    """Whether metres are in the Vietnamese order, X (northing) before Y (easting). False if that cannot be decided."""
    if len(positions) == 0:
        return False
    first, second = positions[:, 0], positions[:, 1]
    return bool(
        np.all((first >= _NORTH_LIMITS[0]) & (first <= _NORTH_LIMITS[1]))
        and np.all((second >= _EAST_LIMITS[0]) & (second < _EAST_LIMITS[1]))
    )


def looks_projected(positions: Positions) -> bool:
    """Whether positions can only be metres of a map of Viet Nam, in either order, and not degrees."""
    if len(positions) == 0:
        return False
    low, high = np.min(positions, axis=1), np.max(positions, axis=1)
    return bool(
        np.all(
            (low >= _EAST_LIMITS[0]) & (low < _EAST_LIMITS[1]) & (high >= _NORTH_LIMITS[0]) & (high <= _NORTH_LIMITS[1])
        )
    )


@dataclass(frozen=True, slots=True)
class Mistake:
    """The likeliest cause of an impossible position, with the WGS 84 positions that would then be right.

    ``kind`` is swapped (longitude and latitude, or easting and northing, exchanged), undeclared (metres without a
    reference system), wrong-zone, or datum-shift (VN-2000 taken for WGS 84); ``system`` is the one that fits, and
    ``rivals`` are others of the same kind that fit as well, so that nobody can tell which is meant.
    """

    kind: str
    system: ReferenceSystem
    positions: Positions
    rivals: tuple[ReferenceSystem, ...] = ()


def likely_mistake(
    positions: Positions,
    declared: ReferenceSystem,
    fits: Callable[[Positions], bool],
    systems: Sequence[ReferenceSystem] = EVERYWHERE.systems,
) -> Mistake | None:
    """Try common mistakes, most frequent first, and return the first whose result fits; None if none does.

    ``positions`` are the given ones, before any transformation; ``fits`` decides whether WGS 84 positions are where
    they are expected (in the commune, or in the province). ``systems`` are those that metres may be in, in this order.
    """
    found: Mistake | None = None
    for kind, system, candidate in _alternatives(positions, declared, systems):
        if found is not None and found.kind != kind:
            break
        converted = to_wgs84(candidate, system)
        if not np.all(np.isfinite(converted)) or not fits(converted):
            continue
        found = Mistake(kind, system, converted) if found is None else replace(found, rivals=(*found.rivals, system))
    return found


def _alternatives(
    positions: Positions, declared: ReferenceSystem, systems: Sequence[ReferenceSystem]
) -> list[tuple[str, ReferenceSystem, Positions]]:
    swapped = np.ascontiguousarray(positions[:, ::-1])
    if looks_projected(positions):
        ordered = swapped if north_comes_first(positions) else positions
        kind = "wrong-zone" if declared.projected else "undeclared"
        return [(kind, system, ordered) for system in systems if system.projected and system != declared]
    if np.any(np.abs(positions) > 180):
        return []
    wgs84, vn2000 = SYSTEMS[WGS84], SYSTEMS[VN2000_GEOGRAPHIC]
    degrees = [] if declared.projected else [("swapped", declared, swapped)]
    other = [("undeclared", wgs84, positions)] if declared.projected else []
    shift = [("datum-shift", vn2000, positions)] if declared == wgs84 else []
    return degrees + other + shift


def _transformed(positions: Positions, system: ReferenceSystem, *, inverse: bool) -> Positions:
    if len(positions) == 0:
        return positions
    direction: Any = "INVERSE" if inverse else "FORWARD"
    first, second = _transformer(system.code).transform(positions[:, 0], positions[:, 1], direction=direction)
    return np.column_stack([first, second])


@cache
def _transformer(code: str) -> Transformer:
    """Return the transformer of a system to WGS 84 in degrees. VN-2000 is defined on the WGS 84 ellipsoid too."""
    system = SYSTEMS[code]
    steps = []
    if system.projected:
        steps.append(
            f"+step +inv +proj=tmerc +lat_0=0 +lon_0={system.central_meridian} +k={system.scale} "
            f"+x_0={_FALSE_EASTING:.0f} +y_0=0 +ellps=WGS84"
        )
    else:
        steps.append("+step +proj=unitconvert +xy_in=deg +xy_out=rad")
    steps += [
        "+step +proj=push +v_3",
        "+step +proj=cart +ellps=WGS84",
        f"+step {_DATUM_SHIFT}",
        "+step +inv +proj=cart +ellps=WGS84",
        "+step +proj=pop +v_3",
        "+step +proj=unitconvert +xy_in=rad +xy_out=deg",
    ]
    return Transformer.from_pipeline("+proj=pipeline " + " ".join(steps))
