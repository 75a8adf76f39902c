"""Checks the shape of a boundary: closed, simple, plausible and storable; a fault is explained with its position.

A boundary is checked in two planes. In longitude and latitude it must be valid as GeoJSON. MongoDB connects vertices by
great circles instead, so it must also be valid in the gnomonic projection around itself, where great circles are
straight lines. There a vertex must also be at least a millimetre from every edge of which it is not an end, since the
rounding of another program could turn less into a crossing. MongoDB accepts every boundary that passes both checks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from schemas.errors import Finding
from service.parcels.explanation import implausible_size, repeated_vertices, spikes, what_is_wrong
from service.parcels.limits import ShapeRules
from service.parcels.measurement import geodesic_areas
from service.parcels.mending import mended, without_repeats, without_spikes
from service.parcels.rings import (
    Geometries,
    canonical_geometries,
    corners_of,
    edges_of,
    gnomonic,
    position_of,
    rings_of,
    sharp_corners,
)

POLYGONAL = frozenset({"Polygon", "MultiPolygon"})
WIDEST_DEGREES = 0.1
"""Some 11 km: more than any parcel, and the most for which the local projection and the overlap grid are suitable."""


@dataclass(slots=True)
class Shape:
    """What was found about one boundary.

    ``geometry`` is the boundary in canonical form (2D, seven decimals, winding as in RFC 7946), or None if ``findings``
    contain an error. ``proposal`` is a repaired boundary that a person may accept.
    """

    geometry: BaseGeometry | None
    findings: list[Finding] = field(default_factory=list)
    proposal: BaseGeometry | None = None
    area_m2: float | None = None

    @property
    def acceptable(self) -> bool:
        """Whether no finding is an error."""
        return all(finding.severity != "error" for finding in self.findings)


def examine_shapes(
    geometries: Sequence[BaseGeometry | None], rules: ShapeRules, pointers: Sequence[str]
) -> list[Shape]:
    """Examine n boundaries at once; findings carry the n ``pointers``.

    Ordinary boundaries are checked together as arrays; only one that fails is handled by itself, to explain why.
    """
    given = np.empty(len(geometries), dtype=object)
    given[:] = geometries
    shapes = [Shape(None) for _ in geometries]
    usual = _unremarkable(given, rules)
    for index in np.flatnonzero(~usual).tolist():
        usual[index] = _readable(shapes[index], given[index], rules, pointers[index])
    indices = np.flatnonzero(usual)
    if len(indices) == 0:
        return shapes
    rounded = canonical_geometries(given[indices], rules.decimals)
    flat = gnomonic(rounded)
    valid = shapely.is_valid(rounded) & shapely.is_valid(flat)
    clear = shapely.minimum_clearance(flat) >= rules.clearance_m
    clear &= shapely.area(flat) >= rules.narrowest_m * shapely.length(flat) / 2
    areas = geodesic_areas(rounded)
    repeated = _owners_with_repeats(flat, rules)
    spiky = _owners_with_spikes(flat, rules)
    for row, index in enumerate(indices.tolist()):
        shape, pointer, geometry = shapes[index], pointers[index], rounded[row]
        shape.area_m2 = float(areas[row])
        if repeated[row]:
            shape.findings.append(repeated_vertices(geometry, flat[row], rules, pointer))
        sound = bool(valid[row] and clear[row])
        if spiky[row]:
            shape.findings.append(spikes(geometry, flat[row], rules, pointer, severity="warning" if sound else "error"))
        if not sound:
            wrong = what_is_wrong(geometry, flat[row], rules, pointer)
            shape.findings = _without_effects(shape.findings, wrong, geometry, rules)
        elif areas[row] < rules.smallest_area_m2 or areas[row] > rules.largest_area_m2:
            shape.findings.append(implausible_size(float(areas[row]), rules, pointer))
        if shape.acceptable:
            shape.geometry = geometry
        if repeated[row] or spiky[row] or not shape.acceptable:
            shape.proposal = mended(geometry, rules)
    return shapes


def _unremarkable(geometries: Geometries, rules: ShapeRules) -> NDArray[np.bool_]:
    """Return which of n geometries are 2D polygons with few enough vertices, in range and of limited size."""
    kind = shapely.get_type_id(geometries)
    bounds = shapely.bounds(geometries)
    with np.errstate(invalid="ignore"):
        in_range = (np.abs(bounds[:, 0::2]) <= 180).all(axis=1) & (np.abs(bounds[:, 1::2]) <= 90).all(axis=1)
        small = (bounds[:, 2] - bounds[:, 0] <= WIDEST_DEGREES) & (bounds[:, 3] - bounds[:, 1] <= WIDEST_DEGREES)
    polygonal = (kind == shapely.GeometryType.POLYGON) | (kind == shapely.GeometryType.MULTIPOLYGON)
    few = shapely.get_num_coordinates(geometries) <= rules.most_vertices
    usual: NDArray[np.bool_] = polygonal & ~shapely.has_z(geometries) & few & in_range & small
    # GEOS ignores NaN and infinite positions when it computes bounds, so they are checked separately.
    pairs, owner = shapely.get_coordinates(geometries, return_index=True)
    usual[owner[~np.isfinite(pairs).all(axis=1)]] = False
    return usual


def _without_effects(
    remarks: list[Finding], wrong: list[Finding], geometry: BaseGeometry, rules: ShapeRules
) -> list[Finding]:
    """Return the findings that are causes: a boundary that is valid apart from its spikes only reports the spikes."""
    if wrong[0].code in {"geometry.too-few-points", "geometry.no-area"}:
        return wrong
    if wrong[0].code not in {"geometry.self-crossing", "geometry.pinched"}:
        return [finding for finding in remarks if finding.code != "geometry.spike"] + wrong
    spikes = [finding for finding in remarks if finding.code == "geometry.spike"]
    if spikes and without_spikes(without_repeats(geometry, rules), rules).is_valid:
        return remarks
    return [finding for finding in remarks if finding.code != "geometry.spike"] + wrong


def _readable(shape: Shape, geometry: BaseGeometry | None, rules: ShapeRules, pointer: str) -> bool:
    """Whether the boundary can be checked at all; otherwise its error is added."""

    def refuse(code: str, **params: Any) -> bool:
        shape.findings.append(Finding(code, "error", pointer, params))
        return False

    if geometry is None or geometry.is_empty:
        return refuse("geometry.empty")
    if geometry.geom_type not in POLYGONAL:
        return refuse("geometry.not-a-polygon", type=geometry.geom_type)
    vertices = int(shapely.get_num_coordinates(geometry)) - len(rings_of(geometry))
    if vertices > rules.most_vertices:
        return refuse("geometry.too-many-points", count=vertices, max=rules.most_vertices)
    if geometry.has_z:
        shape.findings.append(Finding("geometry.altitude-dropped", "information", pointer, {}))
    pairs = shapely.get_coordinates(geometry)
    if not np.all(np.isfinite(pairs)):
        return refuse("geometry.not-finite")
    if np.any(np.abs(pairs[:, 0]) > 180) or np.any(np.abs(pairs[:, 1]) > 90):
        worst = pairs[np.argmax(np.maximum(np.abs(pairs[:, 0]) - 180, np.abs(pairs[:, 1]) - 90))]
        return refuse("geometry.out-of-range", point=position_of(worst))
    if np.ptp(pairs[:, 0]) > 180:
        return refuse("geometry.antimeridian")
    if np.ptp(pairs[:, 0]) > WIDEST_DEGREES or np.ptp(pairs[:, 1]) > WIDEST_DEGREES:
        area = float(geodesic_areas([geometry])[0])
        return refuse("geometry.too-large", area_m2=round(area, 1), most_m2=rules.largest_area_m2)
    return True


def _owners_with_repeats(flat: Geometries, rules: ShapeRules) -> NDArray[np.bool_]:
    """Return which of n geometries (in metres) have a vertex that is marked twice."""
    start, end, owner = edges_of(flat)
    short = np.hypot(*(end - start).T) < rules.repeated_within_m
    found = np.zeros(len(flat), dtype=bool)
    found[owner[short]] = True
    return found


def _owners_with_spikes(flat: Geometries, rules: ShapeRules) -> NDArray[np.bool_]:
    found = np.zeros(len(flat), dtype=bool)
    corners, owner = corners_of(flat)
    found[owner[sharp_corners(corners, rules)]] = True
    return found
