"""Every endpoint, called by every role inside and outside its area, responds as the one table says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from service.access.gate import declared_on
from service.api.http.gate import check_every_endpoint_is_declared, declared_permissions
from service.roles import SCOPES, SIGHT_BY_ROLE, TABLE, Permission, Reach, Role, Sight
from tests.api.asking import Register
from tests.api.signed_in import token_of
from tests.builders import THANH_VINH, VINH_LOC, a_household

ROOT = Path(__file__).parents[2]

INSIDE, OUTSIDE = THANH_VINH, VINH_LOC


def endpoints(app: Flask) -> Iterator[tuple[str, str, Permission | None]]:
    """Method, address and permission of every endpoint, its places filled with ids that nobody has."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            declared = declared_on(app.view_functions[rule.endpoint], method)
            assert declared is not None
            address = re.sub(r"<(?:[^:>]+:)?[^>]+>", "00000000-0000-7000-8000-000000000000", rule.rule)
            yield method, address, declared.permission


def status_of(app: Flask, method: str, address: str, token: str | None) -> int:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return (
        app.test_client()
        .open(address, method=method, headers=headers, json={} if method != "GET" else None)
        .status_code
    )


def test_every_endpoint_names_its_permission(app: Flask) -> None:
    check_every_endpoint_is_declared(app)
    assert len(list(endpoints(app))) > 30


def test_every_permission_guards_an_endpoint(app: Flask) -> None:
    declared = {permission for _, _, permission in declared_permissions(app)}
    by_the_view = {str(Permission.REQUESTS_DECIDE)}  # needed beside requests.manage, to carry out an erasure
    assert {str(each) for each in Permission} - declared - by_the_view == set()


def test_nobody_gets_past_the_gate_without_signing_in(app: Flask, register: Register) -> None:
    for method, address, permission in endpoints(app):
        status = status_of(app, method, address, None)
        assert (status == 401) == (permission is not None) or address in {"/v1/token", "/v1/session"}, (method, address)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_gets_past_the_gate_exactly_where_the_table_says(app: Flask, register: Register, role: Role) -> None:
    scopes = tuple(SCOPES) if role is Role.SYSTEM else ()
    token = token_of(app, role, INSIDE, scopes=scopes)
    for method, address, permission in endpoints(app):
        if permission is None:
            continue
        status = status_of(app, method, address, token)
        assert status not in {401, 500}, (method, address, status)
        if permission not in TABLE[role]:
            assert status == 403, (role, method, address, status)
        elif not address.endswith("/session"):
            assert status != 403, (role, method, address, status)


@pytest.mark.parametrize("scope", list(SCOPES))
def test_a_scope_opens_its_endpoints_and_no_other(app: Flask, register: Register, scope: str) -> None:
    token = token_of(app, Role.SYSTEM, "40", scopes=(scope,))
    always = {Permission.UNITS_READ, Permission.SESSION_OWN}
    for method, address, permission in endpoints(app):
        if permission is not None and permission not in always:
            allowed = status_of(app, method, address, token) != 403
            assert allowed == (permission in SCOPES[scope]), (scope, method, address)


def as_role(register: Register, role: Role, *units: str, scopes: tuple[str, ...] = ()) -> dict[str, str]:
    return {"Authorization": f"Bearer {token_of(register.client.application, role, *units, scopes=scopes)}"}


READERS = [role for role in Role if Permission.HOUSEHOLDS_READ in TABLE[role]]


@pytest.mark.parametrize("role", READERS)
def test_a_household_outside_the_area_is_not_there(register: Register, role: Role) -> None:
    theirs = register.registered(commune=OUTSIDE, parcels=None)
    mine = register.registered(commune=INSIDE, parcels=None)
    headers = as_role(register, role, INSIDE, scopes=tuple(SCOPES))
    for suffix in ("", "/history"):
        assert register.client.get(f"/v1/households/{mine['id']}{suffix}", headers=headers).status_code == 200
        response = register.client.get(f"/v1/households/{theirs['id']}{suffix}", headers=headers)
        nobody = register.client.get(f"/v1/households/{a_household()['id']}{suffix}", headers=headers)
        assert response.status_code == nobody.status_code == 404


LISTS = [
    ("/v1/households?count=true", "items"),
    ("/v1/households?status=any&updated_since=2020-01-01T00:00:00Z", "items"),
    ("/v1/households?q=Nguyễn", "items"),
    (f"/v1/households?commune={OUTSIDE}", "items"),
    ("/v1/households?bbox=100,10,110,25", "items"),
    ("/v1/changes", "changes"),
    (f"/v1/changes?commune={OUTSIDE}", "changes"),
]


