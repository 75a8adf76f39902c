"""The overlap grid: which cells a boundary is stored under, which it queries, and the numbers that name them."""

from __future__ import annotations

import json

import shapely

from service.parcels.cells import Cells, cells_of_boxes, cells_of_stored
from tests.parcels.builders import a_field, on_the_ground

LOCKED, FINE, WITHIN, WIDE = 0, 1, 2, 3


def key(kind: int, x: int, y: int) -> int:
    return kind * 2**50 + (x + 2**20) * 2**24 + y + 2**20


def test_a_field_is_stored_under_fine_cells_and_queries_the_wide_boundaries_around_it() -> None:
    assert cells_of_boxes([(105.6813, 18.6796, 105.6822, 18.6797)]) == Cells(
        own=frozenset({key(FINE, 105_681, 18_679), key(FINE, 105_682, 18_679), key(WITHIN, 5_284, 933)}),
        queried=frozenset({key(FINE, 105_681, 18_679), key(FINE, 105_682, 18_679), key(WIDE, 5_284, 933)}),
        coarse=frozenset({key(LOCKED, 5_284, 933)}),
    )


def test_a_wide_boundary_is_stored_under_coarse_cells_and_queries_the_fields_within_them() -> None:
    cells = [(5_250, 900), (5_251, 900)]
    wide, within = {key(WIDE, *cell) for cell in cells}, {key(WITHIN, *cell) for cell in cells}
    assert cells_of_boxes([(105.0, 18.0, 105.03, 18.01)]) == Cells(
        own=frozenset(wide), queried=frozenset(wide | within), coarse=frozenset(key(LOCKED, *cell) for cell in cells)
    )


def test_a_boundary_is_wide_if_either_side_is_longer_than_a_fiftieth_of_a_degree() -> None:
    square, high, broad = ((0.0, 0.0, 0.02, 0.02), (0.0, 0.0, 0.02, 0.021), (0.0, 0.0, 0.021, 0.02))
    assert key(FINE, 0, 0) in cells_of_boxes([square]).own
    assert key(WIDE, 0, 0) in cells_of_boxes([high]).own
    assert key(WIDE, 0, 0) in cells_of_boxes([broad]).own
    assert len(cells_of_boxes([square]).own) == 21 * 21 + 2 * 2


def test_west_and_south_of_zero_have_cells_of_their_own() -> None:
    assert key(FINE, -1, -2) in cells_of_boxes([(-0.0005, -0.0015, -0.0004, -0.0014)]).own


def test_several_boundaries_have_the_cells_of_each() -> None:
    boxes = [(105.6813, 18.6796, 105.6814, 18.6797), (105.0, 18.0, 105.03, 18.01), (104.1, 19.1, 104.1, 19.1)]
    together, alone = cells_of_boxes(boxes), [cells_of_boxes([box]) for box in boxes]
    assert together.own == alone[0].own | alone[1].own | alone[2].own
    assert together.queried == alone[0].queried | alone[1].queried | alone[2].queried
    assert together.coarse == alone[0].coarse | alone[1].coarse | alone[2].coarse


def test_stored_boundaries_have_the_cells_of_their_geometries() -> None:
    ring = shapely.difference(a_field(width=900), a_field(10, 10, 20, 20))
    parts = on_the_ground(shapely.MultiPolygon([shapely.box(-900, 700, -800, 900), shapely.box(0, 0, 9, 9)]))
    for geometry in (ring, parts):
        cells = cells_of_stored([json.loads(shapely.to_geojson(geometry))])
        assert cells == cells_of_boxes([geometry.bounds])
