"""One damaged record, in the real database: the others are served, and it is named by its id alone."""

from __future__ import annotations

from typing import Any

import pytest
from bson.binary import Binary
from flask import Flask
from prometheus_client import REGISTRY
from pymongo.database import Database

from service.roles import Role
from tests.api.asking import Register, problem
from tests.api.signed_in import token_of
from tests.api.test_changes import read
from tests.api.test_photos import address, photos_of, send, sent
from tests.builders import THANH_VINH, TRUONG_VINH, Json, a_parcel, a_square
from tests.pictures import a_photo

Documents = Database[dict[str, Any]]


def damage(documents: Documents, collection: str, key: str) -> None:
    """Change one byte of what a document hides, as a broken disk would."""
    sealed = documents[collection].find_one({"_id": key})["sealed"]  # type: ignore[index]
    broken = bytearray(sealed)
    broken[-20] ^= 0xFF
    documents[collection].update_one({"_id": key}, {"$set": {"sealed": Binary(bytes(broken), sealed.subtype)}})


def test_in_the_feed_a_damaged_entry_of_a_household_that_left_the_area_says_no_more_than_the_others(
    register: Register, session_database: Documents
) -> None:
    record = register.registered()
    register.step(record["id"], "return", {"reason": "Thiếu xóm của ông An"})
    register.step(record["id"], "transfer", {"commune": TRUONG_VINH})
    here = {"household": record["id"], "commune": THANH_VINH, "sealed": {"$ne": None}}
    for entry in session_database["log"].find(here):
        damage(session_database, "log", entry["_id"])
    left = register.seen_by(Role.OFFICER, THANH_VINH, "/v1/changes")["changes"]
    assert [change["record"] for change in left] == [None, None, None]
    assert [change["note"] for change in left[:2]] == [{"damaged": True}, {"damaged": True}]


def damage_photo(documents: Documents, photo: Json, item: str) -> None:
    where = {"metadata.photo": photo["id"]}
    sealed = documents["photos.files"].find_one(where)["metadata"][item]  # type: ignore[index]
    broken = bytearray(sealed)
    broken[-20] ^= 0xFF
    changed = {f"metadata.{item}": Binary(bytes(broken), sealed.subtype)}
    documents["photos.files"].update_one(where, {"$set": changed})


def reported() -> float:
    return REGISTRY.get_sample_value("register_damaged_reads_total") or 0.0


def three(register: Register) -> list[Json]:
    return sorted((register.registered(village="Khối 3") for _ in range(3)), key=lambda record: str(record["id"]))


@pytest.mark.parametrize("position", [0, 1, 2])
@pytest.mark.parametrize("limit", [1, 2, 100])
def test_a_list_serves_the_others_and_leads_past_the_damaged_one(
    register: Register, session_database: Documents, position: int, limit: int
) -> None:
    records = three(register)
    damaged = records.pop(position)["id"]
    damage(session_database, "households", damaged)
    before, address = reported(), f"/v1/households?limit={limit}"
    served: list[Json] = []
    named: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = register.json(f"{address}&cursor={cursor}" if cursor else address)
        served += page["items"]
        named += page.get("damaged", [])
        cursor = page["cursor"]
    assert (served, named) == (records, [damaged])
    assert reported() == before + 1


def test_a_list_in_order_of_change_leads_past_the_damaged_one(register: Register, session_database: Documents) -> None:
    records = three(register)
    damage(session_database, "households", records[0]["id"])
    address = "/v1/households?updated_since=2020-01-01T00:00:00Z&limit=1&count=true"
    first = register.json(address)
    assert (first["items"], first["damaged"], first["total"]) == ([], [records[0]["id"]], 3)
    second = register.json(f"{address}&cursor={first['cursor']}")
    assert second["items"] == [records[1]]
    assert "damaged" not in second


def test_a_search_by_name_and_by_place_serves_the_others(register: Register, session_database: Documents) -> None:
    records = three(register)
    damage(session_database, "households", records[1]["id"])
    name = records[0]["head"]["full_name"]
    assert register.json(f"/v1/households?q={name}")["items"] == [records[0], records[2]]
    around = {"near": records[0]["parcels"][0]["geometry"]["coordinates"][0][0], "within": 100_000}
    found = register.client.post("/v1/households/search", json=around).get_json()
    assert [each["id"] for each in found["items"]] == [each["id"] for each in records]


def test_the_damaged_record_itself_is_refused_as_damaged(register: Register, session_database: Documents) -> None:
    record = register.registered()
    damage(session_database, "households", record["id"])
    problem(register.get(f"/v1/households/{record['id']}"), 500, "store.damaged")


def test_a_history_has_its_damaged_entry_without_the_record(register: Register, session_database: Documents) -> None:
    record = register.registered()
    register.step(record["id"], "return", {"reason": "Thiếu xóm"})
    register.step(record["id"], "verify")
    damage(session_database, "log", f"{record['commune']}:{2:012d}")
    last, middle, first = register.history(record["id"])
    assert (middle["record"], middle["differences"]) == (None, [])
    assert middle["note"] == {"reason": "Thiếu xóm", "damaged": True}
    assert (middle["kind"], middle["revision"], middle["offset"]) == ("returned", 2, 2)
    assert first["record"] == record
    assert last["note"] is None


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_the_feed_has_no_gap_where_an_entry_is_damaged(
    register: Register, session_database: Documents, limit: int
) -> None:
    records = [register.registered() for _ in range(3)]
    whole, _ = read(register)
    damage(session_database, "log", f"{records[0]['commune']}:{2:012d}")
    before = reported()
    changes, _ = read(register, limit)
    assert [change["offset"] for change in changes] == [1, 2, 3]
    assert changes[1] == {**whole[1], "record": None, "note": {"damaged": True}}
    assert [changes[0], changes[2]] == [whole[0], whole[2]]
    assert reported() == before + 1


