"""GeoJSON geometry to shapely and back: structure, numbers, closed rings, validity."""

from collections.abc import Mapping, Sequence
from itertools import chain
from math import isnan
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from schemas.errors import Path, Problem

#: Decimals of a stored coordinate: 0.0000001 degree is 1 cm.
DECIMALS = 7
MOST_POINTS = 2000
MOST_RINGS = 100
#: Coordinates in metres of every reference system are smaller; above it seven decimals have no meaning.
MOST_COORDINATE = 1e8

_MEMBERS = frozenset({"type", "coordinates", "bbox", "crs"})
#: How programs name the one reference system of GeoJSON, longitude and latitude in WGS 84, in the member `crs` that
#: RFC 7946 took out of it.
SYSTEMS_OF_GEOJSON = (
    "urn:ogc:def:crs:OGC:1.3:CRS84",
    "urn:ogc:def:crs:OGC::CRS84",
    "OGC:CRS84",
    "CRS84",
    "urn:ogc:def:crs:EPSG::4326",
    "EPSG:4326",
)

#: Positions as rows of x and y, or of x, y and z.
Coordinates = npt.NDArray[np.float64]


class GeometryInvalid(Exception):
    """A geometry is refused; `problems` are (path inside the geometry, problem)."""

    def __init__(self, problems: Sequence[tuple[Path, Problem]]) -> None:
        super().__init__(", ".join(problem.code for _, problem in problems))
        self.problems = list(problems)


def _refuse(path: Path, code: str, **params: Any) -> GeometryInvalid:
    return GeometryInvalid([(path, Problem(code, params))])


def parse_geometry(value: object, kinds: Sequence[str]) -> BaseGeometry:
    """Read a GeoJSON geometry of one of `kinds` ("Point", "Polygon", "MultiPolygon").

    Only the structure is checked: numbers, closed rings, the number of points. Whether rings cross and whether the
    positions are where parcels can be is checked by the register, since positions may be in another reference system
    than WGS84 (a parcel's `crs` names it). Coordinates are rounded to seven decimals, the direction of rings is
    preserved. Altitudes stay until the register has reported that it drops them; the JSON form has none.
    Raises GeometryInvalid.
    """
    if not isinstance(value, Mapping):
        raise _refuse((), "item.type", expected="object")
    if value.get("type") in ("Feature", "FeatureCollection"):
        raise _refuse(("type",), "geometry.feature", type=value["type"], expected=", ".join(kinds))
    if len(value) > 2:
        _check_other_members(value)
    strange = [key for key in value if key not in _MEMBERS]
    if strange:
        raise GeometryInvalid([((key,), Problem("item.unknown", {"item": str(key)[:60]})) for key in strange[:20]])
    kind = value.get("type")
    if kind not in kinds:
        raise _refuse(("type",), "geometry.type", expected=", ".join(kinds))
    coordinates = value.get("coordinates")
    if kind == "Point":
        # Several times faster than the constructor of Point.
        return cast(Point, shapely.points(_position(coordinates, ("coordinates",))))
    budget = [MOST_POINTS]
    if kind == "Polygon":
        return _polygon(coordinates, ("coordinates",), budget)
    if not isinstance(coordinates, list) or not coordinates:
        raise _refuse(("coordinates",), "geometry.coordinates")
    if len(coordinates) > MOST_RINGS:
        raise _refuse(("coordinates",), "list.too-long", max=MOST_RINGS, count=len(coordinates))
    parts = [_polygon(part, ("coordinates", index), budget) for index, part in enumerate(coordinates)]
    return MultiPolygon(parts)