@pytest.mark.parametrize(("address", "items"), LISTS)
@pytest.mark.parametrize("role", READERS)
def test_no_list_search_or_feed_shows_what_is_outside(register: Register, role: Role, address: str, items: str) -> None:
    register.registered(commune=OUTSIDE, parcels=None)
    mine = register.registered(commune=INSIDE, parcels=None)
    response = register.client.get(address, headers=as_role(register, role, INSIDE, scopes=tuple(SCOPES)))
    if "q=" in address and SIGHT_BY_ROLE[role] is Sight.MASKED:
        assert response.status_code == 403
        return
    assert response.status_code == 200
    found: list[dict[str, Any]] = response.get_json()[items]
    assert {one["commune"] for one in found} <= {INSIDE}
    assert response.get_json().get("total", 1) == 1
    if OUTSIDE not in address and "q=" not in address and "bbox" not in address:
        assert [one.get("household", one.get("id")) for one in found] == [mine["id"]]


def test_a_personal_number_of_another_area_is_not_found_by_search(register: Register) -> None:
    theirs = register.registered(commune=OUTSIDE, parcels=None)
    number = theirs["head"]["national_id"]
    inside, outside = as_role(register, Role.OFFICER, INSIDE), as_role(register, Role.OFFICER, OUTSIDE)
    assert register.client.get(f"/v1/households?q={number}", headers=inside).get_json()["items"] == []
    assert len(register.client.get(f"/v1/households?q={number}", headers=outside).get_json()["items"]) == 1


def test_coverage_shows_only_the_own_area(register: Register) -> None:
    register.registered(commune=OUTSIDE, parcels=None)
    response = register.client.get("/v1/coverage", headers=as_role(register, Role.SUPERVISOR, INSIDE)).get_json()
    assert [row["unit"] for row in response["rows"]] == [INSIDE]
    assert response["total"]["registered"] == 0


def test_nothing_is_written_outside_the_area(register: Register) -> None:
    theirs = register.registered(commune=OUTSIDE, parcels=None)
    address = f"/v1/households/{theirs['id']}"
    officer, leader = as_role(register, Role.OFFICER, INSIDE), as_role(register, Role.LEADER, INSIDE)
    new = a_household(commune=OUTSIDE, parcels=None)
    assert register.client.put(f"/v1/households/{new['id']}", json=new, headers=officer).status_code == 403
    match = {**officer, "If-Match": '"1"'}
    assert register.client.put(address, json=theirs, headers=match).status_code == 404
    assert register.client.patch(address, json={"village": "Khối 9"}, headers=match).status_code == 404
    assert register.client.delete(address, json={"reason": "x"}, headers=officer).status_code == 404
    assert register.client.post(f"{address}/transfer", json={"commune": INSIDE}, headers=officer).status_code == 404
    assert register.client.post(f"{address}/verify", headers=leader).status_code == 404
    assert register.household(theirs["id"])["revision"] == 1


def test_a_household_is_not_moved_out_of_sight_by_a_revision(register: Register) -> None:
    mine = register.registered(commune=INSIDE, parcels=None)
    headers = {**as_role(register, Role.OFFICER, INSIDE), "If-Match": '"1"'}
    response = register.client.patch(f"/v1/households/{mine['id']}", json={"commune": OUTSIDE}, headers=headers)
    assert response.status_code == 403


def test_a_baseline_is_set_only_within_the_area(register: Register) -> None:
    body = {"households": 100, "source": "Thống kê", "date": "2026-01-01"}
    headers = as_role(register, Role.SUPERVISOR, INSIDE)
    assert register.client.put(f"/v1/baselines/{INSIDE}", json=body, headers=headers).status_code == 200
    assert register.client.put(f"/v1/baselines/{OUTSIDE}", json=body, headers=headers).status_code in {403, 404}


def test_every_reach_of_the_table_is_own_area_for_people(app: Flask) -> None:
    everywhere = {one for held in TABLE.values() for one, reach in held.items() if reach is Reach.EVERYWHERE}
    assert not any(one.startswith("households.") for one in everywhere)


def test_the_page_on_access_has_every_role_what_it_sees_and_every_scope() -> None:
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z]+)` \| (.*) \| (.*) \|$", page.partition("| role |")[2], flags=re.MULTILINE)
    beginnings = {Sight.PERSONAL: "all", Sight.MASKED: "masked", Sight.NOBODY: "nobody"}
    expected = {role: beginnings[SIGHT_BY_ROLE[role]] for role in Role}
    expected |= {role: "no records" for role in Role if expected[role] == "masked" and role not in READERS}
    wrong = {role for role, _, sees in rows if not sees.startswith(expected[Role(role)])}
    assert ([role for role, _, _ in rows], wrong) == (list(Role), set())
    (of_systems,) = [does for role, does, _ in rows if role == Role.SYSTEM]
    assert set(re.findall(r"`([a-z]+:[a-z]+)`", of_systems)) == SCOPES.keys()
