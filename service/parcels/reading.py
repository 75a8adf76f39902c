"""Reads boundaries as they were drawn or surveyed: converts them to WGS 84, checks their shape and locates them.

A batch is processed together as arrays; a boundary is handled by itself only when there is something to report.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from schemas.errors import Finding
from schemas.geometry import geometry_json
from service.parcels.limits import GeometryRules
from service.parcels.locating import Borders, Located, interior_positions
from service.parcels.reference_systems import (
    SYSTEMS,
    WGS84,
    Mistake,
    ReferenceSystem,
    UnknownReferenceSystem,
    Zones,
    likely_mistake,
    north_comes_first,
    system_of,
    to_wgs84,
)
from service.parcels.rings import Positions, canonical_geometries
from service.parcels.shape import WIDEST_DEGREES, Shape, examine_shapes

VIET_NAM = (102.1, 8.3, 109.6, 23.5)
"""West, south, east, north: the possible range of positions while no borders are loaded."""

_MISTAKES: Mapping[str, str] = {
    "swapped": "geometry.swapped",
    "undeclared": "geometry.wrong-system",
    "wrong-zone": "geometry.wrong-zone",
    "datum-shift": "geometry.datum-shift-missing",
}
_SEVERAL = "geometry.several-systems"
_Fits = Callable[[Positions], bool]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A boundary as it was received: its geometry in the system ``crs`` (None: WGS 84), and where it should lie.

    ``commune`` is None if unknown. ``pointer`` is the geometry's JSON pointer, ``crs_pointer`` that of its declared
    system. ``stored`` is the parcel's boundary in the register (GeoJSON), if it has one.
    """

    geometry: BaseGeometry | None
    crs: object
    commune: str | None
    outside_confirmed: bool
    pointer: str
    crs_pointer: str
    stored: Mapping[str, Any] | None = None


@dataclass(slots=True)
class Reading:
    """The result for a drawing: its shape in WGS 84 with all findings, its reference system, and where it lies.

    ``original`` is the given geometry if that was not WGS 84. ``located`` is None if no borders are loaded or the
    boundary is invalid.
    """

    shape: Shape
    system: ReferenceSystem
    original: BaseGeometry | None = None
    located: Located | None = None


def read_drawings(drawings: Sequence[Drawing], borders: Borders, rules: GeometryRules) -> list[Reading]:
    """Read n drawings: convert, check and locate them."""
    remarks: list[list[Finding]] = [[] for _ in drawings]
    systems = [_system(drawing, remarks[row]) for row, drawing in enumerate(drawings)]
    in_wgs84 = [_in_wgs84(drawing, systems[row], remarks[row]) for row, drawing in enumerate(drawings)]
    shapes = examine_shapes(in_wgs84, rules.shape, [drawing.pointer for drawing in drawings])
    readings = []
    for drawing, system, shape, remark in zip(drawings, systems, shapes, remarks, strict=True):
        if system is None:
            # The reference system of the coordinates is unknown, so they cannot be checked further.
            readings.append(Reading(Shape(None, remark), SYSTEMS[WGS84]))
            continue
        shape.findings[:0] = remark
        readings.append(Reading(shape, system, drawing.geometry if system.code != WGS84 else None))
    _place(drawings, readings, borders)
    for drawing, reading in zip(drawings, readings, strict=True):
        _explain_location(drawing, reading, borders, rules)
    return readings


def _system(drawing: Drawing, remarks: list[Finding]) -> ReferenceSystem | None:
    if drawing.crs is None:
        return SYSTEMS[WGS84]
    try:
        return system_of(drawing.crs)
    except UnknownReferenceSystem as unknown:
        params = {"crs": unknown.code[:60], "known": ", ".join(unknown.known)}
        remarks.append(Finding("crs.unknown", "error", drawing.crs_pointer, params))
        return None


def _in_wgs84(drawing: Drawing, system: ReferenceSystem | None, remarks: list[Finding]) -> BaseGeometry | None:
    geometry = drawing.geometry
    if geometry is None or system is None or system.code == WGS84:
        return geometry
    if geometry.has_z:
        remarks.append(Finding("geometry.altitude-dropped", "information", drawing.pointer, {}))
    if system.projected and north_comes_first(shapely.get_coordinates(geometry)):
        remarks.append(Finding("geometry.north-first", "information", drawing.pointer, {"crs": system.code}))
        geometry = shapely.transform(geometry, lambda pairs: pairs[:, ::-1])
    converted: BaseGeometry = shapely.transform(shapely.force_2d(geometry), lambda pairs: to_wgs84(pairs, system))
    return converted


def _place(drawings: Sequence[Drawing], readings: Sequence[Reading], borders: Borders) -> None:
    rows = [row for row, reading in enumerate(readings) if reading.shape.geometry is not None]
    if not rows or not len(borders):
        return
    geometries = np.empty(len(rows), dtype=object)
    geometries[:] = [readings[row].shape.geometry for row in rows]
    communes = [drawings[row].commune or "" for row in rows]
    for row, located in zip(rows, borders.locate(interior_positions(geometries), communes), strict=True):
        readings[row].located = located


