"""Geodesic area: exactly that of the geodesic library, without holes, whatever the winding."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from service.parcels.measurement import geodesic_areas
from tests.examples import examples
from tests.parcels.builders import VINH, a_field, a_polygon, geodesic_area, on_the_ground

GEOD = Geod(ellps="WGS84")


def test_a_hectare_is_a_hectare() -> None:
    assert geodesic_area(a_field()) == pytest.approx(10_000, rel=2e-4)


def test_winding_makes_no_difference() -> None:
    field = a_field()
    assert geodesic_area(field.reverse()) == geodesic_area(field)


def test_holes_are_taken_off_and_parts_are_added() -> None:
    hole = [(10, 10), (10, 30), (30, 30), (30, 10)]
    assert geodesic_area(a_polygon((0, 0), (100, 0), (100, 100), (0, 100), holes=[hole])) == pytest.approx(
        9_600, rel=2e-4
    )
    parts = shapely.MultiPolygon([shapely.box(0, 0, 10, 10), shapely.box(50, 50, 70, 70)])
    assert geodesic_area(on_the_ground(parts)) == pytest.approx(500, rel=2e-4)


def test_a_hole_is_taken_off_the_boundary_that_has_it() -> None:
    pond = a_polygon((0, 0), (100, 0), (100, 100), (0, 100), holes=[[(10, 10), (10, 30), (30, 30), (30, 10)]])
    areas = geodesic_areas([a_field(), pond, a_field(), shapely.union_all([a_field(500), pond])])
    assert areas.tolist() == pytest.approx([10_000, 9_600, 10_000, 19_600], rel=2e-4)


def test_points_and_lines_have_none() -> None:
    assert geodesic_areas([shapely.Point(VINH), shapely.LineString([VINH, (106, 19)]), shapely.Polygon()]).tolist() == [
        0,
        0,
        0,
    ]


@settings(max_examples=examples(100), deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(103.8, 105.9), st.floats(18.5, 20.1), st.floats(1, 2_000), st.integers(3, 40)), max_size=20
    )
)
def test_many_at_once_agree_with_the_library_one_by_one(circles: list[tuple[float, float, float, int]]) -> None:
    polygons = [
        on_the_ground(
            shapely.Polygon(
                [(radius * np.cos(turn), radius * np.sin(turn)) for turn in np.arange(sides) * 2 * np.pi / sides]
            ),
            at=(longitude, latitude),
        )
        for longitude, latitude, radius, sides in circles
    ]
    expected = [abs(GEOD.geometry_area_perimeter(polygon)[0]) for polygon in polygons]
    assert geodesic_areas(polygons).tolist() == pytest.approx(expected, rel=1e-12)
