"""Boundaries as arrays: rings, edges, corners, the canonical form, and the projection in metres."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely
import shapely.geometry
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from service.parcels.limits import ShapeRules

Geometries = NDArray[np.object_]
"""Shapely geometries as an array of shape (n,)."""

Positions = NDArray[np.float64]
"""Positions as an array of shape (n, 2)."""

_MEAN_RADIUS = 6_371_008.8


def canonical_geometries(geometries: Geometries, decimals: int) -> Geometries:
    """Return n geometries in canonical form: 2D, rounded, shells counter-clockwise and holes clockwise."""
    flat = shapely.force_2d(geometries)
    rounded = shapely.transform(flat, lambda pairs: np.round(pairs, decimals) + 0.0)
    wound: Geometries = shapely.orient_polygons(rounded, exterior_cw=False)
    return wound


def gnomonic(geometries: Geometries) -> Geometries:
    """Return n small geometries in metres, each in the gnomonic projection of the sphere around its own centre.

    Great circles, by which MongoDB connects vertices, are straight lines there. Lengths are accurate to 0.5%.
    """
    pairs, owner = shapely.get_coordinates(geometries, return_index=True)
    bounds = shapely.bounds(geometries)
    centres = np.radians(np.column_stack([bounds[:, 0] + bounds[:, 2], bounds[:, 1] + bounds[:, 3]]) / 2)[owner]
    longitude, latitude = np.radians(pairs[:, 0]), np.radians(pairs[:, 1])
    turn = longitude - centres[:, 0]
    sine, cosine = np.sin(centres[:, 1]), np.cos(centres[:, 1])
    depth = sine * np.sin(latitude) + cosine * np.cos(latitude) * np.cos(turn)
    x = np.cos(latitude) * np.sin(turn) / depth
    y = (cosine * np.sin(latitude) - sine * np.cos(latitude) * np.cos(turn)) / depth
    projected: Geometries = shapely.set_coordinates(geometries.copy(), _MEAN_RADIUS * np.column_stack([x, y]))
    return projected


def sharp_corners(corners: NDArray[np.float64], rules: ShapeRules) -> NDArray[np.bool_]:
    """Return which of n corners are spikes; a corner is the vertex with its neighbours in metres, (n, 3, 2) in all."""
    back, forth = corners[:, 0] - corners[:, 1], corners[:, 2] - corners[:, 1]
    lengths = np.minimum(np.hypot(*back.T), np.hypot(*forth.T))
    turn = np.abs(np.arctan2(back[:, 0] * forth[:, 1] - back[:, 1] * forth[:, 0], np.sum(back * forth, axis=1)))
    sharp: NDArray[np.bool_] = (lengths >= rules.spike_length_m) & (turn < np.radians(rules.spike_degrees))
    return sharp


def edges_of(geometries: Geometries) -> tuple[Positions, Positions, NDArray[np.int64]]:
    """Return every edge of n geometries: its start, its end, and the index of its geometry."""
    rings, polygon_of, owner = _all_rings(geometries)
    pairs, ring_of = shapely.get_coordinates(rings, return_index=True)
    inside = ring_of[1:] == ring_of[:-1]
    return pairs[:-1][inside], pairs[1:][inside], owner[polygon_of][ring_of[:-1][inside]]


def corners_of(geometries: Geometries) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return every corner of n geometries as (before, at, after), repeated vertices omitted, and its geometry."""
    rings, polygon_of, owner = _all_rings(geometries)
    pairs, ring_of = shapely.get_coordinates(rings, return_index=True)
    # Not remove_repeated_points: GEOS refuses a ring that consists of one repeated point.
    moved = np.r_[True, np.any(pairs[1:] != pairs[:-1], axis=1) | (ring_of[1:] != ring_of[:-1])]
    pairs, ring_of = pairs[moved], ring_of[moved]
    starts = np.searchsorted(ring_of, np.arange(len(rings)))
    ends = np.searchsorted(ring_of, np.arange(len(rings)), side="right") - 1
    before = pairs[np.maximum(np.arange(len(pairs)) - 1, 0)].copy()
    before[starts] = pairs[ends - 1]
    after = pairs[np.minimum(np.arange(len(pairs)) + 1, len(pairs) - 1)]
    keep = np.ones(len(pairs), dtype=bool)
    keep[ends] = False
    return np.stack([before, pairs, after], axis=1)[keep], owner[polygon_of][ring_of][keep]


def _all_rings(geometries: Geometries) -> tuple[Geometries, NDArray[np.int64], NDArray[np.int64]]:
    polygons, owner = shapely.get_parts(geometries, return_index=True)
    rings, polygon_of = shapely.get_rings(polygons, return_index=True)
    return rings, polygon_of, owner


def rings_of(geometry: BaseGeometry) -> list[shapely.LinearRing]:
    return list(shapely.get_rings(shapely.get_parts(geometry)))


def distinct_vertices(ring: shapely.LinearRing) -> int:
    return len(np.unique(shapely.get_coordinates(ring), axis=0))


def polygons_of(geometry: BaseGeometry) -> list[shapely.Polygon]:
    return list(shapely.get_parts(geometry))


def position_of(pair: Positions) -> list[float]:
    return [round(float(pair[0]), 7), round(float(pair[1]), 7)]


def position_within(geometry: BaseGeometry) -> list[float]:
    return position_of(shapely.get_coordinates(shapely.point_on_surface(geometry))[0])


def geometries_of(stored: Sequence[Mapping[str, Any]]) -> Geometries:
    """Return n stored boundaries (valid GeoJSON polygons and multipolygons) as shapely geometries.

    Nearly all are polygons without holes; these are constructed together from one array of coordinates.
    """
    geometries: Geometries = np.empty(len(stored), dtype=object)
    simple = [
        row
        for row, geometry in enumerate(stored)
        if geometry["type"] == "Polygon" and len(geometry["coordinates"]) == 1
    ]
    if simple:
        rings = [stored[row]["coordinates"][0] for row in simple]
        pairs = np.asarray([pair for ring in rings for pair in ring], dtype=np.float64)
        ring_of = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
        geometries[simple] = shapely.polygons(shapely.linearrings(pairs, indices=ring_of))
    for row in set(range(len(stored))) - set(simple):
        geometries[row] = shapely.geometry.shape(dict(stored[row]))
    return geometries
