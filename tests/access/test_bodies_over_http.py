"""What is refused of the bodies of accounts, sign-ins and requests: every fault at once, each with its pointer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from marshmallow import ValidationError, fields
from werkzeug.test import TestResponse

from service.api.http.resource import Body, schema_of
from service.roles import Role
from tests.api.asking import Register, problem
from tests.api.signed_in import token_of
from tests.builders import THANH_VINH


@pytest.fixture
def administrator(app: Flask, register: Register) -> FlaskClient:
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token_of(app, Role.ADMINISTRATOR)}"
    return client


def pointers(response: TestResponse, code: str) -> list[str]:
    body = problem(response, 422, code)
    return [item["pointer"] for item in body["errors"]]


GOOD: dict[str, Any] = {"username": "can.bo.moi", "role": "officer", "area": [THANH_VINH]}


def test_every_fault_of_a_new_account_is_reported_at_once(administrator: FlaskClient) -> None:
    faulty = {"username": " a", "role": "king", "area": "all", "area_as_of": "soon", "external": {"issuer": "x"}}
    expected = ["/area", "/area_as_of", "/external", "/role", "/username"]
    response = administrator.post("/v1/accounts", json=faulty)
    assert sorted(pointers(response, "account.invalid")) == expected
    messages = {item["pointer"]: item["message"] for item in response.get_json()["errors"]}
    assert "officer, leader" in messages["/role"]


def test_an_item_that_an_account_does_not_have_comes_first(administrator: FlaskClient) -> None:
    response = administrator.post("/v1/accounts", json={**GOOD, "role": "king", "boss": True})
    assert pointers(response, "body.unknown-item") == ["/boss", "/role"]


@pytest.mark.parametrize(
    ("item", "value"),
    [
        ("username", "a"),
        ("username", "a\u0000b"),
        ("full_name", ""),
        ("full_name", "a\u0000b"),
        ("sight", "everything"),
        ("scopes", [5]),
        ("password", 5),
        ("area", None),
        ("external", {"issuer": "a", "subject": "b", "more": "c"}),
        ("external", {"issuer": 5, "subject": "b"}),
    ],
)
def test_an_account_is_refused_for_one_item(administrator: FlaskClient, item: str, value: object) -> None:
    assert pointers(administrator.post("/v1/accounts", json={**GOOD, item: value}), "account.invalid") == [f"/{item}"]


def test_what_has_no_value_may_be_null(administrator: FlaskClient) -> None:
    empty = dict.fromkeys(("full_name", "sight", "area_as_of", "password", "external"))
    made = administrator.post("/v1/accounts", json={**GOOD, **empty})
    assert made.status_code == 201, made.text
    body = made.get_json()
    assert (body["area"], body["full_name"], body["external"]) == ([THANH_VINH], None, None)
    assert body["password"]
    assert "client_secret" not in body
    changed = administrator.patch(f"/v1/accounts/{body['id']}", json={"full_name": "Nguyễn Văn An", "sight": "masked"})
    assert (changed.get_json()["full_name"], changed.get_json()["sight"]) == ("Nguyễn Văn An", "masked")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, ["/grant_type"]),
        ({"grant_type": "password", "cookie": "yes"}, ["/cookie"]),
        ({"grant_type": "password"}, ["/username", "/password"]),
        ({"grant_type": "client_credentials", "client_id": "a", "client_secret": ""}, ["/client_secret"]),
        ({"grant_type": "refresh_token"}, ["/refresh_token"]),
        ({"grant_type": "refresh_token", "refresh_token": "a", "device": "x" * 201}, ["/device"]),
        ({"grant_type": "password", "device_name": "x" * 201}, ["/device_name"]),
        ({"grant_type": "password", "username": None, "password": 5}, ["/username", "/password"]),
    ],
)
def test_a_refused_grant_names_all_that_it_lacks(
    app: Flask, register: Register, body: object, expected: list[str]
) -> None:
    assert pointers(app.test_client().post("/v1/token", json=body), "access.grant-invalid") == expected


def test_another_grant_type_is_refused_before_its_other_items(app: Flask, register: Register) -> None:
    response = app.test_client().post("/v1/token", json={"grant_type": "magic", "cookie": "yes"})
    assert response.status_code == 400
    assert [each["pointer"] for each in response.get_json()["errors"]] == ["/grant_type"]


def test_a_form_with_an_item_of_no_grant_is_refused_as_any_body(app: Flask, register: Register) -> None:
    response = app.test_client().post("/v1/token", data={"grant_type": "password", "boss": "1"})
    assert pointers(response, "body.unknown-item") == ["/boss"]
    assert response.get_json()["error"] == "invalid_request"


def test_every_fault_of_a_request_is_reported_at_once(register: Register) -> None:
    faulty = {"kind": "complain", "household": 5, "received_on": "soon", "text": "", "person": "a\u0000b"}
    response = register.client.post("/v1/requests", json=faulty)
    assert pointers(response, "request.invalid") == ["/kind", "/household", "/received_on", "/person", "/text"]


def test_a_request_that_names_no_household_names_none_that_exists(register: Register) -> None:
    for body in ({"kind": "copy"}, {"kind": "copy", "household": "1"}):
        assert pointers(register.client.post("/v1/requests", json=body), "household.id-invalid") == ["/household"]


def test_a_request_for_something_else_has_no_copy(register: Register) -> None:
    body = {"kind": "object", "household": register.registered()["id"]}
    request = register.client.post("/v1/requests", json=body).get_json()
    assert pointers(register.client.get(f"/v1/requests/{request['id']}/copy"), "request.invalid") == ["/kind"]


def test_an_unknown_unit_of_an_area_is_pointed_at(administrator: FlaskClient) -> None:
    unknown = {"area": [THANH_VINH, "99999"]}
    assert pointers(administrator.post("/v1/accounts", json=GOOD | unknown), "commune.unknown") == ["/area/1"]
    account = administrator.post("/v1/accounts", json=GOOD).get_json()["id"]
    assert pointers(administrator.patch(f"/v1/accounts/{account}", json=unknown), "commune.unknown") == ["/area/1"]


COMPARED = {
    "username",
    "password",
    "old_password",
    "client_id",
    "client_secret",
    "refresh_token",
    "scope",
    "device",
    "grant_type",
}
"""Of signing in: compared or hashed, and stored nowhere as they are."""


@pytest.mark.usefixtures("app")
def test_no_text_that_is_stored_holds_a_zero_byte() -> None:
    accepted = set()
    for kind in every(Body):
        for name, field in schema_of(kind).load_fields.items():
            inner = field.inner if type(field) is fields.List else field
            if isinstance(inner, fields.String) and kind.__module__.startswith("service."):
                with suppress(ValidationError):
                    inner.deserialize("a\0b")
                    accepted.add((kind.__name__, name))
    questions = {("ParcelQuestionSchema", name) for name in ("crs", "commune", "household", "parcel")}
    assert {each for each in accepted - questions if each[1] not in COMPARED} == set()
    assert questions < accepted  # the test sees what is accepted


def every(kind: type[Body]) -> Iterator[type[Body]]:
    for each in kind.__subclasses__():
        yield each
        yield from every(each)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_sign_in_of_a_browser_and_a_new_password_are_refused_by_what_they_need(
    app: Flask, administrator: FlaskClient, language: str
) -> None:
    def refused(response: TestResponse) -> list[str]:
        places = pointers(response, "access.credentials-invalid")
        for each in response.get_json()["errors"]:
            assert f"{each['pointer'][1:]}" in each["message"]
            assert "grant_type" not in each["message"]
        return places

    spoken = {"Accept-Language": language}
    changes: list[tuple[dict[str, Any], list[str]]] = [
        ({"old_password": 1}, ["/old_password", "/password"]),
        ({"old_password": "x", "password": ""}, ["/password"]),
    ]
    for body, places in changes:
        response = administrator.put("/v1/session/password", json=body, headers=spoken)
        assert refused(response) == places
        assert "old_password, password" in response.get_json()["detail"]
    stranger = app.test_client()
    for body, places in (({}, ["/username", "/password"]), ({"username": "a", "password": None}, ["/password"])):
        response = stranger.post("/v1/session", json=body, headers=spoken)
        assert refused(response) == places
        assert "username, password" in response.get_json()["detail"]
