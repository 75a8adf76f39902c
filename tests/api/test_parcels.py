"""Boundaries over HTTP: examined when they are sent, checked before, overlaps reported on both records and settled."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import pytest
import shapely
import shapely.affinity
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo import MongoClient
from werkzeug.test import TestResponse

from schemas.errors import RecordInvalid
from schemas.geometry import geometry_json
from service.actor import REGISTER_ITSELF
from service.app import register_of
from service.errors import ParcelIdTaken
from service.households.bulk import BulkRegistration, Outcome
from service.households.erasure import Erasure
from service.parcels.reference_systems import SYSTEMS, geometry_from_wgs84
from service.settings import Settings
from service.storage.repositories import Repositories
from tests.api.asking import Register, pointers, problem
from tests.builders import SOUTH_WEST, THANH_VINH, TRUONG_VINH, Json, MovedClock, a_household, a_parcel, a_square, an_id
from tests.examples import examples
from tests.parcels.builders import a_field, a_polygon

AT = SOUTH_WEST
BOW_TIE = geometry_json(a_polygon((0, 0), (100, 100), (100, 0), (0, 100), at=AT))


def a_farm(east: float = 0.0, north: float = 0.0, **items: Any) -> Json:
    """A household with one field of a hectare, in metres from a corner of Thành Vinh."""
    field = a_parcel(geometry=geometry_json(a_field(east, north, at=AT)), declared_area_m2=10_000.0)
    return a_household(**{"parcels": [field], **items})


def overlaps(record: Json) -> list[Json]:
    return [finding for finding in record["findings"] if finding["code"] == "parcel.overlap"]


def codes(record: Json) -> list[str]:
    return [finding["code"] for finding in record["findings"]]


def check(register: Register, **body: Any) -> TestResponse:
    return register.client.post("/v1/parcels/check", json=body)


def settle(
    register: Register, parcel: str, reason: str = "Hai hộ đã thống nhất ranh giới tại thực địa.", **more: Any
) -> TestResponse:
    return register.client.post(f"/v1/parcels/{parcel}/settle", json={"reason": reason, **more})


@pytest.fixture
def bounded(refreshing_app: Flask, register_settings: Settings, clock: MovedClock) -> Iterator[Register]:
    """A register that knows two made-up boundaries, of Thành Vinh and of Trường Vinh east of it."""
    store: Repositories = register_of(refreshing_app).store
    store.borders.replace_borders(
        {
            THANH_VINH: a_field(-3_000, -3_000, 6_000, 6_000, at=AT),
            TRUONG_VINH: a_field(3_000, -3_000, 30_000, 6_000, at=AT),
        }
    )
    yield Register(refreshing_app.test_client())
    store.borders.replace_borders({})


# Shape -------------------------------------------------------------------------------------------------------------


def test_a_field_is_measured(register: Register) -> None:
    record = register.registered(**a_farm())
    assert record["parcels"][0]["measured_area_m2"] == pytest.approx(10_000, rel=1e-3)
    assert (record["stage"], record["findings"]) == ("digitized", [])


def test_a_bow_tie_is_refused_with_the_place_and_a_proposal(register: Register) -> None:
    response = register.put(a_household(parcels=[a_parcel(geometry=BOW_TIE)]))
    body = problem(response, 422, "household.invalid")
    assert pointers(body) == [("/parcels/0/geometry", "geometry.self-crossing")]
    details = body["errors"][0]["details"]
    assert details["point"] == pytest.approx([AT[0] + 0.000474, AT[1] + 0.000452], abs=2e-5)
    assert details["proposal"]["type"] == "MultiPolygon"


@pytest.mark.parametrize(
    ("geometry", "code"),
    [
        (
            {"type": "Polygon", "coordinates": [[[18.69, 105.66], [18.7, 105.66], [18.7, 105.67], [18.69, 105.66]]]},
            "geometry.swapped",
        ),
        ({"type": "Polygon", "coordinates": [[[105.66, 18.69]] * 4]}, "geometry.too-few-points"),
        (
            {"type": "Polygon", "coordinates": [[[105.66, 18.69], [105.67, 18.69], [105.66, 18.69]]]},
            "geometry.too-few-points",
        ),
        (
            {"type": "Polygon", "coordinates": [[[105.66, 18.69], [105.67, 18.69], [105.67, 18.7], [105.66, 18.7]]]},
            "geometry.not-closed",
        ),
        (
            {"type": "Polygon", "coordinates": [[[179.9, 18], [-179.9, 18], [-179.9, 18.1], [179.9, 18]]]},
            "geometry.antimeridian",
        ),
        ({"type": "Polygon", "coordinates": []}, "geometry.coordinates"),
        (
            {"type": "Polygon", "coordinates": [[[105.66, 18.69], [105.67, "x"], [105.67, 18.7], [105.66, 18.69]]]},
            "geometry.coordinates",
        ),
        ({"type": "Circle", "coordinates": [105.66, 18.69]}, "geometry.type"),
        ({"type": "GeometryCollection", "geometries": []}, None),
        ({"type": "LineString", "coordinates": [[105.66, 18.69], [105.67, 18.7]]}, "geometry.type"),
        ({"type": "Polygon", "coordinates": [[[105.6, 18.6]] * 3000]}, "geometry.too-many-points"),
    ],
)
def test_bad_geometry_is_its_own_error_in_both_calls(register: Register, geometry: Json, code: str | None) -> None:
    put = register.put(a_household(parcels=[a_parcel(geometry=geometry)]))
    assert put.status_code == 422
    assert code is None or code in [each["code"] for each in put.get_json()["errors"]]
    asked = check(register, geometry=geometry)
    assert asked.status_code in {200, 422}
    if asked.status_code == 200:
        assert code in codes(asked.get_json())


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_none_are_refused_in_both_calls(register: Register, number: str) -> None:
    geometry = f'{{"type":"Polygon","coordinates":[[[{number},18.6],[105.7,18.6],[105.7,18.7],[{number},18.6]]]}}'
    response = register.client.post(
        "/v1/parcels/check", data=f'{{"geometry":{geometry}}}', content_type="application/json"
    )
    assert response.status_code in {400, 422}
    assert response.mimetype == "application/problem+json"


def test_altitude_is_dropped_and_reported(register: Register) -> None:
    square = a_square()
    square["coordinates"][0] = [[*pair, 12.5] for pair in square["coordinates"][0]]
    record = register.registered(parcels=[a_parcel(geometry=square)])
    assert codes(record) == ["geometry.altitude-dropped"]
    assert all(len(pair) == 2 for pair in record["parcels"][0]["geometry"]["coordinates"][0])


def test_a_clockwise_boundary_is_the_same_content_as_its_reverse(register: Register) -> None:
    household = a_farm()
    register.registered(**household)
    ring = household["parcels"][0]["geometry"]["coordinates"][0]
    ring.reverse()
    assert register.put(household).status_code == 200


# Reference systems -------------------------------------------------------------------------------------------------


def test_a_field_sheet_is_stored_in_wgs84_with_its_original_coordinates(register: Register) -> None:
    sheet = geometry_json(geometry_from_wgs84(a_field(at=AT), SYSTEMS["EPSG:9208"]))
    record = register.registered(parcels=[a_parcel(geometry=sheet, crs="EPSG:9208", declared_area_m2=10_000.0)])
    (parcel,) = record["parcels"]
    stored = shapely.geometry.shape(parcel["geometry"])
    assert stored.symmetric_difference(a_field(at=AT)).area < 1e-3 * stored.area
    assert parcel["original_geometry"] == sheet
    assert parcel["original_crs"] == "EPSG:9208"
    assert "crs" not in parcel


def test_a_field_sheet_sent_again_is_the_same_write(register: Register) -> None:
    sheet = geometry_json(geometry_from_wgs84(a_field(at=AT), SYSTEMS["EPSG:9208"]))
    household = a_household(parcels=[a_parcel(geometry=sheet, crs="EPSG:9208")])
    register.registered(**household)
    again = register.put(household)
    assert (again.status_code, again.get_json()["revision"]) == (200, 1)


def test_what_get_returned_can_be_sent_back_and_retains_the_original_coordinates(register: Register) -> None:
    sheet = geometry_json(geometry_from_wgs84(a_field(at=AT), SYSTEMS["EPSG:9208"]))
    record = register.registered(parcels=[a_parcel(geometry=sheet, crs="EPSG:9208")])
    revised = register.put({**register.household(record["id"]), "village": "Khối 5"}, if_match=1).get_json()
    assert revised["revision"] == 2
    assert revised["parcels"][0]["original_geometry"] == sheet


def test_a_record_is_given_in_the_requested_system_and_can_be_sent_back(register: Register) -> None:
    record = register.registered(**a_farm())
    asked = register.json(f"/v1/households/{record['id']}?crs=EPSG:9208")
    (parcel,) = asked["parcels"]
    assert parcel["crs"] == "EPSG:9208"
    assert parcel["geometry"]["coordinates"][0][0][1] == pytest.approx(2_066_000, abs=2_000)
    assert register.put(asked).get_json()["revision"] == 1


def test_a_list_is_given_in_the_requested_system(register: Register) -> None:
    register.registered(**a_farm())
    (record,) = register.json("/v1/households?crs=EPSG:9208")["items"]
    assert record["parcels"][0]["crs"] == "EPSG:9208"


def test_an_unknown_system_is_refused_on_the_way_in_and_out(register: Register) -> None:
    body = problem(register.put(a_household(parcels=[a_parcel(crs="EPSG:3857")])), 422, "household.invalid")
    assert pointers(body) == [("/parcels/0/crs", "crs.unknown")]
    problem(register.get("/v1/households?crs=EPSG:3857"), 422, "crs.unknown")


def test_a_mistyped_parameter_of_one_household_is_refused_in_the_language_of_the_request(register: Register) -> None:
    address = f"/v1/households/{register.registered()['id']}"
    assert "Unknown" not in problem(register.get(f"{address}?csr=EPSG:9208"), 422, "query.unknown")["detail"]
    assert "1…100" in problem(register.get(f"{address}?crs="), 422, "query.invalid")["detail"]


def test_the_vietnamese_order_is_recognised_and_reported(register: Register) -> None:
    sheet = geometry_from_wgs84(a_field(at=AT), SYSTEMS["EPSG:9208"])
    turned = geometry_json(shapely.transform(sheet, lambda pairs: pairs[:, ::-1]))
    record = register.registered(parcels=[a_parcel(geometry=turned, crs="EPSG:9208", declared_area_m2=10_000.0)])
    assert codes(record) == ["geometry.north-first"]
    assert record["parcels"][0]["measured_area_m2"] == pytest.approx(10_000, rel=1e-3)


# Place -------------------------------------------------------------------------------------------------------------


def test_a_parcel_in_another_commune_is_a_finding_with_distance_and_name(bounded: Register) -> None:
    record = bounded.registered(**a_farm(east=4_000))
    (finding,) = record["findings"]
    assert finding["code"] == "parcel.outside-commune"
    assert finding["details"]["lies_in"] == TRUONG_VINH
    assert finding["details"]["distance_m"] == pytest.approx(1_050, abs=5)
    assert "phường Trường Vinh" in finding["message"]
    assert record["stage"] == "digitized"


def test_a_parcel_outside_the_province_is_refused_unless_confirmed(bounded: Register) -> None:
    household = a_farm(east=-9_000)
    body = problem(bounded.put(household), 422, "household.invalid")
    assert pointers(body) == [("/parcels/0/geometry", "parcel.outside-province")]
    household["parcels"][0]["outside_confirmed"] = True
    assert bounded.registered(**household)["findings"] == []


def test_what_was_stored_before_the_borders_were_known_refuses_no_other_change(bounded: Register) -> None:
    store: Repositories = register_of(bounded.client.application).store
    store.borders.replace_borders({})
    home = {"type": "Point", "coordinates": [105.85, 21.02]}
    record = bounded.registered(**a_farm(east=90_000, location=home))
    store.borders.replace_borders({THANH_VINH: a_field(-3_000, -3_000, 6_000, 6_000, at=AT)})
    assert bounded.put(record, if_match=1).get_json()["revision"] == 1
    revised = bounded.patch(record["id"], {"village": "Khối 9"}, if_match=1)
    assert revised.status_code == 200, revised.text
    found = {(f["code"], f["severity"]) for f in revised.get_json()["findings"]}
    assert found == {("parcel.outside-province", "warning"), ("location.outside-province", "warning")}
    moved = {**record, "parcels": [{**record["parcels"][0], "geometry": a_farm(east=91_000)["parcels"][0]["geometry"]}]}
    problem(bounded.put(moved, if_match=2), 422, "household.invalid")


def test_the_wrong_zone_is_named(bounded: Register) -> None:
    sheet = geometry_json(geometry_from_wgs84(a_field(at=AT), SYSTEMS["EPSG:9208"]))
    record = bounded.registered(parcels=[a_parcel(geometry=sheet, crs="EPSG:5897", declared_area_m2=10_000.0)])
    assert codes(record) == ["parcel.outside-commune", "geometry.wrong-zone"]
    assert record["findings"][1]["details"]["likely"] == "EPSG:9208"


def test_a_home_outside_the_province_is_refused_unless_confirmed(bounded: Register) -> None:
    household = a_farm(location={"type": "Point", "coordinates": [105.0, 17.0]})
    body = problem(bounded.put(household), 422, "household.invalid")
    assert pointers(body) == [("/location", "location.outside-province")]
    assert bounded.registered(**household, outside_confirmed=True)["findings"] == []


def test_a_home_the_wrong_way_round_is_reported(register: Register) -> None:
    household = a_farm(location={"type": "Point", "coordinates": [18.68, 105.66]})
    body = problem(register.put(household), 422, "household.invalid")
    assert pointers(body) == [("/location", "location.swapped")]


# Area --------------------------------------------------------------------------------------------------------------


def test_a_declared_area_that_differs_is_a_finding_with_both(register: Register) -> None:
    household = a_farm()
    household["parcels"][0]["declared_area_m2"] = 8_000.0
    (finding,) = register.registered(**household)["findings"]
    assert (finding["code"], finding["pointer"]) == ("parcel.area-differs", "/parcels/0/declared_area_m2")
    assert finding["details"]["difference_percent"] == 25


def test_crops_on_more_than_the_measured_area_are_a_finding(register: Register) -> None:
    household = a_farm()
    household["parcels"][0] |= {"declared_area_m2": 10_900.0, "crops": [{"crop": "rice", "area_m2": 10_800}]}
    assert codes(register.registered(**household)) == []
    other = a_farm(north=500)
    del other["parcels"][0]["declared_area_m2"]
    other["parcels"][0]["crops"] = [{"crop": "rice", "area_m2": 12_000}]
    assert codes(register.registered(**other)) == ["parcel.crops-exceed-measured"]


# Overlap -----------------------------------------------------------------------------------------------------------


def test_an_overlap_is_reported_on_both_records_and_holds_both_back(register: Register) -> None:
    older = register.registered(**a_farm())
    newer = register.registered(**a_farm(east=50))
    (found,) = overlaps(newer)
    assert found["details"]["household"] == older["id"]
    assert found["details"]["parcel"] == older["parcels"][0]["id"]
    assert found["details"]["area_m2"] == pytest.approx(5_000, rel=2e-3)
    assert found["details"]["share_percent"] == pytest.approx(50, abs=0.2)
    older = register.household(older["id"])
    assert overlaps(older)[0]["details"]["household"] == newer["id"]
    assert (older["revision"], older["stage"], newer["stage"]) == (2, "standardized", "standardized")
    latest = register.history(older["id"])[0]
    assert (latest["kind"], latest["note"]) == ("revised", {"finding": "parcel.overlap", "household": newer["id"]})


def test_an_overlap_is_gone_from_both_records_when_one_changes(register: Register) -> None:
    older = register.registered(**a_farm())
    newer = register.registered(**a_farm(east=50))
    moved = {**newer, "parcels": [{**newer["parcels"][0], "geometry": geometry_json(a_field(200, at=AT))}]}
    assert register.put(moved, if_match=1).get_json()["stage"] == "digitized"
    older = register.household(older["id"])
    assert (overlaps(older), older["stage"], older["revision"]) == ([], "digitized", 3)


def test_an_overlap_is_gone_when_the_other_household_is_withdrawn(register: Register) -> None:
    older = register.registered(**a_farm())
    newer = register.registered(**a_farm(east=50))
    register.withdraw(newer["id"])
    assert overlaps(register.household(older["id"])) == []
    assert register.household(older["id"])["stage"] == "digitized"


def test_an_overlap_is_gone_when_the_other_household_is_erased(
    register: Register, store: Repositories, clock: MovedClock
) -> None:
    older = register.registered(**a_farm())
    newer = register.registered(**a_farm(east=50))
    Erasure(store.transactions, clock).erase(newer["id"], REGISTER_ITSELF)
    older = register.household(older["id"])
    assert (overlaps(older), older["stage"]) == ([], "digitized")


def test_parcels_of_one_household_are_held_against_each_other(register: Register) -> None:
    fields = [a_parcel(geometry=geometry_json(a_field(east, at=AT)), declared_area_m2=10_000.0) for east in (0, 50)]
    record = register.registered(parcels=fields)
    assert [finding["pointer"] for finding in overlaps(record)] == ["/parcels/0/geometry", "/parcels/1/geometry"]


def test_a_strip_along_the_border_is_tolerated(register: Register) -> None:
    register.registered(**a_farm())
    assert register.registered(**a_farm(east=96))["findings"] == []


def test_an_overlap_stays_through_a_revision_of_something_else_and_through_the_workflow(register: Register) -> None:
    register.registered(**a_farm())
    newer = register.registered(**a_farm(east=50))
    revised = register.put({**newer, "village": "Khối 9"}, if_match=1).get_json()
    assert len(overlaps(revised)) == 1
    verified = register.step(newer["id"], "verify").get_json()
    assert (len(overlaps(verified)), verified["stage"], verified["status"]) == (1, "standardized", "verified")


def test_a_neighbours_status_is_not_touched(register: Register) -> None:
    older = register.registered(**a_farm())
    register.step(older["id"], "verify")
    register.registered(**a_farm(east=50))
    assert register.household(older["id"])["status"] == "verified"


def test_the_counters_follow_both_records(register: Register) -> None:
    register.registered(**a_farm())
    register.registered(**a_farm(east=50))
    total = register.json("/v1/coverage?level=province")["total"]
    assert (total["registered"], total["standardized"], total["digitized"]) == (2, 2, 0)


def test_two_overlapping_parcels_sent_at_the_same_instant_both_end_with_the_finding(
    app: Flask, register: Register
) -> None:
    # Communes apart, so that nothing but the ground itself makes one write wait for the other.
    for round_ in range(8):
        pair = [a_farm(north=300 * round_), a_farm(east=50, north=300 * round_, commune=TRUONG_VINH)]
        with ThreadPoolExecutor(2) as both:
            responses = list(both.map(lambda household: Register(app.test_client()).put(household), pair))
        assert [response.status_code for response in responses] == [201, 201]
        records = [register.household(household["id"]) for household in pair]
        assert [[o["details"]["household"] for o in overlaps(record)] for record in records] == [
            [pair[1]["id"]],
            [pair[0]["id"]],
        ]


# In bulk -----------------------------------------------------------------------------------------------------------


def loaded(app: Flask, *households: Json) -> dict[str | None, Outcome]:
    parts = register_of(app)
    bulk = BulkRegistration(parts.store, parts.units.directory, parts.clock, parts.examiner)
    return {outcome.household_id: outcome for outcome in bulk.register(households, actor=REGISTER_ITSELF)}


def test_in_bulk_overlaps_within_the_batch_and_with_what_is_there_are_reported(app: Flask, register: Register) -> None:
    there = register.registered(**a_farm())
    one, other, apart = a_farm(east=50), a_farm(east=120), a_farm(north=900)
    assert {outcome.result for outcome in loaded(app, one, other, apart).values()} == {"registered"}
    records = {key: register.household(key) for key in (there["id"], one["id"], other["id"], apart["id"])}
    others = {key: {o["details"]["household"] for o in overlaps(record)} for key, record in records.items()}
    assert others == {
        there["id"]: {one["id"]},
        one["id"]: {there["id"], other["id"]},
        other["id"]: {one["id"]},
        apart["id"]: set(),
    }
    assert [records[key]["revision"] for key in records] == [2, 1, 1, 1]
    assert register.json("/v1/coverage?level=province")["total"]["digitized"] == 1


def test_in_bulk_a_bow_tie_is_refused_and_the_rest_is_registered(app: Flask, register: Register) -> None:
    crossed, sound = a_household(parcels=[a_parcel(geometry=BOW_TIE)]), a_farm()
    outcomes = loaded(app, crossed, sound)
    assert outcomes[sound["id"]].result == "registered"
    refused = outcomes[crossed["id"]]
    assert isinstance(refused.error, RecordInvalid)
    assert [error.code for error in refused.error.errors] == ["geometry.self-crossing"]


def test_in_bulk_again_nothing_is_written(app: Flask, register: Register) -> None:
    sheet = geometry_json(geometry_from_wgs84(a_field(at=AT), SYSTEMS["EPSG:9208"]))
    household = a_household(parcels=[a_parcel(geometry=sheet, crs="EPSG:9208")])
    loaded(app, household)
    assert loaded(app, household)[household["id"]].result == "unchanged"
    assert register.household(household["id"])["parcels"][0]["measured_area_m2"] == pytest.approx(10_000, rel=1e-3)


# Settling ----------------------------------------------------------------------------------------------------------


def test_a_supervisor_settles_an_overlap_on_both_records(register: Register) -> None:
    older = register.registered(**a_farm())
    newer = register.registered(**a_farm(east=50))
    response = settle(register, newer["parcels"][0]["id"])
    assert response.status_code == 200
    for record in (response.get_json(), register.household(older["id"])):
        (found,) = overlaps(record)
        assert found["severity"] == "settled"
        assert found["details"]["settled"]["reason"].startswith("Hai hộ")
        assert found["details"]["settled"]["at"] == "2026-11-23T02:00:00.000Z"
        assert record["stage"] == "digitized"
    assert register.history(older["id"])[0]["note"]["settled"] == newer["parcels"][0]["id"]


def test_what_is_settled_stays_settled_until_a_boundary_changes(register: Register) -> None:
    register.registered(**a_farm())
    newer = register.registered(**a_farm(east=50))
    settled = settle(register, newer["parcels"][0]["id"]).get_json()
    revised = register.put({**settled, "village": "Khối 9"}, if_match=settled["revision"]).get_json()
    assert overlaps(revised)[0]["severity"] == "settled"
    grown = {**revised, "parcels": [{**revised["parcels"][0], "geometry": geometry_json(a_field(40, at=AT))}]}
    moved = register.put(grown, if_match=revised["revision"]).get_json()
    assert (overlaps(moved)[0]["severity"], moved["stage"]) == ("warning", "standardized")


def test_what_is_settled_is_open_again_when_a_boundary_changes_elsewhere(register: Register) -> None:
    older = register.registered(**a_farm())
    newer = register.registered(**a_farm(east=50))
    settled = settle(register, newer["parcels"][0]["id"]).get_json()
    longer = geometry_json(a_field(50, width=120, at=AT))  # east of the strip that both share, which stays as it is
    grown = {**settled, "parcels": [{**settled["parcels"][0], "geometry": longer}]}
    moved = register.put(grown, if_match=settled["revision"]).get_json()
    for record in (moved, register.household(older["id"])):
        assert [found["severity"] for found in overlaps(record)] == ["warning"]


def test_settling_needs_a_reason_a_parcel_and_an_overlap(register: Register) -> None:
    record = register.registered(**a_farm())
    parcel = record["parcels"][0]["id"]
    problem(settle(register, parcel, ""), 422, "reason.required")
    problem(settle(register, parcel), 409, "parcel.nothing-to-settle")
    problem(settle(register, an_id()), 404, "parcel.not-found")
    problem(settle(register, "not-an-id"), 404, "parcel.not-found")


def test_the_overlaps_of_two_parcels_with_one_id_are_settled_one_by_one(
    register: Register, register_settings: Settings
) -> None:
    here, beside = (register.registered(**a_farm(east=east)) for east in (0, 50))
    there, yonder = (register.registered(**a_farm(east=east)) for east in (500, 550))
    parcel = here["parcels"][0]["id"]
    with MongoClient[Json](register_settings.mongodb_uri) as client:  # as two simultaneous writes can
        stored = client.get_default_database()["households"]
        stored.update_one({"_id": there["id"]}, {"$set": {"parcels.0.id": parcel}})
        stored.update_one({"_id": yonder["id"]}, {"$set": {"findings.0.details.parcel": parcel}})
    refused = problem(settle(register, parcel), 409, "parcel.of-several")
    assert pointers(refused) == [("/household", "parcel.of-several")]
    assert all(each["id"] in refused["detail"] for each in (here, there))
    assert settle(register, parcel, household=there["id"]).get_json()["id"] == there["id"]
    open_in = {each["id"]: overlaps(register.household(each["id"]))[0]["severity"] for each in (here, beside)}
    settled_in = {each["id"]: overlaps(register.household(each["id"]))[0]["severity"] for each in (there, yonder)}
    assert (set(open_in.values()), set(settled_in.values())) == ({"warning"}, {"settled"})
    problem(settle(register, parcel, household=beside["id"]), 404, "parcel.not-found")
    problem(settle(register, parcel, household=an_id()), 404, "parcel.not-found")
    for no_id in ("none", 5, {"x": 1}, [1], True, here["id"].replace("-", "")):
        refused = problem(settle(register, parcel, household=no_id), 422, "household.id-invalid")
        assert pointers(refused) == [("/household", "household.id-invalid")]


# The ids of parcels --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("drawn", [True, False], ids=["drawn", "not drawn"])
def test_a_parcels_id_that_another_household_holds_is_refused_where_it_stands(register: Register, drawn: bool) -> None:
    def a_plot(identity: str, east: int) -> Json:
        plot = a_parcel(id=identity, geometry=geometry_json(a_field(east, at=AT)))
        return plot if drawn else {name: value for name, value in plot.items() if name != "geometry"}

    taken = an_id()
    first = register.registered(parcels=[a_plot(taken, 0)])
    newcomer = a_household(commune=TRUONG_VINH, parcels=[a_plot(an_id(), 300), a_plot(taken, 600)])
    newcomer["parcels"][1]["parcel_number"] = "346"
    refused = problem(register.put(newcomer), 409, "parcel.id-taken")
    assert pointers(refused) == [("/parcels/1/id", "parcel.id-taken")]
    other = register.registered(parcels=[])
    grown = register.patch(other["id"], {"parcels": [a_plot(taken, 600)]}, if_match=1)
    problem(grown, 409, "parcel.id-taken")
    assert register.put(first | {"village": "Khối 9"}, if_match=1).status_code == 200
    register.withdraw(first["id"])
    assert register.put(newcomer).status_code == 201


def test_an_id_that_the_register_gives_is_never_refused_although_a_buyer_keeps_it(register: Register) -> None:
    seller = register.registered()
    sold = seller["parcels"][0]["id"]
    register.patch(seller["id"], {"parcels": None}, if_match=1)
    assert register.put(a_household(commune=TRUONG_VINH, parcels=[a_parcel(id=sold)])).status_code == 201
    again = register.patch(seller["id"], {"parcels": [a_parcel()]}, if_match=2)
    assert again.status_code == 200, again.text
    assert again.get_json()["parcels"][0]["id"] == sold  # settle then has to name the household


def test_in_bulk_only_the_household_that_brings_a_taken_parcel_id_is_refused(app: Flask, register: Register) -> None:
    one, other, third = (a_household(parcels=[a_parcel(id=an_id())]) for _ in range(3))
    other["parcels"][0]["id"] = one["parcels"][0]["id"]
    outcomes = loaded(app, one, other, third)
    assert [outcomes[each["id"]].result for each in (one, other, third)] == ["registered", "refused", "registered"]
    assert isinstance(outcomes[other["id"]].error, ParcelIdTaken)


def test_a_check_leaves_out_the_parcel_of_its_household_and_no_other_of_its_id(register: Register) -> None:
    record = register.registered(**a_farm())
    geometry, parcel = record["parcels"][0]["geometry"], record["parcels"][0]["id"]
    assert codes(check(register, geometry=geometry, parcel=parcel, household=record["id"]).get_json()) == []
    another = check(register, geometry=geometry, parcel=parcel, household=an_id()).get_json()
    assert codes(another) == ["parcel.overlap"]


# Checking ----------------------------------------------------------------------------------------------------------


def test_a_check_gives_area_findings_and_neighbours_without_people(register: Register) -> None:
    neighbour = register.registered(**a_farm())
    body = check(register, geometry=geometry_json(a_field(50, at=AT)), declared_area_m2=5_000).get_json()
    assert body["measured_area_m2"] == pytest.approx(10_000, rel=1e-3)
    assert codes(body) == ["parcel.area-differs", "parcel.overlap"]
    (feature,) = body["neighbours"]["features"]
    assert feature["id"] == neighbour["parcels"][0]["id"]
    assert feature["properties"] == {"household": neighbour["id"], "overlaps": True}
    assert feature["geometry"] == neighbour["parcels"][0]["geometry"]


def test_a_check_finds_every_overlap_and_says_where_it_shows_fewer_neighbours(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered = [register.registered(**a_farm(east=east)) for east in (0, 110, 220)]
    drawn = geometry_json(a_field(50, width=100, at=AT))
    body = check(register, geometry=drawn).get_json()
    assert (codes(body), body["neighbours"]["more"]) == (["parcel.overlap"] * 2, False)
    monkeypatch.setattr("service.households.reading.MOST_NEIGHBOURS", 1)
    body = check(register, geometry=drawn).get_json()
    assert (codes(body), body["neighbours"]["more"]) == (["parcel.overlap"] * 2, True)
    (shown,) = body["neighbours"]["features"]
    assert shown["id"] in {each["parcels"][0]["id"] for each in registered[:2]}


def test_a_check_of_a_bow_tie_gives_the_crossing_and_a_proposal(register: Register) -> None:
    body = check(register, geometry=BOW_TIE).get_json()
    assert codes(body) == ["geometry.self-crossing"]
    assert body["findings"][0]["severity"] == "error"
    assert check(register, geometry=body["proposal"]).get_json()["findings"] == []


def test_a_check_is_about_the_given_commune(bounded: Register) -> None:
    body = check(bounded, geometry=geometry_json(a_field(4_000, at=AT)), commune=THANH_VINH).get_json()
    assert codes(body) == ["parcel.outside-commune"]
    assert check(bounded, geometry=geometry_json(a_field(4_000, at=AT))).get_json()["findings"] == []


def test_a_check_leaves_out_the_checked_parcel(register: Register) -> None:
    record = register.registered(**a_farm())
    geometry = geometry_json(a_field(20, at=AT))
    assert codes(check(register, geometry=geometry).get_json()) == ["parcel.overlap"]
    assert codes(check(register, geometry=geometry, household=record["id"]).get_json()) == []
    assert codes(check(register, geometry=geometry, parcel=record["parcels"][0]["id"]).get_json()) == []


def test_a_check_in_vn_2000_returns_wgs84(register: Register) -> None:
    sheet = geometry_json(geometry_from_wgs84(a_field(at=AT), SYSTEMS["EPSG:9208"]))
    body = check(register, geometry=sheet, crs="EPSG:9208").get_json()
    assert (codes(body), body["measured_area_m2"]) == ([], pytest.approx(10_000, rel=1e-3))
    assert codes(check(register, geometry=sheet).get_json()) == ["geometry.several-systems"]


def test_a_check_of_what_is_no_question_is_refused_with_every_place(register: Register) -> None:
    body = problem(check(register, geometry=BOW_TIE, crs=9208, village="x"), 422, "household.invalid")
    assert pointers(body) == [("/village", "item.unknown"), ("/crs", "item.type")]
    assert pointers(problem(check(register), 422, "household.invalid"))[0][0] == "/geometry"


def test_findings_are_worded_in_both_languages(register: Register) -> None:
    body = {"geometry": BOW_TIE}
    english = register.client.post("/v1/parcels/check", json=body, headers={"Accept-Language": "en"}).get_json()
    vietnamese = register.client.post("/v1/parcels/check", json=body).get_json()
    assert "crosses itself" in english["findings"][0]["message"]
    assert "tự cắt" in vietnamese["findings"][0]["message"]


# Anything at all ---------------------------------------------------------------------------------------------------

numbers = st.one_of(
    st.sampled_from([0, -0.0, 1e-12, 90, 180, -180, 181, 105.66, 18.69, 598041.942, 2066361.038, 99_999_999.0, 2**63]),
    st.floats(-200, 200),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(),
)
anything = st.recursive(
    st.none() | st.booleans() | st.text(max_size=3) | numbers,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
positions = st.lists(numbers, min_size=2, max_size=3) | anything
near_vinh = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=3, max_size=9).map(
    lambda corners: geometry_json(a_polygon(*corners, at=AT))["coordinates"]
)
rings = st.lists(positions, max_size=6).map(lambda ring: [*ring, *ring[:1]]) | anything
shapes = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["Polygon", "MultiPolygon", "Point", "GeometryCollection", "", None]),
        "coordinates": st.lists(rings, max_size=3)
        | near_vinh
        | near_vinh.map(lambda polygon: [polygon, polygon])
        | anything,
    }
)
systems = st.sampled_from([None, "EPSG:4326", "EPSG:9208", "EPSG:4756", "EPSG:3405"]) | anything


def test_a_proposal_that_crosses_itself_is_compared_with_no_neighbour(register: Register) -> None:
    """It lies in the declared system's degrees, and so does the neighbour that it would be compared with."""
    west, south, step = 105.664, 18.676, 0.000009
    ring = [[west, south + step], [west + step, south + step], [west, south], [west + step, south]]
    bow_tie = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    register.registered(parcels=[a_parcel(geometry=a_square(west, south))])
    for system in ("EPSG:9208", "EPSG:4756", "EPSG:3405"):
        around = shapely.affinity.translate(shapely.from_geojson(orjson.dumps(bow_tie)), 0.0002, 0.0003)
        for geometry in (bow_tie, geometry_json(around)):
            assert check(register, geometry=geometry, crs=system).status_code == 200


@settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(geometry=shapes | anything, crs=systems)
def test_any_geometry_gets_a_response(register: Register, geometry: Any, crs: Any) -> None:
    asked = check(register, geometry=geometry, **({} if crs is None else {"crs": crs}))
    assert asked.status_code in {200, 422}, asked.text
    put = register.put(a_household(parcels=[a_parcel(geometry=geometry, crs=crs)]))
    assert put.status_code in {201, 422}, put.text
    acceptable = asked.status_code == 200 and all(f["severity"] != "error" for f in asked.get_json()["findings"])
    assert acceptable == (put.status_code == 201) or geometry is None


@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(area=shapes | anything, near=anything, within=anything)
def test_any_search_area_gets_a_response(register: Register, area: Any, near: Any, within: Any) -> None:
    for body in ({"area": area}, {"near": near, "within": within}):
        response = register.client.post("/v1/households/search", json=body)
        assert response.status_code in {200, 422}, response.text


@pytest.mark.parametrize(
    ("crops", "place"),
    [
        ([5], "/crops/0"),
        ([{"area_m2": "nhiều"}], "/crops/0/area_m2"),
        ([{"area_m2": 10, "season": {"$ne": 1}}], "/crops/0/season"),
    ],
)
def test_crops_that_cannot_be_added_up_are_named(register: Register, crops: list[Any], place: str) -> None:
    response = check(register, geometry=geometry_json(a_field(0, 0, at=AT)), crops=crops)
    assert pointers(problem(response, 422, "household.invalid")) == [(place, "item.type")]


