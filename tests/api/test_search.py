"""Asking by place: lists near a place or in a box, and households in an area with land and animals."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
import shapely
from werkzeug.test import TestResponse

from schemas.geometry import geometry_json
from service.parcels.regions import LARGEST_CIRCLE_M
from tests.api.asking import Register, pointers, problem
from tests.builders import SOUTH_WEST, TRUONG_VINH, Json, a_household, a_parcel
from tests.parcels.builders import a_field, a_polygon
from tests.workbooks import rows_of

AT = SOUTH_WEST


def area(east: float, north: float, width: float, height: float) -> Json:
    return geometry_json(a_field(east, north, width, height, at=AT))


def a_farm(east: float = 0.0, north: float = 0.0, **items: Any) -> Json:
    """A household with one field of a hectare and two buffaloes, in metres from a corner of Thành Vinh."""
    field = a_parcel(geometry=area(east, north, 100, 100), declared_area_m2=10_000.0)
    return a_household(**{"parcels": [field], **items})


def search(register: Register, **body: Any) -> TestResponse:
    return register.client.post("/v1/households/search", json=body)


def found(register: Register, **body: Any) -> Json:
    response = search(register, **body)
    assert response.status_code == 200, response.text
    result: Json = response.get_json()
    return result


def listed(register: Register, query: str) -> set[str]:
    return {record["id"] for record in register.json(f"/v1/households?{query}")["items"]}


def test_a_flooded_area_names_households_with_the_land_in_it(register: Register) -> None:
    whole, part = register.registered(**a_farm()), register.registered(**a_farm(east=200))
    register.registered(**a_farm(east=600))
    body = found(register, area=area(-50, -50, 300, 300))
    rows = {row["id"]: row for row in body["items"]}
    assert set(rows) == {whole["id"], part["id"]}
    assert rows[whole["id"]]["affected_area_m2"] == whole["parcels"][0]["measured_area_m2"]
    assert rows[part["id"]]["affected_area_m2"] == pytest.approx(5_000, rel=2e-3)
    assert body["total"]["affected_area_m2"] == pytest.approx(15_000, rel=2e-3)
    assert (body["total"]["households"], body["total"]["livestock"], body["more"]) == (2, {"buffalo": 4}, False)


def test_a_home_in_the_area_is_enough(register: Register) -> None:
    home = {"type": "Point", "coordinates": [AT[0] + 0.02, AT[1]]}
    record = register.registered(**a_farm(location=home))
    (row,) = found(register, near=home["coordinates"], within=300)["items"]
    assert (row["id"], row["home_inside"], row["parcels"]) == (record["id"], True, [])


def test_around_a_place_within_a_distance(register: Register) -> None:
    near, far = register.registered(**a_farm()), register.registered(**a_farm(east=3_200))
    assert {row["id"] for row in found(register, near=list(AT), within=3_000)["items"]} == {near["id"]}
    assert {row["id"] for row in found(register, near=list(AT), within=3_400)["items"]} == {near["id"], far["id"]}


def test_what_touches_the_border_of_the_area_is_not_in_it(register: Register) -> None:
    register.registered(**a_farm())
    assert found(register, area=area(100, 0, 100, 100))["items"] == []


def test_a_hole_in_the_area_is_not_in_it(register: Register) -> None:
    register.registered(**a_farm(east=100, north=100))
    ring = a_polygon(
        (0, 0), (300, 0), (300, 300), (0, 300), holes=[[(90, 90), (210, 90), (210, 210), (90, 210)]], at=AT
    )
    assert found(register, area=geometry_json(ring))["items"] == []


def test_the_withdrawn_are_not_found(register: Register) -> None:
    record = register.registered(**a_farm())
    register.withdraw(record["id"])
    assert found(register, area=area(-50, -50, 300, 300))["total"]["households"] == 0


def test_a_limit_cuts_the_rows_and_not_the_total(register: Register) -> None:
    for number in range(3):
        register.registered(**a_farm(east=150 * number))
    body = found(register, area=area(-50, -50, 900, 300), limit=2)
    assert (len(body["items"]), body["more"], body["total"]["households"]) == (2, True, 3)


@pytest.mark.parametrize("address", ["/v1/households/search.csv", "/v1/households/search"])
def test_as_a_table(register: Register, address: str) -> None:
    record = register.registered(**a_farm(village="=Khối 3"))
    body = {"area": area(-50, -50, 300, 300)}
    response = register.client.post(address, json=body, headers={"Accept": "text/csv"})
    assert response.mimetype == "text/csv"
    (row,) = csv.DictReader(io.StringIO(response.get_data(as_text=True).removeprefix("\ufeff")))
    assert row == {
        "household": record["id"],
        "commune": record["commune"],
        "village": "'=Khối 3",
        "home_inside": "false",
        "parcels": "1",
        "affected_area_m2": str(record["parcels"][0]["measured_area_m2"]),
        "buffalo": "2",
    }


@pytest.mark.parametrize("address", ["/v1/households/search.csv", "/v1/households/search"])
def test_as_a_table_for_a_spreadsheet_in_vietnamese(register: Register, address: str) -> None:
    record = register.registered(**a_farm())
    options = {"json": {"area": area(-50, -50, 300, 300)}, "headers": {"Accept": "text/csv"}}
    text = register.client.post(f"{address}?separator=;&decimal=,", **options).get_data(as_text=True)
    (row,) = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";")
    assert row["affected_area_m2"] == str(record["parcels"][0]["measured_area_m2"]).replace(".", ",")
    problem(register.client.post(f"{address}?separator=x", **options), 422, "query.invalid")


def test_as_a_workbook_with_words_for_headings_and_a_column_for_each_kind_of_animal(register: Register) -> None:
    record = register.registered(**a_farm(village="=Khối 3"))
    body = {"area": area(-50, -50, 300, 300)}
    response = register.client.post("/v1/households/search.xlsx", json=body, headers={"Accept-Language": "en"})
    assert 'filename="households.xlsx"' in response.headers["Content-Disposition"]
    headings, row = rows_of(response.get_data())
    assert headings == ("Household", "Commune", "Village", "Home inside", "Parcels", "Area inside (m²)", "Buffalo")
    measured = record["parcels"][0]["measured_area_m2"]
    assert row == (record["id"], record["commune"], "=Khối 3", "false", 1, measured, 2)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, "/area"),
        ({"area": None, "near": None}, "/area"),
        ({"area": area(0, 0, 10, 10), "near": [105, 18], "within": 5}, "/area"),
        ({"near": [105.6, 18.6]}, "/within"),
        ({"near": [105.6, 18.6], "within": -1}, "/within"),
        ({"near": [105.6, 18.6], "within": 1e9}, "/within"),
        ({"near": [18.6], "within": 10}, "/near"),
        ({"near": "105.6,18.6", "within": 10}, "/near"),
        ({"near": [105.6, 95.0], "within": 10}, "/near"),
        ({"area": {"type": "Point", "coordinates": [105, 18]}}, "/area/type"),
        ({"area": geometry_json(a_polygon((0, 0), (100, 100), (100, 0), (0, 100)))}, "/area/coordinates"),
        ({"area": geometry_json(a_field(width=3_000_000, height=10))}, "/area/coordinates"),
        ({"area": area(0, 0, 10, 10), "limit": 0}, "/limit"),
        ({"area": area(0, 0, 10, 10), "limit": True}, "/limit"),
    ],
)
def test_what_is_no_area_is_refused_at_its_place(register: Register, body: Json, place: str) -> None:
    assert pointers(problem(search(register, **body), 422, "search.area-invalid"))[0][0] == place


@pytest.mark.parametrize("item", [{"limit": "a"}, {"limit": 0}, {"within": "5"}, {"near": [18.6]}])
def test_every_refusal_states_the_largest_circle_as_it_is(register: Register, item: Json) -> None:
    body = problem(search(register, **{"near": [105.6, 18.6], "within": 5} | item), 422, "search.area-invalid")
    assert f"nhiều nhất {LARGEST_CIRCLE_M:.0f}" in body["detail"].replace(".", "")


def test_an_item_that_is_none_is_refused(register: Register) -> None:
    problem(search(register, area=area(0, 0, 10, 10), radius=5), 422, "body.unknown-item")


def test_a_list_near_a_place(register: Register) -> None:
    near, far = register.registered(**a_farm()), register.registered(**a_farm(east=3_200, commune=TRUONG_VINH))
    assert listed(register, f"near={AT[0]},{AT[1]}&within=3000") == {near["id"]}
    assert listed(register, f"near={AT[0]},{AT[1]}&within=3400") == {near["id"], far["id"]}
    assert register.json(f"/v1/households?near={AT[0]},{AT[1]}&within=3400&count=true")["total"] == 2


def test_a_list_in_a_box(register: Register) -> None:
    record = register.registered(**a_farm())
    register.registered(**a_farm(east=5_000))
    west, south, east, north = a_field(-50, -50, 300, 300, at=AT).bounds
    assert listed(register, f"bbox={west},{south},{east},{north}") == {record["id"]}


@pytest.mark.parametrize("within", ["0.005", "1e-6", "1e-300", "5e-324"])
def test_the_smallest_circle_is_a_place(register: Register, within: str) -> None:
    record = register.registered(**a_farm())
    middle = shapely.geometry.shape(record["parcels"][0]["geometry"]).centroid
    longitude, latitude = middle.x, middle.y
    assert listed(register, f"near={longitude},{latitude}&within={within}") == {record["id"]}
    assert search(register, near=[longitude, latitude], within=float(within)).status_code == 200


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("near=105.6,18.6", "query.missing"),
        ("within=300", "query.missing"),
        ("near=105.6&within=3", "query.invalid"),
        ("near=105.6,99&within=3", "query.invalid"),
        ("near=105.6,18.6&within=0", "query.invalid"),
    ],
)
def test_half_a_place_is_refused(register: Register, query: str, code: str) -> None:
    problem(register.get(f"/v1/households?{query}"), 422, code)
