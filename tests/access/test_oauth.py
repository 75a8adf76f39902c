"""Tokens as OAuth 2.0 libraries expect them (RFC 6749, RFC 6750), tried with one of them."""

from __future__ import annotations

from typing import Any

import pytest
from authlib.oauth2.client import OAuth2Client, OAuth2Error
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.roles import SCOPES, Role
from tests.access.builders import PASSWORD
from tests.access.test_signing_in_over_http import bearer, client, made
from tests.api.asking import Register, problem

__all__ = ["client"]
HELD = ("records:read", "changes:read")


class LibraryResponse:
    """A response as the library reads it."""

    def __init__(self, response: TestResponse) -> None:
        self.status_code, self.json, self.raise_for_status = response.status_code, response.get_json, str


class Session:
    """What the library asks of a session, over the test client."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def post(self, url: str, data: dict[str, str], headers: dict[str, str], auth: Any, **_: Any) -> LibraryResponse:
        body = "&".join(f"{name}={value}" for name, value in data.items())
        url, headers, body = auth.prepare("POST", url, dict(headers or {}), body)
        return LibraryResponse(self.client.post(url, data=body, headers=headers))


def a_system(app: Flask, client: FlaskClient, scope: str | None = None, secret: str | None = None) -> OAuth2Client:
    issued = made(app, "bo", Role.SYSTEM, scopes=HELD)
    return OAuth2Client(Session(client), "bo", secret or issued.client_secret, "client_secret_basic", scope=scope)


def token_for(system: OAuth2Client) -> dict[str, Any]:
    token: dict[str, Any] = system.fetch_token("/v1/token", grant_type="client_credentials")
    return token


def test_a_library_gets_a_token_with_the_scopes_that_it_asks_for(app: Flask, client: FlaskClient) -> None:
    token = token_for(a_system(app, client, "records:read"))
    assert (token["token_type"], token["scope"]) == ("Bearer", "records:read")
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    assert client.get("/v1/households", headers=headers).status_code == 200
    refused = client.get("/v1/changes", headers=headers)
    assert refused.status_code == 403
    assert 'error="insufficient_scope", scope="changes:read"' in refused.headers["WWW-Authenticate"]
    by_village = client.get("/v1/households?village=Xóm+1", headers=headers)
    assert by_village.status_code == 403
    assert 'error="insufficient_scope", scope="personal:read"' in by_village.headers["WWW-Authenticate"]


def test_without_a_scope_it_gets_all_that_the_system_has(app: Flask, client: FlaskClient) -> None:
    assert set(token_for(a_system(app, client))["scope"].split()) == set(HELD)


@pytest.mark.parametrize("scope", ["everything", "personal:read", "records:read personal:read", "RECORDS:READ"])
def test_a_scope_that_the_system_does_not_have_is_refused_by_name(app: Flask, client: FlaskClient, scope: str) -> None:
    with pytest.raises(OAuth2Error) as refused:
        token_for(a_system(app, client, scope))
    assert refused.value.error == "invalid_scope"


def test_the_problem_of_a_scope_names_what_is_missing_and_what_there_is(app: Flask, client: FlaskClient) -> None:
    secret = made(app, "bo", Role.SYSTEM, scopes=HELD).client_secret
    body = {"grant_type": "client_credentials", "client_id": "bo", "client_secret": secret, "scope": "personal:read"}
    refused = problem(client.post("/v1/token", json=body), 400, "access.scope-invalid")
    assert "personal:read" in refused["detail"]
    assert "changes:read records:read" in refused["detail"]
    assert refused["errors"][0]["pointer"] == "/scope"


def test_a_wrong_secret_is_an_invalid_client(app: Flask, client: FlaskClient) -> None:
    system = a_system(app, client, secret="wrong")
    with pytest.raises(OAuth2Error) as refused:
        token_for(system)
    assert refused.value.error == "invalid_client"
    response = client.post("/v1/token", data={"grant_type": "client_credentials"}, auth=("bo", "wrong"))
    assert response.headers["WWW-Authenticate"] == 'Basic realm="so-nong-ho"'


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "magic"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code", "code": "x", "redirect_uri": "y"}, "unsupported_grant_type"),
        ({"grant_type": "password"}, "invalid_request"),
        ({"grant_type": "password", "username": "can.bo", "password": "wrong"}, "invalid_grant"),
        ({"grant_type": "client_credentials", "client_id": "can.bo", "client_secret": "wrong"}, "invalid_client"),
        ({"grant_type": "refresh_token", "refresh_token": "wrong"}, "invalid_grant"),
        ({"grant_type": "password", "username": "can.bo", "password": PASSWORD, "scope": "a"}, "invalid_scope"),
        ({"grant_type": "refresh_token", "refresh_token": "wrong", "scope": "a"}, "invalid_scope"),
        ({"grant_type": "password", "username": "a", "password": "b", "role": "c"}, "invalid_request"),
    ],
)
@pytest.mark.parametrize("sent", ["json", "data"])
def test_every_problem_has_the_error_of_the_standard(
    client: FlaskClient, body: dict[str, Any], error: str, sent: str
) -> None:
    response = client.post("/v1/token", **{sent: body})
    assert response.status_code in ((400,) if error == "unsupported_grant_type" else (400, 401, 415, 422))
    assert response.get_json()["error"] == error


@pytest.mark.parametrize(
    ("sent", "fault"),
    [("Bearer x.y.z", ', error="invalid_token"'), ("bearer x", ', error="invalid_token"'), ("Bearer", ""), ("", "")],
)
def test_a_token_that_is_none_is_the_fault_and_a_missing_one_is_not(client: FlaskClient, sent: str, fault: str) -> None:
    refused = client.get("/v1/households", headers={"Authorization": sent} if sent else {})
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == f'Bearer realm="so-nong-ho"{fault}'


def test_no_other_problem_has_such_an_error(register: Register) -> None:
    assert "error" not in register.client.get("/v1/households/none").get_json()


def test_a_person_who_lacks_a_permission_is_offered_no_scope(app: Flask, client: FlaskClient) -> None:
    response = client.post("/v1/token", json={"grant_type": "password", "username": "can.bo", "password": PASSWORD})
    refused = client.get("/v1/accounts", headers=bearer(response))
    assert refused.status_code == 403
    assert "WWW-Authenticate" not in refused.headers


def test_the_contract_says_where_a_token_comes_from_and_which_scope_each_call_needs(register: Register) -> None:
    contract = register.json("/openapi.json")
    flow = contract["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]
    assert (flow["tokenUrl"], set(flow["scopes"])) == ("/v1/token", set(SCOPES))
    assert {"oauth2": ["records:read"]} in contract["paths"]["/v1/households"]["get"]["security"]
    assert {"oauth2": []} in contract["paths"]["/v1/units"]["get"]["security"]
    assert not any("oauth2" in way for way in contract["paths"]["/v1/households"]["post"]["security"])
    token = contract["paths"]["/v1/token"]["post"]
    assert {"client": []} in token["security"]
    assert "application/x-www-form-urlencoded" in token["requestBody"]["content"]


@pytest.mark.parametrize(
    "more", [{"client_id": "thong-ke"}, {"client_secret": "wrong"}, {"client_id": "x", "scope": "a"}]
)
def test_a_client_that_names_itself_in_two_ways_is_refused(
    app: Flask, client: FlaskClient, more: dict[str, str]
) -> None:
    secret = made(app, "bo", Role.SYSTEM, scopes=HELD).client_secret
    sent = {"data": {"grant_type": "client_credentials", **more}, "auth": ("bo", secret)}
    refused = client.post("/v1/token", **sent)
    assert (refused.status_code, refused.get_json()["error"]) == (422, "invalid_request")
    sent["data"] = {"grant_type": "client_credentials", "client_id": "bo"}
    assert client.post("/v1/token", **sent).status_code == 200


@pytest.mark.parametrize("body", ["scope=coverage:read&scope=records:read", "grant_type=password"])
def test_a_form_that_gives_a_parameter_twice_is_refused(client: FlaskClient, body: str) -> None:
    body = f"grant_type=client_credentials&client_id=bo&client_secret=x&{body}"
    refused = client.post("/v1/token", data=body, content_type="application/x-www-form-urlencoded")
    assert (refused.status_code, refused.get_json()["error"]) == (422, "invalid_request")
