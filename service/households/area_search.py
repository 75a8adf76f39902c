"""Area search: households whose parcels or home fall in, how much of their land, which animals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, NamedTuple

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from schemas.geometry import geometry_json
from service.area import Communes
from service.errors import SearchAreaInvalid
from service.households.changes import Record
from service.households.ports import Households
from service.parcels.measurement import geodesic_areas
from service.parcels.regions import LARGEST_CIRCLE_M, Box, begins_in, covering
from service.parcels.rings import geometries_of

_USED_TOGETHER = (
    ("village",),
    ("location",),
    ("livestock.kind", "livestock.heads"),
    ("parcels.id", "parcels.geometry", "parcels.measured_area_m2"),
)
"""What is read of each household beside its commune. Items of a group are read together: one alone is useless."""
ITEMS = ("commune", *chain.from_iterable(_USED_TOGETHER))
"""All items, for readers who may use every one."""

MOST_ROWS = 10_000
DEFAULT_ROWS = 1_000
WIDEST_DEGREES = 10.0
_TOGETHER = 1_000
_LEAST_AREA_M2 = 0.05
"""Smaller areas come from rounding along a shared edge."""


class AffectedParcel(NamedTuple):
    """A parcel, its area and the area of it that falls in, in m²."""

    id: str
    area_m2: float
    affected_area_m2: float


class AffectedLivestock(NamedTuple):
    """Animals of one kind."""

    kind: str
    heads: int


@dataclass(frozen=True, slots=True)
class Affected:
    """One household in the area: which of its parcels and how much of them, whether the home is in it, its animals."""

    household: str
    commune: str
    village: str | None
    home_inside: bool
    parcels: tuple[AffectedParcel, ...]
    livestock: tuple[AffectedLivestock, ...]

    @property
    def affected_area_m2(self) -> float:
        """All of the household's land that falls in."""
        return round(sum(parcel.affected_area_m2 for parcel in self.parcels), 1)


@dataclass(frozen=True, slots=True)
class AffectedTotal:
    """How many households, parcels and animals by kind fall in, and how much land."""

    households: int
    parcels: int
    affected_area_m2: float
    livestock: dict[str, int]


def drawn_area(drawn: BaseGeometry) -> BaseGeometry:
    """Returns a drawn polygon as a search area. Raises SearchAreaInvalid."""
    drawn = shapely.force_2d(drawn)
    west, south, east, north = drawn.bounds
    if not (-180 <= west <= east <= 180 and -89 <= south <= north <= 89):
        raise search_area_invalid("/area/coordinates", "longitude -180…180, latitude -90…90")
    if east - west > WIDEST_DEGREES or north - south > WIDEST_DEGREES:
        raise search_area_invalid("/area/coordinates", f"> {WIDEST_DEGREES:.0f}°")
    if not drawn.is_valid:
        place = shapely.is_valid_reason(drawn).partition("[")[2].rstrip("]").replace(" ", "; ")
        raise search_area_invalid("/area/coordinates", "crossing", point=f"({place})")
    return drawn


def search_area_invalid(place: str, reason: str, **params: Any) -> SearchAreaInvalid:
    """Returns the error of a search area; ``params`` fill the places in the text of its reason."""
    return SearchAreaInvalid(pointer=place, reason=reason, most_m=int(LARGEST_CIRCLE_M), **params)


def items_for(may_use: Callable[[str], bool]) -> tuple[str, ...]:
    """Returns what is read of each household for a reader who may use these items; what is not read reveals nothing."""
    groups = (group for group in _USED_TOGETHER if all(map(may_use, group)))
    return ("commune", *chain.from_iterable(groups))


def households_in(
    store: Households, drawn: BaseGeometry, area: Communes, items: Sequence[str] = ITEMS
) -> Iterator[Affected]:
    """Returns every household within reach that falls into a search area, by boundary or home.

    The index finds what meets a slightly larger area. What really falls in, and how much of it, is computed from the
    boundaries themselves, so that the result is that of a full scan.
    """
    shapely.prepare(drawn)
    candidates = store.fallen_in(geometry_json(covering(drawn)), area, items)
    while records := list(islice(candidates, _TOGETHER)):
        yield from fallen_in(records, drawn)


def households_beginning_in(
    store: Households, box: Box, area: Communes, items: Sequence[str] = ITEMS
) -> Iterator[Affected]:
    """Returns each household within reach of which a parcel begins in a box of search squares, with all of that parcel.

    For readers who see no boundaries: a parcel across the edge of a square is found in one of them only, and no part of
    an area is computed, since both would show where the boundary lies.
    """
    for record in store.fallen_in(geometry_json(covering(shapely.box(*box))), area, items):
        outlined = (parcel for parcel in record.get("parcels", ()) if parcel.get("geometry") is not None)
        parcels = tuple(_whole(parcel) for parcel in outlined if begins_in(parcel["geometry"], box))
        if parcels:
            yield Affected(record["id"], record["commune"], None, False, parcels, _animals_of(record))


def fallen_in(records: Sequence[Record], drawn: BaseGeometry) -> Iterator[Affected]:
    """Returns those of the records that fall into a search area, and how far."""
    owners, parcels = _parcels_of(records)
    inside = _areas_inside(parcels, drawn)
    affected: list[list[AffectedParcel]] = [[] for _ in records]
    for owner, parcel, area in zip(owners, parcels, inside, strict=True):
        if area >= _LEAST_AREA_M2:
            affected[owner].append(AffectedParcel(parcel["id"], parcel.get("measured_area_m2", 0.0), round(area, 1)))
    at_home = _homes_inside(records, drawn)
    for record, its_parcels, home in zip(records, affected, at_home, strict=True):
        if its_parcels or home:
            village = record.get("village")
            yield Affected(record["id"], record["commune"], village, home, tuple(its_parcels), _animals_of(record))


def _animals_of(record: Record) -> tuple[AffectedLivestock, ...]:
    return tuple(AffectedLivestock(each["kind"], int(each.get("heads", 0))) for each in record.get("livestock", ()))


def _whole(parcel: Mapping[str, Any]) -> AffectedParcel:
    area = parcel.get("measured_area_m2", 0.0)
    return AffectedParcel(parcel["id"], area, area)


def total_of(found: Iterable[Affected]) -> AffectedTotal:
    """Returns the sums over all households found."""
    households, parcels, area = 0, 0, 0.0
    livestock: dict[str, int] = {}
    for each in found:
        households += 1
        parcels += len(each.parcels)
        area += each.affected_area_m2
        for kind, heads in each.livestock:
            livestock[kind] = livestock.get(kind, 0) + heads
    return AffectedTotal(households, parcels, round(area, 1), dict(sorted(livestock.items())))


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
    """Returns how much of each parcel falls into the search area, in m²; only those on its edge are cut."""
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
    at_home: list[bool] = inside.tolist()
    return at_home
