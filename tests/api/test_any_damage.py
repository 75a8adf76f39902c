"""Any damage of any stored ciphertext, in the real database: it costs the one document, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from bson.binary import Binary
from pymongo.database import Database

from service.roles import Role
from tests.api.asking import Register, problem
from tests.api.signed_in import token_of
from tests.api.test_changes import read
from tests.api.test_photos import address, sent
from tests.builders import THANH_VINH, Json, a_household, a_parcel, a_square

Documents = Database[dict[str, Any]]
Path = tuple[str, ...]
"""The names that lead to a ciphertext in a document."""

BYTES = {
    "algorithm": 0,
    "first of the key id": 1,
    "middle of the key id": 8,
    "last of the key id": 16,
    "type": 17,
    "initialization vector": 18,
    "content": -40,
    "authentication tag": -1,
}
VALUES: dict[str, Any] = {
    "cut off": lambda sealed: Binary(bytes(sealed[:60]), 6),
    "cut to the key id": lambda sealed: Binary(bytes(sealed[:17]), 6),
    "cut to nothing": lambda _: Binary(b"", 6),
    "of another subtype": lambda sealed: Binary(bytes(sealed), 5),
    "plain binary": lambda sealed: Binary(bytes(sealed), 0),
    "a text": lambda _: "x",
    "a number": lambda _: 7,
    "a list": lambda _: [],
    "an object": lambda _: {},
}
REMOVED, NULL, SWAPPED = "removed", "null", "another document's"
DAMAGE = (*BYTES, *VALUES, REMOVED, NULL, SWAPPED)


def damage(documents: Documents, collection: str, where: Json, path: str, how: str, other: Json | None = None) -> None:
    """Damage the ciphertext at a dotted path in one document; ``other`` finds the document it is swapped with."""
    sealed = at(documents[collection].find_one(where), path)
    assert isinstance(sealed, Binary)
    change: Json
    if how == REMOVED:
        change = {"$unset": {path: ""}}
    elif how == NULL:
        change = {"$set": {path: None}}
    elif how == SWAPPED:
        change = {"$set": {path: at(documents[collection].find_one(other), path)}}
    elif how in VALUES:
        change = {"$set": {path: VALUES[how](sealed)}}
    else:
        broken = bytearray(sealed)
        broken[BYTES[how]] ^= 1
        change = {"$set": {path: Binary(bytes(broken), 6)}}
    # A disk does not ask the validator.
    changed = documents[collection].with_options().update_one(where, change, bypass_document_validation=True)
    assert changed.modified_count == 1


def at(document: Any, path: str) -> Any:
    for step in path.split("."):
        document = document[int(step) if step.isdigit() else step]
    return document


@pytest.fixture
def neighbours(register: Register) -> tuple[Json, Json]:
    """Two households of different shape whose parcels overlap; the first one is to be damaged."""
    square = a_square(105.66, 18.68)
    first = register.registered(parcels=[a_parcel(geometry=square)], members=[], village="Khối 5")
    second = register.registered(parcels=[a_parcel(geometry=square)], village="Khối 5")
    return register.household(first["id"]), second


def statistics_of(register: Register) -> dict[str, str]:
    token = token_of(register.client.application, Role.SYSTEM, "40", scopes=("records:read", "changes:read"))
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_household_has_its_place_on_every_page(
    register: Register, session_database: Documents, neighbours: tuple[Json, Json], how: str
) -> None:
    first, second = neighbours
    entries, _ = read(register)
    damage(session_database, "households", {"_id": first["id"]}, "sealed", how, {"_id": second["id"]})
    problem(register.get(f"/v1/households/{first['id']}"), 500, "store.damaged")
    assert register.household(second["id"]) == second
    name = first["head"]["full_name"]
    for query in ("", "&updated_since=2020-01-01T00:00:00Z", f"&q={name}", "&village=Khối 5", "&bbox=105,18,106,19"):
        page = register.json(f"/v1/households?count=true{query}")
        assert (page["households"], page["damaged"], page["total"]) == ([second], [first["id"]], 2), query
    number = register.json(f"/v1/households?q={first['head']['national_id']}")
    assert (number["households"], number["damaged"]) == ([], [first["id"]])
    for role in (Role.SUPERVISOR, Role.LEADER, Role.AUDITOR):
        token = token_of(register.client.application, role, "40")
        seen = register.get("/v1/households", Authorization=f"Bearer {token}")
        assert seen.status_code in (200, 403), seen.text
    assert len(register.get("/v1/households", **statistics_of(register)).get_json()["households"]) == 2
    assert read(register)[0] == entries
    assert len(register.history(first["id"])) == 2
    around = {"near": [105.66, 18.68], "within": 1_000}
    found = register.client.post("/v1/households/search", json=around).get_json()["households"]
    assert {each["id"] for each in found} == {first["id"], second["id"]}
    assert register.json("/v1/coverage")["rows"]


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_household_holds_up_no_write_to_another(
    register: Register, session_database: Documents, neighbours: tuple[Json, Json], how: str
) -> None:
    first, second = neighbours
    damage(session_database, "households", {"_id": first["id"]}, "sealed", how, {"_id": second["id"]})
    third = register.registered(parcels=[a_parcel(geometry=first["parcels"][0]["geometry"])])
    named = {each["details"]["household"] for each in third["findings"] if each["code"] == "parcel.overlap"}
    assert named == {first["id"], second["id"]}
    question = {"geometry": third["parcels"][0]["geometry"], "commune": THANH_VINH}
    assert len(register.client.post("/v1/parcels/check", json=question).get_json()["findings"]) == 3
    parcel = third["parcels"][0]["id"]
    settled = register.client.post(f"/v1/parcels/{parcel}/settle", json={"reason": "Ranh giới cũ"})
    assert settled.status_code == 200, settled.text
    assert register.patch(second["id"], {"village": "Khối 9"}, if_match=3).status_code in (200, 412)
    for household in (second, third):
        assert register.step(household["id"], "verify").status_code == 200
        assert register.withdraw(household["id"]).status_code == 200
    for response in (
        register.put({**a_household(), "id": first["id"]}, if_match=2),
        register.patch(first["id"], {"village": "Khối 9"}, if_match=2),
        register.step(first["id"], "verify"),
        register.withdraw(first["id"]),
    ):
        problem(response, 500, "store.damaged")
    request = register.client.post("/v1/requests", json={"kind": "erase", "household": first["id"]}).get_json()
    assert register.client.post(f"/v1/requests/{request['id']}/carry-out").get_json()["state"] == "done"


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_log_entry_has_its_place_in_the_feed_and_the_history(
    register: Register, session_database: Documents, neighbours: tuple[Json, Json], how: str
) -> None:
    first, second = neighbours
    entries, cursor = read(register)
    broken, *_ = (each for each in entries if each["household"] == first["id"])
    key = {"_id": f"{THANH_VINH}:{broken['offset']:012d}"}
    other = {"_id": f"{THANH_VINH}:{broken['offset'] + 1:012d}"}
    damage(session_database, "log", key, "sealed", how, other)
    expected = [{**each, "record": None, "note": {"damaged": True}} if each == broken else each for each in entries]
    for limit in (1, 100):
        assert read(register, limit) == (expected, cursor)
    auditor = token_of(register.client.application, Role.AUDITOR, "40")
    assert register.get("/v1/changes", Authorization=f"Bearer {auditor}").status_code in (200, 403)
    without_sight = register.get("/v1/changes", **statistics_of(register)).get_json()
    assert [each["offset"] for each in without_sight["changes"]] == [each["offset"] for each in entries]
    newest, oldest = register.history(first["id"])
    assert (oldest["record"], oldest["changes"], oldest["note"]) == (None, [], {"damaged": True})
    assert newest["record"] == register.household(first["id"]) == first
    request = register.client.post("/v1/requests", json={"kind": "copy", "household": first["id"]}).get_json()
    copied = register.json(f"/v1/requests/{request['id']}/copy")
    assert [entry.get("damaged", False) for entry in copied["history"]] == [False, True]
    assert register.put({**first, "village": "Khối 9"}, if_match=1).status_code == 412
    assert register.put({**first, "village": "Khối 9"}, if_match=2).status_code == 200
    transfer = {"commune": "16690"}
    assert register.step(first["id"], "transfer", transfer).status_code == 200
    assert register.step(second["id"], "verify").status_code == 200


@pytest.mark.parametrize("item", ["key", "sha256"])
@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_photo_is_named_and_the_others_are_shown(
    register: Register, session_database: Documents, item: str, how: str
) -> None:
    household = register.registered()
    broken, good = sent(register, household), sent(register, household)
    files = ({"metadata.photo": each["id"]} for each in (broken, good))
    damage(session_database, "photos.files", next(files), f"metadata.{item}", how, next(files))
    problem(register.get(address(household, broken["id"])), 500, "store.damaged")
    assert register.get(address(household, good["id"])).status_code == 200
    listed = register.json(address(household))
    assert good in listed["photos"]
    request = register.client.post("/v1/requests", json={"kind": "copy", "household": household["id"]}).get_json()
    copied = register.json(f"/v1/requests/{request['id']}/copy")
    assert ([each["id"] for each in copied["photos"]], copied["damaged_photos"]) == ([good["id"]], [broken["id"]])
    assert register.client.delete(address(household, broken["id"])).status_code == 204


@pytest.mark.parametrize("path", ["person", "text", "steps.0.note"])
@pytest.mark.parametrize("how", [how for how in DAMAGE if how != NULL])
def test_a_damaged_request_has_its_place_on_the_list(
    register: Register, session_database: Documents, path: str, how: str
) -> None:
    household = register.registered()
    broken, other = (
        register.client.post(
            "/v1/requests",
            json={"kind": "correct", "household": household["id"], "person": f"Bà {name}", "text": f"Tên là {name}"},
        ).get_json()
        for name in ("Hoa", "Lan")
    )
    if path.startswith("steps"):
        note = session_database["requests"].find_one({"_id": other["id"]})
        assert note is not None
        for each in (broken, other):
            sealed = session_database["requests"].find_one({"_id": each["id"]})
            session_database["requests"].update_one({"_id": each["id"]}, {"$set": {path: sealed["text"]}})  # type: ignore[index]
    damage(session_database, "requests", {"_id": broken["id"]}, path, how, {"_id": other["id"]})
    listed = {each["id"]: each for each in register.json("/v1/requests")["requests"]}
    assert (listed[broken["id"]]["damaged"], "damaged" in listed[other["id"]]) == (True, False)
    one = register.json(f"/v1/requests/{broken['id']}")
    assert (one["damaged"], one.get("person"), one.get("text")) == (True, None, None)
    assert register.json(f"/v1/requests/{other['id']}")["text"] == "Tên là Lan"
