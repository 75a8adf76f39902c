"""Boundaries as arrays: the canonical form, the local projection, edges, corners and spikes, to the exact value."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest
import shapely
from pyproj import Proj
from shapely.geometry.base import BaseGeometry

from service.parcels.limits import ShapeRules
from service.parcels.rings import (
    canonical_geometries,
    corners_of,
    distinct_vertices,
    edges_of,
    geometries_of,
    gnomonic,
    polygons_of,
    position_of,
    position_within,
    rings_of,
    sharp_corners,
)
from tests.parcels.builders import a_field, a_polygon

TRIANGLE = shapely.Polygon([(0, 0), (9, 0), (0, 9)], [[(1, 1), (1, 2), (2, 1)]])
TWO_PARTS = shapely.MultiPolygon(
    [shapely.Polygon([(20, 0), (29, 0), (20, 9)]), shapely.Polygon([(5, 5), (6, 5), (5, 6)])]
)


def array(*geometries: BaseGeometry) -> np.ndarray:
    made = np.empty(len(geometries), dtype=object)
    made[:] = geometries
    return made


def sharp(*corners: Sequence[tuple[float, float]]) -> list[bool]:
    found: list[bool] = sharp_corners(np.asarray(corners, dtype=float), ShapeRules()).tolist()
    return found


def test_the_canonical_form_is_flat_rounded_and_wound_as_in_rfc_7946() -> None:
    drawn = shapely.Polygon(
        [(-0.00001, 0, 5), (0, 1.23456, 5), (1.23444, 0, 5)], [[(0.1, 0.1), (0.2, 0.1), (0.1, 0.2)]]
    )
    (form,) = canonical_geometries(array(drawn), 4)
    assert not form.has_z
    assert form.exterior.is_ccw
    assert not form.interiors[0].is_ccw
    assert {tuple(pair) for pair in shapely.get_coordinates(form.exterior)} == {(0, 0), (0, 1.2346), (1.2344, 0)}
    assert not np.signbit(shapely.get_coordinates(form)).any()


def test_the_local_projection_is_the_gnomonic_one_around_each_own_centre() -> None:
    fields = array(a_polygon((0, 0), (3_000, 100), (2_000, 5_000)), shapely.box(12.0, -35.06, 12.09, -35.0))
    for field, flat in zip(fields, gnomonic(fields), strict=True):
        west, south, east, north = field.bounds
        library = Proj(proj="gnom", R=6_371_008.8, lon_0=(west + east) / 2, lat_0=(south + north) / 2)
        expected = np.column_stack(library(*shapely.get_coordinates(field).T))
        assert shapely.get_coordinates(flat) == pytest.approx(expected, abs=1e-5)


def test_the_projection_leaves_the_given_geometries_as_they_are() -> None:
    fields = array(a_field())
    before = shapely.get_coordinates(fields)
    gnomonic(fields)
    assert np.array_equal(shapely.get_coordinates(fields), before)


def test_every_edge_is_listed_with_its_geometry_and_none_between_two_rings() -> None:
    start, end, owner = edges_of(array(TRIANGLE, TWO_PARTS))
    assert start.tolist()[:6] == [[0, 0], [9, 0], [0, 9], [1, 1], [1, 2], [2, 1]]
    assert end.tolist()[:6] == [[9, 0], [0, 9], [0, 0], [1, 2], [2, 1], [1, 1]]
    assert start.tolist()[6:] == [[20, 0], [29, 0], [20, 9], [5, 5], [6, 5], [5, 6]]
    assert owner.tolist() == [0] * 6 + [1] * 6


def test_every_corner_is_listed_with_its_two_neighbours() -> None:
    corners, owner = corners_of(array(TRIANGLE, TWO_PARTS))
    assert corners.tolist()[:3] == [[[0, 9], [0, 0], [9, 0]], [[0, 0], [9, 0], [0, 9]], [[9, 0], [0, 9], [0, 0]]]
    assert corners.tolist()[3:6] == [[[2, 1], [1, 1], [1, 2]], [[1, 1], [1, 2], [2, 1]], [[1, 2], [2, 1], [1, 1]]]
    assert corners[9:].tolist() == [[[5, 6], [5, 5], [6, 5]], [[5, 5], [6, 5], [5, 6]], [[6, 5], [5, 6], [5, 5]]]
    assert owner.tolist() == [0] * 6 + [1] * 6


def test_a_vertex_that_is_repeated_is_one_corner_but_a_shared_coordinate_is_not() -> None:
    twice = shapely.Polygon([(0, 0), (9, 0), (9, 0), (9, 5), (0, 0), (0, 0)], [[(0, 0), (2, 1), (2, 1), (3, 1)]])
    corners, _ = corners_of(array(twice))
    assert corners[:, 1].tolist() == [[0, 0], [9, 0], [9, 5], [0, 0], [2, 1], [3, 1]]
    assert corners[0].tolist() == [[9, 5], [0, 0], [9, 0]]


def test_a_corner_below_one_degree_is_a_spike_to_either_side() -> None:
    turn = [float(np.tan(np.radians(degrees))) * 10 for degrees in (0.99, 1.01, -0.99, -1.01)]
    assert sharp(*[[(10, 0), (0, 0), (10, north)] for north in turn]) == [True, False, True, False]
    assert sharp([(10, 0), (0, 0), (-10, 0)], [(10, 0), (0, 0), (0, 10)], [(7, 13), (7, 3), (7, 23)]) == [
        False,
        False,
        True,
    ]


def test_a_spike_has_two_edges_of_a_metre_or_more() -> None:
    assert sharp([(1, 0), (0, 0), (9, 0)], [(9, 0), (0, 0), (1, 0)]) == [True, True]
    assert sharp([(0.99, 0), (0, 0), (9, 0)], [(9, 0), (0, 0), (0.99, 0)]) == [False, False]
    assert sharp([(3, 1), (3, 2), (3, 5)], [(5, 5), (4, 4), (6, 6)]) == [False, True]


def test_rings_parts_and_distinct_vertices_are_counted() -> None:
    assert [ring.bounds for ring in rings_of(TRIANGLE)] == [(0, 0, 9, 9), (1, 1, 2, 2)]
    assert [part.bounds for part in polygons_of(TWO_PARTS)] == [(20, 0, 29, 9), (5, 5, 6, 6)]
    assert [distinct_vertices(ring) for ring in rings_of(TWO_PARTS)] == [3, 3]


def test_a_place_is_given_as_longitude_and_latitude_with_seven_decimals() -> None:
    assert position_of(np.array([105.123456789, 18.987654321])) == [105.1234568, 18.9876543]
    east, north = position_within(shapely.box(10, 20, 10.00000002, 20.4))
    assert (east, north) == (10.0, 20.2)


def test_stored_boundaries_become_geometries_in_their_order() -> None:
    given = [
        TWO_PARTS,
        shapely.box(1, 1, 2, 2),
        TRIANGLE,
        shapely.MultiPolygon([shapely.box(5, 5, 6, 6)]),
        shapely.Polygon([(3, 3), (4, 3), (3, 4)]),
    ]
    stored = [json.loads(shapely.to_geojson(geometry)) for geometry in given]
    assert [geometry.wkt for geometry in geometries_of(stored)] == [geometry.wkt for geometry in given]
    assert [geometry.wkt for geometry in geometries_of(stored[::2])] == [geometry.wkt for geometry in given[::2]]
    assert len(geometries_of([])) == 0
