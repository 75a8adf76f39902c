"""The trail over HTTP: the entry of a read is stored early, and never says more than what went out."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask import Flask

from service.access.gate import declared_on
from service.access.trail import TrailEntry
from service.api.http import audit_trail
from service.api.http.guard import guard
from service.app import register_of
from service.roles import TABLE, Permission, Role
from service.storage.trail.documents import TRAIL
from tests.api.asking import Register, problem
from tests.api.signed_in import token_of
from tests.builders import THANH_VINH, VINH_LOC, a_parcel, a_square, an_id


def headers(register: Register, name: str) -> dict[str, str]:
    """An officer of Thành Vinh of whom the trail, which all tests share, knows nothing yet."""
    return {"Authorization": f"Bearer {token_of(register.client.application, Role.OFFICER, THANH_VINH, name=name)}"}


def of(register: Register, name: str) -> list[TrailEntry]:
    """What the trail says of an account."""
    with register.client.application.app_context():
        return list(guard().trail.entries(account=name))


def test_a_reader_of_a_household_is_stored_once(register: Register) -> None:
    household, name = register.registered(commune=THANH_VINH, parcels=None)["id"], an_id()
    named = headers(register, name)
    address = f"/v1/households/{household}"
    tag = register.client.get(address, headers=named).headers["ETag"]
    assert register.client.get(address, headers={**named, "If-None-Match": tag}).status_code == 304
    assert register.client.get(f"{address}/history", headers=named).status_code == 200
    assert [(entry.status, entry.households) for entry in of(register, name)] == [(200, (household,))] * 3


def test_an_entry_names_every_household_that_a_write_revised(register: Register) -> None:
    square = a_square()
    first = register.registered(parcels=[a_parcel(geometry=square)])
    newer = register.registered(parcels=[a_parcel(geometry=square)])
    register.client.post(f"/v1/parcels/{newer['parcels'][0]['id']}/settle", json={"reason": "Đã đo lại"})
    request = {"kind": "erase", "household": newer["id"]}
    erase = register.client.post("/v1/requests", json=request).get_json()["id"]
    assert register.client.post(f"/v1/requests/{erase}/carry-out").status_code == 200
    with register.client.application.app_context():
        found = [(each.action, set(each.households)) for each in guard().trail.entries(households=[first["id"]])]
    both = {first["id"], newer["id"]}
    assert found == [
        ("households.write", {first["id"]}),
        ("households.write", both),
        ("parcels.settle", both),
        ("requests.manage", both),
    ]


@pytest.mark.parametrize("there", [True, False])
def test_what_was_requested_and_not_shown_is_stored_as_such(register: Register, there: bool) -> None:
    name = an_id()
    household = register.registered(commune=VINH_LOC, parcels=None)["id"] if there else an_id()
    response = register.client.get(f"/v1/households/{household}", headers=headers(register, name))
    problem(response, 404, "household.not-found")
    (entry,) = of(register, name)
    assert (entry.status, entry.households) == (404, ())
    with register.client.application.app_context():
        assert name not in {each.name for each in guard().trail.entries(households=[household])}


def test_a_stranger_does_not_fill_the_trail(register: Register) -> None:
    client, address = register.client.application.test_client(), f"/v1/households/{an_id()}"
    with register.client.application.app_context():
        before = len(list(guard().trail.entries()))
        for headers_of_a_stranger in ({}, {"Authorization": "Bearer x.y.z"}):
            for method in ("GET", "PUT", "DELETE"):
                response = client.open(address, method=method, json={}, headers=headers_of_a_stranger)
                assert response.status_code == 401
        assert len(list(guard().trail.entries())) == before


def test_requests_with_equal_ids_hide_nothing(register: Register) -> None:
    household, name = register.registered(commune=THANH_VINH, parcels=None)["id"], an_id()
    named = {**headers(register, name), "X-Request-Id": "always-the-same"}
    register.client.get(f"/v1/households/{household}", headers=named)
    register.client.get(f"/v1/households/{an_id()}", headers=named)
    assert [entry.households for entry in of(register, name)] == [(household,), ()]


def test_a_response_whose_audit_entry_cannot_be_stored_is_replaced_by_a_problem_with_every_header(
    register: Register,
) -> None:
    household, named = register.registered(commune=THANH_VINH, parcels=None)["id"], headers(register, an_id())
    database = register_of(register.client.application).store.database.mongo
    database.command("collMod", TRAIL, validator={"never": {"$exists": True}})
    try:
        response = register.client.get(f"/v1/households/{household}/history", headers=named)
    finally:
        database.command("collMod", TRAIL, validator={})
    assert response.status_code >= 500
    assert response.mimetype == "application/problem+json"
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert response.headers["X-Request-Id"]


def test_an_auditor_is_not_shown_the_address_of_a_household_that_left_the_area(register: Register) -> None:
    """The auditor may read the entry, since the officer's account is in the area; the household has left it."""
    left, stays = (register.registered(commune=THANH_VINH, parcels=None)["id"] for _ in range(2))
    name = an_id()
    named = headers(register, name)
    for household in (left, stays):
        assert register.client.get(f"/v1/households/{household}/history", headers=named).status_code == 200
    assert register.client.post(f"/v1/households/{left}/transfer", json={"commune": VINH_LOC}).status_code == 200
    auditor = token_of(register.client.application, Role.AUDITOR, THANH_VINH, name=an_id())
    found = register.client.get(f"/v1/trail?account={name}", headers={"Authorization": f"Bearer {auditor}"})
    shown = [(entry["path"], entry["households"]) for entry in map(json.loads, found.text.splitlines())]
    assert shown == [("/v1/households/…/history", []), (f"/v1/households/{stays}/history", [stays])]