def test_a_ring_whose_altitude_differs_at_its_end_is_closed_once(register: Register) -> None:
    ring = [[*pair, 3.0] for pair in geometry_json(a_field(0, 0, at=AT))["coordinates"][0]]
    ring[-1] = ring[-1][:2]
    response = check(register, geometry={"type": "Polygon", "coordinates": [ring]})
    assert codes(response.get_json()) == ["geometry.altitude-dropped"]


@pytest.mark.parametrize("reason", ["x" * 501, "hai\u0000hộ"])
def test_a_settlement_takes_a_reason_of_the_length_that_a_record_has_room_for(register: Register, reason: str) -> None:
    response = settle(register, an_id(), reason)
    assert problem(response, 422, "reason.invalid")


def test_a_check_reads_a_former_commune_s_code_and_refuses_one_that_never_was(bounded: Register) -> None:
    field = geometry_json(a_field(4_000, at=AT))
    successor = bounded.json("/v1/units/16663?valid_on=2025-06-30")["successor"]
    found = check(bounded, geometry=field, commune="16663").get_json()["findings"]
    assert found == check(bounded, geometry=field, commune=successor).get_json()["findings"]
    assert [finding["code"] for finding in found] == ["parcel.outside-commune"]
    problem(check(bounded, geometry=field, commune="99999"), 422, "commune.unknown")
