"""Search areas: a circle has its radius, and what is given to MongoDB covers the area and can be read by it."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from service.parcels.regions import Box, begins_in, circle, covering, whole_squares
from tests.parcels.builders import VINH

GEOD = Geod(ellps="WGS84")
MARGIN = 1e-4


def polygon(geometry: BaseGeometry) -> shapely.Polygon:
    assert isinstance(geometry, shapely.Polygon)
    return geometry


def longest_edge(geometry: BaseGeometry) -> float:
    pairs = shapely.get_coordinates(geometry)
    return float(np.max(np.hypot(*np.diff(pairs, axis=0).T)))


def test_a_circle_has_180_corners_at_its_radius_in_equal_steps_from_the_north() -> None:
    pairs = shapely.get_coordinates(circle(*VINH, 1_000.0))
    centres = np.full(181, VINH[0]), np.full(181, VINH[1])
    azimuths, _, distances = GEOD.inv(*centres, pairs[:, 0], pairs[:, 1])
    assert distances == pytest.approx(np.full(181, 1_000.0), abs=1e-6)
    assert np.sort(azimuths[:-1] % 360).round(6) % 360 == pytest.approx(np.arange(0, 360, 2), abs=1e-5)


@pytest.mark.parametrize(
    ("box", "squares"),
    [
        ((105.671, 18.679, 105.689, 18.681), (105.67, 18.67, 105.69, 18.69)),
        ((-0.001, -0.001, 0.001, 0.001), (-0.01, -0.01, 0.01, 0.01)),
        ((105.5, 18.25, 105.75, 18.5), (105.5, 18.25, 105.75, 18.5)),
        ((-180.5, -90.5, 180.5, 90.5), (-180.0, -90.0, 180.0, 90.0)),
        ((-179.995, -89.995, 179.995, 89.995), (-180.0, -90.0, 180.0, 90.0)),
        ((178.5, 88.5, 179.5, 89.5), (178.5, 88.5, 179.5, 89.5)),
        ((-179.5, -89.5, -178.5, -88.5), (-179.5, -89.5, -178.5, -88.5)),
    ],
)
def test_a_box_is_enlarged_to_whole_squares_and_no_further_than_the_earth(box: Box, squares: Box) -> None:
    assert whole_squares(box) == pytest.approx(squares, abs=1e-12)


def test_the_rings_that_mongodb_is_given_run_counter_clockwise() -> None:
    pinched = shapely.MultiPolygon([shapely.box(105, 18, 105.01, 18.01), shapely.box(105.0102, 18, 105.02, 18.01)])
    assert polygon(circle(*VINH, 50.0)).exterior.is_ccw
    assert polygon(covering(shapely.box(105, 18, 105.01, 18.01))).exterior.is_ccw
    assert polygon(covering(pinched)).exterior.is_ccw


def test_what_covers_an_area_is_wider_by_a_ten_thousandth_of_a_degree_with_sharp_corners() -> None:
    wider = covering(shapely.box(105, 18, 105.05, 18.02))
    assert wider.bounds == pytest.approx((105 - MARGIN, 18 - MARGIN, 105.05 + MARGIN, 18.02 + MARGIN), abs=1e-9)
    assert wider.area == pytest.approx((0.05 + 2 * MARGIN) * (0.02 + 2 * MARGIN), rel=1e-9)
    assert 0.008 < longest_edge(wider) <= 0.01 + 1e-12


def test_holes_of_an_area_are_filled_and_its_parts_stay() -> None:
    frame = shapely.difference(shapely.box(105, 18, 105.1, 18.1), shapely.box(105.04, 18.04, 105.06, 18.06))
    assert len(polygon(covering(frame)).interiors) == 0
    assert covering(frame).area == pytest.approx((0.1 + 2 * MARGIN) ** 2, rel=1e-9)
    horseshoe = shapely.difference(shapely.box(0, 18, 0.03, 18.03), shapely.box(0.01, 18.01, 0.02, 18.02999))
    assert len(polygon(covering(horseshoe)).interiors) == 0
    parts = shapely.MultiPolygon([shapely.box(105, 18, 105.01, 18.01), shapely.box(105.02, 18, 105.03, 18.01)])
    assert covering(parts).area == pytest.approx(2 * (0.01 + 2 * MARGIN) ** 2, rel=1e-9)


@pytest.mark.parametrize(("gap_m", "kind"), [(0.002, "Polygon"), (0.05, "MultiPolygon")])
def test_where_rings_nearly_touch_the_convex_hull_is_taken(gap_m: float, kind: str) -> None:
    west = 0.01 + 2 * MARGIN + gap_m / 111_195
    area = shapely.MultiPolygon([shapely.box(0, 0, 0.01, 0.01), shapely.box(west, 0, west + 0.02, 0.02)])
    covered = covering(area)
    assert covered.geom_type == kind
    assert covered.bounds == pytest.approx((-MARGIN, -MARGIN, west + 0.02 + MARGIN, 0.02 + MARGIN), abs=1e-9)
    assert longest_edge(shapely.get_parts(covered)[0]) <= 0.01 + 1e-12
    assert covered.covers(area)
    if kind == "Polygon":
        assert covered.covers(shapely.convex_hull(area))
        assert shapely.area(shapely.symmetric_difference(covered, hull_with_margin(area))) < 1e-12


def hull_with_margin(area: BaseGeometry) -> BaseGeometry:
    return shapely.buffer(shapely.convex_hull(area), MARGIN, join_style="mitre")


@given(
    longitude=st.integers(1_056_000, 1_058_000).map(lambda each: each / 10_000),
    latitude=st.integers(186_000, 188_000).map(lambda each: each / 10_000),
)
def test_every_boundary_begins_in_exactly_one_cell(longitude: float, latitude: float) -> None:
    ring = [[longitude, latitude], [longitude + 0.02, latitude], [longitude, latitude + 0.02], [longitude, latitude]]
    boundary = {"type": "MultiPolygon", "coordinates": [[ring], [[[0, 0], [1, 0], [0, 1], [0, 0]]]]}
    columns, rows = range(10_558, 10_583), range(1_858, 1_883)
    squares = [(x / 100, y / 100, (x + 1) / 100, (y + 1) / 100) for x in columns for y in rows]
    assert [begins_in(boundary, square) for square in squares].count(True) == 1
    assert [begins_in({"type": "Polygon", "coordinates": [ring]}, square) for square in squares].count(True) == 1
