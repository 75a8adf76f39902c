"""Search areas: circles and drawn areas, and the polygons with which MongoDB's index is queried.

MongoDB connects vertices by great circles, a map by straight lines in longitude and latitude. Query polygons therefore
have edges so short that the two differ by less than a centimetre.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from service.parcels.measurement import ELLIPSOID
from service.parcels.rings import gnomonic

LARGEST_CIRCLE_M = 100_000.0
_CORNERS = 180
_SMALLEST_CIRCLE_M = 0.1
_LONGEST_EDGE_DEGREES = 0.01
_MARGIN_DEGREES = 1e-4
_SQUARES_PER_DEGREE = 100
"""A search square, of 0.01°, is about 1.1 km wide: a reader who sees no boundaries searches no finer."""

Box = tuple[float, float, float, float]
"""West, south, east, north."""


def whole_squares(box: Box) -> Box:
    """Return the box enlarged to whole search squares of 0.01°, so that moving its edges slightly locates nothing."""
    west, south, east, north = (edge * _SQUARES_PER_DEGREE for edge in box)
    return (
        max(np.floor(west) / _SQUARES_PER_DEGREE, -180.0),
        max(np.floor(south) / _SQUARES_PER_DEGREE, -90.0),
        min(np.ceil(east) / _SQUARES_PER_DEGREE, 180.0),
        min(np.ceil(north) / _SQUARES_PER_DEGREE, 90.0),
    )


def begins_in(boundary: Mapping[str, Any], box: Box) -> bool:
    """Return whether the first corner of a boundary (GeoJSON) lies in a box.

    The eastern and the northern edge belong to the next box, so that every boundary begins in exactly one square.
    """
    polygon = boundary["coordinates"][0] if boundary["type"] == "MultiPolygon" else boundary["coordinates"]
    longitude, latitude = polygon[0][0][:2]
    west, south, east, north = box
    return bool(west <= longitude < east and south <= latitude < north)


def circle(longitude: float, latitude: float, metres: float) -> BaseGeometry:
    """Return a circle around a position as a polygon of 180 corners, its edges at most 0.02% inside the circle.

    It is never smaller than ten centimetres: below, its corners would coincide, and no position is as exact.
    """
    metres = max(metres, _SMALLEST_CIRCLE_M)
    azimuths = np.linspace(0.0, 360.0, _CORNERS, endpoint=False)[::-1]
    start = np.full(_CORNERS, longitude), np.full(_CORNERS, latitude)
    longitudes, latitudes, _ = ELLIPSOID.fwd(*start, azimuths, np.full(_CORNERS, metres))
    return shapely.Polygon(np.column_stack([longitudes, latitudes]))


def covering(area: BaseGeometry) -> BaseGeometry:
    """Return a polygon a few metres larger than a search area: for MongoDB too, it intersects all that the area does.

    Holes are filled; what they contain is filtered out afterwards. Where rings come so close that MongoDB could refuse
    them, the convex hull is used instead.
    """
    filled = shapely.union_all([shapely.Polygon(part.exterior) for part in shapely.get_parts(area)])
    wider = shapely.buffer(filled, _MARGIN_DEGREES, join_style="mitre", quad_segs=2)
    solid = shapely.union_all([shapely.Polygon(part.exterior) for part in shapely.get_parts(wider)])
    candidate = shapely.orient_polygons(shapely.segmentize(solid, _LONGEST_EDGE_DEGREES), exterior_cw=False)
    flat = gnomonic(np.asarray([candidate], dtype=object))[0]
    if candidate.is_valid and flat.is_valid and shapely.minimum_clearance(flat) > 0.01:
        return candidate
    hull = shapely.buffer(shapely.convex_hull(area), _MARGIN_DEGREES, join_style="mitre")
    return shapely.orient_polygons(shapely.segmentize(hull, _LONGEST_EDGE_DEGREES), exterior_cw=False)
