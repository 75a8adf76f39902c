"""Borders of communes: read from a file, mended, and cached in a process; without a database."""

from __future__ import annotations

import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from schemas.geometry import geometry_json
from service.errors import StoreUnavailable
from service.parcels.reference_systems import SYSTEMS
from service.unit_names import UnitId
from service.units.borders import BorderFileInvalid, BorderRegister, borders_of, borders_of_today, read_features
from tests.units.lists import a_directory, a_line
from tests.units.shelf import Hand, Shelf

SQUARE = shapely.box(105.0, 18.0, 105.1, 18.1)
NO_CODE = "properties.code is not the code of a unit"
NO_POLYGON = "geometry is not a Polygon or MultiPolygon"
NO_PLACE = "not in longitude and latitude"


def a_feature(border: BaseGeometry = SQUARE, code: Any = "16681") -> dict[str, Any]:
    return {"type": "Feature", "properties": {"code": code}, "geometry": geometry_json(border)}


def refused(*features: object) -> dict[str, Any]:
    with pytest.raises(BorderFileInvalid) as caught:
        list(borders_of(features))
    return dict(caught.value.params)


class BorderShelf(Shelf):
    """Stored borders."""

    def __init__(self) -> None:
        super().__init__()
        self.borders: dict[UnitId, BaseGeometry] = {}

    def border_version(self) -> str:
        return self.looked_at()

    def border_list(self) -> dict[UnitId, BaseGeometry]:
        self.reads += 1
        return self.borders


# Reading a file ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_file_is_read_packed_or_not(pack: Any, tmp_path: Path) -> None:
    path = tmp_path / "communes.geojson"
    path.write_bytes(pack(json.dumps({"type": "FeatureCollection", "features": [a_feature()]}).encode()))
    assert read_features(path) == [a_feature()]


@pytest.mark.parametrize("content", [b"[]", b"{}", b'{"features": []}', b'{"features": {"a": 1}}'])
def test_what_has_no_features_is_reported_as_no_collection(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "communes.geojson"
    path.write_bytes(content)
    with pytest.raises(BorderFileInvalid) as caught:
        read_features(path)
    assert caught.value.params == {"feature": 0, "reason": "not a FeatureCollection with features"}


@pytest.mark.parametrize("content", [b"{", b"\x1f\x8bnot gzip", gzip.compress(b"{}" * 90, mtime=0)[:-9], None])
def test_what_cannot_be_read_is_refused_with_the_reason(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / f"{'long ' * 30}.geojson"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BorderFileInvalid) as caught:
        read_features(path)
    cause = caught.value.__cause__
    assert caught.value.params == {"feature": 0, "reason": str(cause)[:200]}
    assert caught.value.params["reason"] not in ("", "None")


# Features ----------------------------------------------------------------------------------------------------------


def test_each_feature_gives_its_code_and_border() -> None:
    parts = shapely.MultiPolygon([SQUARE, shapely.box(106.0, 18.0, 106.1, 18.1)])
    found = dict(borders_of([a_feature(), a_feature(parts, code="7")]))
    assert list(found) == ["16681", "7"]
    assert shapely.equals_exact(found["16681"], SQUARE)
    assert shapely.equals_exact(found["7"], parts)


@pytest.mark.parametrize(
    "feature",
    [
        "text",
        None,
        {},
        {"properties": None},
        {"properties": {}},
        *(a_feature(code=each) for each in (1, "a1", "", "१")),
    ],
)
def test_a_feature_without_a_code_is_refused_by_its_number(feature: object) -> None:
    assert refused(a_feature(), feature) == {"feature": 2, "reason": NO_CODE}


def test_a_code_that_comes_again_is_refused() -> None:
    assert refused(a_feature(), a_feature(code="7"), a_feature()) == {"feature": 3, "reason": "code 16681 comes twice"}


@pytest.mark.parametrize("geometry", [None, [], {}, {"type": "Point", "coordinates": [105, 18]}])
def test_a_feature_without_an_area_is_refused(geometry: object) -> None:
    assert refused(a_feature(), a_feature(code="7") | {"geometry": geometry}) == {"feature": 2, "reason": NO_POLYGON}
    assert refused({"properties": {"code": "7"}}) == {"feature": 1, "reason": NO_POLYGON}


@pytest.mark.parametrize("coordinates", [[[[105, 18]]], {1: 2}])
def test_coordinates_that_draw_nothing_are_refused_with_the_reason(coordinates: object) -> None:
    with pytest.raises(BorderFileInvalid) as caught:
        list(
            borders_of(
                [a_feature(), a_feature(code="7") | {"geometry": {"type": "Polygon", "coordinates": coordinates}}]
            )
        )
    assert caught.value.params == {"feature": 2, "reason": str(caught.value.__cause__)[:200]}
    assert caught.value.params["reason"] not in ("", "None")


@pytest.mark.parametrize("box", [(-180, -90, 180, 90), (-180, -90, -179, -89), (179, 89, 180, 90)])
def test_a_border_may_reach_the_edge_of_the_earth(box: tuple[float, float, float, float]) -> None:
    ((_, border),) = borders_of([a_feature(shapely.box(*box))])
    assert border.bounds == box


@pytest.mark.parametrize(
    "box", [(-181, 0, 1, 1), (0, -91, 1, 1), (0, 0, 181, 1), (0, 0, 1, 91), (5e5, 2e6, 6e5, 2.1e6)]
)
def test_a_border_beyond_the_earth_is_refused(box: tuple[float, float, float, float]) -> None:
    assert refused(a_feature(), a_feature(shapely.box(*box), code="7")) == {"feature": 2, "reason": NO_PLACE}


@pytest.mark.parametrize("rings", [[], [[[1, 1], [2, 1], [1, 1], [1, 1]]], [[[1, 1], [1, 2], [1, 1], [1, 1]]]])
def test_a_border_without_extent_is_refused(rings: list[Any]) -> None:
    feature = a_feature() | {"geometry": {"type": "Polygon", "coordinates": rings}}
    assert refused(feature) == {"feature": 1, "reason": NO_PLACE}


def test_heights_are_left_out() -> None:
    ((_, border),) = borders_of(
        [a_feature() | {"geometry": json.loads(shapely.to_geojson(shapely.force_3d(SQUARE, 7)))}]
    )
    assert not border.has_z
    assert shapely.equals(border, SQUARE)


def test_a_border_that_crosses_itself_is_mended_and_retains_only_its_areas() -> None:
    # Two triangles that meet in one point, with a hair that encloses nothing.
    drawn = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2), (0, 1), (-1, 1), (0, 1)])
    ((_, border),) = borders_of([a_feature(drawn)])
    assert border.is_valid
    assert border.geom_type == "MultiPolygon"
    assert border.area == pytest.approx(2.0)
    assert border.bounds == (0.0, 0.0, 2.0, 2.0)