def test_a_use_that_shows_nobody_is_stored_unless_its_permission_is_declared_otherwise(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the use of a new permission is stored by default."""
    name = an_id()
    named = headers(register, name)
    assert register.client.get("/v1/coverage", headers=named).status_code == 200
    assert of(register, name) == []
    monkeypatch.setattr(audit_trail, "_ONLY_WHEN_SHOWN", frozenset())
    assert register.client.get("/v1/coverage", headers=named).status_code == 200
    assert [(entry.action, entry.households) for entry in of(register, name)] == [("coverage.read", ())]


def test_every_call_by_the_id_of_something_is_noted_as_being_about_it(app: Flask, register: Register) -> None:
    """Whatever became of it, and whatever route is added: the room notes it, no view."""
    named = re.compile(r"<(account_id|request_id|photo_id|session_id)>")
    never_only_named = {Permission.SESSION_OWN}
    bodies: tuple[dict[str, Any], ...] = (
        {"json": {}},
        {"json": {"reason": "x"}},
        {"data": b"x", "content_type": "image/jpeg", "query_string": {"of": "identity_card"}},
    )
    silent, called = set(), 0
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            permission = getattr(declared_on(app.view_functions[rule.endpoint], method), "permission", None)
            if not named.search(rule.rule) or permission is None or permission in never_only_named:
                continue
            called += 1
            ids = {name: an_id() for name in rule.arguments}
            address = rule.rule.translate(str.maketrans("<>", "{}")).format(**ids)
            role = next(role for role in Role if permission in TABLE[role])
            bearer = {"Authorization": f"Bearer {token_of(app, role)}"}
            for body in ({},) if method in ("GET", "DELETE") else bodies:
                register.client.open(address, method=method, headers=bearer, **body)
            with app.app_context():
                noted = {entry.about for entry in guard().trail.entries() if entry.path == address}
            if not noted & {ids[name] for name in named.findall(rule.rule)}:
                silent.add((method, rule.rule, *noted))
    assert (silent, called > 12) == (set(), True)
