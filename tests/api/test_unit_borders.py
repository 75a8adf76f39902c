"""Borders of units, and coverage as a map: for the form, the dashboard, and programs that read GeoJSON."""

from __future__ import annotations

import math
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import shapely
from flask import Flask
from shapely.geometry.base import BaseGeometry

from service.app import register_of
from service.roles import Role
from service.settings import Settings
from tests.api.asking import Register, problem
from tests.api.signed_in import token_of
from tests.builders import THANH_VINH, TRUONG_VINH, Json, MovedClock, a_household_without_boundaries
from tests.parcels.builders import in_metres, on_the_ground

pytestmark = pytest.mark.slow  # together they take more than a second of a processor

SIDE_M = 3_000.0


@cache
def a_wavy_square(column: int, row: int) -> BaseGeometry:
    """A commune of three kilometres whose southern and northern borders are drawn in steps of ten metres."""
    west, south = column * SIDE_M, row * SIDE_M
    waves = [(west + x, 4 * math.sin(x / 40)) for x in range(0, int(SIDE_M) + 1, 10)]
    below = [(x, south + y) for x, y in waves]
    above = [(x, south + SIDE_M + y) for x, y in reversed(waves)]
    return on_the_ground(shapely.Polygon([*below, *above]))


@pytest.fixture
def drawn(refreshing_app: Flask, register_settings: Settings, clock: MovedClock) -> Iterator[Register]:
    """A register that has a border for every commune of today."""
    store = register_of(refreshing_app).store
    communes = [unit.identity for unit in store.units.unit_list() if unit.level == "commune" and unit.valid_to is None]
    store.borders.replace_borders({one: a_wavy_square(*divmod(number, 12)) for number, one in enumerate(communes)})
    yield Register(refreshing_app.test_client())
    store.borders.replace_borders({})


def border(register: Register, code: str, query: str = "") -> BaseGeometry:
    return shapely.geometry.shape(register.json(f"/v1/units/{code}/border{query}")["geometry"])


def test_a_commune_has_its_border_within_the_tolerance(drawn: Register) -> None:
    exact = border(drawn, THANH_VINH, "?tolerance=0")
    coarse = border(drawn, THANH_VINH, "?tolerance=50")
    assert shapely.get_num_coordinates(coarse) < 10 < shapely.get_num_coordinates(exact)
    assert coarse.is_valid
    assert 1 < shapely.hausdorff_distance(in_metres(exact), in_metres(coarse), densify=0.01) < 51


def test_the_feature_says_how_exact_it_is_and_how_far_outside_is_let_pass(drawn: Register) -> None:
    feature = drawn.json(f"/v1/units/{THANH_VINH}/border")
    assert (feature["type"], feature["id"]) == ("Feature", THANH_VINH)
    assert feature["properties"] == {
        "code": THANH_VINH,
        "name": "Thành Vinh",
        "kind": "phường",
        "level": "commune",
        "valid_from": "2025-07-01",
        "valid_to": None,
        "tolerance_m": 10,
        "tolerated_outside_m": 100.0,
    }


@pytest.mark.parametrize(
    ("code", "query"), [("40", ""), ("40", "?valid_on=2025-06-30"), ("412", "?valid_on=2025-06-30")]
)
def test_what_is_made_up_of_whole_communes_has_a_border(drawn: Register, code: str, query: str) -> None:
    communes = in_metres(border(drawn, code, query)).area / SIDE_M**2
    assert communes == pytest.approx(round(communes), abs=0.05)
    assert (round(communes) == 130) == (code == "40")


def test_what_is_only_a_part_of_a_commune_has_none(drawn: Register) -> None:
    problem(drawn.get("/v1/units/16663/border"), 404, "unit.border-not-loaded")


def test_a_code_of_before_the_merger_does_not_get_the_border_of_today(drawn: Register) -> None:
    body = problem(drawn.get(f"/v1/units/{THANH_VINH}/border?valid_on=2025-06-30"), 404, "unit.border-not-loaded")
    assert "Quang Trung" in body["detail"]
    assert "scripts/units --borders" in body["detail"]


