"""One damaged record, in the real database: the others are served, and it is named by its id alone."""

from __future__ import annotations

from typing import Any

import pytest
from bson.binary import Binary
from flask import Flask
from prometheus_client import REGISTRY
from pymongo.database import Database

from tests.api.asking import Register, problem
from tests.api.test_changes import read
from tests.builders import Json, a_parcel, a_square

Documents = Database[dict[str, Any]]


def damage(documents: Documents, collection: str, key: str) -> None:
    """Change one byte of what a document hides, as a broken disk would."""
    sealed = documents[collection].find_one({"_id": key})["sealed"]  # type: ignore[index]
    broken = bytearray(sealed)
    broken[-20] ^= 0xFF
    documents[collection].update_one({"_id": key}, {"$set": {"sealed": Binary(bytes(broken), sealed.subtype)}})


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
        served += page["households"]
        named += page.get("damaged", [])
        cursor = page["cursor"]
    assert (served, named) == (records, [damaged])
    assert reported() == before + 1


def test_a_list_in_order_of_change_leads_past_the_damaged_one(register: Register, session_database: Documents) -> None:
    records = three(register)
    damage(session_database, "households", records[0]["id"])
    address = "/v1/households?updated_since=2020-01-01T00:00:00Z&limit=1&count=true"
    first = register.json(address)
    assert (first["households"], first["damaged"], first["total"]) == ([], [records[0]["id"]], 3)
    second = register.json(f"{address}&cursor={first['cursor']}")
    assert second["households"] == [records[1]]
    assert "damaged" not in second


def test_a_search_by_name_and_by_place_serves_the_others(register: Register, session_database: Documents) -> None:
    records = three(register)
    damage(session_database, "households", records[1]["id"])
    name = records[0]["head"]["full_name"]
    assert register.json(f"/v1/households?q={name}")["households"] == [records[0], records[2]]
    around = {"near": records[0]["parcels"][0]["geometry"]["coordinates"][0][0], "within": 100_000}
    found = register.client.post("/v1/households/search", json=around).get_json()
    assert [each["id"] for each in found["households"]] == [each["id"] for each in records]


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
    assert (middle["record"], middle["changes"]) == (None, [])
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
    assert (page["households"], page["damaged"]) == ([other], [record["id"]])


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
