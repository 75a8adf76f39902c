"""How much parcels overlap: pairs are found by their bounding boxes in an R-tree, then measured together as arrays.

A pair overlaps beyond tolerance when the common area is more than a share of the smaller parcel and is not a sliver
along the common edge, that is, a circle of the tolerated width fits into it somewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from service.parcels.limits import OverlapRules
from service.parcels.measurement import geodesic_areas
from service.parcels.rings import Geometries, gnomonic

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two parcels that overlap beyond tolerance, by their indices in the given arrays.

    ``area_m2`` is the common geodesic area, ``share`` that area as a share of the smaller of the two.
    """

    first: int
    second: int
    area_m2: float
    share: float


def overlaps_among(geometries: Geometries, rules: OverlapRules) -> list[Overlap]:
    """Return every pair of n valid polygons that overlaps beyond tolerance; ``first`` is less than ``second``."""
    if len(geometries) < 2:
        return []
    first, second = shapely.STRtree(geometries).query(geometries, predicate="intersects")
    once = first < second
    return measured_overlaps(geometries, geometries, first[once], second[once], rules)


def overlaps_between(geometries: Geometries, others: Geometries, rules: OverlapRules) -> list[Overlap]:
    """Return every pair of one of n polygons (``first``) and one of m others (``second``) that overlaps beyond
    tolerance.
    """
    if len(geometries) == 0 or len(others) == 0:
        return []
    first, second = shapely.STRtree(others).query(geometries, predicate="intersects")
    return measured_overlaps(geometries, others, first, second, rules)


def measured_overlaps(
    geometries: Geometries, others: Geometries, first: Indices, second: Indices, rules: OverlapRules
) -> list[Overlap]:
    """Return those of k pairs of valid polygons that overlap beyond tolerance, in order of their indices."""
    if len(first) == 0:
        return []
    left, right = geometries[first], others[second]
    common = shapely.intersection(left, right)
    # Areas in square degrees are comparable within one neighbourhood; they exclude pairs that merely touch, cheaply.
    smaller = np.minimum(shapely.area(left), shapely.area(right))
    worth = np.flatnonzero(shapely.area(common) > 0.9 * rules.tolerated_share * smaller)
    if len(worth) == 0:
        return []
    measured = geodesic_areas(np.concatenate([common[worth], left[worth], right[worth]])).reshape(3, -1)
    areas, smaller_areas = measured[0], np.minimum(measured[1], measured[2])
    shares = np.minimum(areas / np.maximum(smaller_areas, 1e-9), 1.0)
    beyond = shares > rules.tolerated_share
    narrow = np.zeros(len(worth), dtype=bool)
    doubtful = np.flatnonzero(beyond & (shares <= rules.sliver_share))
    if len(doubtful):
        narrow[doubtful] = _nowhere_wider(common[worth[doubtful]], rules.tolerated_width_m)
    found = [
        Overlap(int(first[pair]), int(second[pair]), round(float(area), 1), round(float(share), 4))
        for pair, area, share, reported in zip(worth, areas, shares, beyond & ~narrow, strict=True)
        if reported
    ]
    return sorted(found, key=lambda overlap: (overlap.first, overlap.second))


def _nowhere_wider(geometries: Geometries, width_m: float) -> NDArray[np.bool_]:
    """Return which of n polygons are nowhere wider than this: an inward buffer of half the width leaves nothing."""
    inset = shapely.buffer(gnomonic(geometries), -width_m / 2, quad_segs=4)
    narrow: NDArray[np.bool_] = shapely.is_empty(inset)
    return narrow