def _explain_location(drawing: Drawing, reading: Reading, borders: Borders, rules: GeometryRules) -> None:
    """Report that a boundary lies where it should not, with the mistake that would explain it."""
    shape, located = reading.shape, reading.located
    if _nowhere(reading):
        mistake = _mistake(drawing, reading.system, borders, rules.zones, blocking=True)
        if mistake is not None:
            shape.findings = [finding for finding in shape.findings if finding.code not in _PLACELESS | _COLLAPSED]
            _report(mistake, drawing, reading, rules, severity="error")
        return
    if located is None or drawing.outside_confirmed:
        return
    distance = {"distance_m": round(located.distance_m), "from_province_m": round(located.from_province_m)}
    if located.outside_province(rules.locating):
        # A boundary stored before the borders were loaded must not block other changes of its household.
        severity = "warning" if _is_stored(drawing, reading) else "error"
        shape.findings.append(Finding("parcel.outside-province", severity, drawing.pointer, distance))
        mistake = _mistake(drawing, reading.system, borders, rules.zones, blocking=True)
        if mistake is not None:
            _report(mistake, drawing, reading, rules, severity=severity)
        if severity == "error":
            shape.geometry = None
    elif located.outside_commune(rules.locating):
        lies_in = {"commune": drawing.commune, "lies_in": located.commune or located.nearest}
        shape.findings.append(Finding("parcel.outside-commune", "warning", drawing.pointer, {**distance, **lies_in}))
        mistake = _mistake(drawing, reading.system, borders, rules.zones, blocking=False)
        if mistake is not None:
            _report(mistake, drawing, reading, rules, severity="warning")


def _is_stored(drawing: Drawing, reading: Reading) -> bool:
    """Whether the register already has exactly this boundary for the parcel."""
    geometry = reading.shape.geometry
    return geometry is not None and drawing.stored is not None and geometry_json(geometry) == drawing.stored


_PLACELESS = frozenset({"geometry.out-of-range", "geometry.not-finite", "geometry.too-large"})
_COLLAPSED = frozenset({"geometry.no-area", "geometry.too-few-points"})
"""Errors that a wrong reference system causes by itself: degrees taken for metres collapse to a point."""


def _nowhere(reading: Reading) -> bool:
    """Whether the coordinates cannot be the position of any parcel."""
    codes = _PLACELESS | _COLLAPSED if reading.system.projected else _PLACELESS
    return any(finding.code in codes and finding.severity == "error" for finding in reading.shape.findings)


def _mistake(
    drawing: Drawing, system: ReferenceSystem, borders: Borders, zones: Zones, *, blocking: bool
) -> Mistake | None:
    """Return the likeliest mistake that would put the boundary into its commune, or else, if ``blocking``, into the
    province.

    Several zones can put it into a province. Where none was declared, the province's own is then the one to propose;
    but not while no borders are loaded, since every zone puts it somewhere into the country.
    """
    if drawing.geometry is None or drawing.geometry.is_empty:
        return None
    positions: Positions = shapely.get_coordinates(drawing.geometry)
    if not np.all(np.isfinite(positions)):
        return None
    for fits, in_its_commune in _fitting(drawing.commune, borders, blocking=blocking):
        found = likely_mistake(positions, system, fits, zones.systems)
        if found is not None:
            at_home = len(borders) > 0 and found.kind == "undeclared" and found.system == zones.home
            return replace(found, rivals=()) if at_home and not in_its_commune else found
    return None


def _fitting(commune: str | None, borders: Borders, *, blocking: bool) -> list[tuple[_Fits, bool]]:
    """Return what decides whether positions fit, the narrowest first, and whether that is the boundary's commune."""

    def in_commune(positions: Positions) -> bool:
        middle = positions.mean(axis=0)
        return commune is not None and _close_together(positions) and bool(borders.within(commune, middle[None, :])[0])

    def in_province(positions: Positions) -> bool:
        return _close_together(positions) and borders.commune_at(positions.mean(axis=0)) is not None

    def in_viet_nam(positions: Positions) -> bool:
        west, south, east, north = VIET_NAM
        within = np.all((positions >= (west, south)) & (positions <= (east, north)))
        return bool(within) and _close_together(positions)

    fitting: list[tuple[_Fits, bool]] = [(in_commune, True)] if commune in borders else []
    if blocking:
        fitting.append((in_province if len(borders) else in_viet_nam, False))
    return fitting


def _close_together(positions: Positions) -> bool:
    """Whether positions in degrees are close enough together to belong to one parcel."""
    return bool(np.all(np.ptp(positions, axis=0) < WIDEST_DEGREES))


def _report(mistake: Mistake, drawing: Drawing, reading: Reading, rules: GeometryRules, *, severity: str) -> None:
    if mistake.rivals:
        # Nobody can tell which of them is meant, so none is proposed: the sheet says it.
        fitting = [f"{system.name} ({system.code})" for system in (mistake.system, *mistake.rivals)]
        several = {"declared": reading.system.code, "declared_name": reading.system.name, "likely": ", ".join(fitting)}
        reading.shape.findings.append(Finding(_SEVERAL, severity, drawing.pointer, several))
        return
    params: dict[str, Any] = {
        "declared": reading.system.code,
        "declared_name": reading.system.name,
        "likely": mistake.system.code,
        "likely_name": mistake.system.name,
    }
    reading.shape.findings.append(Finding(_MISTAKES[mistake.kind], severity, drawing.pointer, params))
    moved = np.asarray([shapely.force_2d(drawing.geometry)], dtype=object)
    shapely.set_coordinates(moved, mistake.positions)
    reading.shape.proposal = canonical_geometries(moved, rules.shape.decimals)[0]
