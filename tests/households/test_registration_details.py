"""Registering and revising in detail: where each item comes from, and what an error says; without a database."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import shapely

from schemas.errors import RecordInvalid
from schemas.geometry import geometry_json
from schemas.versions import SCHEMA_VERSION
from service.errors import (
    CommuneNotInForce,
    CommuneUnknown,
    FormerCommuneMismatch,
    HouseholdIdInvalid,
    HouseholdIdMismatch,
)
from service.households.registration import content_of, household_id_of, parse, prepare, registration, replacement
from service.households.residence import Residences
from service.households.times import end_of
from service.parcels.reference_systems import SYSTEMS, geometry_from_wgs84
from service.units.directory import UnitDirectory
from tests.builders import (
    NOW,
    THANH_VINH,
    TODAY,
    TRUONG_VINH,
    a_household,
    a_least_household,
    a_parcel,
    a_square,
    an_id,
)
from tests.households.rules import OFFICER, prepared, registered, revised
from tests.units.test_newer_units import NEWER

LATER = NOW + timedelta(hours=1)

# Ids ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["x" * 90, "0192f0c17c1e7a3b9d523f1f6c0a8e99", "-" * 60 + "01a21efc-79b9-77ec-a561-0d3f1f6c0a8e"]
)
def test_a_text_that_is_no_id_is_repeated_as_far_as_eighty_characters(text: str) -> None:
    with pytest.raises(HouseholdIdInvalid) as refused:
        household_id_of(text)
    assert (refused.value.pointer, refused.value.params) == ("/id", {"id": text[:80]})


def test_another_id_in_the_body_is_named_with_the_one_in_the_address() -> None:
    identity, household = an_id(), a_household(id="Y" * 90)
    with pytest.raises(HouseholdIdMismatch) as refused:
        parse(household, identity, today=TODAY)
    assert (refused.value.pointer, refused.value.params) == ("/id", {"id": identity, "sent": "Y" * 80})
    assert parse({**household, "id": identity.upper()}, identity, today=TODAY)["village"] == "Khối 3"


def test_a_record_is_parsed_as_of_today() -> None:
    household = a_household(captured_at="2026-11-24T02:00:00Z")
    assert parse(household, household["id"], today=TODAY)["captured_at"].day == 24
    with pytest.raises(RecordInvalid):
        parse(household, household["id"], today=date(2026, 11, 1))


def test_parcels_are_named_by_household_and_place_and_a_taken_name_is_passed_over(directory: UnitDirectory) -> None:
    household = a_household(parcels=[a_parcel(), a_parcel(id=an_id()), a_parcel()])

    def minted(position: int, attempt: int) -> str:
        return str(uuid.uuid5(uuid.UUID(household["id"]), f"parcel {position} {attempt}"))

    names = [parcel["id"] for parcel in prepared(household, directory).content["parcels"]]
    assert names == [minted(0, 0), household["parcels"][1]["id"], minted(2, 0)]
    taken = [a_parcel(), a_parcel(id=minted(0, 0)), a_parcel(id=minted(0, 1)), a_parcel()]
    again = prepared({**household, "parcels": taken}, directory).content["parcels"]
    assert [parcel["id"] for parcel in again] == [minted(0, 2), minted(0, 0), minted(0, 1), minted(3, 0)]
    assert [parcel["map_sheet"] for parcel in again] == ["12"] * 4


# What is stored ----------------------------------------------------------------------------------------------------


def test_what_the_register_gives_stands_apart_from_what_was_sent(directory: UnitDirectory) -> None:
    ready = prepared(a_household(village=None), directory)
    assert ready.given == {
        "stage": "registered",
        "missing": [{"pointer": "/village", "for": "standardized"}],
        "findings": [],
        "schema_version": SCHEMA_VERSION,
        "derived": {
            "area_by_land_use_m2": {"LUC": 1050.0},
            "area_m2": 1050.0,
            "livestock_scale": "household",
            "livestock_units": 1.4,
        },
    }
    assert "id" not in ready.content
    assert ready.parsed["head"]["full_name"] == ready.content["head"]["full_name"] == "Nguyễn Văn An"
    assert (ready.content["captured_at"], ready.content["commune_as_of"]) == ("2026-11-20T02:11:09Z", "2026-11-20")


def test_the_measured_area_is_stored_and_is_no_content(directory: UnitDirectory) -> None:
    household = a_household()
    (parcel,) = prepared(household, directory).content["parcels"]
    assert parcel["measured_area_m2"] == pytest.approx(1050, abs=5)
    again = {**household, "parcels": [{**parcel, "measured_area_m2": 7.0}]}
    first, second = prepared(again, directory), prepared({**household, "parcels": [parcel]}, directory)
    assert first.fingerprint == second.fingerprint


def test_a_boundary_of_another_system_is_stored_in_wgs_84_beside_the_original(directory: UnitDirectory) -> None:
    there = shapely.geometry.shape(a_square())
    sheet = geometry_json(geometry_from_wgs84(there, SYSTEMS["EPSG:9208"]))
    (parcel,) = prepared(a_household(parcels=[a_parcel(geometry=sheet, crs="EPSG:9208")]), directory).content["parcels"]
    assert (parcel["original_geometry"], parcel["original_crs"]) == (sheet, "EPSG:9208")
    assert "crs" not in parcel
    stored = shapely.geometry.shape(parcel["geometry"])
    assert shapely.area(shapely.symmetric_difference(stored, there)) < 1e-3 * there.area
    assert parcel["geometry"] == geometry_json(stored)


def test_the_same_boundary_in_another_system_is_the_same_content(directory: UnitDirectory) -> None:
    square = geometry_json(geometry_from_wgs84(shapely.geometry.shape(a_square()), SYSTEMS["EPSG:9208"]))
    household = a_household(parcels=[a_parcel(geometry=square, crs="EPSG:9208", id=an_id())])
    surveyed = prepared(household, directory)
    (parcel,) = surveyed.content["parcels"]
    drawn = {name: value for name, value in parcel.items() if not name.startswith(("original", "measured"))}
    again = prepared({**household, "parcels": [drawn]}, directory)
    assert again.fingerprint == surveyed.fingerprint
    assert "original_geometry" not in again.content["parcels"][0]
    assert again.parsed["parcels"][0]["geometry"] == surveyed.parsed["parcels"][0]["geometry"]


def test_warnings_are_those_of_the_day(directory: UnitDirectory) -> None:
    household = a_household(captured_at=None)
    household["head"] |= {"birth_date": "2015-01-01", "national_id": "040215" + household["head"]["national_id"][6:]}
    for today, codes in ((TODAY, ["head.young"]), (date(2036, 1, 1), [])):
        assert [each["code"] for each in prepared(household, directory, today).given["findings"]] == codes


def test_what_parcels_must_not_be_is_refused(directory: UnitDirectory) -> None:
    bow_tie = [[105.66, 18.67], [105.661, 18.671], [105.661, 18.67], [105.66, 18.671], [105.66, 18.67]]
    with pytest.raises(RecordInvalid) as refused:
        prepared(a_household(parcels=[a_parcel(geometry={"type": "Polygon", "coordinates": [bow_tie]})]), directory)
    assert refused.value.errors[0].pointer.startswith("/parcels/0/geometry")


def test_a_registration_and_a_revision_are_whole_records(directory: UnitDirectory) -> None:
    ready = prepared(a_household(), directory)
    change = registration(ready, at=NOW, actor=OFFICER)
    stamps = {"revision": 1, "created_at": NOW, "updated_at": NOW}
    assert change.record == {"id": ready.household_id, **ready.content, "status": "submitted", **ready.given, **stamps}
    assert (change.fingerprint, change.replaces) == (ready.fingerprint, None)
    before = {**change.record, "status": "returned", "status_reason": "blurred", "revision": 4}
    after = replacement(ready, before, at=LATER, actor="leader", note={"why": "x"})
    assert after.record == {**change.record, "revision": 5, "updated_at": LATER}
    assert (after.fingerprint, after.replaces) == (ready.fingerprint, 4)
    (entry,) = after.entries
    assert (entry.kind, entry.actor, entry.note) == ("revised", "leader", {"why": "x"})
    unchanged = replacement(ready, before, at=LATER, actor="leader", keep_status=True).record
    assert unchanged == {**before, "revision": 5, "updated_at": LATER}
    del before["status_reason"]
    assert replacement(ready, before, at=LATER, actor="leader", keep_status=True).record["status"] == "returned"


# The commune and its date ------------------------------------------------------------------------------------------


def test_a_day_of_capture_that_is_not_given_again_stays(directory: UnitDirectory) -> None:
    before = registered(a_household(captured_at="2026-11-20T02:11:09Z"), directory).record
    sent = {name: value for name, value in before.items() if name != "captured_at"}
    assert prepared(sent, directory, known=before).content["captured_at"] == "2026-11-20T02:11:09Z"
    newer = {**sent, "captured_at": "2026-11-21T02:00:00Z"}
    assert prepared(newer, directory, known=before).content["captured_at"] == "2026-11-21T02:00:00Z"
    without = registered(a_least_household(), directory).record
    assert "captured_at" not in prepared(without, directory, known=without).content


@pytest.mark.parametrize(
    ("items", "day"),
    [
        ({}, "2026-11-01"),
        ({"commune": TRUONG_VINH}, "2026-11-23"),
        ({"commune_as_of": "2026-10-01"}, "2026-10-01"),
        ({"commune_as_of": "2025-06-01"}, "2025-07-01"),
        ({"captured_at": "2026-11-05T18:00:00Z"}, "2026-11-06"),
    ],
)
def test_the_day_of_the_communes_code_is_what_is_given_or_known_or_today(
    directory: UnitDirectory, items: dict[str, Any], day: str
) -> None:
    before = registered(a_least_household(commune_as_of="2026-11-01"), directory).record
    sent = {name: value for name, value in before.items() if name != "commune_as_of"} | items
    assert prepared(sent, directory, known=before).content["commune_as_of"] == day


def test_a_former_commune_that_does_not_belong_is_named_with_the_commune(directory: UnitDirectory) -> None:
    with pytest.raises(FormerCommuneMismatch) as refused:
        prepared(a_household(former_commune="17920"), directory)
    assert refused.value.params == {"former": "17920", "commune": THANH_VINH, "name": "Thành Vinh"}
    assert refused.value.pointer == "/former_commune"
    with pytest.raises(CommuneUnknown) as unknown:
        prepared(a_household(commune="99999"), directory)
    assert (unknown.value.params, unknown.value.pointer) == ({"commune": "99999"}, "/commune")


def test_what_is_stored_of_a_merged_commune_keeps_its_meaning_until_it_is_revised(directory: UnitDirectory) -> None:
    newer = UnitDirectory(NEWER)
    before = registered(a_least_household(commune=TRUONG_VINH), directory).record
    assert (before["commune"], before["commune_as_of"]) == (TRUONG_VINH, "2026-11-23")
    again = prepared(before, newer, known=before).content
    assert (again["commune"], again["former_commune"], again["commune_as_of"]) == (
        newer.in_force(THANH_VINH, TODAY).identity,
        TRUONG_VINH,
        "2026-11-23",
    )
    assert Residences(newer, TODAY).shown(again)["commune_since"] == "2026-11-01"
    with pytest.raises(CommuneNotInForce):
        prepared({**before, "commune_as_of": "2026-11-22"}, newer, known=before)


def test_what_was_sent_of_a_shown_record_is_without_what_the_register_added() -> None:
    newer, sent = UnitDirectory(NEWER), a_least_household()
    record = registered(sent, newer).record
    shown = Residences(newer, TODAY).shown(record)
    assert "commune_since" in shown
    added = {"agency", "commune_as_of"}  # what a client could have sent too
    assert content_of(shown).keys() - added == sent.keys() - added - {"id"}


def test_a_household_of_a_commune_that_was_not_merged_has_no_first_day(directory: UnitDirectory) -> None:
    newer = UnitDirectory(NEWER)
    content = prepared(a_least_household(commune="16702"), newer).content
    assert "commune_since" not in Residences(newer, TODAY).shown(content)
    assert "commune_since" not in Residences(directory, TODAY).shown(prepared(a_least_household(), directory).content)


def test_the_day_of_capture_is_read_in_vietnam_also_from_what_is_known(directory: UnitDirectory) -> None:
    household = a_least_household(captured_at="2026-11-20T18:00:00Z")
    content = parse(household, household["id"], today=TODAY)
    assert content["captured_at"] == datetime(2026, 11, 20, 18, tzinfo=UTC)
    ready = prepare(content, household["id"], directory=directory, now=end_of(TODAY))
    assert ready.content["commune_as_of"] == "2026-11-21"


def test_a_revision_into_another_commune_is_a_transfer_even_when_the_status_stays(directory: UnitDirectory) -> None:
    before = registered(a_household(), directory).record
    change = revised(before, directory, commune=TRUONG_VINH)
    assert {entry.kind for entry in change.entries} == {"transferred"}
    assert change.record["status"] == "submitted"


@pytest.mark.parametrize(("named", "stored"), [(None, "H41.681"), ("H27.1", "H27.1")])
def test_a_new_household_that_names_no_agency_gets_that_of_its_commune(
    directory: UnitDirectory, named: str | None, stored: str
) -> None:
    household = a_least_household()
    content = {name: value for name, value in household.items() if name not in ("id", "agency")}
    parsed = parse(content | ({"agency": named} if named else {}), household["id"], today=TODAY)
    options: dict[str, Any] = {"directory": directory, "now": end_of(TODAY)}
    ready = prepare(parsed, household["id"], agency_of=lambda commune: f"H41.{commune[2:]}", **options)
    assert ready.content["agency"] == stored
    assert prepare(parsed, household["id"], **options).content.get("agency") == named
