"""Everyone in an area: households whose parcels or home fall in, how much of their land, which animals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from schemas.geometry import GeometryInvalid, geometry_json, parse_geometry
from service.area import Communes
from service.errors import SearchAreaInvalid
from service.households.changes import Record
from service.households.ports import SearchStore
from service.parcels.measurement import geodesic_areas
from service.parcels.regions import LARGEST_CIRCLE_M, circle, covering
from service.parcels.rings import geometries_of

ITEMS = ("commune", "village", "location", "livestock", "parcels.id", "parcels.geometry", "parcels.measured_area_m2")
"""What is read of each household."""

MOST_ROWS = 10_000
DEFAULT_ROWS = 1_000
WIDEST_DEGREES = 10.0
_TOGETHER = 1_000
_LEAST_AREA_M2 = 0.05
"""Less is what rounding leaves where a border is shared."""


@dataclass(frozen=True, slots=True)
class Affected:
    """One household in the area: which of its parcels and how much of them, whether the home is in it, its animals."""

    household: str
    commune: str
    village: str | None
    home_inside: bool
    parcels: tuple[tuple[str, float, float], ...]
    """Parcel, its area and the area of it that falls in, in m²."""
    livestock: tuple[tuple[str, int], ...]

    @property
    def affected_area_m2(self) -> float:
        """All of the household's land that falls in."""
        return round(sum(area for _, _, area in self.parcels), 1)


def search_area(body: Mapping[str, Any]) -> BaseGeometry:
    """The area of a search: ``area`` (GeoJSON), or ``near`` (longitude, latitude) and ``within`` (m).

    Raises SearchAreaInvalid.
    """
    area, near, within = body.get("area"), body.get("near"), body.get("within")
    if (area is None) == (near is None):
        raise _invalid("/area", "area | near")
    if area is None:
        return _circle(near, within)
    try:
        drawn = parse_geometry(area, ("Polygon", "MultiPolygon"))
    except GeometryInvalid as invalid:
        path, problem = invalid.problems[0]
        place = "/".join(("/area", *(str(step) for step in path)))
        raise _invalid(place, problem.code) from invalid
    drawn = shapely.force_2d(drawn)
    west, south, east, north = drawn.bounds
    if not (-180 <= west <= east <= 180 and -89 <= south <= north <= 89):
        raise _invalid("/area/coordinates", "longitude -180…180, latitude -90…90")
    if east - west > WIDEST_DEGREES or north - south > WIDEST_DEGREES:
        raise _invalid("/area/coordinates", f"> {WIDEST_DEGREES:.0f}°")
    if not drawn.is_valid:
        raise _invalid("/area/coordinates", shapely.is_valid_reason(drawn))
    return drawn


def households_in(store: SearchStore, drawn: BaseGeometry, area: Communes, *, homes: bool = True) -> Iterator[Affected]:
    """Every household within reach that falls into a drawn area, by its parcels and, with ``homes``, by its home.

    The index finds what meets a slightly larger area; what really falls in, and how much of it, is computed from the
    boundaries themselves, so that the answer is that of a full scan.
    """
    shapely.prepare(drawn)
    candidates = store.fallen_in(geometry_json(covering(drawn)), area, ITEMS)
    while records := list(islice(candidates, _TOGETHER)):
        yield from fallen_in(records, drawn, homes=homes)


def fallen_in(records: Sequence[Record], drawn: BaseGeometry, *, homes: bool = True) -> Iterator[Affected]:
    """Those of the records that fall into a drawn area, and how far."""
    owners, parcels = _parcels_of(records)
    inside = _areas_inside(parcels, drawn)
    affected: list[list[tuple[str, float, float]]] = [[] for _ in records]
    for owner, parcel, area in zip(owners, parcels, inside, strict=True):
        if area >= _LEAST_AREA_M2:
            affected[owner].append((parcel["id"], parcel.get("measured_area_m2", 0.0), round(area, 1)))
    at_home = _homes_inside(records, drawn) if homes else [False] * len(records)
    for record, its_parcels, home in zip(records, affected, at_home, strict=True):
        if its_parcels or home:
            animals = tuple((each["kind"], int(each.get("heads", 0))) for each in record.get("livestock", ()))
            village = record.get("village")
            yield Affected(record["id"], record["commune"], village, home, tuple(its_parcels), animals)


