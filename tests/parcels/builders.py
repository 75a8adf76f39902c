"""Boundaries for tests, drawn in metres around a place near Vinh."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from service.parcels.limits import ShapeRules
from service.parcels.measurement import geodesic_areas
from service.parcels.reference_systems import ReferenceSystem, to_wgs84
from service.parcels.shape import Shape, examine_shapes

VINH = (105.6813, 18.6796)
_METRES = Geod(ellps="WGS84")
_EAST = 1 / _METRES.inv(*VINH, VINH[0] + 1e-3, VINH[1])[2] * 1e-3
_NORTH = 1 / _METRES.inv(*VINH, VINH[0], VINH[1] + 1e-3)[2] * 1e-3

Pairs = Sequence[tuple[float, float]]


def on_the_ground(geometry: BaseGeometry, at: tuple[float, float] = VINH) -> BaseGeometry:
    """A geometry drawn in metres east and north of a place, in longitude and latitude."""
    return shapely.transform(geometry, lambda metres: np.asarray(at) + metres * (_EAST, _NORTH))


def in_metres(geometry: BaseGeometry, at: tuple[float, float] = VINH) -> BaseGeometry:
    """The reverse of on_the_ground."""
    return shapely.transform(geometry, lambda degrees: (degrees - np.asarray(at)) / (_EAST, _NORTH))


def a_polygon(*shell: tuple[float, float], holes: Sequence[Pairs] = (), at: tuple[float, float] = VINH) -> BaseGeometry:
    """A polygon with these corners, in metres; rings are closed for you."""
    return on_the_ground(shapely.Polygon(shell, holes), at)


def a_field(
    east: float = 0.0, north: float = 0.0, width: float = 100.0, height: float = 100.0, at: tuple[float, float] = VINH
) -> BaseGeometry:
    """A rectangular field, in metres."""
    return on_the_ground(shapely.box(east, north, east + width, north + height), at)


def examine_shape(geometry: BaseGeometry | None, rules: ShapeRules, pointer: str) -> Shape:
    """Examine one boundary in longitude and latitude."""
    return examine_shapes([geometry], rules, [pointer])[0]


def geodesic_area(geometry: BaseGeometry) -> float:
    """The area of one boundary in m²."""
    return float(geodesic_areas([geometry])[0])


def geometry_to_wgs84(geometry: BaseGeometry, system: ReferenceSystem) -> BaseGeometry:
    """A geometry of another system in longitude and latitude, unrounded."""
    converted: BaseGeometry = shapely.transform(geometry, lambda pairs: to_wgs84(pairs, system))
    return converted
