"""The details of what is found about a shape: pointers, numbers, places and limits, and what a proposal leaves out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from schemas.errors import Finding
from service.parcels import shape as shape_module
from service.parcels.explanation import positions_in_params, what_is_wrong
from service.parcels.limits import ShapeRules
from service.parcels.mending import mended, without_repeats, without_spikes
from service.parcels.rings import gnomonic
from service.parcels.shape import Shape, examine_shapes
from tests.parcels.builders import VINH, a_field, a_polygon, examine_shape, geodesic_area, in_metres, on_the_ground

RULES = ShapeRules()
SQUARE = [(0, 0), (100, 0), (100, 100), (0, 100)]


def examined(geometry: BaseGeometry) -> Shape:
    return examine_shape(geometry, RULES, "/p")


def the_finding(geometry: BaseGeometry) -> Finding:
    (finding,) = examined(geometry).findings
    return finding


def metres(places: Any) -> list[tuple[float, float]]:
    pairs = shapely.get_coordinates(in_metres(shapely.MultiPoint(places)))
    return [(round(float(east)), round(float(north))) for east, north in pairs]


@pytest.mark.parametrize(
    ("geometry", "code", "params"),
    [
        (shapely.Polygon(), "geometry.empty", {}),
        (shapely.Point(105, 18), "geometry.not-a-polygon", {"type": "Point"}),
        (shapely.Polygon([(105, 18), (np.inf, 18), (105, 18.1)]), "geometry.not-finite", {}),
        (shapely.Polygon([(180.5, 18), (181, 18), (180.2, 18.1)]), "geometry.out-of-range", {"point": [181, 18]}),
        (shapely.Polygon([(181, 18), (105, 95), (105, 18.2)]), "geometry.out-of-range", {"point": [105, 95]}),
        (shapely.Polygon([(-181, 18), (105, -91), (105, 18)]), "geometry.out-of-range", {"point": [-181, 18]}),
        (shapely.Polygon([(179.9, 18), (-179.9, 18), (-179.9, 18.1)]), "geometry.antimeridian", {}),
        (shapely.box(105, 18, 105.2, 18.05), "geometry.too-large", {"area_m2": 117_199_902.0, "most_m2": 5e6}),
        (shapely.box(105, 18, 105.05, 18.2), "geometry.too-large", {"area_m2": 117_150_956.5, "most_m2": 5e6}),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_numbers(
    geometry: BaseGeometry, code: str, params: dict[str, Any]
) -> None:
    assert examined(geometry).findings == [Finding(code, "error", "/p", params)]
    assert examined(geometry).area_m2 is None


def test_the_widest_boundary_and_the_edge_of_the_world_can_be_read() -> None:
    for box in (shapely.box(0, 0, 0.1, 0.1), shapely.box(179.95, 0, 180, 0.05)):
        assert examined(box).acceptable
    assert examined(shapely.box(0, 89.99, 0.05, 90)).area_m2 is not None
    assert not examined(shapely.force_3d(shapely.box(0, 0, 0.1, 0.1001), 1)).acceptable


def test_altitude_is_reported_beside_what_else_is_wrong() -> None:
    shape = examined(shapely.force_3d(a_field(width=4, height=4.1), 1))
    assert [(finding.code, finding.severity, finding.pointer, finding.params) for finding in shape.findings] == [
        ("geometry.altitude-dropped", "information", "/p", {}),
        ("geometry.too-small", "warning", "/p", {"area_m2": 16.4, "least_m2": 25.0}),
    ]
    large = the_finding(a_field(width=3_000, height=3_000))
    assert (large.pointer, large.params) == ("/p", {"area_m2": 8_999_281.7, "most_m2": 5e6})


def test_vertices_are_counted_without_those_that_close_a_ring() -> None:
    rules = ShapeRules(most_vertices=6)
    triangle = [(20.0, 20.0), (30.0, 20.0), (20.0, 30.0)]
    assert examine_shape(a_polygon(*SQUARE[:3], holes=[[(60, 20), (70, 20), (70, 30)]]), rules, "/p").acceptable
    (finding,) = examine_shape(a_polygon(*SQUARE, holes=[triangle]), rules, "/p").findings
    assert finding == Finding("geometry.too-many-points", "error", "/p", {"count": 7, "max": 6})


def test_ten_of_many_places_are_listed_and_all_are_counted() -> None:
    places = [[float(number), 0.0] for number in range(12)]
    assert positions_in_params(places) == {"point": [0.0, 0.0], "points": places[:10], "count": 12}
    comb = [(0.0, 0.0), (600.0, 0.0)]
    for number in range(12):
        comb += [(580.0 - 40 * number, 100.0), (570.0 - 40 * number, 900.0), (579.9 - 40 * number, 100.0)]
    finding = the_finding(a_polygon(*comb))
    assert (finding.code, finding.pointer, finding.params["count"]) == ("geometry.spike", "/p", 12)
    assert len(finding.params["points"]) == 10
    assert {north for _, north in metres(finding.params["points"])} == {900}


def test_every_repeated_vertex_is_listed_once_with_its_place() -> None:
    finding = the_finding(a_polygon((0, 0), (100, 0), (100, 0.01), (100, 100), (99.99, 100), (0, 100)))
    assert (finding.code, finding.severity, finding.pointer) == ("geometry.repeated-vertices", "warning", "/p")
    assert metres(finding.params["points"]) == [(100, 0), (100, 100)]
    assert examined(a_polygon((0, 0), (100, 0), (100, 0.03), (100, 100), (0, 100))).findings == []


def test_every_crossing_has_its_place_and_neighbouring_edges_have_none() -> None:
    finding = the_finding(a_polygon((0, 0), (300, 0), (300, 20), (200, -20), (100, 20), (0, -20)))
    assert finding.pointer == "/p"
    assert sorted(metres(finding.params["points"])) == [(50, 0), (150, 0), (250, 0)]
    bow_ties = [shapely.Polygon([(e, 0), (e + 40, 40), (e + 40, 0), (e, 40)]) for e in (0, 100)]
    assert metres(the_finding(on_the_ground(shapely.MultiPolygon(bow_ties))).params["points"]) == [(20, 20), (120, 20)]


@pytest.mark.parametrize("at", [60, 80])
def test_edges_that_run_along_each_other_are_one_crossing_at_the_end_of_the_common_stretch(at: float) -> None:
    finding = the_finding(a_polygon((0, 0), (100, 0), (100, 50), (at, 0), (20, 0), (0, 50)))
    assert (finding.code, finding.params["count"]) == ("geometry.self-crossing", 1)
    assert metres(finding.params["points"]) == [(at, 0)]


def test_every_vertex_at_which_a_ring_touches_itself_is_listed() -> None:
    twice = the_finding(a_polygon((0, 0), (100, 0), (50, 50), (100, 100), (0, 100), (50, 50)))
    assert (twice.code, twice.pointer, metres(twice.params["points"])) == ("geometry.pinched", "/p", [(50, 50)])
    on_an_edge = the_finding(a_polygon((0, 0), (100, 0), (100, 100), (50, 0), (0, 100)))
    assert (on_an_edge.code, metres(on_an_edge.params["points"])) == ("geometry.pinched", [(50, 0)])
    both = the_finding(a_polygon((0, 100), (0, 0), (100, 0), (100, 100), (70, 0), (50, 50), (30, 0)))
    assert (both.code, sorted(metres(both.params["points"]))) == ("geometry.pinched", [(30, 0), (70, 0)])


def test_faults_of_holes_and_parts_are_reported_at_a_place_within_them() -> None:
    outside = the_finding(a_polygon(*SQUARE, holes=[[(90, 40), (120, 40), (120, 60), (90, 60)]]))
    assert (outside.code, metres([outside.params["point"]])) == ("geometry.hole-outside", [(110, 50)])
    holes = [[(10, 10), (30, 10), (30, 30), (10, 30)], [(20, 20), (40, 20), (40, 40), (20, 40)]]
    crossing = the_finding(a_polygon(*SQUARE, holes=holes))
    assert (crossing.code, metres([crossing.params["point"]])) == ("geometry.holes-overlap", [(25, 25)])
    nothing_left = the_finding(a_polygon(*SQUARE, holes=[SQUARE]))
    assert (nothing_left.code, metres([nothing_left.params["point"]])) == ("geometry.no-area", [(50, 50)])
    parts = [shapely.box(0, 0, 50, 50), shapely.box(200, 0, 250, 50), shapely.box(240, 40, 300, 90)]
    overlap = the_finding(on_the_ground(shapely.MultiPolygon(parts)))
    assert (overlap.code, overlap.pointer) == ("geometry.parts-overlap", "/p")
    assert metres([overlap.params["point"]]) == [(245, 45)]


def test_a_ring_without_three_points_or_without_width_is_reported_at_its_start() -> None:
    two = examined(a_polygon(*SQUARE, holes=[[(20, 30), (40, 50), (20, 30), (40, 50)]])).findings[-1]
    assert (two.code, two.params["count"], metres([two.params["point"]])) == ("geometry.too-few-points", 2, [(20, 30)])
    for width, code in [(0.015, "geometry.no-area"), (0.03, "geometry.too-small")]:
        assert the_finding(a_polygon((7, 9), (107, 9), (107, 9 + width), (7, 9 + width))).code == code
    line = the_finding(a_polygon((7, 9), (107, 9), (107, 9.015), (7, 9.015)))
    assert metres([line.params["point"]]) == [(7, 9)]


@pytest.mark.parametrize(
    ("width", "code"), [(0.014, "geometry.no-area"), (0.019, "geometry.no-area"), (0.021, "geometry.self-crossing")]
)
def test_a_line_walked_there_and_back_is_no_crossing_but_a_narrow_strip_can_cross_itself(
    width: float, code: str
) -> None:
    strip = a_polygon((0, 0), (100, width), (100, 0), (0, width))
    (finding,) = examine_shape(strip, ShapeRules(decimals=12), "/p").findings
    assert finding.code == code
    assert metres([finding.params["point"]]) == [(0, 0) if code == "geometry.no-area" else (50, 0)]


def test_a_hole_on_one_line_and_a_frame_without_width_have_no_area() -> None:
    hole = the_finding(a_polygon(*SQUARE, holes=[[(20, 30), (80, 30), (50, 30)]]))
    assert (hole.code, metres([hole.params["point"]])) == ("geometry.no-area", [(20, 30)])
    inner = [(0.01, 0.01), (99.99, 0.01), (99.99, 99.99), (0.01, 99.99)]
    (frame,) = examine_shape(a_polygon(*SQUARE, holes=[inner]), ShapeRules(decimals=12), "/p").findings
    assert frame.code == "geometry.no-area"
    assert metres([frame.params["point"]]) == [(0, 0)]


@pytest.mark.parametrize(
    ("wall", "code"), [(0.014, "geometry.no-area"), (0.019, "geometry.no-area"), (0.021, "geometry.pinched")]
)
def test_a_frame_is_without_width_below_two_centimetres(wall: float, code: str) -> None:
    inner = [(wall, wall), (100 - wall, wall), (100 - wall, 100 - wall), (wall, 100 - wall)]
    frame = a_polygon(*SQUARE, holes=[inner])
    (finding,) = what_is_wrong(frame, gnomonic(np.array([frame], dtype=object))[0], RULES, "/p")
    assert finding.code == code


def test_a_spike_beside_a_true_crossing_is_left_out_and_a_repeated_vertex_is_not() -> None:
    spike = [(100.0, 100.0), (150.0, 150.0), (100.0, 100.0)]
    both = examined(a_polygon((0, 0), (100, 0), *spike, (0, 100), (50, 120), (40, 60)))
    assert [finding.code for finding in both.findings] == ["geometry.self-crossing"]
    twice = examined(a_polygon((0, 0), (100, 100), (100, 0), (100, -0.01), (0, 100)))
    assert [finding.code for finding in twice.findings] == ["geometry.repeated-vertices", "geometry.self-crossing"]


def test_rings_that_almost_touch_are_reported_where_they_do() -> None:
    close = a_polygon((0, 0), (100, 0), (100, 100), (50, 0.0004), (0, 100))
    rounded = examine_shape(close, ShapeRules(decimals=12), "/p")
    (finding,) = rounded.findings
    assert (finding.code, finding.severity, finding.pointer) == ("geometry.pinched", "error", "/p")
    assert metres([finding.params["point"]]) == [(50, 0)]
    apart = a_polygon((0, 0), (100, 0), (100, 100), (50, 0.01), (0, 100))
    assert examine_shape(apart, ShapeRules(decimals=12), "/p").acceptable


def test_a_proposal_leaves_out_parts_that_are_too_small_to_be_land() -> None:
    ear = [(0.0, 50.0), (-1.2, 51.0), (-1.2, 49.0), (0.0, 50.0)]
    small = examined(a_polygon((0, 0), (100, 0), (100, 100), (0, 100), *ear)).proposal
    large = examined(a_polygon((0, 0), (100, 0), (100, 100), (0, 100), (0, 50), (-5, 55), (-5, 45), (0, 50))).proposal
    assert small is not None
    assert large is not None
    assert (small.geom_type, large.geom_type) == ("Polygon", "MultiPolygon")
    assert geodesic_area(small) == pytest.approx(10_000, rel=1e-3)
    assert geodesic_area(large) == pytest.approx(10_025, rel=1e-3)


def test_spikes_are_taken_off_shells_holes_and_every_part() -> None:
    spiky = [(30.0, 30.0), (60.0, 30.0), (60.0, 90.0), (59.9, 60.0), (30.0, 60.0)]
    blunt = without_spikes(a_polygon(*SQUARE, holes=[spiky]), RULES)
    assert geodesic_area(blunt) == pytest.approx(9_100, abs=4)
    assert shapely.get_num_interior_rings(blunt) == 1
    twice = shapely.MultiPolygon([shapely.Polygon(spiky), shapely.box(200, 0, 210, 10)])
    parts = without_spikes(on_the_ground(twice), RULES)
    assert parts.geom_type == "MultiPolygon"
    assert [shapely.get_num_coordinates(part) for part in shapely.get_parts(parts)] == [5, 5]


def test_a_ring_that_consists_of_spikes_only_stays() -> None:
    needle = a_polygon((0, 0), (100, 0.1), (0, 0.2))
    assert shapely.get_num_coordinates(without_spikes(needle, RULES)) == 4


def test_only_vertices_nearer_than_two_centimetres_are_repeats() -> None:
    near, far = a_polygon(*SQUARE[:2], (100, 0.015), *SQUARE[2:]), a_polygon(*SQUARE[:2], (100, 0.025), *SQUARE[2:])
    assert shapely.get_num_coordinates(without_repeats(near, RULES)) == 5
    assert shapely.get_num_coordinates(without_repeats(far, RULES)) == 6
    point = a_polygon((5, 5), (5, 5.001), (5.001, 5))
    assert without_repeats(point, RULES).equals(point)


def test_nothing_is_proposed_for_what_is_no_land() -> None:
    assert mended(a_polygon((0, 0), (50, 50), (0, 0), (50, 50)), RULES) is None
    assert mended(a_polygon((0, 0), (0.5, 0.5), (0.5, 0), (0, 0.5)), RULES) is None
    square = mended(a_polygon(*SQUARE, holes=[[(300, 300), (320, 300), (320, 320)]]), RULES)
    assert square is not None
    assert square.equals(shapely.set_precision(a_field(), 1e-7))


def test_a_proposal_is_flat_rounded_and_wound_as_in_rfc_7946() -> None:
    bow_tie = shapely.force_3d(a_polygon((0, 0), (100, 100), (100, 0), (0, 100)), 3)
    proposal = mended(bow_tie, RULES)
    assert proposal is not None
    assert not proposal.has_z
    pairs = shapely.get_coordinates(proposal)
    assert np.array_equal(pairs, np.round(pairs, 7))
    assert all(part.exterior.is_ccw for part in shapely.get_parts(proposal))


def test_the_findings_of_many_boundaries_carry_each_its_pointer() -> None:
    many = [a_field(), a_field(width=4, height=4), a_polygon(*SQUARE, holes=[SQUARE]), shapely.Polygon(), a_field()]
    shapes = examine_shapes(many, RULES, [f"/{number}" for number in range(5)])
    assert [[finding.pointer for finding in shape.findings] for shape in shapes] == [[], ["/1"], ["/2"], ["/3"], []]
    assert [shape.area_m2 is None for shape in shapes] == [False, False, False, True, False]
    assert [shape.geometry is None for shape in shapes] == [False, False, True, True, False]


def test_the_reasons_of_a_fault_are_never_empty() -> None:
    field = a_field()
    (finding,) = what_is_wrong(field, gnomonic(np.array([field], dtype=object))[0], RULES, "/p")
    assert (finding.code, finding.severity, finding.pointer) == ("geometry.pinched", "error", "/p")
    assert finding.params["point"] in shapely.get_coordinates(field).round(7).tolist()


def test_ordinary_boundaries_are_not_handled_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    one_by_one: list[BaseGeometry | None] = []
    monkeypatch.setattr(shape_module, "_readable", lambda *given: one_by_one.append(given[1]))
    parts = on_the_ground(shapely.MultiPolygon([shapely.box(0, 0, 50, 50), shapely.box(80, 80, 150, 150)]))
    dented = [a_polygon(*SQUARE, *[(-1, -north) for north in range(1, number)]) for number in (6, 7)]
    ordinary = [a_field(), parts, dented[0], shapely.box(0, 0, 0.1, 0.1)]
    ordinary += [shapely.box(179.95, 0, 180, 0.05), shapely.box(-180, -90, -179.95, -89.95)]
    other = [shapely.Point(VINH), None, shapely.force_3d(a_field(), 1), shapely.box(0, 0, 0.05, 0.11)]
    other += [shapely.box(0, 0, 0.11, 0.05), dented[1]]
    other.append(shapely.Polygon([(105, 18), (105.01, np.nan), (105, 18.01)]))
    examine_shapes([*ordinary, *other], ShapeRules(most_vertices=10), [""] * 13)
    assert one_by_one == other


@pytest.mark.parametrize("place", [(105.01, np.nan), (np.nan, 18.0), (np.nan, np.nan), (105.01, np.inf)])
def test_a_small_boundary_with_a_vertex_that_is_no_number_is_not_finite(place: tuple[float, float]) -> None:
    shape = examined(shapely.Polygon([(105, 18), place, (105.01, 18.01), (105, 18.01)]))
    assert [finding.code for finding in shape.findings] == ["geometry.not-finite"]
    assert shape.geometry is None


@pytest.mark.parametrize("longitude", [180.0, 180.2, -180.2, 250.0])
def test_a_small_boundary_beyond_the_date_line_is_out_of_range(longitude: float) -> None:
    finding = the_finding(shapely.box(longitude - 0.01, 18, longitude + 0.01, 18.01))
    assert (finding.code, abs(finding.params["point"][0])) == ("geometry.out-of-range", round(abs(longitude) + 0.01, 2))


@pytest.mark.parametrize("latitude", [90.2, -90.2, 120.0])
def test_a_small_boundary_beyond_a_pole_is_out_of_range(latitude: float) -> None:
    finding = the_finding(shapely.box(105, latitude - 0.01, 105.01, latitude + 0.01))
    assert (finding.code, abs(finding.params["point"][1])) == ("geometry.out-of-range", round(abs(latitude) + 0.01, 2))


def test_the_place_that_is_furthest_out_of_range_is_named() -> None:
    finding = the_finding(shapely.Polygon([(-180.5, 18), (105, 91), (105, 18)]))
    assert finding.params == {"point": [105, 91]}


@pytest.mark.parametrize(
    ("west", "east", "code"), [(0, 180, "geometry.too-large"), (-90.25, 90.25, "geometry.antimeridian")]
)
def test_more_than_half_the_world_is_taken_for_a_crossing_of_the_date_line(west: float, east: float, code: str) -> None:
    assert the_finding(shapely.box(west, 18, east, 18.05)).code == code


def test_the_edge_of_the_world_is_in_range_with_altitude_too() -> None:
    for box in (shapely.box(0, 89.99, 0.05, 90), shapely.box(179.95, 0, 180, 0.05), shapely.box(0, 0, 0.1, 0.1)):
        assert [finding.code for finding in examined(shapely.force_3d(box, 1)).findings][:1] == [
            "geometry.altitude-dropped"
        ]
        assert examined(shapely.force_3d(box, 1)).area_m2 is not None


def test_a_spike_that_ends_on_the_opposite_edge_is_reported_as_a_spike_alone() -> None:
    shape = examined(a_polygon((0, 0), (100, 0), (100, 100), (50.3, 100), (50, 0), (50, 100), (0, 100)))
    assert [(finding.code, finding.severity) for finding in shape.findings] == [("geometry.spike", "error")]
    assert metres([shape.findings[0].params["point"]]) == [(50, 0)]


def test_a_spike_beside_a_hole_outside_is_left_out() -> None:
    spiky = [(0.0, 0.0), (100.0, 0.0), (100.0, 100.0), (250.0, 150.0), (100.0, 100.5), (0.0, 100.0)]
    shape = examined(a_polygon(*spiky, holes=[[(300, 300), (320, 300), (320, 320)]]))
    assert [finding.code for finding in shape.findings] == ["geometry.hole-outside"]


def test_a_proposal_is_wider_than_two_centimetres_and_clear_of_itself() -> None:
    rules = ShapeRules(decimals=12, repeated_within_m=0.001)
    strips = {width: mended(a_polygon((0, 0), (100, 0), (100, width), (0, width)), rules) for width in (0.019, 0.021)}
    assert strips[0.019] is None
    assert geodesic_area(strips[0.021] or shapely.Point()) == pytest.approx(2.1, rel=1e-2)
    for gap, clear in ((0.0009, False), (0.0011, True)):
        dented = a_polygon((0, 0), (100, 0), (100, 100), (50, gap), (0, 100))
        assert (mended(dented, rules) is not None) is clear


def test_a_spike_is_taken_off_down_to_a_triangle_and_no_vertex_stays_twice() -> None:
    triangle = without_spikes(a_polygon((0, 100), (0, 0), (300, 0), (100, 0.4)), RULES)
    assert sorted(metres(shapely.get_coordinates(triangle)[1:])) == [(0, 0), (0, 100), (100, 0)]
    square = without_spikes(a_polygon((0, 0), (100, 0), (100, 100), (150, 150), (100, 100), (0, 100)), RULES)
    assert sorted(metres(shapely.get_coordinates(square)[1:])) == [(0, 0), (0, 100), (100, 0), (100, 100)]


def test_a_proposal_has_parts_of_a_square_metre_and_of_a_thousandth_of_the_largest() -> None:
    assert [mended(a_field(width=side, height=side), RULES) is None for side in (0.9, 1.2)] == [True, False]
    for side, parts in ((40, 1), (35, 2)):
        both = shapely.MultiPolygon([shapely.box(0, 0, side, side), shapely.box(99, 99, 100.2, 100.2)])
        assert len(shapely.get_parts(mended(on_the_ground(both), RULES))) == parts


def test_a_star_of_spikes_around_one_point_stays() -> None:
    star = a_polygon((0, 0), (100, 0), (0, 0), (-50, 80), (0, 0), (-50, -80))
    assert without_spikes(star, RULES).equals_exact(star)


@pytest.mark.parametrize(("depth", "code"), [(100.0, "geometry.pinched"), (-100.0, "geometry.self-crossing")])
def test_a_boundary_is_in_order_both_on_great_circles_and_on_straight_lines(depth: float, code: str) -> None:
    # A great circle of 9 km runs half a metre north of the straight line; the notch ends between the two.
    finding = the_finding(a_polygon((-4_500, 0), (4_500, 0), (4_500, depth), (0, 0.3), (-4_500, depth)))
    assert (finding.code, finding.severity) == (code, "error")
    assert abs(metres([finding.params["point"]])[0][1]) <= 1


def test_less_than_two_centimetres_of_width_are_no_area() -> None:
    rules = ShapeRules(decimals=12, repeated_within_m=0.001)
    for width, code in ((0.019, "geometry.no-area"), (0.021, "geometry.too-small")):
        strip = a_polygon((0, 0), (100, 0), (100, width), (0, width))
        assert [finding.code for finding in examine_shape(strip, rules, "/p").findings] == [code]