def test_a_ring_drawn_twice_is_land_and_no_hole() -> None:
    # By its structure, both parts are land; by the parity of its lines, what lies in both would be a hole.
    ((_, border),) = borders_of([a_feature(shapely.MultiPolygon([shapely.box(0, 0, 2, 2), shapely.box(1, 0, 3, 2)]))])
    assert border.area == pytest.approx(6.0)


# The cache ---------------------------------------------------------------------------------------------------------


def test_storage_is_queried_again_only_when_the_cache_is_old_enough() -> None:
    shelf, hand = BorderShelf(), Hand()
    register = BorderRegister(shelf, 30.0, hand)
    assert len(register.borders()) == 0
    shelf.borders, shelf.version, hand.seconds = {UnitId("7"): SQUARE}, "2", 29.9
    assert (len(register.borders()), shelf.looks) == (0, 1)
    hand.seconds = 30.0
    assert "7" in register.borders()
    hand.seconds = 59.9
    register.borders()
    assert (shelf.looks, shelf.reads) == (2, 2)


def test_borders_are_read_again_only_when_they_have_changed() -> None:
    shelf, hand = BorderShelf(), Hand()
    shelf.version = ""
    register = BorderRegister(shelf, 30.0, hand)
    first = register.borders()
    for hand.seconds in (30.0, 60.0):
        assert register.borders() is first
    assert (shelf.looks, shelf.reads) == (3, 1)
    shelf.version, hand.seconds = "2", 90.0
    assert register.borders() is not first


def test_while_storage_is_away_the_cached_borders_are_returned() -> None:
    shelf, hand = BorderShelf(), Hand()
    register = BorderRegister(shelf, 30.0, hand)
    shelf.away = True
    with pytest.raises(StoreUnavailable):
        register.borders()
    shelf.away = False
    cached = register.borders()
    shelf.away, hand.seconds = True, 31.0
    assert register.borders() is cached
    assert register.borders() is cached
    assert shelf.looks == 3


