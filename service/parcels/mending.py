"""Repairs a boundary, as a proposal to the person who drew it. A repaired boundary is never stored without consent."""

from __future__ import annotations

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from service.parcels.limits import ShapeRules
from service.parcels.measurement import geodesic_areas
from service.parcels.rings import (
    Positions,
    canonical_geometries,
    corners_of,
    distinct_vertices,
    gnomonic,
    polygons_of,
    rings_of,
    sharp_corners,
)

_MOST_ROUNDS = 10


def mended(geometry: BaseGeometry, rules: ShapeRules) -> BaseGeometry | None:
    """Return a proposal for an invalid boundary: the nearest valid polygon, or None if nothing sensible remains.

    Repeated vertices and spikes are removed first, since they would otherwise become thin parts. Then follows GEOS's
    structural repair, and parts too small to be land are dropped. A proposal passes examine_shapes without an error.
    """
    if any(distinct_vertices(ring) < 3 for ring in rings_of(geometry)):
        return None
    try:
        return _mended(geometry, rules)
    except shapely.errors.GEOSException:  # GEOS cannot repair every boundary; then there is no proposal
        return None


def _mended(geometry: BaseGeometry, rules: ShapeRules) -> BaseGeometry | None:
    cleaned = without_spikes(without_repeats(_without_strange_holes(shapely.force_2d(geometry)), rules), rules)
    repaired = shapely.make_valid(cleaned, method="structure", keep_collapsed=False)
    parts = [part for part in shapely.get_parts(repaired) if part.geom_type == "Polygon"]
    parts += [piece for part in shapely.get_parts(repaired) if part.geom_type == "MultiPolygon" for piece in part.geoms]
    if not parts:
        return None
    areas = geodesic_areas(parts)
    land = [part for part, area in zip(parts, areas, strict=True) if area >= max(1.0, 0.001 * float(areas.max()))]
    if not land:
        return None
    proposal = land[0] if len(land) == 1 else shapely.MultiPolygon(land)
    proposal = canonical_geometries(np.asarray([proposal], dtype=object), rules.decimals)[0]
    flat = gnomonic(np.asarray([proposal], dtype=object))[0]
    clear = shapely.minimum_clearance(flat) >= rules.clearance_m
    wide = shapely.area(flat) >= rules.narrowest_m * shapely.length(flat) / 2
    return proposal if proposal.is_valid and flat.is_valid and clear and wide else None


def without_spikes(geometry: BaseGeometry, rules: ShapeRules) -> BaseGeometry:
    """Return the geometry without the vertices at the tips of its spikes; rings that consist only of spikes stay."""
    rebuilt = [
        shapely.Polygon(_ring_without_spikes(p.exterior, rules), [_ring_without_spikes(r, rules) for r in p.interiors])
        for p in polygons_of(geometry)
    ]
    return rebuilt[0] if geometry.geom_type == "Polygon" else shapely.MultiPolygon(rebuilt)


def without_repeats(geometry: BaseGeometry, rules: ShapeRules) -> BaseGeometry:
    """Return the geometry without vertices that repeat the one before; a geometry no larger than a vertex stays."""
    degrees = rules.repeated_within_m / 111_320.0
    try:
        cleaned: BaseGeometry = shapely.remove_repeated_points(geometry, tolerance=degrees)
    except shapely.errors.GEOSException:  # GEOS refuses a ring with fewer than three remaining points
        return geometry
    return geometry if cleaned.is_empty else cleaned


def _without_strange_holes(geometry: BaseGeometry) -> BaseGeometry:
    """Return the geometry without holes wholly outside their shell, which the repair would turn into land."""
    rebuilt = []
    for polygon in polygons_of(geometry):
        shell = shapely.make_valid(shapely.Polygon(polygon.exterior))
        rebuilt.append(
            shapely.Polygon(polygon.exterior, [r for r in polygon.interiors if shapely.intersects(shell, r)])
        )
    return rebuilt[0] if geometry.geom_type == "Polygon" else shapely.MultiPolygon(rebuilt)


def _ring_without_spikes(ring: shapely.LinearRing, rules: ShapeRules) -> Positions:
    pairs = shapely.get_coordinates(shapely.remove_repeated_points(ring))
    for _ in range(_MOST_ROUNDS):
        polygon = np.asarray([shapely.Polygon(pairs)], dtype=object)
        sharp = sharp_corners(corners_of(gnomonic(polygon))[0], rules)
        if not sharp.any() or len(pairs) - 1 - int(sharp.sum()) < 3:
            break
        blunt = pairs[:-1][~sharp]
        blunt = blunt[np.any(blunt != np.roll(blunt, 1, axis=0), axis=1)]
        if len(blunt) < 3:
            break
        pairs = np.vstack([blunt, blunt[:1]])
    return pairs