def test_without_borders_the_problem_says_how_to_load_them(register: Register) -> None:
    problem(register.get(f"/v1/units/{THANH_VINH}/border"), 404, "unit.border-not-loaded")
    problem(register.get("/v1/units/99999/border"), 404, "unit.not-found")


@pytest.mark.parametrize("query", ["tolerance=-1", "tolerance=1001", "tolerance=x", "tolerance=1.5", "exact=yes"])
def test_a_wrong_query_is_explained_in_words(drawn: Register, query: str) -> None:
    assert drawn.get(f"/v1/units/{THANH_VINH}/border?{query}").status_code == 422


def test_a_browser_that_has_it_gets_304(drawn: Register) -> None:
    first = drawn.get(f"/v1/units/{THANH_VINH}/border")
    assert first.mimetype == "application/geo+json"
    assert first.headers["Cache-Control"] == "private, max-age=3600"
    again = drawn.get(f"/v1/units/{THANH_VINH}/border", if_none_match=first.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")
    exact = f"/v1/units/{THANH_VINH}/border?tolerance=0"
    packed = drawn.get(exact, accept_encoding="gzip")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["ETag"] != drawn.get(exact).headers["ETag"]


def test_a_new_border_is_a_new_response(drawn: Register) -> None:
    before = drawn.get(f"/v1/units/{THANH_VINH}/border")
    register_of(drawn.client.application).store.borders.replace_borders({THANH_VINH: a_wavy_square(40, 40)})
    after = drawn.get(f"/v1/units/{THANH_VINH}/border", if_none_match=before.headers["ETag"])
    assert after.status_code == 200
    assert after.data != before.data


def test_anybody_who_is_signed_in_may_read_any_border(drawn: Register) -> None:
    auditor = token_of(drawn.client.application, Role.AUDITOR, TRUONG_VINH)
    response = drawn.client.get(f"/v1/units/{THANH_VINH}/border", headers={"Authorization": f"Bearer {auditor}"})
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("query", "borders", "rows"),
    [("", 130, 130), ("level=district", 20, 21), ("level=province", 1, 1), ("geography=2025-06-30", 9, 413)],
)
def test_coverage_as_a_map_says_what_coverage_says(drawn: Register, query: str, borders: int, rows: int) -> None:
    assert drawn.put(a_household_without_boundaries()).status_code == 201
    plain, drawn_map = drawn.json(f"/v1/coverage?{query}"), drawn.json(f"/v1/coverage.geojson?{query}")
    assert [feature["properties"] for feature in drawn_map["features"]] == plain["rows"]
    assert drawn_map["total"] == plain["total"]
    assert len(plain["rows"]) == rows
    assert sum(feature["geometry"] is not None for feature in drawn_map["features"]) == borders


def test_coverage_as_a_map_ends_where_the_readers_area_ends(drawn: Register) -> None:
    leader = {"Authorization": f"Bearer {token_of(drawn.client.application, Role.LEADER, THANH_VINH)}"}
    response: Json = drawn.client.get("/v1/coverage.geojson", headers=leader).get_json()
    assert [feature["id"] for feature in response["features"]] == [THANH_VINH]


def test_without_borders_the_map_has_rows_and_no_shapes(register: Register) -> None:
    features = register.json("/v1/coverage.geojson")["features"]
    assert len(features) == 130
    assert all(feature["geometry"] is None for feature in features)


@pytest.mark.skipif(shutil.which("ogrinfo") is None, reason="needs gdal-bin")
def test_a_foreign_program_opens_the_map(drawn: Register, tmp_path: Path) -> None:
    assert drawn.put(a_household_without_boundaries()).status_code == 201
    file = tmp_path / "coverage.geojson"
    file.write_bytes(drawn.get("/v1/coverage.geojson").data)
    output = subprocess.run(["ogrinfo", "-al", "-so", str(file)], capture_output=True, check=True, text=True).stdout
    assert "Feature Count: 130" in output
    assert "Geometry: Polygon" in output
    where = f"unit = '{THANH_VINH}' AND registered = 1"
    command = ["ogr2ogr", "-f", "CSV", "/vsistdout/", str(file), "-where", where]
    table = subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines()
    assert len(table) == 2
    assert "Thành Vinh" in table[1]
