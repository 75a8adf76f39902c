"""Geometry: checking one parcel, everyone in a search area, and the cost of boundaries in a bulk registration."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import numpy as np
import shapely
from pymongo.collection import Collection

from benchmarks import records
from benchmarks.figures import Figure, Size, Target, in_turn
from benchmarks.workplace import Workplace
from schemas.geometry import geometry_json
from service.actor import REGISTER_ITSELF
from service.api.http.resource import parsed, written
from service.api.resources.parcels import ParcelQuestionSchema, neighbours_in_json
from service.api.resources.search import AffectedSchema
from service.demonstration.households import Demonstration
from service.households import writer
from service.households.area_search import households_in, total_of
from service.households.bulk import BulkRegistration
from service.parcels.examination import ParcelExaminer
from service.parcels.regions import covering
from service.storage import documents
from service.storage.client import Document
from service.storage.parcels import cell_keys
from service.wiring import Register, wire

CHECK_TARGET = Target(3.0, at_least=False)
SEARCH_TARGET = Target(2.0, at_least=False)
BULK_TARGET = Target(1 / 3, at_least=False)

_PARCELS_A_HOUSEHOLD = 2.5
_FIELDS_A_VILLAGE = 400
_FIELD_M = 40.0
_DEGREES_EAST, _DEGREES_NORTH = 1 / 105_480.0, 1 / 110_690.0
_WEST, _SOUTH, _EAST, _NORTH = 104.0, 18.6, 105.7, 19.6


def measure(place: Workplace, size: Size) -> list[Figure]:
    """Measure with 200,000 households and 500,000 parcels, clustered in villages (quick: a tenth)."""
    households = size.of(200_000, 20_000, 1_000)
    with place.database("geometry") as store:
        services = wire(place.settings("geometry"))
        collection = store.database["households"]
        _fill(collection, households)
        details = f"on {households:,} households with {households * _PARCELS_A_HOUSEHOLD:,.0f} parcels"
        figures = [
            _check(services, collection, details, turns=size.of(15, 5, 1)),
            _search(services, collection, details, turns=size.of(7, 3, 1)),
        ]
        services.store.close()
    return [*figures, _bulk(place, size.of(12_000, 2_000, 40))]


def _check(services: Register, collection: Collection[Document], details: str, *, turns: int) -> Figure:
    """The check of one boundary, compared with the query that any check of neighbours needs and one pass of shapely."""
    random = Random(7)
    geometries = [_askew(random) for _ in range(200)]

    def ours() -> float:
        began = time.perf_counter()
        for geometry in geometries:
            question = parsed(ParcelQuestionSchema, {"geometry": geometry})
            neighbours_in_json(services.checks.check(question, None).neighbours, more=False)
        return (time.perf_counter() - began) / len(geometries)

    def bare() -> float:
        began = time.perf_counter()
        for geometry in geometries:
            where = {"parcels.geometry": {"$geoIntersects": {"$geometry": geometry}}}
            found = list(collection.find(where, {"parcels.id": 1, "parcels.geometry": 1}))
            mine = shapely.geometry.shape(geometry)
            mine.is_valid  # noqa: B018 - a part of the one pass
            for document in found:
                for parcel in document["parcels"]:
                    mine.intersection(shapely.geometry.shape(parcel["geometry"]))
        return (time.perf_counter() - began) / len(geometries)

    pairs = in_turn(turns, ours, bare)
    notes = (pairs.described("ms", 1000), details)
    return Figure("a parcel checked", pairs.ratio, "of $geoIntersects and shapely", CHECK_TARGET, notes)


def _search(services: Register, collection: Collection[Document], details: str, *, turns: int) -> Figure:
    """Everyone in a search area of some 5,000 parcels, compared with the bare query of the same households."""
    area = _area_of(collection, 5_000)
    covered = geometry_json(covering(area))
    parcels: list[int] = []

    def ours() -> float:
        began = time.perf_counter()
        found = list(households_in(services.store.households, area, None))
        parcels.append(sum(len(written(AffectedSchema, each)["parcels"]) for each in found))
        total_of(found)
        return time.perf_counter() - began

    def bare() -> float:
        meets = {"$geoIntersects": {"$geometry": covered}}
        where = {"$or": [{"parcels.geometry": meets}, {"location": meets}]}
        began = time.perf_counter()
        list(collection.find(where, {"commune": 1, "livestock": 1, "parcels.id": 1, "parcels.geometry": 1}))
        return time.perf_counter() - began

    pairs = in_turn(turns, ours, bare)
    notes = (pairs.described("ms", 1000), f"{parcels[-1]:,} parcels in the area, {details}")
    return Figure("households in an area", pairs.ratio, "of the bare query", SEARCH_TARGET, notes)


def _bulk(place: Workplace, households: int) -> Figure:
    """The share of a bulk registration's processor time, in one process, that is spent on boundaries."""
    made = Demonstration(records.directory(), records.province(), 1).households(60_000)
    bodies = list(itertools.islice(made, households))
    with place.database("geometry_bulk"):
        services = wire(place.settings("geometry_bulk"))
        services.units.directory()
        spent = [0.0]
        with _timed(spent, (ParcelExaminer, "examine"), (writer, "with_overlaps"), (documents, "cell_keys")):
            registration = BulkRegistration(services.store, services.units.directory, services.clock, services.examiner)
            began, clock = time.perf_counter(), time.process_time()
            outcomes = [each.result for each in registration.register(bodies, actor=REGISTER_ITSELF)]
            seconds, processor = time.perf_counter() - began, time.process_time() - clock
        services.store.close()
    if set(outcomes) != {"registered"}:
        raise RuntimeError("bulk registration did not end well")
    parcels = sum(len(body.get("parcels", ())) for body in bodies)
    notes = (
        f"{spent[0]:.2f} s of {processor:.2f} s of the processor ({seconds:.2f} s in all), queries included",
        f"{households:,} households with {parcels:,} parcels, {spent[0] / parcels * 1e6:.0f} µs a parcel",
    )
    return Figure("boundaries in a bulk registration", spent[0] / processor, "of its time", BULK_TARGET, notes)


