"""Parcels in MongoDB: what the rules accept it stores, and the index finds what a look at everything finds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo import GEOSPHERE, MongoClient
from pymongo.collection import Collection

from schemas.geometry import geometry_json
from service.households.area_search import fallen_in, households_in
from service.households.ports import Households, Neighbour
from service.parcels.cells import Cells, cells_of_boxes
from service.parcels.limits import ShapeRules
from service.storage import parcels
from tests.examples import examples
from tests.parcels.builders import a_field, a_polygon, examine_shape

Json = dict[str, Any]
COMMUNE = "16681"

corners = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), min_size=3, max_size=10)


class Rows:
    """A collection of households that contain nothing but geometry."""

    def __init__(self, collection: Collection[Json]) -> None:
        self.collection = collection
        collection.create_index([("parcels.geometry", GEOSPHERE)])
        collection.create_index([("location", GEOSPHERE)])
        collection.create_index("index.cells")

    def fallen_in(self, geometry: Any, area: Any, items: Any) -> Iterator[Json]:
        """As storage finds them."""
        yield from parcels.fallen_in({"households": self.collection}, geometry, area, items)

    def fill(self, records: list[Json]) -> None:
        """Hold these records and no others."""
        self.collection.delete_many({})
        documents = [{"_id": r["id"], **{n: v for n, v in r.items() if n != "id"}} for r in records]
        for document, record in zip(documents, records, strict=True):
            document["index"] = {"cells": parcels.cell_keys(record)}
        if documents:
            self.collection.insert_many(documents)


@pytest.fixture
def rows(mongodb_uri: str, database_name: str) -> Iterator[Rows]:
    with MongoClient[Json](mongodb_uri) as client:
        yield Rows(client[database_name]["households"])


def a_record(number: int, boundaries: list[Any], home: tuple[float, float] | None = None) -> Json:
    record: Json = {"id": f"household {number}", "commune": COMMUNE, "status": "submitted"}
    record["parcels"] = [
        {"id": f"{number}.{place}", "geometry": geometry_json(boundary)} for place, boundary in enumerate(boundaries)
    ]
    if home is not None:
        record["location"] = {"type": "Point", "coordinates": list(home)}
    return record


@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shell=corners, hole=st.none() | corners)
def test_mongodb_is_never_the_one_to_find_out(rows: Rows, shell: list[Any], hole: list[Any] | None) -> None:
    shape = examine_shape(a_polygon(*shell, holes=[hole] if hole else []), ShapeRules(), "")
    for boundary in (shape.geometry, shape.proposal):
        if boundary is not None:
            rows.fill([a_record(1, [boundary])])
            assert rows.collection.count_documents({}) == 1


squares = st.builds(a_field, st.integers(0, 900), st.integers(0, 900), st.integers(20, 300), st.integers(20, 300))
homes = st.none() | st.builds(
    lambda east, north: tuple(shapely.get_coordinates(shapely.centroid(a_field(east, north, 2, 2)))[0].tolist()),
    st.integers(0, 1000),
    st.integers(0, 1000),
)
households = st.lists(st.tuples(st.lists(squares, max_size=3), homes), max_size=8)
areas = st.one_of(squares, corners.map(lambda shell: a_polygon(*((2 * x, 2 * y) for x, y in shell)))).filter(
    lambda drawn: drawn.is_valid and drawn.area > 0
)


@settings(max_examples=examples(80), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(households=households, drawn=areas)
def test_the_index_finds_what_a_look_at_everything_finds(rows: Rows, households: list[Any], drawn: Any) -> None:
    records = [a_record(number, boundaries, home) for number, (boundaries, home) in enumerate(households)]
    rows.fill(records)
    by_index = list(households_in(cast(Households, rows), drawn, None))
    by_looking = list(fallen_in(records, drawn))
    assert sorted(by_index, key=repr) == sorted(by_looking, key=repr)


@settings(max_examples=examples(80), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(others=st.lists(squares | st.builds(a_field, width=st.integers(2_000, 4_000)), max_size=8), mine=squares)
def test_cells_find_every_boundary_that_meets_another(rows: Rows, others: list[Any], mine: Any) -> None:
    rows.fill([a_record(number, [boundary]) for number, boundary in enumerate(others)])
    drawn = cells_of_boxes([mine.bounds])
    found = {each.household for each in near(rows, drawn)}
    meets = {f"household {n}" for n, boundary in enumerate(others) if mine.intersection(boundary).area > 0}
    assert meets <= found


def near(rows: Rows, cells: Cells, held: frozenset[str] = frozenset()) -> list[Neighbour]:
    where = parcels.around(cells, held)
    return [] if where is None else parcels.neighbours_in({"households": rows.collection}, where)


def test_nobody_is_asked_for_where_nothing_can_be_met() -> None:
    assert parcels.around(cells_of_boxes([]), frozenset()) is None


def test_a_wide_boundary_and_a_field_in_it_find_each_other(rows: Rows) -> None:
    forest, field = a_field(-4_000, -4_000, 8_000, 8_000), a_field()
    for stored, drawn in ((forest, field), (field, forest)):
        rows.fill([a_record(1, [stored])])
        cells = cells_of_boxes([drawn.bounds])
        assert len(near(rows, cells)) == 1


def test_the_withdrawn_are_in_no_cell() -> None:
    assert parcels.cell_keys({**a_record(1, [a_field()]), "status": "withdrawn"}) == []
    assert parcels.cell_keys(a_record(1, [a_field()])) != []


def test_cells_are_made_once_and_then_taken(rows: Rows) -> None:
    collections = {"grid_cells": rows.collection.database["grid_cells"]}
    with rows.collection.database.client.start_session() as session:
        with pytest.raises(parcels.CellsMissing) as missing:
            parcels.take_cells(collections, session, [1, 2])
        assert missing.value.cells == {1, 2}
        parcels.make_cells(collections, [1, 2])
        parcels.make_cells(collections, [2])
        parcels.take_cells(collections, session, [1, 2])
        parcels.take_cells(collections, session, [])
    assert [d["writes"] for d in collections["grid_cells"].find().sort("_id")] == [1, 1]