def total_of(found: Iterable[Affected]) -> dict[str, Any]:
    """How many households, parcels and animals fall in, and how much land."""
    households, parcels, area = 0, 0, 0.0
    livestock: dict[str, int] = {}
    for each in found:
        households += 1
        parcels += len(each.parcels)
        area += each.affected_area_m2
        for kind, heads in each.livestock:
            livestock[kind] = livestock.get(kind, 0) + heads
    return {
        "households": households,
        "parcels": parcels,
        "affected_area_m2": round(area, 1),
        "livestock": dict(sorted(livestock.items())),
    }


def in_json(affected: Affected) -> dict[str, Any]:
    """One household of the answer."""
    return {
        "id": affected.household,
        "commune": affected.commune,
        "village": affected.village,
        "home_inside": affected.home_inside,
        "affected_area_m2": affected.affected_area_m2,
        "parcels": [
            {"id": parcel, "area_m2": area, "affected_area_m2": inside} for parcel, area, inside in affected.parcels
        ],
        "livestock": [{"kind": kind, "heads": heads} for kind, heads in affected.livestock],
    }


def _circle(near: object, within: object) -> BaseGeometry:
    numbers = isinstance(near, list) and len(near) == 2 and all(type(number) in (int, float) for number in near)
    if not numbers or not isinstance(near, list):
        raise _invalid("/near", "[longitude, latitude]")
    longitude, latitude = float(near[0]), float(near[1])
    if not (-179 <= longitude <= 179 and -80 <= latitude <= 80):
        raise _invalid("/near", "[longitude, latitude]")
    if not (type(within) in (int, float) and isinstance(within, (int, float)) and 0 < within <= LARGEST_CIRCLE_M):
        raise _invalid("/within", f"0 < within <= {LARGEST_CIRCLE_M:.0f}")
    return circle(longitude, latitude, float(within))


def _parcels_of(records: Sequence[Record]) -> tuple[list[int], list[dict[str, Any]]]:
    owners: list[int] = []
    parcels: list[dict[str, Any]] = []
    for number, record in enumerate(records):
        for parcel in record.get("parcels", ()):
            if parcel.get("geometry") is not None:
                owners.append(number)
                parcels.append(parcel)
    return owners, parcels


def _areas_inside(parcels: Sequence[Mapping[str, Any]], drawn: BaseGeometry) -> list[float]:
    """How much of each parcel falls into the drawn area, in m²; only those on its edge are cut."""
    geometries = geometries_of([parcel["geometry"] for parcel in parcels])
    areas = np.zeros(len(parcels))
    whole = np.asarray(shapely.contains(drawn, geometries), dtype=bool)
    measured = np.asarray([parcel.get("measured_area_m2") or np.nan for parcel in parcels], dtype=np.float64)
    areas[whole] = measured[whole]
    unknown = np.flatnonzero(np.isnan(areas))
    areas[unknown] = geodesic_areas(geometries[unknown])
    edge = np.flatnonzero(~whole & np.asarray(shapely.intersects(drawn, geometries), dtype=bool))
    areas[edge] = geodesic_areas(shapely.intersection(geometries[edge], drawn))
    inside: list[float] = areas.tolist()
    return inside


def _homes_inside(records: Sequence[Record], drawn: BaseGeometry) -> list[bool]:
    pairs = [(record.get("location") or {}).get("coordinates", (np.nan, np.nan)) for record in records]
    positions = np.asarray(pairs, dtype=np.float64).reshape(-1, 2)
    inside = np.zeros(len(records), dtype=bool)
    known = np.isfinite(positions).all(axis=1)
    inside[known] = shapely.intersects_xy(drawn, positions[known, 0], positions[known, 1])
    answer: list[bool] = inside.tolist()
    return answer


def _invalid(place: str, reason: str) -> SearchAreaInvalid:
    return SearchAreaInvalid(pointer=place, reason=reason, most_m=int(LARGEST_CIRCLE_M))
