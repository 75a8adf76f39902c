"""Personal data over HTTP: who sees how much, what lies in the database, who looked, and what erasing leaves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest
from bson import encode
from flask import Flask
from pymongo import MongoClient

from schemas.geometry import geometry_json
from service.access.account import Account
from service.api.http.values import EXAMPLE_ID
from service.households import reading
from service.jobs.reconciliation import reconcile, verify_log
from service.roles import Role, Sight
from service.settings import Settings
from service.storage.repositories import Repositories
from service.storage.trail.writing import Trail
from service.unit_names import UnitId
from tests.api.asking import Register, problem
from tests.api.signed_in import token_of
from tests.builders import COMMUNES, SOUTH_WEST, THANH_VINH, VINH_LOC, a_household, a_parcel
from tests.parcels.builders import a_field
from tests.workbooks import unpacked

PHONE = "0912345678"


def headers(register: Register, role: Role, *units: str, scopes: tuple[str, ...] = (), **named: str) -> dict[str, str]:
    token = token_of(register.client.application, role, *units, scopes=scopes, **named)
    return {"Authorization": f"Bearer {token}"}


def masked_supervisor(register: Register) -> dict[str, str]:
    """A supervisor whose account sees persons masked."""
    account = Account(
        "account-masked",
        "masked",
        Role.SUPERVISOR,
        (UnitId("40"),),
        created_at=register.client.application.extensions["guard"].clock(),
        created_by="tests",
        sight=Sight.MASKED,
    )
    guard = register.client.application.extensions["guard"]
    guard.principals.store.add_account(account)
    return {"Authorization": f"Bearer {guard.tokens.issue(account.id)[0]}"}


def person(register: Register, **items: Any) -> dict[str, Any]:
    head = {**a_household()["head"], "phone": PHONE, "old_id_number": "181234567"}
    parcels = [a_parcel(certificate_serial="CH 123456", certificate_register_number="VS 998877")]
    return register.registered(**{"head": head, "parcels": parcels, "address": "số 12 ngõ 7", **items})


def everything(settings: Settings) -> bytes:
    """Every document of the database, as a dump has it."""
    with MongoClient[dict[str, Any]](settings.mongodb_uri) as client:
        database = client.get_default_database()
        return b"".join(
            encode(document) for name in database.list_collection_names() for document in database[name].find({})
        )


def test_a_dump_shows_no_number_phone_or_certificate(register: Register, register_settings: Settings) -> None:
    record = person(register)
    register.patch(record["id"], {"head": {"phone": "0987654321"}}, if_match=1)
    dump = everything(register_settings)
    assert record["id"].encode() in dump
    for secret in (record["head"]["national_id"], "912345678", "987654321", "181234567", "CH 123456", "VS 998877"):
        assert secret.encode() not in dump, secret


def test_what_is_encrypted_is_found_read_and_known_again(register: Register) -> None:
    record = person(register)
    for q in (record["head"]["national_id"], PHONE, "+84 912 345 678"):
        found = register.json(f"/v1/households?q={q.replace('+', '%2B')}")["items"]
        assert [one["id"] for one in found] == [record["id"]]
        assert found[0]["head"]["phone"] == "+84912345678"
    again = {name: value for name, value in record.items() if name != "findings"}
    assert register.put(again).status_code == 200
    other = a_household(head={**record["head"]}, parcels=None)
    problem(register.put(other), 409, "national-id.taken")


@pytest.mark.parametrize("path", ["", "/history", "list", "feed"])
def test_persons_are_masked_or_absent_wherever_records_are_read(register: Register, path: str) -> None:
    record = person(register)
    register.patch(record["id"], {"head": {"phone": "0987654321"}}, if_match=1)
    base = f"/v1/households/{record['id']}"
    address = {"list": "/v1/households", "feed": "/v1/changes"}.get(path, base + path)
    statistics = headers(register, Role.SYSTEM, "40", scopes=("records:read", "changes:read"))
    whole = headers(register, Role.SYSTEM, "40", scopes=("records:read", "changes:read", "personal:read"))
    secrets = (record["head"]["national_id"], "912345678", "987654321", "CH 123456", "số 12 ngõ 7")
    full = register.client.get(address, headers=whole)
    assert secrets[0] in full.text
    assert full.headers["Sight"] == "personal"
    for restricted, sight in ((statistics, "nobody"), (masked_supervisor(register), "masked")):
        response = register.client.get(address, headers=restricted)
        assert (response.status_code, response.headers["Sight"]) == (200, sight)
        assert [secret for secret in secrets if secret in response.text] == []
    assert record["head"]["full_name"] not in register.client.get(address, headers=statistics).text


@pytest.mark.parametrize("q", ["040078001234", PHONE, "Nguyen"])
def test_who_does_not_see_persons_does_not_find_them_by_trying_either(register: Register, q: str) -> None:
    person(register)
    statistics = headers(register, Role.SYSTEM, "40", scopes=("records:read",))
    for reader in (statistics, masked_supervisor(register)):
        response = register.client.get(f"/v1/households?q={q}", headers=reader)
        problem(response, 403, "access.permission-missing")


def test_an_area_search_shows_statistics_no_village(register: Register) -> None:
    field = geometry_json(a_field(0, 0, at=SOUTH_WEST))
    person(register, village="Khối 17", parcels=[a_parcel(geometry=field)])
    statistics = headers(register, Role.SYSTEM, "40", scopes=("records:read",))
    for path in ("search", "search.csv", "search.xlsx"):
        response = register.client.post(f"/v1/households/{path}", json={"area": field}, headers=statistics)
        text = unpacked(response.get_data()).decode()
        assert THANH_VINH in text
        assert "Khối 17" not in text


def test_a_masked_account_takes_no_request_in_and_gets_no_copy(register: Register) -> None:
    record = person(register)
    copy = received(register, record["id"], "copy")
    masked = masked_supervisor(register)
    for path in ("", f"/{copy['id']}", f"/{copy['id']}/copy"):
        problem(register.client.get(f"/v1/requests{path}", headers=masked), 403, "access.permission-missing")


def test_every_read_is_stored_in_the_trail_before_the_response_goes_out(register: Register, app: Flask) -> None:
    record = person(register)
    reader = headers(register, Role.OFFICER, THANH_VINH, name="nguoi.doc")
    for address in (f"/v1/households/{record['id']}", "/v1/households", "/v1/changes", "/v1/coverage"):
        assert register.client.get(address, headers=reader).status_code == 200
    trail: Trail = app.extensions["guard"].trail
    seen = [entry for entry in trail.entries(households=[record["id"]]) if entry.name == "nguoi.doc"]
    assert [entry.action for entry in seen] == ["households.read", "households.read", "changes.read"]
    assert {entry.address for entry in seen} == {"127.0.0.1"}
    assert list(trail.verify()) == []


def test_the_auditor_reads_the_trail_as_lines_and_no_record(register: Register) -> None:
    record = person(register)
    lines = register.client.get(f"/v1/trail?household={record['id']}").text.splitlines()
    assert {orjson.loads(line)["action"] for line in lines} == {"households.write"}
    auditor = headers(register, Role.AUDITOR)
    assert register.client.get(f"/v1/households/{record['id']}", headers=auditor).status_code == 403
    assert record["head"]["national_id"] not in register.client.get("/v1/changes", headers=auditor).text
    assert register.client.get("/v1/trail?household=$ne&account[$ne]=x").status_code == 422


def test_a_refusal_is_stored_too(register: Register, app: Flask) -> None:
    officer = headers(register, Role.OFFICER, THANH_VINH, name="to.mo")
    register.client.get("/v1/accounts", headers=officer)
    (entry,) = app.extensions["guard"].trail.entries(account="to.mo")
    assert (entry.action, entry.status) == ("accounts.manage", 403)


# Requests -------------------------------------------------------------------------------------------------------


def received(register: Register, household: str, kind: str, **items: Any) -> dict[str, Any]:
    response = register.client.post("/v1/requests", json={"kind": kind, "household": household, **items})
    assert response.status_code == 201, response.text
    body: dict[str, Any] = response.get_json()
    return body


def test_a_household_that_is_no_id_is_refused_with_an_example_of_one(register: Register) -> None:
    for household in (5, ["a"], "\0"):
        request = {"kind": "view", "household": household}
        body = problem(register.client.post("/v1/requests", json=request), 422, "request.invalid")
        assert (body["errors"][0]["pointer"], body["detail"]) == (
            "/household",
            f"Mục này chưa đúng; cần: {EXAMPLE_ID}.",
        )


@pytest.mark.parametrize(("day", "status"), [("0001-01-01", 422), ("2025-12-31", 422), ("2026-01-01", 201)])
def test_a_request_came_while_the_law_was_in_force(register: Register, day: str, status: int) -> None:
    request = {"kind": "view", "household": person(register)["id"], "received_on": day}
    response = register.client.post("/v1/requests", json=request)
    assert response.status_code == status
    if status == 422:
        assert "2026-01-01" in problem(response, 422, "request.invalid")["detail"]


def test_a_request_has_its_due_dates_and_its_steps(register: Register) -> None:
    record = person(register)
    request = received(register, record["id"], "view", person="Con trai ông An", received_on="2026-11-20")
    assert (request["acknowledge_by"], request["reply_by"]) == ("2026-11-24", "2026-11-30")
    assert request["reminder"] == "acknowledge"
    base = f"/v1/requests/{request['id']}"
    assert register.client.post(f"{base}/acknowledge").get_json()["state"] == "acknowledged"
    extended = register.client.post(f"{base}/extend", json={"reason": "Chờ bản giấy"}).get_json()
    assert extended["reply_by"] == "2026-12-10"
    problem(register.client.post(f"{base}/extend", json={"reason": "nữa"}), 409, "request.extended-already")
    done = register.client.post(f"{base}/carry-out", json={"outcome": "Đã đưa bản in"}).get_json()
    assert [step["what"] for step in done["steps"]] == ["received", "acknowledged", "extended", "done"]
    problem(register.client.post(f"{base}/refuse", json={"reason": "x"}), 409, "request.closed")


def test_a_copy_holds_the_record_its_history_and_who_saw_it(register: Register) -> None:
    record = person(register)
    request = received(register, record["id"], "copy")
    copy = register.client.get(f"/v1/requests/{request['id']}/copy").get_json()
    assert copy["household"]["head"]["national_id"] == record["head"]["national_id"]
    assert [entry["kind"] for entry in copy["history"]] == ["registered"]
    assert copy["seen_by"]


def test_a_copy_holds_the_whole_history_however_long(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "ENTRIES_AT_ONCE", 2)
    record = person(register)
    for revision in range(1, 6):
        register.patch(record["id"], {"village": f"Khối {revision}"}, if_match=revision)
    request = received(register, record["id"], "copy")
    history = register.client.get(f"/v1/requests/{request['id']}/copy").get_json()["history"]
    assert [entry["kind"] for entry in history] == ["revised"] * 5 + ["registered"]
    assert history[0]["differences"][0]["after"] == "Khối 5"


def test_a_consent_is_withdrawn_by_carrying_the_request_out(register: Register) -> None:
    consent = {"purpose": "ecommerce", "granted_at": "2026-11-01T00:00:00Z"}
    record = person(register, consents=[consent])
    refused = register.client.post(
        "/v1/requests", json={"kind": "withdraw-consent", "household": record["id"], "purpose": "credit"}
    )
    problem(refused, 422, "request.invalid")
    request = received(register, record["id"], "withdraw-consent", purpose="ecommerce")
    assert register.client.post(f"/v1/requests/{request['id']}/carry-out").status_code == 200
    assert "withdrawn_at" in register.household(record["id"])["consents"][0]


@pytest.mark.parametrize("step", ["withdrawn", "verified"])
def test_a_consent_is_withdrawn_whatever_the_household_s_status_and_changes_none(register: Register, step: str) -> None:
    record = person(register, consents=[{"purpose": "ecommerce", "granted_at": "2026-11-01T00:00:00Z"}])
    if step == "withdrawn":
        register.withdraw(record["id"])
    else:
        register.step(record["id"], "verify")
    request = received(register, record["id"], "withdraw-consent", purpose="ecommerce")
    carried = register.client.post(f"/v1/requests/{request['id']}/carry-out")
    assert carried.status_code == 200, carried.text
    stored = register.household(record["id"])
    assert (stored["status"], "withdrawn_at" in stored["consents"][0]) == (step, True)


@pytest.mark.parametrize("kind", ["restrict", "object"])
def test_a_restricted_household_goes_to_no_other_system_until_it_is_lifted(register: Register, kind: str) -> None:
    record, other = person(register), register.registered(parcels=None)
    request = received(register, record["id"], kind)
    ministry = headers(register, Role.SYSTEM, "40", scopes=("records:read", "changes:read", "personal:read"))

    def shared() -> tuple[int, list[str], list[bool]]:
        one = register.client.get(f"/v1/households/{record['id']}", headers=ministry).status_code
        listed = register.client.get("/v1/households?count=true", headers=ministry).get_json()
        feed = register.client.get("/v1/changes", headers=ministry).get_json()["changes"]
        assert listed["total"] == len(listed["items"])
        return one, [each["id"] for each in listed["items"]], [each["record"] is not None for each in feed]

    assert shared() == (200, [record["id"], other["id"]], [True, True])
    register.client.post(f"/v1/requests/{request['id']}/carry-out")
    assert shared() == (404, [other["id"]], [False, True, False])
    assert register.household(record["id"])["id"] == record["id"]
    assert register.client.post(f"/v1/requests/{request['id']}/lift").get_json()["lifted_on"] == "2026-11-23"
    assert shared() == (200, [record["id"], other["id"]], [True, True, False, True])
    problem(register.client.post(f"/v1/requests/{request['id']}/lift"), 409, "request.closed")


def test_requests_of_another_area_are_not_there(register: Register) -> None:
    request = received(register, person(register)["id"], "view")
    theirs = headers(register, Role.OFFICER, VINH_LOC)
    assert register.client.get("/v1/requests", headers=theirs).get_json()["items"] == []
    problem(register.client.get(f"/v1/requests/{request['id']}", headers=theirs), 404, "request.not-found")
    assert register.client.get("/v1/requests?open=true").get_json()["items"][0]["id"] == request["id"]


@pytest.mark.parametrize("by", ["transfer", "revision"])
def test_requests_follow_their_household_to_another_commune(register: Register, by: str) -> None:
    record = person(register)
    view, erase = (received(register, record["id"], kind, person="Con trai")["id"] for kind in ("view", "erase"))
    if by == "transfer":
        moved = register.client.post(f"/v1/households/{record['id']}/transfer", json={"commune": VINH_LOC})
    else:
        moved = register.patch(record["id"], {"commune": VINH_LOC, "former_commune": None, "parcels": None}, 1)
    assert moved.status_code == 200, moved.text
    old, new = (headers(register, Role.LEADER, commune) for commune in (THANH_VINH, VINH_LOC))

    def listed(reader: dict[str, str]) -> set[str]:
        return {each["id"] for each in register.client.get("/v1/requests", headers=reader).get_json()["items"]}

    assert (listed(old), listed(new)) == (set(), {view, erase})
    for path in ("", "/copy"):
        problem(register.client.get(f"/v1/requests/{view}{path}", headers=old), 404, "request.not-found")
    problem(register.client.post(f"/v1/requests/{erase}/carry-out", headers=old), 404, "request.not-found")
    assert register.client.post(f"/v1/requests/{view}/acknowledge", headers=new).get_json()["commune"] == VINH_LOC
    assert register.client.post(f"/v1/requests/{erase}/carry-out", headers=new).status_code == 200


def test_a_request_that_is_written_after_the_household_moved_stays_with_it(
    register: Register, store: Repositories
) -> None:
    request = received(register, person(register)["id"], "view")
    read = store.requests.request(request["id"], None)
    assert read is not None
    register.client.post(f"/v1/households/{read.household}/transfer", json={"commune": VINH_LOC})
    store.requests.replace_request(replace(read, text="bản sao", revision=read.revision + 1))
    again = store.requests.request(request["id"], frozenset({VINH_LOC}))
    assert again is not None
    assert again.text == "bản sao"


def test_an_officer_alone_erases_nobody(register: Register) -> None:
    request = received(register, person(register)["id"], "erase")
    response = register.client.post(f"/v1/requests/{request['id']}/carry-out", headers=headers(register, Role.OFFICER))
    problem(response, 403, "access.permission-missing")


def test_erasing_leaves_nothing_of_the_person_and_the_chain_holds(
    register: Register, register_settings: Settings, store: Repositories
) -> None:
    head = {**a_household()["head"], "full_name": "Hoàng Thị Biệt Danh", "phone": PHONE}
    record = person(register, head=head)
    neighbour = register.registered(parcels=None)
    register.patch(record["id"], {"village": "Xóm Không Còn Ai"}, if_match=1)
    register.step(record["id"], "return", {"reason": "Bà Biệt Danh khai thiếu"})
    request = received(register, record["id"], "erase", person="Hoàng Thị Biệt Danh", text="xóa hết")
    assert register.client.post(f"/v1/requests/{request['id']}/carry-out").status_code == 200

    dump = everything(register_settings)
    for secret in ("Biệt Danh", "biet danh", "Xóm Không Còn Ai", "xóa hết", "khai thiếu", "số 12 ngõ 7"):
        assert secret.encode() not in dump, secret
    with MongoClient[dict[str, Any]](register_settings.mongodb_uri) as client:
        database = client.get_default_database()
        assert database["identities"].count_documents({"household": record["id"]}) == 0
        assert database["households"].count_documents({"_id": record["id"]}) == 0
        entries = list(database["log"].find({"household": record["id"]}).sort("offset"))
    assert [entry["kind"] for entry in entries] == ["registered", "revised", "returned", "erased"]
    assert all(entry[item] is None for entry in entries for item in ("record", "replaced", "note"))
    assert all(entry["sealed"] is None for entry in entries[:3])  # with it, salt and fingerprint
    assert not any(item in entry for entry in entries for item in ("salt", "fingerprint"))

    assert [log.broken for log in verify_log(store)] == [None] * len(store.states.now())
    assert list(reconcile(store)) == []
    problem(register.get(f"/v1/households/{record['id']}"), 410, "household.erased")
    assert [one["id"] for one in register.json("/v1/households")["items"]] == [neighbour["id"]]
    feed = register.json("/v1/changes")["changes"]
    assert all(one["record"] is None for one in feed if one["household"] == record["id"])


def test_erasing_clears_every_text_of_the_household_s_requests(register: Register, register_settings: Settings) -> None:
    record = person(register)
    requests = [received(register, record["id"], kind, person="Biệt Danh", text="xóa") for kind in ("erase", "view")]
    for request in requests:
        extended = register.client.post(f"/v1/requests/{request['id']}/extend", json={"reason": "Chờ bà Biệt Danh"})
        assert extended.get_json()["steps"][1]["note"] == "Chờ bà Biệt Danh"
    address = f"/v1/requests/{requests[0]['id']}/carry-out"
    assert "Biệt Danh" not in register.client.post(address, json={"outcome": "Đã xóa Biệt Danh"}).text
    with MongoClient[dict[str, Any]](register_settings.mongodb_uri) as client:
        stored = list(client.get_default_database()["requests"].find({"household": record["id"]}))
    assert [(one["state"], len(one["steps"])) for one in stored] == [("done", 3), ("cancelled", 3)]
    assert all(one[item] is None for one in stored for item in ("person", "text", "outcome"))
    assert all(step["note"] is None for one in stored for step in one["steps"])


def test_a_phone_that_was_offline_cannot_bring_an_erased_household_back(register: Register) -> None:
    record = person(register)
    request = received(register, record["id"], "erase")
    register.client.post(f"/v1/requests/{request['id']}/carry-out")
    for commune in (*COMMUNES, "17329"):
        problem(register.put({**a_household(commune=commune), "id": record["id"]}), 410, "household.erased")
    same_person = a_household(head={**record["head"]}, parcels=None)
    assert register.put(same_person).status_code == 201


def test_a_request_of_tomorrow_by_a_wrong_clock_is_received_today(register: Register) -> None:
    request = received(register, register.registered()["id"], "view", received_on="2026-11-24")
    assert (request["received_on"], request["steps"][0]["note"]) == ("2026-11-23", "received_on=2026-11-24")
    later = {"kind": "view", "household": request["household"], "received_on": "2026-11-25"}
    problem(register.client.post("/v1/requests", json=later), 422, "request.invalid")
