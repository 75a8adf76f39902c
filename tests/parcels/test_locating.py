"""Where a parcel lies: invented communes in a row, and the real ones where this machine has their borders."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from pyproj import Geod

from service.parcels.limits import LocatingRules
from service.parcels.locating import Borders, Located, interior_positions
from tests.parcels.builders import a_field, a_polygon
from tests.parcels.real_borders import real_borders

RULES = LocatingRules()
GEOD = Geod(ellps="WGS84")


@pytest.fixture(scope="module")
def three_in_a_row() -> Borders:
    """Three communes of one kilometre by one, from west to east."""
    return Borders({f"0000{number}": a_field(1_000 * number, 0, 1_000, 1_000) for number in range(3)})


@pytest.fixture(scope="module")
def communes() -> Borders:
    borders = real_borders()
    if borders is None:
        pytest.skip("no file of real borders: set COMMUNE_BORDERS")
    return borders


def position(east: float, north: float = 500.0) -> np.ndarray:
    return shapely.get_coordinates(shapely.centroid(a_field(east - 1, north - 1, 2, 2)))


def test_inside_its_commune_is_no_distance(three_in_a_row: Borders) -> None:
    (located,) = three_in_a_row.locate(position(500), ["00000"])
    assert located is not None
    assert (located.commune, located.distance_m, located.from_province_m) == ("00000", 0.0, 0.0)
    assert not located.outside_commune(RULES)


def test_a_parcel_in_another_commune_is_reported_with_its_distance(three_in_a_row: Borders) -> None:
    (located,) = three_in_a_row.locate(position(2_300), ["00000"])
    assert located is not None
    assert located.commune == "00002"
    assert located.distance_m == pytest.approx(1_300, rel=1e-3)
    assert located.outside_commune(RULES)
    assert not located.outside_province(RULES)


@pytest.mark.parametrize(("beyond", "outside"), [(95, False), (105, True)])
def test_a_hundred_metres_over_the_border_are_tolerated(three_in_a_row: Borders, beyond: float, outside: bool) -> None:
    (located,) = three_in_a_row.locate(position(1_000 + beyond), ["00000"])
    assert located is not None
    assert located.outside_commune(RULES) is outside


def test_a_parcel_outside_the_province_is_reported_with_its_distance(three_in_a_row: Borders) -> None:
    (located,) = three_in_a_row.locate(position(-400), ["00002"])
    assert located is not None
    assert located.commune is None
    assert located.from_province_m == pytest.approx(400, rel=1e-3)
    assert located.distance_m == pytest.approx(2_400, rel=1e-3)
    assert located.outside_province(RULES)


def test_a_commune_without_a_border_still_knows_the_province(three_in_a_row: Borders) -> None:
    inside, outside = three_in_a_row.locate(np.vstack([position(500), position(-400)]), ["99999", "99999"])
    assert inside is not None
    assert outside is not None
    assert (inside.commune, inside.outside_commune(RULES)) == ("00000", False)
    assert outside.outside_province(RULES)


def test_several_positions_are_located_in_their_order(three_in_a_row: Borders) -> None:
    positions = np.vstack([position(2_500), position(500), position(3_300), position(1_500), position(1_200)])
    located = three_in_a_row.locate(positions, ["00000", "00000", "00002", "99999", "00001"])
    assert [one and (one.commune, one.nearest) for one in located] == [
        ("00002", "00002"),
        ("00000", "00000"),
        (None, "00002"),
        ("00001", "00001"),
        ("00001", "00001"),
    ]
    assert [one and round(one.distance_m, -1) for one in located] == [1_500, 0, 300, 0, 0]
    assert [one and round(one.from_province_m, -1) for one in located] == [0, 0, 300, 0, 0]
    assert [one and one.distance_m == 0.0 for one in located] == [False, True, False, True, True]


def test_the_tolerated_distance_itself_is_tolerated() -> None:
    at, beyond = Located("00001", 100.0, 100.0, "00001"), Located("00001", 100.1, 100.1, "00001")
    assert (at.outside_commune(RULES), at.outside_province(RULES)) == (False, False)
    assert (beyond.outside_commune(RULES), beyond.outside_province(RULES)) == (True, True)


def test_borders_are_found_by_the_code_of_their_commune(three_in_a_row: Borders) -> None:
    assert (len(three_in_a_row), three_in_a_row.codes) == (3, ("00000", "00001", "00002"))
    assert "00001" in three_in_a_row
    assert "99999" not in three_in_a_row
    assert three_in_a_row.border("00001").equals(a_field(1_000, 0, 1_000, 1_000))
    with pytest.raises(KeyError):
        three_in_a_row.border("99999")


def test_a_commune_contains_what_lies_in_it_or_on_its_border(three_in_a_row: Borders) -> None:
    corner = shapely.get_coordinates(three_in_a_row.border("00001"))[0]
    positions = np.vstack([position(1_500), position(1_500, 1_500), position(500), corner])
    assert three_in_a_row.within("00001", positions).tolist() == [True, False, False, True]
    assert three_in_a_row.communes_at(positions)[:3] == ["00001", None, "00000"]
    assert three_in_a_row.commune_at(position(2_500)[0]) == "00002"
    assert three_in_a_row.commune_at(position(5_500)[0]) is None
    assert three_in_a_row.communes_at(positions[:0]) == []


def test_a_commune_contains_what_is_within_its_border_and_not_all_of_its_bounding_box() -> None:
    alone = Borders({"00007": a_polygon((0, 0), (1_000, 0), (0, 1_000))})
    assert alone.communes_at(np.vstack([position(200, 200), position(900, 900)])) == ["00007", None]


def test_without_borders_nothing_is_located() -> None:
    assert Borders({}).locate(position(0), ["00000"]) == [None]
    assert Borders({}).communes_at(position(0)) == [None]


def test_a_parcel_lies_where_a_point_inside_it_lies() -> None:
    horseshoe = shapely.difference(a_field(0, 0, 90, 90), a_field(30, 30, 30, 90))
    assert shapely.intersects(horseshoe, shapely.Point(interior_positions(np.array([horseshoe], dtype=object))[0]))


def test_the_real_communes_hold_their_own_interior_points(communes: Borders) -> None:
    positions = interior_positions(np.array([communes.border(code) for code in communes.codes], dtype=object))
    located = communes.locate(positions, communes.codes)
    assert len(communes) == 130
    assert [one.commune if one else None for one in located] == list(communes.codes)


def test_a_point_of_vinh_declared_in_a_mountain_commune_is_far_away(communes: Borders) -> None:
    vinh = np.array([[105.662199, 18.674281]])
    assert communes.communes_at(vinh) == ["16681"]
    far = max(communes.codes, key=lambda code: -communes.border(code).centroid.x)
    (located,) = communes.locate(vinh, [far])
    assert located is not None
    assert located.commune == "16681"
    assert located.distance_m > 100_000


def test_distances_agree_with_the_geodesic_ones(communes: Borders) -> None:
    vinh = shapely.Point(105.662199, 18.674281)
    for code in communes.codes[:20]:
        border = communes.border(code)
        (located,) = communes.locate(shapely.get_coordinates(vinh), [code])
        assert located is not None
        vertices = shapely.get_coordinates(border)
        longitudes, latitudes = np.full(len(vertices), vinh.x), np.full(len(vertices), vinh.y)
        nearest_vertex = np.min(GEOD.inv(longitudes, latitudes, vertices[:, 0], vertices[:, 1])[2])
        # The border can be nearer than its nearest vertex, by no more than an edge's length.
        assert located.distance_m <= nearest_vertex * 1.001 + 0.1
        if located.distance_m > 0:
            assert located.distance_m > nearest_vertex * 0.999 - 500
