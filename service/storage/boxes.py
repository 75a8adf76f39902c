"""A box of longitudes and latitudes as polygons that MongoDB reads as that box."""

from __future__ import annotations

from itertools import pairwise
from math import ceil
from typing import Any

WIDEST = 45.0
"""Degrees. A polygon of half the globe or more means its outside to MongoDB,
so that a large box is cut into several."""

NARROWEST = 1e-6
"""Degrees, 10 cm. Corners that lie closer together are one point to MongoDB."""

MOST_NORTHERN = 89.99
"""Degrees. At the pole all longitudes are one point, and nobody farms there."""

STEP = 0.01
MOST_STEPS = 64


def box_polygons(west: float, south: float, east: float, north: float) -> list[dict[str, Any]]:
    """GeoJSON polygons that together are the box (degrees; west < east, south < north).

    MongoDB draws the shortest line between two corners, which leaves a parallel: by 700 m in a box two degrees wide.
    So the northern and southern edges have points in between; they are then at most 40 m off in the largest box,
    centimetres in a commune's.
    """
    south, north = max(south, -MOST_NORTHERN), min(north, MOST_NORTHERN)
    if south >= north:
        return []
    columns = _cuts(west, max(east, west + NARROWEST))
    rows = _cuts(south, max(north, south + NARROWEST))
    return [_polygon(*column, *row) for column in columns for row in rows]


def _cuts(first: float, last: float) -> list[tuple[float, float]]:
    count = ceil((last - first) / WIDEST)
    points = [first + (last - first) * position / count for position in range(count)] + [last]
    return list(pairwise(points))


def _polygon(west: float, east: float, south: float, north: float) -> dict[str, Any]:
    steps = max(1, min(MOST_STEPS, ceil((east - west) / STEP)))
    longitudes = [west + (east - west) * position / steps for position in range(steps)] + [east]
    ring = [[each, south] for each in longitudes] + [[each, north] for each in reversed(longitudes)]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
