"""VN-2000: there and back to a millimetre, by the pinned operation, and the usual mistakes are recognised."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Geod, Transformer

from service.parcels.reference_systems import (
    SYSTEMS,
    WGS84,
    Mistake,
    Positions,
    ReferenceSystem,
    UnknownReferenceSystem,
    _three_degree_zone,
    from_wgs84,
    geometry_from_wgs84,
    likely_mistake,
    looks_projected,
    north_comes_first,
    system_of,
    to_wgs84,
)
from tests.examples import examples
from tests.parcels.builders import a_field, geometry_to_wgs84
from tests.provinces import NGHE_AN, zones_of

VINH = np.array([[105.6813, 18.6796]])
CORNERS = np.array(
    [[103.8766, 18.5527], [105.8071, 18.5527], [105.8071, 20.0009], [103.8766, 20.0009], [105.6813, 18.6796]]
)
FIELD_SHEET = SYSTEMS["EPSG:9208"]
PROJECTED = [system for system in SYSTEMS.values() if system.projected]
GEOD = Geod(ellps="WGS84")


def metres_between(left: Positions, right: Positions) -> float:
    return float(np.max(GEOD.inv(left[:, 0], left[:, 1], right[:, 0], right[:, 1])[2]))


def in_the_province(positions: Positions) -> bool:
    low, high = np.array([103.87, 18.55]), np.array([105.81, 20.01])
    return bool(np.all((positions >= low) & (positions <= high)))


def near_vinh(positions: Positions) -> bool:
    return metres_between(positions, np.repeat(VINH, len(positions), axis=0)) < 150


def found(positions: Positions, declared: str, fits: object = in_the_province) -> Mistake:
    mistake = likely_mistake(positions, system_of(declared), fits)  # type: ignore[arg-type]
    assert mistake is not None
    return mistake


def test_vinh_is_at_its_surveyed_position() -> None:
    sheet = from_wgs84(VINH, FIELD_SHEET)
    assert sheet[0] == pytest.approx([598041.942, 2066361.038], abs=0.001)
    assert metres_between(to_wgs84(np.array([[598041.942, 2066361.038]]), FIELD_SHEET), VINH) < 0.001


@pytest.mark.parametrize(
    ("code", "degrees", "name"),
    [
        ("EPSG:9208", 104.75, "VN-2000 / TM-3 104°45′"),
        ("EPSG:5897", 105.0, "VN-2000 / TM-3 105°00′"),
        ("EPSG:9217", 108.25, "VN-2000 / TM-3 108°15′"),
    ],
)
def test_a_zone_is_named_by_its_meridian_in_degrees_and_minutes(code: str, degrees: float, name: str) -> None:
    assert _three_degree_zone(code, degrees) == ReferenceSystem(code, name, degrees, 0.9999) == SYSTEMS[code]


@pytest.mark.parametrize("code", [code for code in SYSTEMS if code != WGS84])
def test_there_and_back_is_the_same_place_to_a_millimetre(code: str) -> None:
    there = from_wgs84(CORNERS, SYSTEMS[code])
    decimals = 3 if SYSTEMS[code].projected else 9
    assert metres_between(to_wgs84(there, SYSTEMS[code]), CORNERS) < 1e-6
    assert metres_between(to_wgs84(np.round(there, decimals), SYSTEMS[code]), CORNERS) < 0.001


@settings(max_examples=examples(100), deadline=None)
@given(st.floats(103.87, 105.81), st.floats(18.55, 20.01), st.sampled_from(PROJECTED))
def test_there_and_back_anywhere_in_the_province(longitude: float, latitude: float, system: object) -> None:
    place = np.array([[longitude, latitude]])
    assert metres_between(to_wgs84(from_wgs84(place, system), system), place) < 0.001  # type: ignore[arg-type]


def test_the_pinned_shift_is_what_epsg_publishes_as_6960() -> None:
    library: Any = pyproj.crs
    published = library.CoordinateOperation.from_authority("EPSG", 6960)
    numbers: dict[str, Any] = {parameter.name: parameter.value for parameter in published.params}
    assert published.method_name == "Coordinate Frame rotation (geog2D domain)"
    assert numbers["X-axis translation"] == -191.90441429
    assert numbers["Y-axis translation"] == -39.30318279
    assert numbers["Z-axis translation"] == -111.45032835
    assert numbers["X-axis rotation"] == -0.00928836
    assert numbers["Y-axis rotation"] == 0.01975479
    assert numbers["Z-axis rotation"] == -0.00427372
    assert numbers["Scale difference"] == 0.252906278


@pytest.mark.parametrize("code", [code for code in SYSTEMS if code != WGS84])
def test_our_pipelines_agree_with_the_epsg_database(code: str) -> None:
    library = Transformer.from_crs("EPSG:4326", code, always_xy=True)
    expected = np.column_stack(library.transform(CORNERS[:, 0], CORNERS[:, 1]))
    # from_wgs84 undoes to_wgs84 exactly, which the library does not (see there).
    tolerance = 0.0015 if SYSTEMS[code].projected else 1.5e-8
    assert from_wgs84(CORNERS, SYSTEMS[code]) == pytest.approx(expected, abs=tolerance)
    assert SYSTEMS[code].name.split(" / ")[0] == CRS.from_user_input(code).name.split(" / ")[0]


def test_ignoring_the_datum_shifts_positions_by_some_220_metres() -> None:
    taken_for_wgs84 = from_wgs84(VINH, SYSTEMS["EPSG:4756"])
    assert metres_between(taken_for_wgs84, VINH) == pytest.approx(224, abs=2)


@pytest.mark.parametrize(
    "name",
    ["EPSG:9208", "epsg:9208", "urn:ogc:def:crs:EPSG::9208", "http://www.opengis.net/def/crs/EPSG/0/9208", "9208"],
)
def test_a_system_is_found_by_any_usual_name(name: str) -> None:
    assert system_of(name) == FIELD_SHEET


@pytest.mark.parametrize("name", [None, "EPSG:4326", "OGC:CRS84", "http://www.opengis.net/def/crs/OGC/1.3/CRS84"])
def test_wgs84_is_the_default_reference_system(name: str | None) -> None:
    assert system_of(name) == SYSTEMS[WGS84]


@pytest.mark.parametrize("name", ["EPSG:3857", "", "VN2000", 9208, ["EPSG:9208"], "EPSG:99999999999999999999"])
def test_an_unknown_system_is_refused_with_those_that_are_known(name: object) -> None:
    with pytest.raises(UnknownReferenceSystem) as refused:
        system_of(name)
    assert refused.value.known == list(SYSTEMS)
    assert (refused.value.code, refused.value.args) == (str(name), (name,))


def test_the_name_of_a_system_may_be_in_small_letters_and_with_spaces() -> None:
    assert system_of("  ogc:crs84 ") == SYSTEMS[WGS84]
    assert system_of("\thttp://www.opengis.net/def/crs/epsg/0/5897 ") == SYSTEMS["EPSG:5897"]


@pytest.mark.parametrize(
    ("first", "second", "north_first"),
    [
        (900_000, 100_000, True),
        (2_700_000, 899_999, True),
        (899_999, 100_000, False),
        (2_700_001, 100_000, False),
        (900_000, 99_999, False),
        (900_000, 900_000, False),
    ],
)
def test_the_order_is_recognised_up_to_the_limits_of_viet_nam(first: float, second: float, north_first: bool) -> None:
    sheet = np.array([[first, second], [2_066_361.0, 598_041.0]])
    assert north_comes_first(sheet) is north_first
    assert north_comes_first(sheet[::-1]) is north_first
    assert looks_projected(sheet) is north_first
    assert looks_projected(sheet[::-1, ::-1]) is north_first


def test_nothing_is_converted_where_there_is_nothing_to_convert() -> None:
    nothing, field = CORNERS[:0], a_field()
    assert to_wgs84(nothing, FIELD_SHEET).shape == from_wgs84(nothing, FIELD_SHEET).shape == (0, 2)
    assert not looks_projected(nothing)
    assert to_wgs84(CORNERS, SYSTEMS[WGS84]) is from_wgs84(CORNERS, SYSTEMS[WGS84]) is CORNERS
    assert geometry_from_wgs84(field, SYSTEMS[WGS84]) is field


@pytest.mark.parametrize(("code", "decimals"), [("EPSG:4756", 9), ("EPSG:9208", 3)])
def test_a_geometry_is_rounded_to_millimetres_or_nine_decimals(code: str, decimals: int) -> None:
    pairs = shapely.get_coordinates(geometry_from_wgs84(a_field(1 / 3, 1 / 7), SYSTEMS[code]))
    assert np.array_equal(pairs, np.round(pairs, decimals))
    assert not np.array_equal(pairs, np.round(pairs, decimals - 1))


def test_mistakes_are_tried_in_the_order_of_how_often_they_happen() -> None:
    def first(positions: Positions, declared: str, skipped: int = 0) -> tuple[str, str] | None:
        fits = iter([False] * skipped + [True])
        mistake = likely_mistake(positions, SYSTEMS[declared], lambda _: next(fits, False), zones_of(NGHE_AN).systems)
        return (mistake.kind, mistake.system.code) if mistake else None

    sheet = from_wgs84(VINH, FIELD_SHEET)
    assert [first(VINH, WGS84, skipped) for skipped in range(3)] == [
        ("swapped", WGS84),
        ("datum-shift", "EPSG:4756"),
        None,
    ]
    assert [first(VINH[:, ::-1], "EPSG:4756", skipped) for skipped in range(2)] == [("swapped", "EPSG:4756"), None]
    assert [first(VINH, "EPSG:9208", skipped) for skipped in range(2)] == [("undeclared", WGS84), None]
    assert [first(sheet, "EPSG:9208", n) for n in (0, 1)] == [("wrong-zone", "EPSG:5897"), ("wrong-zone", "EPSG:9209")]
    assert first(sheet, WGS84) == ("undeclared", "EPSG:9208")
    assert [first(np.array([[degrees, 10.0]]), WGS84) for degrees in (180.0, -180.5)] == [("swapped", WGS84), None]


def test_the_vietnamese_order_is_recognised() -> None:
    sheet = from_wgs84(CORNERS, FIELD_SHEET)
    assert not north_comes_first(sheet)
    assert north_comes_first(sheet[:, ::-1])
    assert not north_comes_first(CORNERS)
    assert not north_comes_first(CORNERS[:0])


def test_metres_are_distinguished_from_degrees() -> None:
    assert looks_projected(from_wgs84(CORNERS, FIELD_SHEET))
    assert looks_projected(from_wgs84(CORNERS, FIELD_SHEET)[:, ::-1])
    assert not looks_projected(CORNERS)


def test_swapped_longitude_and_latitude_are_named() -> None:
    mistake = found(CORNERS[:, ::-1].copy(), WGS84)
    assert mistake.kind == "swapped"
    assert metres_between(mistake.positions, CORNERS) == 0


def test_metres_without_a_declared_system_are_named_with_the_system_that_fits() -> None:
    mistake = found(from_wgs84(VINH, FIELD_SHEET), WGS84, near_vinh)
    assert (mistake.kind, mistake.system.code) == ("undeclared", "EPSG:9208")


def test_metres_in_vietnamese_order_without_a_declared_system_are_named_too() -> None:
    mistake = found(from_wgs84(VINH, FIELD_SHEET)[:, ::-1], WGS84, near_vinh)
    assert (mistake.kind, mistake.system.code) == ("undeclared", "EPSG:9208")


@pytest.mark.parametrize(
    "system", [each for each in PROJECTED if each.code != "EPSG:3406"], ids=lambda system: system.code
)  # whose eastings are negative there
def test_the_wrong_zone_is_named_with_the_right_one(system: object) -> None:
    declared = next(other for other in PROJECTED if other is not system)
    mistake = likely_mistake(from_wgs84(VINH, system), declared, near_vinh)  # type: ignore[arg-type]
    assert mistake is not None
    assert (mistake.kind, mistake.system) == ("wrong-zone", system)


def test_every_zone_of_the_country_is_read() -> None:
    codes = {f"EPSG:{number}" for number in (*range(5896, 5900), *range(9205, 9219), 3405, 3406)}
    assert {system.code for system in PROJECTED} == codes
    assert SYSTEMS["EPSG:9209"].name == "VN-2000 / TM-3 105°30′"
    assert SYSTEMS["EPSG:5899"].name == "VN-2000 / TM-3 107°45′"


def test_all_systems_that_fit_are_named_with_the_first() -> None:
    sheet = from_wgs84(VINH, SYSTEMS["EPSG:5897"])
    mistake = found(sheet, WGS84, lambda positions: metres_between(positions, VINH) < 1_000)
    assert (mistake.system.code, [each.code for each in mistake.rivals]) == ("EPSG:5897", ["EPSG:3405"])


def test_a_missing_datum_shift_is_named() -> None:
    mistake = found(from_wgs84(VINH, SYSTEMS["EPSG:4756"]), WGS84, near_vinh)
    assert mistake.kind == "datum-shift"


def test_degrees_declared_as_metres_are_named() -> None:
    mistake = found(VINH, "EPSG:9208", near_vinh)
    assert (mistake.kind, mistake.system.code) == ("undeclared", WGS84)


def test_a_place_that_fits_nowhere_has_no_likely_mistake() -> None:
    assert likely_mistake(np.array([[2.35, 48.85]]), SYSTEMS[WGS84], in_the_province) is None
    assert likely_mistake(np.array([[1e9, -1e9]]), SYSTEMS[WGS84], in_the_province) is None


def test_a_geometry_keeps_its_form_in_another_system() -> None:
    field = a_field()
    sheet = geometry_from_wgs84(field, FIELD_SHEET)
    assert sheet.area == pytest.approx(10_000, rel=5e-4)
    back = geometry_to_wgs84(sheet, FIELD_SHEET)
    assert metres_between(shapely.get_coordinates(back), shapely.get_coordinates(field)) < 0.001
    assert json.loads(shapely.to_geojson(sheet))["coordinates"][0][0] == [
        round(number, 3) for number in shapely.get_coordinates(sheet)[0]
    ]
