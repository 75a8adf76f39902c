"""Overlaps: what is tolerated along a border, what is not, and the tree against every pair by brute force."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from service.parcels.limits import OverlapRules
from service.parcels.overlap import Overlap, overlaps_among, overlaps_between
from tests.examples import examples
from tests.parcels.builders import a_field, a_polygon, geodesic_area, in_metres, on_the_ground

RULES = OverlapRules()


def among(*geometries: BaseGeometry) -> list[Overlap]:
    array = np.empty(len(geometries), dtype=object)
    array[:] = geometries
    return overlaps_among(array, RULES)


def test_half_a_field_on_its_neighbour_is_an_overlap_with_area_and_share() -> None:
    (overlap,) = among(a_field(), a_field(east=50))
    assert (overlap.first, overlap.second) == (0, 1)
    assert overlap.area_m2 == pytest.approx(5_000, rel=1e-3)
    assert overlap.share == pytest.approx(0.5, abs=1e-3)


def test_the_share_is_of_the_smaller_parcel() -> None:
    (overlap,) = among(a_field(width=1_000, height=1_000), a_field(east=-50))
    assert overlap.share == pytest.approx(0.5, abs=1e-3)


def test_neighbours_that_share_a_border_do_not_overlap() -> None:
    assert among(a_field(), a_field(east=100), a_field(north=100)) == []


def test_five_per_cent_are_tolerated() -> None:
    assert among(a_field(width=1_000, height=1_000), a_field(east=951, width=1_000, height=1_000)) == []
    assert len(among(a_field(width=1_000, height=1_000), a_field(east=940, width=1_000, height=1_000))) == 1


@pytest.mark.parametrize(("strip", "overlaps"), [(4.8, 0), (5.2, 1)])
def test_a_strip_of_five_metres_is_tolerated(strip: float, overlaps: int) -> None:
    assert len(among(a_field(width=30), a_field(east=30 - strip, width=30))) == overlaps


def test_a_narrow_terrace_drawn_twice_is_no_sliver() -> None:
    (overlap,) = among(a_field(width=4), a_field(width=4))
    assert overlap.share == 1.0


def test_a_parcel_within_the_hole_of_another_does_not_overlap_it() -> None:
    ring = shapely.difference(a_field(), a_field(20, 20, 60, 60))
    assert among(ring, a_field(20, 20, 60, 60)) == []


def test_between_two_sets_only_pairs_across_are_found() -> None:
    mine = np.array([a_field(), a_field(east=20)], dtype=object)
    theirs = np.array([a_field(east=500), a_field(east=60)], dtype=object)
    assert [(overlap.first, overlap.second) for overlap in overlaps_between(mine, theirs, RULES)] == [(0, 1), (1, 1)]
    assert [(overlap.first, overlap.second) for overlap in overlaps_between(mine[1:], theirs[1:], RULES)] == [(0, 0)]


def test_area_and_share_are_rounded_to_what_is_shown() -> None:
    (overlap,) = among(a_field(width=90, height=33), a_field(east=60, width=77, height=33))
    assert (overlap.share, overlap.area_m2) == (0.3896, round(overlap.area_m2, 1))
    assert overlap.area_m2 == pytest.approx(30 * 33, rel=1e-3)
    (overlap,) = among(a_field(width=90, height=33.35), a_field(east=60, width=77, height=33.35))
    assert overlap.area_m2 == 1000.5
    (overlap,) = among(a_field(width=90, height=33.333), a_field(east=60, width=77, height=33.333))
    assert overlap.area_m2 == 1000.0  # 999.99


def test_pairs_are_listed_in_the_order_of_their_numbers() -> None:
    fields = [a_field(east) for east in (600, 40, 20, 640, 0, 620)]
    pairs = [(overlap.first, overlap.second) for overlap in among(*fields)]
    assert pairs == [(0, 3), (0, 5), (1, 2), (1, 4), (2, 4), (3, 5)]
    across = overlaps_between(np.array(fields[:3], dtype=object), np.array(fields[3:], dtype=object), RULES)
    assert [(overlap.first, overlap.second) for overlap in across] == [(0, 0), (0, 2), (1, 1), (2, 1)]


def test_the_limits_themselves_are_tolerated() -> None:
    twice, narrow = np.array([a_field(), a_field()], dtype=object), np.array([a_field(width=4)] * 2, dtype=object)
    assert overlaps_among(twice, OverlapRules(tolerated_share=1.0)) == []
    assert len(overlaps_among(narrow, OverlapRules(sliver_share=0.99))) == 1
    assert overlaps_among(narrow, OverlapRules(sliver_share=1.0)) == []


def test_only_the_slivers_among_several_overlaps_are_tolerated() -> None:
    fields = [a_field(), a_field(east=50), a_field(north=500, width=30), a_field(26, 500, width=30)]
    fields += [a_field(north=900), a_field(east=80, north=900)]
    assert [(overlap.first, overlap.second) for overlap in among(*fields)] == [(0, 1), (4, 5)]
    assert among(*fields[2:4]) == []


def test_nothing_overlaps_nothing() -> None:
    nothing = np.empty(0, dtype=object)
    assert overlaps_among(nothing, RULES) == []
    assert overlaps_between(nothing, np.array([a_field()], dtype=object), RULES) == []
    assert overlaps_between(np.array([a_field()], dtype=object), nothing, RULES) == []


coordinates = st.integers(0, 60)
triangles = st.tuples(*[st.tuples(coordinates, coordinates)] * 3).filter(
    lambda corners: shapely.Polygon(corners).area >= 20
)
boxes = st.tuples(coordinates, coordinates, st.integers(5, 40), st.integers(5, 40))
parcels = st.one_of(triangles.map(lambda corners: a_polygon(*corners)), boxes.map(lambda box: a_field(*box)))


@settings(max_examples=examples(150), deadline=None)
@given(st.lists(parcels, max_size=12))
def test_the_tree_finds_what_every_pair_by_brute_force_gives(fields: list[BaseGeometry]) -> None:
    expected: dict[tuple[int, int], float] = {}
    doubtful: set[tuple[int, int]] = set()
    for (first, left), (second, right) in combinations(enumerate(fields), 2):
        common = left.intersection(right)
        share = geodesic_area(common) / min(geodesic_area(left), geodesic_area(right))
        width = _widest_circle(common)
        if share > RULES.tolerated_share and (share > RULES.sliver_share or width > RULES.tolerated_width_m):
            expected[first, second] = share
        # So near to a limit that two ways of measuring may disagree; whole metres make such pairs often.
        if min(abs(share - 0.05), abs(share - 0.5)) < 1e-5 or abs(width - 5.0) < 0.05:
            doubtful.add((first, second))
    found = {(overlap.first, overlap.second): overlap.share for overlap in among(*fields)}
    assert {*found} - doubtful == {*expected} - doubtful
    assert all(abs(found[pair] - expected[pair]) < 1e-4 for pair in {*found} & {*expected})


def _widest_circle(common: BaseGeometry) -> float:
    """Diameter in metres of the widest circle that fits into a geometry."""
    metres = in_metres(common)
    widths = [
        2 * float(shapely.length(shapely.maximum_inscribed_circle(part, tolerance=1e-4)))
        for part in shapely.get_parts(metres)
        if part.geom_type == "Polygon" and not part.is_empty
    ]
    return max(widths, default=0.0)


@settings(max_examples=examples(60), deadline=None)
@given(parcels, parcels)
def test_the_order_of_two_parcels_makes_no_difference(one: BaseGeometry, other: BaseGeometry) -> None:
    there, back = among(one, other), among(other, one)
    assert len(there) == len(back)
    assert [overlap.area_m2 for overlap in there] == pytest.approx([overlap.area_m2 for overlap in back], abs=0.2)


def test_five_thousand_fields_side_by_side_take_no_time_and_overlap_nowhere() -> None:
    fields = [
        on_the_ground(shapely.box(30 * e, 30 * n, 30 * e + 30, 30 * n + 30)) for e in range(70) for n in range(70)
    ]
    assert among(*fields) == []