def test_who_waited_for_the_lock_finds_what_the_holder_has_read() -> None:
    shelf, hand = BorderShelf(), Hand()
    hand.seconds = 100.0
    register = BorderRegister(shelf, 30.0, hand)
    first = register.borders()
    hand.seconds = 129.9
    assert register._refreshed() is first
    assert shelf.looks == 1
    hand.seconds = 130.0
    assert register._refreshed() is first
    assert shelf.looks == 2


def test_fresh_borders_are_served_without_waiting_for_who_asks_storage(monkeypatch: pytest.MonkeyPatch) -> None:
    hand = Hand()
    hand.seconds = 100.0
    register = BorderRegister(BorderShelf(), 30.0, hand)
    first = register.borders()
    monkeypatch.setattr(register, "_lock", None)
    hand.seconds = 129.9
    assert register.borders() is first


def test_distances_are_measured_in_the_projection_of_the_province() -> None:
    shelf = BorderShelf()
    shelf.borders = {UnitId("7"): SQUARE}
    own, other = (BorderRegister(shelf, 30.0, metric=SYSTEMS[code]).borders() for code in ("EPSG:9208", "EPSG:9217"))
    home = np.asarray([[105.2, 18.05]])
    located = [borders.locate(home, ["7"])[0] for borders in (own, other)]
    assert [one and round(one.distance_m) for one in located] == [10_587, 10_600]


# Borders that are older than the list ------------------------------------------------------------------------------

WEST, EAST = shapely.box(105.0, 18.0, 105.5, 19.0), shapely.box(105.5, 18.0, 106.0, 19.0)
OLD_BORDERS = {UnitId("1"): WEST, UnitId("2"): EAST}
ENDED, BEGUN, LATER = {"valid_to": "2026-12-31"}, {"valid_from": "2027-01-01"}, date(2027, 6, 1)


def drawn(*lines: str) -> dict[str, BaseGeometry]:
    """The borders of today by code, made of those of the communes 1 and 2 of 2026."""
    directory = a_directory(*lines)
    found = borders_of_today(OLD_BORDERS, directory, LATER)
    return {directory.validities_of(identity)[-1].code: border for identity, border in found.items()}


def test_a_merged_commune_has_the_land_of_those_that_it_took_over() -> None:
    merged = [a_line(code, successor="1", **ENDED) for code in "12"]
    found = drawn(*merged, a_line("1", **BEGUN))
    assert found["1"].equals(shapely.union_all([WEST, EAST]))
    absorbed = drawn(a_line("1", successor="2", **ENDED), a_line("2"))
    assert list(absorbed) == ["2"]
    assert absorbed["2"].equals(shapely.union_all([WEST, EAST]))


def test_a_code_that_was_given_again_wears_no_old_border_and_a_part_has_none_until_one_is_loaded() -> None:
    assert list(drawn(a_line("1", successor="2", **ENDED), a_line("2"), a_line("1", **BEGUN))) == ["2"]
    assert list(
        drawn(a_line("1", successor="1;3", **ENDED), a_line("1", **BEGUN), a_line("3", **BEGUN), a_line("2"))
    ) == ["2"]
    assert drawn(a_line("1", successor="4", **ENDED), a_line("4", **BEGUN), a_line("2"))["4"].equals(WEST)


def test_who_took_over_part_of_a_split_has_its_own_land_as_it_was_or_none() -> None:
    absorbed = drawn(a_line("1", successor="2;3", **ENDED), a_line("2"), a_line("3", **BEGUN))
    assert list(absorbed) == ["2"]
    assert absorbed["2"].equals(EAST)
    # 3 is all of 2 and part of 1: the land of 2 alone would put the rest outside.
    of_both = [a_line("1", successor="1;3", **ENDED), a_line("2", successor="3", **ENDED)]
    assert drawn(*of_both, a_line("1", **BEGUN), a_line("3", **BEGUN)) == {}


def test_a_merged_commune_has_no_border_while_that_of_one_part_is_not_stored() -> None:
    merged = [a_line(code, successor="4", **ENDED) for code in "129"]
    assert drawn(*merged, a_line("4", **BEGUN)) == {}


def test_the_borders_follow_a_newer_list_though_none_were_loaded() -> None:
    shelf, hand, lists = BorderShelf(), Hand(), [a_directory(a_line("1"), a_line("2"))]
    shelf.borders = dict(OLD_BORDERS)
    register = BorderRegister(shelf, 30.0, hand, units=lambda: (lists[-1], LATER))
    assert sorted(register.borders().codes) == ["1", "2"]
    lists.append(a_directory(a_line("1", successor="2", **ENDED), a_line("2")))
    hand.seconds = 31.0
    assert list(register.borders().codes) == ["2"]
    assert register.borders() is register.borders()
