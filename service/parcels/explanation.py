"""Explains what is wrong with a boundary so that an officer can act on it: a code, and the position of the fault."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from schemas.errors import Finding
from service.parcels.limits import ShapeRules
from service.parcels.rings import (
    Positions,
    corners_of,
    distinct_vertices,
    edges_of,
    gnomonic,
    polygons_of,
    position_of,
    position_within,
    rings_of,
    sharp_corners,
)

_MOST_POSITIONS = 10
"""The most crossings, spikes or repeated vertices that a finding lists."""
_POSITION_IN_REASON = re.compile(r"\[(\S+) (\S+)\]")
"""GEOS gives the position of a fault in its message: "Self-intersection[104.2 20.1]"."""


def what_is_wrong(geometry: BaseGeometry, flat: BaseGeometry, rules: ShapeRules, pointer: str) -> list[Finding]:
    """Return why a boundary is not valid and where: the first reason of its rings, or else its holes, or its parts.

    ``flat`` is the boundary in metres. The result is never empty: a boundary that is valid in longitude and latitude
    was refused because its rings almost touch, where another program may see a crossing.
    """
    reason = _wrong_ring(geometry, flat, rules) or _wrong_hole(geometry) or _wrong_parts(geometry)
    if reason is None:
        line = shapely.minimum_clearance_line(flat)
        pairs = shapely.get_coordinates(geometry if line.is_empty else line)
        reason = "geometry.pinched", {"point": position_of(pairs[0]) if line.is_empty else _back(pairs[0], geometry)}
    code, params = reason
    return [Finding(code, "error", pointer, params)]


Reason = tuple[str, dict[str, Any]]


def _wrong_ring(geometry: BaseGeometry, flat: BaseGeometry, rules: ShapeRules) -> Reason | None:
    rings = rings_of(geometry)
    for ring, metres in zip(rings, rings_of(flat), strict=True):
        start = position_of(shapely.get_coordinates(ring)[0])
        if (count := distinct_vertices(ring)) < 3:
            return "geometry.too-few-points", {"count": count, "point": start}
        if shapely.area(shapely.convex_hull(metres)) < rules.narrowest_m * shapely.length(metres) / 2:
            return "geometry.no-area", {"point": start}
    if crossings := [position for ring in rings for position in _self_crossings(ring)]:
        return "geometry.self-crossing", positions_in_params(crossings)
    if touches := [position for ring in rings for position in _self_touches(ring)]:
        return "geometry.pinched", positions_in_params(touches)
    if hidden := [position for ring in rings if (position := _hidden_crossing(ring)) is not None]:
        return "geometry.pinched", positions_in_params(hidden)
    if shapely.area(flat) < rules.narrowest_m * shapely.length(flat) / 2 and geometry.is_valid:
        return "geometry.no-area", {"point": position_of(shapely.get_coordinates(geometry)[0])}
    return None


def _wrong_hole(geometry: BaseGeometry) -> Reason | None:
    for polygon in polygons_of(geometry):
        shell = shapely.Polygon(polygon.exterior)
        holes = [shapely.Polygon(ring) for ring in polygon.interiors]
        for hole in holes:
            outside = hole.difference(shell)
            if not outside.is_empty:
                return "geometry.hole-outside", {"point": position_within(outside)}
            if shapely.equals(hole, shell):
                return "geometry.no-area", {"point": position_within(hole)}
        if (common := _first_overlap(holes)) is not None:
            return "geometry.holes-overlap", {"point": position_within(common)}
    return None


def _wrong_parts(geometry: BaseGeometry) -> Reason | None:
    parts = [shapely.make_valid(polygon) for polygon in polygons_of(geometry)]
    common = _first_overlap(parts)
    return None if common is None else ("geometry.parts-overlap", {"point": position_within(common)})


def _first_overlap(geometries: Sequence[BaseGeometry]) -> BaseGeometry | None:
    for number, geometry in enumerate(geometries):
        for earlier in geometries[:number]:
            common = shapely.intersection(geometry, earlier)
            if shapely.area(common) > 0:
                return common
    return None


def implausible_size(area: float, rules: ShapeRules, pointer: str) -> Finding:
    if area < rules.smallest_area_m2:
        return Finding(
            "geometry.too-small", "warning", pointer, {"area_m2": round(area, 1), "least_m2": rules.smallest_area_m2}
        )
    return Finding(
        "geometry.too-large", "warning", pointer, {"area_m2": round(area, 1), "most_m2": rules.largest_area_m2}
    )


def repeated_vertices(geometry: BaseGeometry, flat: BaseGeometry, rules: ShapeRules, pointer: str) -> Finding:
    start, end, _ = edges_of(np.asarray([flat], dtype=object))
    short = np.flatnonzero(np.hypot(*(end - start).T) < rules.repeated_within_m)
    positions = edges_of(np.asarray([geometry], dtype=object))[1][short]
    return Finding(
        "geometry.repeated-vertices",
        "warning",
        pointer,
        positions_in_params([position_of(position) for position in positions]),
    )


def spikes(geometry: BaseGeometry, flat: BaseGeometry, rules: ShapeRules, pointer: str, *, severity: str) -> Finding:
    sharp = sharp_corners(corners_of(np.asarray([flat], dtype=object))[0], rules)
    corners = corners_of(np.asarray([geometry], dtype=object))[0]
    return Finding(
        "geometry.spike", severity, pointer, positions_in_params([position_of(corner[1]) for corner in corners[sharp]])
    )


def _self_crossings(ring: shapely.LinearRing) -> list[list[float]]:
    """Return the positions where edges of one ring cross or overlap each other: proper crossings only, each once."""
    pairs = shapely.get_coordinates(shapely.remove_repeated_points(ring))
    edges = np.asarray(shapely.linestrings(np.stack([pairs[:-1], pairs[1:]], axis=1)))
    first, second = shapely.STRtree(edges).query(edges, predicate="intersects")
    apart = first < second
    first, second = first[apart], second[apart]
    neighbours = (second - first == 1) | ((first == 0) & (second == len(edges) - 1))
    common = np.asarray(shapely.intersection(edges[first], edges[second]))
    positions: list[list[float]] = []
    for left, right, next_to, where in zip(first, second, neighbours, common, strict=True):
        if where.geom_type == "Point":
            corner = position_of(shapely.get_coordinates(where)[0])
            ends = {
                tuple(position_of(pair))
                for edge in (edges[left], edges[right])
                for pair in shapely.get_coordinates(edge)
            }
            if next_to or tuple(corner) in ends:
                continue
        elif where.is_empty:
            continue
        else:
            corner = position_of(shapely.get_coordinates(where)[-1])
        if corner not in positions:
            positions.append(corner)
    return positions


def _self_touches(ring: shapely.LinearRing) -> list[list[float]]:
    """Return the vertices at which a ring touches itself without crossing: at another vertex or on an edge."""
    pairs = shapely.get_coordinates(shapely.remove_repeated_points(ring))[:-1]
    positions = []
    values, counts = np.unique(pairs, axis=0, return_counts=True)
    positions += [position_of(pair) for pair in values[counts > 1]]
    edges = np.asarray(shapely.linestrings(np.stack([pairs, np.roll(pairs, -1, axis=0)], axis=1)))
    vertex, edge = shapely.STRtree(edges).query(shapely.points(pairs), predicate="intersects")
    own = (edge == vertex) | (edge == (vertex - 1) % len(pairs))
    for number in vertex[~own]:
        position = position_of(pairs[number])
        if position not in positions:
            positions.append(position)
    return positions


def _hidden_crossing(ring: shapely.LinearRing) -> list[float] | None:
    """Return the position where GEOS finds that a ring meets itself by less than the last bit of a coordinate.

    The functions above find neither a crossing nor a touch there. It must be found before holes and parts are compared,
    since GEOS fails on rings that are not valid by themselves.
    """
    reason = shapely.is_valid_reason(shapely.Polygon(ring))
    found = _POSITION_IN_REASON.search(reason)
    return None if found is None else position_of(np.asarray([float(found[1]), float(found[2])]))


def positions_in_params(positions: Sequence[list[float]]) -> dict[str, Any]:
    """Return the parameters of a finding with several positions: the first, the first ten, and their number."""
    return {"point": positions[0], "points": list(positions[:_MOST_POSITIONS]), "count": len(positions)}


def _back(metres: Positions, geometry: BaseGeometry) -> list[float]:
    """Convert a position in a geometry's gnomonic plane to longitude and latitude: those of the nearest vertex."""
    array = np.asarray([geometry], dtype=object)
    flat = shapely.get_coordinates(gnomonic(array))
    nearest = int(np.argmin(np.hypot(*(flat - metres).T)))
    return position_of(shapely.get_coordinates(geometry)[nearest])
