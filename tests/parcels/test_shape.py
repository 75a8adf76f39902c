"""The shape of boundaries: a fault is explained with its place, and repaired only as a proposal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from service.parcels.limits import ShapeRules
from service.parcels.rings import gnomonic
from service.parcels.shape import Shape, examine_shapes
from tests.examples import examples
from tests.parcels.builders import VINH, a_field, a_polygon, examine_shape, geodesic_area, in_metres, on_the_ground

RULES = ShapeRules()
POINTER = "/parcels/0/geometry"


def examined(geometry: BaseGeometry | None) -> Shape:
    return examine_shape(geometry, RULES, POINTER)


def codes(shape: Shape) -> list[str]:
    return [finding.code for finding in shape.findings]


def position_of_first(shape: Shape) -> tuple[float, float]:
    """Where the first finding is, in metres from Vinh."""
    east, north = shapely.get_coordinates(in_metres(shapely.Point(shape.findings[0].params["point"])))[0]
    return round(float(east), 1), round(float(north), 1)


def stored(shape: Shape) -> Any:
    assert shape.geometry is not None
    return shape.geometry


def proposed(shape: Shape) -> Any:
    assert shape.proposal is not None
    return shape.proposal


def test_a_field_is_in_order_and_keeps_its_place() -> None:
    field = a_field()
    shape = examined(field)
    assert shape.findings == []
    assert shape.proposal is None
    assert shapely.equals_exact(shapely.normalize(stored(shape)), shapely.normalize(field), tolerance=1e-7)
    assert shape.area_m2 == pytest.approx(10_000, rel=1e-3)


def test_winding_is_mended_silently() -> None:
    clockwise = a_polygon((0, 0), (0, 90), (90, 90), (90, 0), holes=[[(30, 30), (60, 30), (60, 60), (30, 60)]])
    shape = examined(clockwise)
    assert shape.findings == []
    assert stored(shape).exterior.is_ccw
    assert not stored(shape).interiors[0].is_ccw


def test_positions_are_rounded_to_seven_decimals() -> None:
    shape = examined(a_field(east=1 / 3, north=1 / 7))
    pairs = shapely.get_coordinates(stored(shape))
    assert np.array_equal(pairs, np.round(pairs, 7))


def test_a_bow_tie_is_reported_with_the_place_of_its_crossing() -> None:
    shape = examined(a_polygon((0, 0), (100, 100), (100, 0), (0, 100)))
    assert codes(shape) == ["geometry.self-crossing"]
    assert position_of_first(shape) == (50.0, 50.0)
    assert shape.geometry is None
    assert geodesic_area(proposed(shape)) == pytest.approx(5_000, rel=1e-3)


def test_every_crossing_is_reported() -> None:
    shape = examined(a_polygon((0, 0), (300, 0), (300, 20), (200, -20), (100, 20), (0, -20)))
    assert codes(shape) == ["geometry.self-crossing"]
    assert shape.findings[0].params["count"] == len(shape.findings[0].params["points"]) >= 3


def test_a_spike_without_width_is_an_error_that_names_its_tip() -> None:
    shape = examined(a_polygon((0, 0), (100, 0), (100, 100), (150, 150), (100, 100), (0, 100)))
    assert [(finding.code, finding.severity) for finding in shape.findings] == [("geometry.spike", "error")]
    assert position_of_first(shape) == (150.0, 150.0)
    assert geodesic_area(proposed(shape)) == pytest.approx(10_000, rel=1e-3)


def test_a_thin_spike_is_a_warning_with_a_proposal() -> None:
    shape = examined(a_polygon((0, 0), (100, 0), (100, 100), (250, 150), (100, 100.5), (0, 100)))
    assert [(finding.code, finding.severity) for finding in shape.findings] == [("geometry.spike", "warning")]
    assert shape.geometry is not None
    assert in_metres(proposed(shape)).bounds[2] == pytest.approx(100, abs=0.1)


def test_a_vertex_marked_twice_is_a_warning_and_stays_until_accepted() -> None:
    shape = examined(a_polygon((0, 0), (100, 0), (100, 0.005), (100, 100), (0, 100)))
    assert [(finding.code, finding.severity) for finding in shape.findings] == [
        ("geometry.repeated-vertices", "warning")
    ]
    assert position_of_first(shape) == (100.0, 0.0)
    assert shapely.get_num_coordinates(stored(shape)) == 6
    assert shapely.get_num_coordinates(proposed(shape)) == 5


def test_one_point_over_and_over_is_no_boundary() -> None:
    shape = examined(a_polygon((5, 5), (5, 5), (5, 5), (5, 5)))
    assert codes(shape) == ["geometry.too-few-points"]
    assert shape.findings[0].params["count"] == 1
    assert shape.proposal is None


def test_back_and_forth_between_two_points_is_no_boundary() -> None:
    assert codes(examined(a_polygon((0, 0), (50, 50), (0, 0), (50, 50)))) == ["geometry.too-few-points"]


def test_points_on_one_line_enclose_no_area() -> None:
    assert codes(examined(a_polygon((0, 0), (100, 50), (200, 100)))) == ["geometry.no-area"]


def test_a_hole_outside_is_reported_and_omitted_from_the_proposal() -> None:
    outside = [(300, 300), (320, 300), (320, 320)]
    shape = examined(a_polygon((0, 0), (100, 0), (100, 100), (0, 100), holes=[outside]))
    assert codes(shape) == ["geometry.hole-outside"]
    assert 300 <= position_of_first(shape)[0] <= 320
    assert len(proposed(shape).interiors) == 0
    assert geodesic_area(proposed(shape)) == pytest.approx(10_000, rel=1e-3)


def test_a_hole_in_a_hole_is_reported() -> None:
    large, small = [(10, 10), (60, 10), (60, 60), (10, 60)], [(20, 20), (40, 20), (40, 40), (20, 40)]
    shape = examined(a_polygon((0, 0), (100, 0), (100, 100), (0, 100), holes=[large, small]))
    assert codes(shape) == ["geometry.holes-overlap"]
    assert geodesic_area(proposed(shape)) == pytest.approx(7_500, rel=1e-3)


def test_a_hole_as_large_as_the_parcel_leaves_no_area() -> None:
    square = [(0, 0), (100, 0), (100, 100), (0, 100)]
    assert codes(examined(a_polygon(*square, holes=[square]))) == ["geometry.no-area"]


def test_a_hole_that_touches_the_shell_is_reported_since_mongodb_would_refuse_it() -> None:
    shape = examined(a_polygon((0, 0), (100, 0), (100, 100), (0, 100), holes=[[(0, 50), (20, 60), (20, 40)]]))
    assert codes(shape) == ["geometry.pinched"]
    assert position_of_first(shape) == (0.0, 50.0)


def test_a_ring_that_touches_itself_is_reported_with_the_place() -> None:
    shape = examined(a_polygon((0, 0), (100, 0), (50, 50), (100, 100), (0, 100), (50, 50)))
    assert codes(shape) == ["geometry.pinched"]
    assert position_of_first(shape) == (50.0, 50.0)
    assert proposed(shape).geom_type == "MultiPolygon"


def test_parts_that_overlap_are_reported_and_merged_in_the_proposal() -> None:
    parts = shapely.MultiPolygon([shapely.box(0, 0, 100, 100), shapely.box(50, 50, 150, 150)])
    shape = examined(on_the_ground(parts))
    assert codes(shape) == ["geometry.parts-overlap"]
    assert geodesic_area(proposed(shape)) == pytest.approx(17_500, rel=1e-3)


def test_a_parcel_in_two_parts_is_in_order() -> None:
    assert examined(
        on_the_ground(shapely.MultiPolygon([shapely.box(0, 0, 50, 50), shapely.box(80, 80, 150, 150)]))
    ).acceptable


@pytest.mark.parametrize(("width", "code"), [(4, "geometry.too-small"), (2_300, "geometry.too-large")])
def test_an_implausible_size_is_a_warning_with_the_limit(width: float, code: str) -> None:
    shape = examined(a_field(width=width, height=width))
    assert [(finding.code, finding.severity) for finding in shape.findings] == [(code, "warning")]
    assert shape.findings[0].params["area_m2"] == pytest.approx(width**2, rel=2e-3)
    assert shape.geometry is not None


@pytest.mark.parametrize("width", [5.1, 2_230])
def test_the_limits_of_size_themselves_pass(width: float) -> None:
    assert examined(a_field(width=width, height=width)).findings == []


def test_a_hundred_thousand_vertices_are_refused_before_anything_is_computed() -> None:
    angles = np.linspace(0, 2 * np.pi, 100_000, endpoint=False)
    shape = examined(a_polygon(*(500 * np.column_stack([np.cos(angles), np.sin(angles)]))))
    assert codes(shape) == ["geometry.too-many-points"]
    assert dict(shape.findings[0].params) == {"count": 100_000, "max": 2_000}


def test_two_thousand_vertices_pass() -> None:
    angles = np.linspace(0, 2 * np.pi, 2_000, endpoint=False)
    assert examined(a_polygon(*(500 * np.column_stack([np.cos(angles), np.sin(angles)])))).findings == []


def test_altitude_is_dropped_and_reported() -> None:
    shape = examined(shapely.force_3d(a_field(), 12.5))
    assert [(finding.code, finding.severity) for finding in shape.findings] == [
        ("geometry.altitude-dropped", "information")
    ]
    assert not stored(shape).has_z


@pytest.mark.parametrize(
    ("geometry", "code"),
    [
        (None, "geometry.empty"),
        (shapely.Polygon(), "geometry.empty"),
        (shapely.Point(VINH), "geometry.not-a-polygon"),
        (shapely.LineString([VINH, (105.7, 18.7)]), "geometry.not-a-polygon"),
        (shapely.GeometryCollection([shapely.Point(VINH)]), "geometry.not-a-polygon"),
        (shapely.Polygon([(105, 18), (105, np.nan), (105.1, 18.1)]), "geometry.not-finite"),
        (shapely.Polygon([(105, 18), (np.inf, 18), (105.1, 18.1)]), "geometry.not-finite"),
        (shapely.Polygon([(18.6, 105.6), (18.7, 105.6), (18.7, 105.7)]), "geometry.out-of-range"),
        (shapely.Polygon([(179.9, 18), (-179.9, 18), (-179.9, 18.1)]), "geometry.antimeridian"),
        (shapely.box(100, 10, 120, 20), "geometry.too-large"),
    ],
)
def test_what_is_no_boundary_of_a_parcel_is_named(geometry: BaseGeometry | None, code: str) -> None:
    shape = examined(geometry)
    assert codes(shape) == [code]
    assert not shape.acceptable
    assert shape.geometry is None


def test_a_boundary_of_a_few_millimetres_is_reported_without_a_proposal() -> None:
    shape = examined(a_field(width=0.011, height=0.011))
    assert codes(shape) == ["geometry.no-area"]
    assert not shape.acceptable
    assert shape.proposal is None


@pytest.mark.parametrize(
    ("shape", "finding"),
    [
        # GEOS sees a hole cross itself by less than the last bit of a coordinate, and fails where it is compared.
        (
            {
                "type": "Polygon",
                "coordinates": [
                    [
                        [105.6823122, 18.6806991],
                        [105.6822412, 18.6807972],
                        [105.6820687, 18.6806451],
                        [105.6823122, 18.6806991],
                    ],
                    [
                        [105.6825, 18.6807],
                        [105.6825, 18.6809],
                        [105.6825, 18.6811],
                        [105.6827, 18.6811],
                        [105.6822, 18.6806],
                        [105.6825, 18.6807],
                    ],
                ],
            },
            ("geometry.pinched", [105.6825, 18.6809]),
        ),
        # GEOS cannot repair this one.
        (
            {
                "type": "Polygon",
                "coordinates": [
                    [
                        [105.6913, 18.6826],
                        [105.6883, 18.6886],
                        [105.6903, 18.6866],
                        [105.6893, 18.6886],
                        [105.6923, 18.6876],
                        [105.6883, 18.6826],
                        [105.6903, 18.6846],
                        [105.6923, 18.6836],
                        [105.6913, 18.6826],
                    ]
                ],
            },
            ("geometry.self-crossing", [105.6901462, 18.6849077]),
        ),
    ],
)
def test_a_geometry_that_geos_fails_on_is_reported_with_its_place(
    shape: dict[str, Any], finding: tuple[str, list[float]]
) -> None:
    found = examined(shapely.geometry.shape(shape))
    assert not found.acceptable
    assert (found.findings[-1].code, found.findings[-1].params["point"]) == finding


def test_many_boundaries_at_once_get_the_same_results_as_one_by_one() -> None:
    many = [
        a_field(),
        a_polygon((0, 0), (100, 100), (100, 0), (0, 100)),
        shapely.Point(VINH),
        a_polygon((0, 0), (100, 0), (100, 100), (250, 150), (100, 100.5), (0, 100)),
        a_field(width=2),
    ]
    together = examine_shapes(many, RULES, [f"/{number}" for number in range(len(many))])
    alone = [examine_shape(geometry, RULES, f"/{number}") for number, geometry in enumerate(many)]
    assert [shape.findings for shape in together] == [shape.findings for shape in alone]
    assert [shape.area_m2 for shape in together] == [shape.area_m2 for shape in alone]


corners = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), min_size=3, max_size=12)


@settings(max_examples=examples(300), deadline=None)
@given(corners)
def test_the_verdict_agrees_with_shapely_wherever_shapely_sees_a_fault(shell: list[tuple[int, int]]) -> None:
    boundary = a_polygon(*shell)
    shape = examined(boundary)
    rounded = shapely.transform(boundary, lambda pairs: np.round(pairs, 7))
    if not rounded.is_valid:
        assert not shape.acceptable
        assert "point" in shape.findings[-1].params
    if shape.acceptable:
        flat = gnomonic(np.asarray([stored(shape)], dtype=object))[0]
        assert stored(shape).is_valid
        assert flat.is_valid
        given_vertices, stored_vertices = shapely.get_coordinates(rounded), shapely.get_coordinates(stored(shape))
        assert sorted(map(tuple, stored_vertices)) == sorted(map(tuple, given_vertices))


@settings(max_examples=examples(300), deadline=None)
@given(corners)
def test_a_proposal_is_itself_in_order_and_nothing_is_mended_that_is_in_order(shell: list[tuple[int, int]]) -> None:
    shape = examined(a_polygon(*shell))
    if shape.proposal is not None:
        assert shape.findings
        assert examined(proposed(shape)).acceptable
    if not shape.findings:
        assert shape.proposal is None