def test_what_holds_something_else_than_it_should_is_damaged_too(
    app: Flask, register: Register, session_database: Documents
) -> None:
    record, other = register.registered(), register.registered()
    encryption = app.extensions["parts"].store.database.encryption
    session_database["households"].update_one({"_id": record["id"]}, {"$set": {"sealed": encryption.seal_value("x")}})
    page = register.json("/v1/households")
    assert (page["items"], page["damaged"]) == ([other], [record["id"]])


def test_a_damaged_household_holds_up_no_neighbour(register: Register, session_database: Documents) -> None:
    square = a_square(105.66, 18.68)
    damaged = register.registered(parcels=[a_parcel(geometry=square)])
    before = register.registered(parcels=[a_parcel(geometry=square)])
    damage(session_database, "households", damaged["id"])
    after = register.registered(parcels=[a_parcel(geometry=square)])
    named = {finding["details"]["household"] for finding in after["findings"] if finding["code"] == "parcel.overlap"}
    assert named == {damaged["id"], before["id"]}
    revision = register.json(f"/v1/households/{before['id']}")["revision"]
    assert register.patch(before["id"], {"parcels": []}, if_match=revision).status_code == 200
    assert register.client.delete(f"/v1/households/{after['id']}?reason=moved_away").status_code == 200


@pytest.mark.parametrize("item", ["key", "sha256"])
def test_a_damaged_photo_holds_up_no_other(register: Register, session_database: Documents, item: str) -> None:
    household = register.registered()
    damaged, good = sent(register, household), sent(register, household)
    damage_photo(session_database, damaged, item)
    problem(register.get(address(household, damaged["id"])), 500, "store.damaged")
    after = sent(register, household)
    listed = register.json(address(household))
    named = listed.get("damaged", [photo["id"] for photo in listed["items"] if photo["id"] == damaged["id"]])
    assert (named, [photo for photo in listed["items"] if photo != damaged]) == ([damaged["id"]], [good, after])
    request = register.client.post("/v1/requests", json={"kind": "copy", "household": household["id"]}).get_json()
    copy = register.json(f"/v1/requests/{request['id']}/copy")
    assert (copy["damaged_photos"], [photo["id"] for photo in copy["photos"]]) == (
        [damaged["id"]],
        [good["id"], after["id"]],
    )
    assert register.client.delete(address(household, damaged["id"])).status_code == 204
    assert photos_of(register, household) == [good, after]


def test_a_photo_with_the_id_of_a_damaged_one_is_refused_as_damaged(
    register: Register, session_database: Documents
) -> None:
    household, jpeg = register.registered(), a_photo()
    photo = sent(register, household, jpeg)
    damage_photo(session_database, photo, "sha256")
    problem(send(register, household, photo["id"], jpeg), 500, "store.damaged")


def test_a_household_with_a_damaged_photo_can_be_erased(register: Register, session_database: Documents) -> None:
    household = register.registered()
    for item in ("key", "sha256"):
        damage_photo(session_database, sent(register, household), item)
    request = register.client.post("/v1/requests", json={"kind": "erase", "household": household["id"]}).get_json()
    done = register.client.post(f"/v1/requests/{request['id']}/carry-out")
    assert (done.status_code, done.get_json()["state"]) == (200, "done")
    assert session_database["photos.files"].count_documents({}) == 0


def test_who_sees_nobody_reads_a_damaged_household_as_lists_give_it(
    register: Register, session_database: Documents
) -> None:
    household = register.registered()
    token = token_of(register.client.application, Role.SYSTEM, "40", scopes=("records:read",))
    statistics = {"Authorization": f"Bearer {token}"}
    damage(session_database, "households", household["id"])
    listed = register.get("/v1/households", **statistics).get_json()
    assert register.get(f"/v1/households/{household['id']}", **statistics).get_json() == listed["items"][0]
    assert len(register.history(household["id"])) == 1  # its history is decrypted apart from it


def test_a_retry_whose_log_entry_is_damaged_is_stale(register: Register, session_database: Documents) -> None:
    household = register.registered()
    revised = {**household, "village": "Khối 4"}
    assert register.put(revised, if_match=1).status_code == 200
    damage(session_database, "log", f"{household['commune']}:{2:012d}")
    assert register.step(household["id"], "verify").status_code == 200
    problem(register.put(revised, if_match=1), 412, "household.stale")
    problem(register.patch(household["id"], {"village": "Khối 4"}, if_match=1), 412, "household.stale")
    damage(session_database, "log", f"{household['commune']}:{1:012d}")
    problem(register.patch(household["id"], {"village": "Khối 4"}, if_match=1), 412, "household.stale")