def _check_other_members(value: Mapping[Any, Any]) -> None:
    """Refuse a `bbox` that is not valid and a `crs` other than WGS 84. Valid ones add nothing, and are not stored."""
    if "bbox" in value:
        box = value["bbox"]
        numbers = isinstance(box, list) and 4 <= len(box) <= 6 and all(type(each) in (float, int) for each in box)
        if not numbers:
            raise _refuse(("bbox",), "geometry.bbox")
    if "crs" in value:
        crs = value["crs"]
        name = crs["properties"].get("name") if _is_named_crs(crs) else None
        if name not in SYSTEMS_OF_GEOJSON:
            shown = name[:60] if isinstance(name, str) else "?"
            raise _refuse(("crs",), "geometry.crs", name=shown, example=SYSTEMS_OF_GEOJSON[0])


def _is_named_crs(crs: object) -> bool:
    """Whether it is an object with a type and properties that name the system, and nothing else."""
    return (
        isinstance(crs, Mapping)
        and crs.keys() == {"type", "properties"}
        and crs["type"] == "name"
        and isinstance(crs["properties"], Mapping)
        and crs["properties"].keys() == {"name"}
        and isinstance(crs["properties"]["name"], str)
    )


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
    # Most have no holes: their coordinates are those of their only ring, which need not be made.
    rings = shapely.get_rings(polygon) if shapely.get_num_interior_rings(polygon) else (polygon,)
    return [shapely.get_coordinates(ring).round(DECIMALS).tolist() for ring in rings]


def _position(value: object, path: Path) -> Coordinates:
    try:
        return _positions([value], path)[0, :2]
    except GeometryInvalid:
        raise _refuse(path, "geometry.coordinates") from None


def _positions(values: list[Any], path: Path) -> Coordinates:
    """Return rows of x and y (and z where there is one), rounded by NumPy (`round` can differ in the last bit)."""
    sizes = set(map(len, values)) if set(map(type, values)) == {list} else set()
    if sizes and {2, 3}.issuperset(sizes):
        numbers = list(chain.from_iterable(values))
        if (
            {float, int}.issuperset(map(type, numbers))
            and max(numbers) < MOST_COORDINATE
            and min(numbers) > -MOST_COORDINATE
        ):
            size = max(sizes)
            flat = numbers if len(sizes) == 1 else [number for value in values for number in (*value, 0.0)[:size]]
            coordinates: Coordinates = np.array(flat, dtype=np.float64).reshape(-1, size).round(DECIMALS)
            if not isnan(sum(numbers)):
                return coordinates
    raise _refuse(
        (*path, next((index for index, value in enumerate(values) if not _is_position(value)), 0)),
        "geometry.coordinates",
    )


def _is_position(value: object) -> bool:
    """Whether `value` is two or three numbers that a reference system can have."""
    return (
        isinstance(value, list)
        and 2 <= len(value) <= 3
        and all(type(number) in (float, int) and abs(number) < MOST_COORDINATE for number in value)
    )


def _polygon(value: object, path: Path, budget: list[int]) -> Polygon:
    if not isinstance(value, list) or not value:
        raise _refuse(path, "geometry.coordinates")
    if len(value) > MOST_RINGS:
        raise _refuse(path, "list.too-long", max=MOST_RINGS, count=len(value))
    rings: list[Coordinates] = []
    for index, positions in enumerate(value):
        place = (*path, index)
        if not isinstance(positions, list):
            raise _refuse(place, "geometry.coordinates")
        budget[0] -= len(positions) - 1
        if budget[0] < 0:
            raise _refuse((), "geometry.too-many-points", max=MOST_POINTS)
        if len(positions) < 4:
            raise _refuse(place, "geometry.too-few-points", count=len(positions))
        ring = _positions(positions, place)
        if ring[0, 0] != ring[-1, 0] or ring[0, 1] != ring[-1, 1]:
            raise _refuse(place, "geometry.not-closed")
        ring[-1] = ring[0]  # also where the altitude differs: without it, the ring would be closed twice
        rings.append(ring)
    if len(rings) == 1:
        # Several times faster than the constructor of Polygon.
        return cast(Polygon, shapely.polygons(rings[0]))
    return Polygon(rings[0], rings[1:])
