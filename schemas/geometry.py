"""GeoJSON geometry to shapely and back: structure, numbers, closed rings, validity."""

import re
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

import shapely
from shapely.geometry import MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from schemas.errors import Path, Problem

#: Decimals kept of a coordinate: 0.0000001 degree is 1 cm.
DECIMALS = 7
MOST_POINTS = 2000
MOST_RINGS = 100
_REASON = re.compile(r"([^\[]+)(?:\[(\S+) (\S+)\])?")

Ring = list[tuple[float, float]]


class GeometryInvalid(Exception):
    """A geometry is refused; `problems` are (path inside the geometry, problem)."""

    def __init__(self, problems: Sequence[tuple[Path, Problem]]) -> None:
        super().__init__(", ".join(problem.code for _, problem in problems))
        self.problems = list(problems)


def _refuse(path: Path, code: str, **params: Any) -> GeometryInvalid:
    return GeometryInvalid([(path, Problem(code, params))])


def parse_geometry(value: object, kinds: Sequence[str]) -> BaseGeometry:
    """Read a GeoJSON geometry of one of `kinds` ("Point", "Polygon", "MultiPolygon").

    Coordinates are rounded to seven decimals, altitude is dropped, the direction of rings is kept. Positions may be in
    another reference system than WGS84 (a parcel's `crs` says so), so the range of longitudes is a rule of the record.
    Raises GeometryInvalid.
    """
    if not isinstance(value, Mapping):
        raise _refuse((), "item.type", expected="object")
    strange = [key for key in value if key not in ("type", "coordinates")]
    if strange:
        raise GeometryInvalid([((key,), Problem("item.unknown", {"item": str(key)[:60]})) for key in strange[:20]])
    kind = value.get("type")
    if kind not in kinds:
        raise _refuse(("type",), "geometry.type", expected=", ".join(kinds))
    coordinates = value.get("coordinates")
    if kind == "Point":
        return Point(_position(coordinates, ("coordinates",)))
    budget = [MOST_POINTS]
    if kind == "Polygon":
        return _valid(_polygon(coordinates, ("coordinates",), budget))
    if not isinstance(coordinates, list) or not coordinates:
        raise _refuse(("coordinates",), "geometry.coordinates")
    if len(coordinates) > MOST_RINGS:
        raise _refuse(("coordinates",), "list.too-long", max=MOST_RINGS, count=len(coordinates))
    parts = [_polygon(part, ("coordinates", index), budget) for index, part in enumerate(coordinates)]
    return _valid(MultiPolygon(parts))


def geometry_json(geometry: BaseGeometry) -> dict[str, Any]:
    """Return the GeoJSON of a Point, Polygon or MultiPolygon, seven decimals, positions as lists of two numbers."""
    if isinstance(geometry, Point):
        return {"type": "Point", "coordinates": [round(geometry.x, DECIMALS), round(geometry.y, DECIMALS)]}
    if isinstance(geometry, Polygon):
        return {"type": "Polygon", "coordinates": _rings(geometry)}
    if isinstance(geometry, MultiPolygon):
        return {"type": "MultiPolygon", "coordinates": [_rings(part) for part in geometry.geoms]}
    raise ValueError(f"a record holds no {geometry.geom_type}")


def _rings(polygon: Polygon) -> list[list[list[float]]]:
    return [shapely.get_coordinates(ring).round(DECIMALS).tolist() for ring in (polygon.exterior, *polygon.interiors)]


def _position(value: object, path: Path) -> tuple[float, float]:
    if not isinstance(value, list) or not 2 <= len(value) <= 3:
        raise _refuse(path, "geometry.coordinates")
    for number in value:
        if not isinstance(number, (int, float)) or isinstance(number, bool) or not -1e9 < number < 1e9:
            raise _refuse(path, "geometry.coordinates")
    return round(float(value[0]), DECIMALS), round(float(value[1]), DECIMALS)


def _polygon(value: object, path: Path, budget: list[int]) -> Polygon:
    if not isinstance(value, list) or not value:
        raise _refuse(path, "geometry.coordinates")
    if len(value) > MOST_RINGS:
        raise _refuse(path, "list.too-long", max=MOST_RINGS, count=len(value))
    rings: list[Ring] = []
    for index, positions in enumerate(value):
        place = (*path, index)
        if not isinstance(positions, list):
            raise _refuse(place, "geometry.coordinates")
        budget[0] -= len(positions)
        if budget[0] < 0:
            raise _refuse((), "geometry.too-many-points", max=MOST_POINTS)
        ring = [_position(position, (*place, number)) for number, position in enumerate(positions)]
        if len(ring) < 4:
            raise _refuse(place, "geometry.too-few-points", count=len(ring))
        if ring[0] != ring[-1]:
            raise _refuse(place, "geometry.not-closed")
        rings.append(ring)
    return Polygon(rings[0], rings[1:])


def _valid(geometry: BaseGeometry) -> BaseGeometry:
    if shapely.is_valid(geometry) and not geometry.is_empty:
        return geometry
    match = _REASON.fullmatch(shapely.is_valid_reason(geometry))
    reason, x, y = match.groups() if match else ("invalid", None, None)
    bounds = geometry.bounds
    where = (float(x), float(y)) if x and y else (bounds[0], bounds[1])
    if not all(isfinite(number) for number in where):
        where = (0.0, 0.0)
    raise _refuse(
        (),
        "geometry.invalid",
        reason=reason.strip().lower().replace(" ", "-").replace("_", "-"),
        x=round(where[0], DECIMALS),
        y=round(where[1], DECIMALS),
    )
