"""Reading a drawing: whatever system it came in, it ends in WGS 84 and in the right position, or names the mistake."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from schemas.errors import Finding
from schemas.geometry import geometry_json
from service.parcels.locating import Borders
from service.parcels.reading import Drawing, Reading, read_drawings
from service.parcels.reference_systems import SYSTEMS, Zones, geometry_from_wgs84, system_of
from service.province import Province
from tests.parcels.builders import a_field, geodesic_area
from tests.provinces import HA_TINH, NGHE_AN, RULES, zones_of

NONE_LOADED = Borders({})
SHEET = SYSTEMS["EPSG:9208"]
TWO_COMMUNES = Borders(
    {"00001": a_field(-1_000, -1_000, 2_000, 2_000), "00002": a_field(1_000, -1_000, 40_000, 2_000)}, SHEET
)


def read(
    geometry: BaseGeometry,
    crs: object = None,
    borders: Borders = TWO_COMMUNES,
    commune: str | None = "00001",
    confirmed: bool = False,
) -> Reading:
    drawing = Drawing(geometry, crs, commune, confirmed, "/parcels/0/geometry", "/parcels/0/crs")
    return read_drawings([drawing], borders, RULES)[0]


def codes(reading: Reading) -> list[tuple[str, str]]:
    return [(finding.code, finding.severity) for finding in reading.shape.findings]


def params(reading: Reading, code: str) -> Any:
    return next(finding.params for finding in reading.shape.findings if finding.code == code)


def swapped(geometry: BaseGeometry) -> BaseGeometry:
    return shapely.transform(geometry, lambda pairs: pairs[:, ::-1])


def same_position(one: BaseGeometry | None, other: BaseGeometry) -> bool:
    return one is not None and one.symmetric_difference(other).area < 1e-3 * other.area


def test_a_field_in_its_commune_has_no_finding() -> None:
    reading = read(a_field())
    assert codes(reading) == []
    assert reading.original is None
    assert reading.located is not None
    assert reading.located.commune == "00001"


def test_a_cadastral_sheet_is_read_and_the_original_stored() -> None:
    sheet = geometry_from_wgs84(a_field(), SHEET)
    reading = read(sheet, "EPSG:9208")
    assert codes(reading) == []
    assert same_position(reading.shape.geometry, a_field())
    assert reading.original is sheet
    assert reading.shape.area_m2 == pytest.approx(geodesic_area(a_field()), abs=2)


def test_a_cadastral_sheet_in_the_vietnamese_order_is_recognized_and_reported() -> None:
    reading = read(swapped(geometry_from_wgs84(a_field(), SHEET)), "EPSG:9208")
    assert codes(reading) == [("geometry.north-first", "information")]
    assert same_position(reading.shape.geometry, a_field())


def test_an_unknown_system_is_an_error_at_its_own_place() -> None:
    reading = read(a_field(), "EPSG:3857")
    assert codes(reading) == [("crs.unknown", "error")]
    assert reading.shape.findings[0].pointer == "/parcels/0/crs"


@pytest.mark.parametrize("borders", [TWO_COMMUNES, NONE_LOADED], ids=["with borders", "without"])
def test_swapped_longitude_and_latitude_are_an_error_with_a_proposal(borders: Borders) -> None:
    reading = read(swapped(a_field()), borders=borders)
    assert codes(reading) == [("geometry.swapped", "error")]
    assert same_position(reading.shape.proposal, a_field())


def test_metres_without_a_system_are_an_error_that_names_every_zone_while_no_borders_are_loaded() -> None:
    reading = read(geometry_from_wgs84(a_field(), SHEET), borders=NONE_LOADED)
    assert codes(reading) == [("geometry.several-systems", "error")]
    assert {"EPSG:9208", "EPSG:5897"} <= set(
        re.findall(r"EPSG:\d+", params(reading, "geometry.several-systems")["likely"])
    )
    assert reading.shape.proposal is None


def test_metres_without_a_system_are_an_error_that_names_the_system() -> None:
    reading = read(geometry_from_wgs84(a_field(), SHEET))
    assert codes(reading) == [("geometry.wrong-system", "error")]
    assert params(reading, "geometry.wrong-system")["likely"] == "EPSG:9208"
    assert same_position(reading.shape.proposal, a_field())


def test_degrees_declared_as_a_field_sheet_are_an_error_that_names_wgs84() -> None:
    reading = read(a_field(), "EPSG:9208")
    assert codes(reading) == [("geometry.wrong-system", "error")]
    assert params(reading, "geometry.wrong-system")["likely"] == "EPSG:4326"


def test_the_wrong_zone_within_the_province_is_a_finding_in_addition_to_the_distance() -> None:
    reading = read(geometry_from_wgs84(a_field(), SYSTEMS["EPSG:9208"]), "EPSG:5897")
    assert codes(reading) == [("parcel.outside-commune", "warning"), ("geometry.wrong-zone", "warning")]
    assert params(reading, "parcel.outside-commune")["lies_in"] == "00002"
    assert params(reading, "parcel.outside-commune")["distance_m"] == pytest.approx(25_400, rel=0.01)
    assert params(reading, "geometry.wrong-zone")["likely"] == "EPSG:9208"
    assert reading.shape.geometry is not None


def test_the_wrong_zone_out_of_the_province_is_an_error_that_names_the_right_one() -> None:
    reading = read(geometry_from_wgs84(a_field(), SYSTEMS["EPSG:9209"]), "EPSG:9208")
    assert codes(reading) == [("parcel.outside-province", "error"), ("geometry.wrong-zone", "error")]
    assert params(reading, "geometry.wrong-zone")["likely"] == "EPSG:9209"
    assert same_position(reading.shape.proposal, a_field())
    assert reading.shape.geometry is None


@pytest.mark.parametrize("crs", [None, "EPSG:9211"], ids=["undeclared", "of another zone"])
def test_two_systems_that_both_put_a_sheet_into_the_commune_are_both_named_and_none_is_proposed(
    crs: str | None,
) -> None:
    # Zone 482 and UTM 48N share their meridian and differ by their scale: some 600 m this far north.
    reading = read(geometry_from_wgs84(a_field(), SYSTEMS["EPSG:3405"]), crs)
    assert codes(reading)[-1] == ("geometry.several-systems", "error")
    declared = SYSTEMS[crs or "EPSG:4326"]
    assert params(reading, "geometry.several-systems") == {
        "declared": declared.code,
        "declared_name": declared.name,
        "likely": "VN-2000 / TM-3 105°00′ (EPSG:5897), VN-2000 / UTM 48N (EPSG:3405)",
    }
    assert reading.shape.proposal is None
    assert reading.shape.geometry is None


@pytest.mark.parametrize(
    ("crs", "commune", "code"),
    [
        (None, "00001", "geometry.several-systems"),
        ("EPSG:9211", "00001", "geometry.several-systems"),
        ("EPSG:9211", None, "geometry.several-systems"),
        (None, None, "geometry.wrong-system"),
    ],
)
def test_the_provinces_own_meridian_decides_only_where_nothing_was_declared_and_no_commune_does(
    crs: str | None, commune: str | None, code: str
) -> None:
    zones = Zones(SYSTEMS["EPSG:5897"], (SYSTEMS["EPSG:5897"], SYSTEMS["EPSG:3405"]))
    sheet = geometry_from_wgs84(a_field(), SYSTEMS["EPSG:3405"])
    (reading,) = read_drawings(
        [Drawing(sheet, crs, commune, False, "/g", "/c")], TWO_COMMUNES, replace(RULES, zones=zones)
    )
    finding = reading.shape.findings[-1]
    assert (finding.code, finding.severity, finding.pointer) == (code, "error", "/g")
    assert (reading.shape.proposal is None) is (code == "geometry.several-systems")


@pytest.mark.parametrize("province", [NGHE_AN, HA_TINH], ids=["40", "42"])
def test_metres_without_a_system_are_those_of_the_provinces_own_meridian_where_no_commune_decides(
    province: Province,
) -> None:
    home, wide = system_of(province.vn2000.home), Borders({"00002": a_field(-90_000, -90_000, 180_000, 180_000)})
    drawing = Drawing(geometry_from_wgs84(a_field(), home), None, None, False, "/g", "/c")
    (reading,) = read_drawings([drawing], wide, replace(RULES, zones=zones_of(province)))
    assert codes(reading) == [("geometry.wrong-system", "error")]
    assert params(reading, "geometry.wrong-system")["likely"] == province.vn2000.home
    assert same_position(reading.shape.proposal, a_field())


def test_the_right_zone_is_named_even_where_it_leads_to_another_commune() -> None:
    reading = read(geometry_from_wgs84(a_field(20_000), SYSTEMS["EPSG:9209"]), "EPSG:9208", commune="00001")
    assert codes(reading) == [("parcel.outside-province", "error"), ("geometry.wrong-zone", "error")]
    assert params(reading, "geometry.wrong-zone")["likely"] == "EPSG:9209"
    assert same_position(reading.shape.proposal, a_field(20_000))


def test_a_missing_datum_shift_is_a_finding_that_names_it() -> None:
    near_the_border = a_field(-980, 0)
    reading = read(
        geometry_from_wgs84(near_the_border, SYSTEMS["EPSG:4756"]),
        borders=Borders(
            {"00001": a_field(-1_000, -1_000, 2_000, 2_000), "00003": a_field(-9_000, -1_000, 8_000, 2_000)}
        ),
    )
    assert ("geometry.datum-shift-missing", "warning") in codes(reading)
    assert same_position(reading.shape.proposal, near_the_border)


def test_a_place_in_another_commune_is_a_finding_with_distance_and_name() -> None:
    reading = read(a_field(1_500))
    assert codes(reading) == [("parcel.outside-commune", "warning")]
    assert params(reading, "parcel.outside-commune") == {
        "distance_m": pytest.approx(550, abs=3),
        "from_province_m": 0,
        "commune": "00001",
        "lies_in": "00002",
    }


def test_a_place_just_outside_the_province_lies_in_the_commune_that_is_nearest() -> None:
    reading = read(a_field(41_010))
    assert codes(reading) == [("parcel.outside-commune", "warning")]
    assert params(reading, "parcel.outside-commune") == {
        "distance_m": pytest.approx(40_060, rel=1e-3),
        "from_province_m": 60,
        "commune": "00001",
        "lies_in": "00002",
    }


def test_a_place_outside_the_province_is_an_error_unless_confirmed() -> None:
    abroad = a_field(-30_000)
    assert codes(read(abroad)) == [("parcel.outside-province", "error")]
    confirmed = read(abroad, confirmed=True)
    assert codes(confirmed) == []
    assert confirmed.shape.geometry is not None


def test_without_borders_no_place_is_reported() -> None:
    reading = read(a_field(-30_000), borders=NONE_LOADED)
    assert codes(reading) == []
    assert reading.located is None


def test_altitude_on_a_cadastral_sheet_is_dropped_and_reported() -> None:
    reading = read(shapely.force_3d(geometry_from_wgs84(a_field(), SHEET), 7.5), "EPSG:9208")
    assert codes(reading) == [("geometry.altitude-dropped", "information")]


def test_one_point_over_and_over_is_not_taken_for_another_system() -> None:
    assert codes(read(shapely.Polygon([(105.681, 18.679)] * 4))) == [("geometry.too-few-points", "error")]


def test_a_polygon_as_wide_as_a_country_is_not_taken_for_another_system() -> None:
    assert codes(read(shapely.box(85, 0, 125, 37))) == [("geometry.too-large", "error")]


def test_numbers_that_are_nowhere_are_an_error() -> None:
    far = shapely.transform(a_field(), lambda pairs: pairs * 1e6)
    assert codes(read(far)) == [("geometry.out-of-range", "error")]
    assert codes(read(far, "EPSG:9208"))[0][1] == "error"


def test_a_batch_is_read_as_one_by_one() -> None:
    sheet = geometry_from_wgs84(a_field(), SHEET)
    cases: list[tuple[BaseGeometry, str | None]] = [
        (a_field(), None),
        (sheet, "EPSG:9208"),
        (swapped(a_field()), None),
        (a_field(), "EPSG:1"),
        (a_field(1_500), None),
        (sheet, None),
    ]
    drawings = [Drawing(g, crs, "00001", False, f"/{n}", f"/{n}/crs") for n, (g, crs) in enumerate(cases)]
    together = read_drawings(drawings, TWO_COMMUNES, RULES)
    alone = [read_drawings([drawing], TWO_COMMUNES, RULES)[0] for drawing in drawings]
    assert [r.shape.findings for r in together] == [r.shape.findings for r in alone]
    assert [r.shape.area_m2 for r in together] == [r.shape.area_m2 for r in alone]


def test_no_drawings_are_no_readings() -> None:
    assert read_drawings([], TWO_COMMUNES, RULES) == []


def test_the_remarks_about_a_sheet_come_first_and_name_its_system() -> None:
    sheet = shapely.force_3d(swapped(geometry_from_wgs84(a_field(width=4, height=4), SHEET)), 7.5)
    reading = read(sheet, "9208")
    assert reading.shape.findings[:2] == [
        Finding("geometry.altitude-dropped", "information", "/parcels/0/geometry", {}),
        Finding("geometry.north-first", "information", "/parcels/0/geometry", {"crs": "EPSG:9208"}),
    ]
    assert codes(reading)[2:] == [("geometry.too-small", "warning")]
    assert (reading.system, reading.original) == (SHEET, sheet)


def test_an_unknown_system_is_named_with_those_that_are_known_and_nothing_else_is_checked() -> None:
    reading = read(shapely.Polygon(), "EPSG:" + 70 * "1")
    known = {"crs": "EPSG:" + 55 * "1", "known": ", ".join(SYSTEMS)}
    assert reading.shape.findings == [Finding("crs.unknown", "error", "/parcels/0/crs", known)]
    assert (reading.system.code, reading.original, reading.located) == ("EPSG:4326", None, None)


def test_no_geometry_is_an_error_in_any_system() -> None:
    for crs in (None, "EPSG:9208", "EPSG:4756"):
        drawing = Drawing(None, crs, "00001", False, "/g", "/c")
        assert read_drawings([drawing], TWO_COMMUNES, RULES)[0].shape.findings == [
            Finding("geometry.empty", "error", "/g", {})
        ]


def test_a_wrong_zone_is_reported_with_both_systems_and_a_rounded_proposal() -> None:
    reading = read(shapely.force_3d(geometry_from_wgs84(a_field(), SYSTEMS["EPSG:9209"]), 2), "EPSG:9208")
    wrong = reading.shape.findings[-1]
    assert (wrong.code, wrong.severity, wrong.pointer) == ("geometry.wrong-zone", "error", "/parcels/0/geometry")
    assert wrong.params == {
        "declared": "EPSG:9208",
        "declared_name": SHEET.name,
        "likely": "EPSG:9209",
        "likely_name": SYSTEMS["EPSG:9209"].name,
    }
    assert reading.shape.proposal is not None
    pairs = shapely.get_coordinates(reading.shape.proposal)
    assert not reading.shape.proposal.has_z
    assert pairs.tolist() == pairs.round(7).tolist()


def test_a_place_outside_the_province_is_reported_with_both_distances() -> None:
    finding = read(a_field(-30_000), commune="00002").shape.findings[0]
    assert (finding.code, finding.pointer) == ("parcel.outside-province", "/parcels/0/geometry")
    assert finding.params == {"distance_m": 30_949, "from_province_m": 28_949}


def test_a_stored_boundary_outside_the_province_is_a_warning_and_another_is_an_error() -> None:
    abroad = read(a_field(-30_000), confirmed=True).shape.geometry
    assert abroad is not None
    for stored, severity in [(geometry_json(abroad), "warning"), (geometry_json(a_field()), "error")]:
        drawing = Drawing(abroad, None, "00001", False, "/g", "/c", stored)
        (reading,) = read_drawings([drawing], TWO_COMMUNES, RULES)
        assert codes(reading) == [("parcel.outside-province", severity)]
        assert (reading.shape.geometry is None) is (severity == "error")


def test_a_mistake_that_is_a_warning_leaves_the_boundary_and_adds_a_proposal() -> None:
    reading = read(geometry_from_wgs84(a_field(), SHEET), "EPSG:5897")
    assert reading.shape.geometry is not None
    assert same_position(reading.shape.proposal, a_field())
    assert reading.located is not None
    assert reading.located.commune == "00002"


def test_without_a_commune_the_province_decides_what_a_mistake_would_explain() -> None:
    reading = read(swapped(a_field()), commune=None)
    assert codes(reading) == [("geometry.swapped", "error")]
    assert codes(read(swapped(a_field()), commune="99999")) == [("geometry.swapped", "error")]
    assert codes(read(swapped(a_field(-90_000)), commune="00001")) == [("geometry.out-of-range", "error")]
    assert codes(read(a_field(1_500), commune=None)) == []


@pytest.mark.parametrize(
    ("longitude", "latitude", "swapped_there"),
    [(102.2, 8.4, True), (109.5, 23.4, True), (102.0, 15, False), (109.7, 15, False), (106, 8.2, False)],
)
def test_without_borders_viet_nam_decides(longitude: float, latitude: float, swapped_there: bool) -> None:
    field = swapped(a_field(at=(longitude, latitude)))
    expected = "geometry.swapped" if swapped_there else "geometry.out-of-range"
    assert codes(read(field, borders=NONE_LOADED)) == [(expected, "error")]


def test_what_is_confirmed_or_invalid_or_near_enough_has_no_finding_about_its_place() -> None:
    assert codes(read(a_field(1_500), confirmed=True)) == []
    assert codes(read(a_field(1_040))) == []
    bow_tie = shapely.Polygon([(105.0, 18.0), (105.01, 18.01), (105.01, 18.0), (105.0, 18.01)])
    reading = read(bow_tie)
    assert codes(reading) == [("geometry.self-crossing", "error")]
    assert reading.located is None