class _timed:  # noqa: N801 - reads as a verb
    """A context in which functions of modules add the processor time of their thread to ``spent``."""

    def __init__(self, spent: list[float], *functions: tuple[Any, str]) -> None:
        self._spent = spent
        self._functions = [(module, name, getattr(module, name)) for module, name in functions]

    def __enter__(self) -> None:
        for module, name, function in self._functions:
            setattr(module, name, self._watched(function))

    def __exit__(self, *_: object) -> None:
        for module, name, function in self._functions:
            setattr(module, name, function)

    def _watched(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*arguments: Any, **named: Any) -> Any:
            began = time.thread_time()
            try:
                return function(*arguments, **named)
            finally:
                self._spent[0] += time.thread_time() - began

        return watched


def _fill(collection: Collection[Document], households: int) -> None:
    """Make households with nothing but their position, as the register stores it: 2 or 3 fields in a row each."""
    for part in _parts(households):
        collection.insert_many(part, ordered=False, bypass_document_validation=True)


def _parts(households: int, size: int = 2_000) -> Iterator[list[Document]]:
    random, commune = Random(1), records.commune()
    fields = _fields(random)
    made: list[Document] = []
    for number in range(households):
        boundaries = list(itertools.islice(fields, 2 + number % 2))
        record = {
            "status": "submitted",
            "parcels": [
                {"id": f"{number}.{row}", "geometry": boundary, "measured_area_m2": 1_444.0}
                for row, boundary in enumerate(boundaries)
            ],
        }
        made.append(
            {
                "_id": f"{number:08d}",
                "commune": commune,
                "village": "Khối 3",
                "location": {"type": "Point", "coordinates": boundaries[0]["coordinates"][0][0]},
                "livestock": [{"kind": "buffalo", "heads": 2}],
                **record,
                "index": {"cells": cell_keys({"id": f"{number:08d}", **record}), "names": [], "fingerprint": ""},
            }
        )
        if len(made) == size:
            yield made
            made = []
    if made:
        yield made


def _fields(random: Random) -> Iterator[dict[str, Any]]:
    """Fields of 38 m by 38 m with two-metre banks, 400 to a village, each village turned a little."""
    side = int(_FIELDS_A_VILLAGE**0.5)
    places = np.array([(column, row) for row in range(side) for column in range(side)]) * _FIELD_M
    while True:
        for ring in _rings(*_village(random), places).tolist():
            yield {"type": "Polygon", "coordinates": [ring]}


def _village(random: Random) -> tuple[float, float, float]:
    """Return the western and southern edge of a village in degrees, and its rotation."""
    return random.uniform(_WEST, _EAST), random.uniform(_SOUTH, _NORTH), random.uniform(-0.15, 0.15)


def _rings(west: float, south: float, turn: float, places: np.ndarray[Any, np.dtype[np.float64]]) -> Any:
    """Return the closed rings of a village's fields at n places (metres east and north), as an array (n, 6, 2)."""
    side = _FIELD_M - 2
    corners = np.array([[0, 0], [side, 0], [side, side], [side / 2, side + 0.4], [0, side], [0, 0]])
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    turned = (corners[None] + places[:, None]) @ rotation
    return np.round(np.array([west, south]) + turned * (_DEGREES_EAST, _DEGREES_NORTH), 7)


def _askew(random: Random) -> dict[str, Any]:
    """Return a field shifted by half a field against the rows of a village, so that it overlaps four neighbours."""
    villages = Random(1)
    village = [_village(villages) for _ in range(1 + random.randrange(20))][-1]
    place = (np.array([random.randrange(18), random.randrange(18)]) + 0.5) * _FIELD_M
    return {"type": "Polygon", "coordinates": _rings(*village, place[None]).tolist()}


def _area_of(collection: Collection[Document], parcels: int) -> shapely.Polygon:
    """Return a search area around a number of parcels: a circle of twelve corners, enlarged until it contains them."""
    middle = np.array([(_WEST + _EAST) / 2, (_SOUTH + _NORTH) / 2])
    turns = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    low, high = 0.001, 1.0
    for _ in range(18):
        radius = (low + high) / 2
        area = shapely.Polygon(middle + radius * np.column_stack([np.cos(turns), np.sin(turns)]))
        meets = {"$geoIntersects": {"$geometry": geometry_json(covering(area))}}
        found = collection.count_documents({"parcels.geometry": meets}) * _PARCELS_A_HOUSEHOLD
        if abs(found - parcels) < 0.1 * parcels:
            break
        low, high = (radius, high) if found < parcels else (low, radius)
    return area
