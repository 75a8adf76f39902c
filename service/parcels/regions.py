"""Areas to look in: circles and drawn areas, and the polygons that MongoDB's index is asked with.

MongoDB joins vertices by great circles, a map by straight lines between longitudes and latitudes. The edges of what it
is asked with are therefore cut so short that the two are one to a centimetre.
"""

from __future__ import annotations

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from service.parcels.measurement import ELLIPSOID
from service.parcels.rings import gnomonic

LARGEST_CIRCLE_M = 100_000.0
_CORNERS = 180
_LONGEST_EDGE_DEGREES = 0.01
_MARGIN_DEGREES = 1e-4


def circle(longitude: float, latitude: float, metres: float) -> BaseGeometry:
    """All within a distance of a place, as a polygon of 180 corners: its edges are at most 0.02% nearer than asked."""
    azimuths = np.linspace(0.0, 360.0, _CORNERS, endpoint=False)[::-1]
    start = np.full(_CORNERS, longitude), np.full(_CORNERS, latitude)
    longitudes, latitudes, _ = ELLIPSOID.fwd(*start, azimuths, np.full(_CORNERS, metres))
    return shapely.Polygon(np.column_stack([longitudes, latitudes]))


def covering(area: BaseGeometry) -> BaseGeometry:
    """A polygon a few metres larger than a drawn area: whatever meets the area meets it, for MongoDB as on a map.

    Holes are filled; what they hold is sorted out afterwards. Where rings come so close that MongoDB could refuse them,
    the convex hull stands for the area.
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
