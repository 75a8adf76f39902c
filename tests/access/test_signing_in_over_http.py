"""Signing in over HTTP: tokens for programs, HttpOnly cookies for browsers, and what a stranger can try."""

from __future__ import annotations

import base64
import uuid
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.access.accounts import IssuedSecret, NewAccount
from service.api.http.browser_session import ACCESS_COOKIE, DEVICE_COOKIE, REFRESH_COOKIE
from service.api.http.guard import guard
from service.principal import register_itself
from service.roles import Role
from tests.access.builders import PASSWORD
from tests.api.asking import Register, problem
from tests.api.signed_in import token_of
from tests.builders import THANH_VINH, MovedClock

OWN_PAGE = {"X-Requested-With": "so-nong-ho-form", "Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}


def made(app: Flask, username: str = "can.bo", role: Role = Role.OFFICER, **items: Any) -> IssuedSecret:
    new = NewAccount(username, role, (THANH_VINH,), must_change_password=False, **items)
    with app.app_context():
        return guard().accounts.create(new, register_itself())


@pytest.fixture
def client(app: Flask, register: Register) -> FlaskClient:
    made(app, password=PASSWORD)
    return app.test_client()


def token(client: FlaskClient, **items: Any) -> TestResponse:
    return client.post("/v1/token", json={"grant_type": "password", "username": "can.bo", "password": PASSWORD} | items)


def bearer(response: TestResponse) -> dict[str, str]:
    assert response.status_code == 200, response.text
    return {"Authorization": f"Bearer {response.get_json()['access_token']}"}


def test_a_password_gives_a_token_that_opens_what_the_role_may(client: FlaskClient) -> None:
    response = token(client)
    body = response.get_json()
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 600)
    assert body["account"]["communes"] == [THANH_VINH]
    assert response.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in response.headers
    assert client.get("/v1/households", headers=bearer(response)).status_code == 200
    assert client.get("/v1/accounts", headers=bearer(response)).status_code == 403


def test_a_form_encoded_request_and_basic_credentials_do_too(app: Flask, client: FlaskClient) -> None:
    form = {"grant_type": "password", "username": "can.bo", "password": PASSWORD}
    assert client.post("/v1/token", data=form).status_code == 200
    issued = made(app, "bo", Role.SYSTEM, scopes=("coverage:read",))
    basic = base64.b64encode(f"bo:{issued.client_secret}".encode()).decode()
    response = client.post(
        "/v1/token", data={"grant_type": "client_credentials"}, headers={"Authorization": f"Basic {basic}"}
    )
    assert response.get_json()["scope"] == "coverage:read"
    assert client.get("/v1/coverage", headers=bearer(response)).status_code == 200
    assert client.get("/v1/households", headers=bearer(response)).status_code == 403


def test_a_refresh_token_rotates_and_a_reused_one_ends_the_family(client: FlaskClient) -> None:
    first = token(client).get_json()["refresh_token"]
    second = client.post("/v1/token", json={"grant_type": "refresh_token", "refresh_token": first})
    assert second.status_code == 200
    for reused in (first, second.get_json()["refresh_token"]):
        response = client.post("/v1/token", json={"grant_type": "refresh_token", "refresh_token": reused})
        problem(response, 401, "access.refresh-failed")


def test_wrong_and_unknown_get_the_same_response_and_guessing_is_slowed(client: FlaskClient) -> None:
    wrong, unknown = token(client, password="wrong password"), token(client, username="nobody")
    one, other = problem(wrong, 401, "access.sign-in-failed"), problem(unknown, 401, "access.sign-in-failed")
    assert one.pop("request") != other.pop("request")
    assert one == other
    for _ in range(5):
        token(client, password="wrong password")
    slowed = token(client)
    problem(slowed, 429, "access.too-many-attempts")
    assert int(slowed.headers["Retry-After"]) >= 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"grant_type": "magic"},
        {"grant_type": "password"},
        {"grant_type": "password", "username": {"$ne": None}, "password": {"$ne": None}},
        {"grant_type": "password", "username": ["a"], "password": "b"},
        {"grant_type": "password", "username": "a", "password": 5},
        {"grant_type": "password", "username": "a", "password": "b", "role": "administrator"},
        {"grant_type": "client_credentials", "client_id": "x"},
        {"grant_type": "refresh_token"},
        {"grant_type": "refresh_token", "refresh_token": ""},
    ],
)
def test_what_cannot_be_read_is_reported_and_never_a_fault(client: FlaskClient, body: dict[str, Any]) -> None:
    response = client.post("/v1/token", json=body)
    unsupported = body.get("grant_type") == "magic"  # for which RFC 6749, 5.2, wants 400
    assert response.status_code == (400 if unsupported else 422), response.text


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer x", "Bearer a.b.c", "Basic eDp5", "Digest x", "\x7f"])
def test_a_malformed_authorization_is_refused(client: FlaskClient, header: str) -> None:
    response = client.get("/v1/households", headers={"Authorization": header})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_token_runs_out(client: FlaskClient, clock: MovedClock) -> None:
    headers = bearer(token(client))
    clock.now += timedelta(minutes=11)
    problem(client.get("/v1/households", headers=headers), 401, "access.token-expired")


# Browsers -------------------------------------------------------------------------------------------------------


def signed_in(client: FlaskClient) -> TestResponse:
    response = client.post("/v1/session", json={"username": "can.bo", "password": PASSWORD}, headers=OWN_PAGE)
    assert response.status_code == 200, response.text
    return response


def requested(client: FlaskClient, method: str = "GET", path: str = "/v1/session", **options: Any) -> TestResponse:
    """Send a request as a browser does: over a secure origin, so that it sends its Secure cookies."""
    return client.open(path, method=method, base_url="https://localhost", **options)


@pytest.mark.parametrize("path", ["/v1/session", "/v1/token"])
def test_a_browsers_sign_in_returns_what_is_documented(app: Flask, client: FlaskClient, path: str) -> None:
    document = app.extensions["specification"]
    named = {"username": "can.bo", "password": PASSWORD}
    body = named if path == "/v1/session" else {**named, "grant_type": "password", "cookie": True}
    response = client.post(path, json=body).get_json()
    documented = document["components"]["schemas"]["BrowserSession"]
    assert response.keys() == documented["properties"].keys()
    assert set(documented["required"]) <= response.keys()
    assert "BrowserSession" in str(document["paths"][path]["post"]["responses"]["200"])


def test_no_script_can_read_a_browsers_tokens(client: FlaskClient) -> None:
    response = signed_in(client)
    cookies = response.headers.getlist("Set-Cookie")
    assert {cookie.partition("=")[0] for cookie in cookies} == {ACCESS_COOKIE, REFRESH_COOKIE, DEVICE_COOKIE}
    for cookie in cookies:
        assert all(word in cookie for word in ("HttpOnly", "Secure", "SameSite=Strict", "Path=/"))
    body = response.get_json()
    assert "access_token" not in body
    assert "refresh_token" not in body
    assert body["role"] == "officer"


def test_a_browser_stays_signed_in_for_a_month_without_asking_for_tokens(
    client: FlaskClient, clock: MovedClock
) -> None:
    signed_in(client)
    for _ in range(30):
        clock.now += timedelta(days=1)
        assert requested(client).get_json()["username"] == "can.bo"
    clock.now += timedelta(days=46)
    assert requested(client).status_code == 401


def test_a_page_of_ours_may_change_something_and_another_sites_may_not(client: FlaskClient) -> None:
    csrf = signed_in(client).get_json()["csrf_token"]
    body = {"kind": "view", "household": "x"}
    secure = {**OWN_PAGE, "Origin": "https://localhost"}
    good = [secure, {"X-CSRF-Token": csrf}, {"X-CSRF-Token": csrf, "Origin": "https://localhost"}]
    bad = [
        {},
        {"Origin": "https://evil.example"},
        {**secure, "Origin": "https://evil.example"},
        {**secure, "Sec-Fetch-Site": "cross-site"},
        {"X-Requested-With": "x"},
        {"X-CSRF-Token": "0" * 64},
        {"X-CSRF-Token": ""},
        {"X-CSRF-Token": csrf, "Sec-Fetch-Site": "cross-site"},
    ]
    for headers in good:
        assert requested(client, "POST", "/v1/requests", json=body, headers=headers).status_code == 422
    for headers in bad:
        response = requested(client, "POST", "/v1/requests", json=body, headers=headers)
        problem(response, 403, "access.request-forged")


def test_another_site_cannot_sign_somebody_in(client: FlaskClient) -> None:
    response = client.post(
        "/v1/session",
        json={"username": "can.bo", "password": PASSWORD},
        headers={"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    )
    problem(response, 403, "access.request-forged")
    form = {"grant_type": "password", "username": "can.bo", "password": PASSWORD, "cookie": "true"}
    assert client.post("/v1/token", data=form).status_code == 422


def test_a_browsers_token_is_no_bearer_token_and_the_other_way_round(app: Flask, client: FlaskClient) -> None:
    signed_in(client)
    cookie = client.get_cookie(ACCESS_COOKIE)
    assert cookie is not None
    stranger = app.test_client()
    assert stranger.get("/v1/session", headers={"Authorization": f"Bearer {cookie.value}"}).status_code == 401
    stranger.set_cookie(ACCESS_COOKIE, token_of(app, Role.OFFICER), secure=True)
    assert requested(stranger).status_code == 401


def test_signing_out_ends_the_session_here_and_on_the_server(client: FlaskClient) -> None:
    csrf = signed_in(client).get_json()["csrf_token"]
    lasting = client.get_cookie(REFRESH_COOKIE)
    assert lasting is not None
    assert requested(client, "DELETE", headers={"X-CSRF-Token": csrf}).status_code == 204
    assert client.get_cookie(REFRESH_COOKIE) is None
    client.set_cookie(REFRESH_COOKIE, lasting.value, secure=True)
    assert requested(client).status_code == 401


def test_sessions_are_listed_and_a_lost_phone_is_signed_out(client: FlaskClient) -> None:
    lost, remaining = token(client, device_name="Điện thoại cũ"), token(client)
    listed = client.get("/v1/sessions", headers=bearer(remaining)).get_json()["items"]
    assert [session["current"] for session in listed].count(True) == 1
    (old,) = [session["id"] for session in listed if session["device"] == "Điện thoại cũ"]
    assert client.delete(f"/v1/sessions/{old}", headers=bearer(remaining)).status_code == 204
    problem(client.get("/v1/session", headers=bearer(lost)), 401, "session.revoked")
    assert client.delete(f"/v1/sessions/{uuid.uuid4()}", headers=bearer(remaining)).status_code == 404


# A phone whose session somebody ended ----------------------------------------------------------------------------


def own_session(client: FlaskClient) -> str:
    (session,) = [one for one in requested(client, path="/v1/sessions").get_json()["items"] if one["current"]]
    return str(session["id"])


def code_of_refusal(client: FlaskClient) -> str:
    response = requested(client)
    return str(problem(response, 401, response.get_json()["code"])["code"])


def as_administrator(client: FlaskClient) -> dict[str, str]:
    return {"Authorization": f"Bearer {token_of(client.application, Role.ADMINISTRATOR)}"}


def account_of(client: FlaskClient) -> str:
    return str(requested(client).get_json()["id"])


def test_a_session_ended_elsewhere_is_reported_to_its_phone_while_that_holds_the_cookie(
    client: FlaskClient, clock: MovedClock
) -> None:
    signed_in(client)
    lost, remaining = own_session(client), bearer(token(client))
    assert client.delete(f"/v1/sessions/{lost}", headers=remaining).status_code == 204
    for _ in range(4):  # with the short token still good, and long after
        assert code_of_refusal(client) == "session.revoked"
        clock.now += timedelta(days=10)
    assert client.get_cookie(REFRESH_COOKIE) is not None


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_the_end_is_reported_to_every_request_of_such_a_phone(
    client: FlaskClient, clock: MovedClock, method: str
) -> None:
    signed_in(client)
    lost, remaining = own_session(client), bearer(token(client))
    client.delete(f"/v1/sessions/{lost}", headers=remaining)
    clock.now += timedelta(minutes=11)
    path = "/v1/requests" if method == "POST" else f"/v1/households/{uuid.uuid4()}"
    problem(requested(client, method, path, json={} if method != "GET" else None), 401, "session.revoked")


def test_the_end_is_reported_to_a_programs_refresh_token_too(client: FlaskClient) -> None:
    lost, remaining = token(client), bearer(token(client))
    session = client.get("/v1/sessions", headers=bearer(lost)).get_json()["items"]
    (mine,) = [one["id"] for one in session if not one["current"]]
    own = client.get("/v1/sessions", headers=remaining).get_json()["items"]
    (lost_id,) = [one["id"] for one in own if one["id"] != mine]
    client.delete(f"/v1/sessions/{lost_id}", headers=remaining)
    body = {"grant_type": "refresh_token", "refresh_token": lost.get_json()["refresh_token"]}
    for _ in range(2):
        problem(client.post("/v1/token", json=body), 401, "session.revoked")


def test_an_administrator_ends_a_lost_phone_and_suspending_ends_all(client: FlaskClient) -> None:
    signed_in(client)
    account, lost = account_of(client), own_session(client)
    headers = as_administrator(client)
    assert client.delete(f"/v1/accounts/{account}/sessions/{uuid.uuid4()}", headers=headers).status_code == 404
    assert client.delete(f"/v1/accounts/{account}/sessions/{lost}", headers=headers).status_code == 204
    assert code_of_refusal(client) == "session.revoked"
    signed_in(client)
    assert client.post(f"/v1/accounts/{account}/suspend", headers=headers).status_code == 200
    assert code_of_refusal(client) == "session.revoked"


def test_signing_out_oneself_is_not_reported_as_revoked(client: FlaskClient) -> None:
    signed_in(client)
    cookie, mine = client.get_cookie(REFRESH_COOKIE), own_session(client)
    assert cookie is not None
    secure = {**OWN_PAGE, "Origin": "https://localhost"}
    assert requested(client, "DELETE", f"/v1/sessions/{mine}", headers=secure).status_code == 204
    client.set_cookie(REFRESH_COOKIE, cookie.value, secure=True)
    assert code_of_refusal(client) == "access.not-signed-in"


def test_a_forgotten_password_costs_no_phone_its_drafts(client: FlaskClient) -> None:
    signed_in(client)
    assert client.post(f"/v1/accounts/{account_of(client)}/reset", headers=as_administrator(client)).status_code == 200
    assert code_of_refusal(client) == "access.not-signed-in"


def test_nothing_is_reported_to_guesses_at_an_ended_session(client: FlaskClient) -> None:
    lost, remaining = token(client).get_json()["refresh_token"], bearer(token(client))
    session = lost.partition(".")[0]
    client.delete(f"/v1/sessions/{session}", headers=remaining)
    body = {"grant_type": "refresh_token", "refresh_token": f"{session}.guessed"}
    problem(client.post("/v1/token", json=body), 401, "access.refresh-failed")


def test_the_trail_notes_once_that_a_device_was_notified(client: FlaskClient) -> None:
    signed_in(client)
    lost = own_session(client)
    client.delete(f"/v1/sessions/{lost}", headers=bearer(token(client)))
    for _ in range(3):
        assert code_of_refusal(client) == "session.revoked"
    with client.application.app_context():
        entries = [one for one in guard().trail.entries(token=lost) if one.action == "revoked-device-notified"]
    assert [(one.about, one.status) for one in entries] == [(lost, 401)]


def test_a_made_password_is_changed_before_anything_else(app: Flask, register: Register) -> None:
    with app.app_context():
        issued = guard().accounts.create(NewAccount("moi", Role.OFFICER, (THANH_VINH,)), register_itself())
    client = app.test_client()
    headers = bearer(token(client, username="moi", password=issued.password))
    problem(client.get("/v1/households", headers=headers), 403, "access.password-change-required")
    weak = {"old_password": issued.password, "password": "ngắn"}
    problem(client.put("/v1/session/password", json=weak, headers=headers), 422, "account.password-weak")
    good = {"old_password": issued.password, "password": PASSWORD}
    assert client.put("/v1/session/password", json=good, headers=headers).status_code == 204
    assert client.get("/v1/households", headers=headers).status_code == 200


# Everything around ----------------------------------------------------------------------------------------------


def test_every_response_is_strict_and_carries_an_id(client: FlaskClient) -> None:
    for path in ("/livez", "/v1/households", "/nothing", "/docs"):
        response = client.get(path)
        policy = response.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert len(response.headers["X-Request-Id"]) >= 16
        assert "Access-Control-Allow-Origin" not in response.headers
        assert "Strict-Transport-Security" not in response.headers
    assert "Strict-Transport-Security" in client.get("/livez", base_url="https://localhost").headers


def test_a_problem_names_the_request(client: FlaskClient) -> None:
    response = client.get("/v1/households")
    assert response.get_json()["request"] == response.headers["X-Request-Id"]


@pytest.mark.parametrize("given", ["abc", "a" * 65, "x y z 1 2 3 4", "<script>alert(1)</script>", "Ưabcdefgh"])
def test_a_request_id_from_outside_is_taken_only_if_it_is_one(client: FlaskClient, given: str) -> None:
    assert client.get("/livez", headers={"X-Request-Id": "proxy-12345678"}).headers["X-Request-Id"] == "proxy-12345678"
    named = given.encode().decode("latin-1")
    assert client.get("/livez", headers={"X-Request-Id": named}).headers["X-Request-Id"] != named


def test_a_forwarded_address_is_not_believed_without_a_proxy(app: Flask, client: FlaskClient) -> None:
    statuses = [
        client.post(
            "/v1/token",
            json={"grant_type": "password", "username": "can.bo", "password": "wrong"},
            headers={"X-Forwarded-For": f"10.0.0.{number}"},
        ).status_code
        for number in range(12)
    ]
    assert 429 in statuses


def test_the_published_keys_verify_a_token(client: FlaskClient) -> None:
    from joserfc import jwt
    from joserfc.jwk import KeySet

    keys = KeySet.import_key_set(client.get("/v1/jwks.json").get_json())
    text = token(client).get_json()["access_token"]
    assert jwt.decode(text, keys, algorithms=["ES256"]).claims["iss"] == "so-nong-ho"


# Areas


def test_an_account_with_an_ended_code_signs_in_and_its_administrator_reads_which(
    app: Flask, client: FlaskClient, register: Register
) -> None:
    account = token(client).get_json()["account"]["id"]
    area = ("99999", THANH_VINH)
    app.extensions["guard"].principals.store.change_account(account, {"area": area})
    signed_in = token(client).get_json()["account"]
    assert (signed_in["area"], signed_in["area_ended"]) == (["99999", THANH_VINH], ["99999"])
    assert signed_in["communes"] == [THANH_VINH]
    whole = {"Authorization": f"Bearer {token_of(app, Role.ADMINISTRATOR, '*')}"}
    listed = client.get("/v1/accounts?limit=1000", headers=whole).get_json()["items"]
    assert next(each for each in listed if each["id"] == account)["area_ended"] == ["99999"]
    assert client.get(f"/v1/accounts/{account}", headers=as_administrator(client)).status_code == 404


def test_the_whole_register_is_given_over_http_only_by_who_has_it(app: Flask, client: FlaskClient) -> None:
    new = {"username": "bo.truong", "role": "supervisor", "area": ["*"]}
    refused = client.post("/v1/accounts", json=new, headers=as_administrator(client))
    problem(refused, 403, "access.outside-area")
    whole = {"Authorization": f"Bearer {token_of(app, Role.ADMINISTRATOR, '*')}"}
    made_account = client.post("/v1/accounts", json=new, headers=whole)
    assert (made_account.status_code, made_account.get_json()["area"]) == (201, ["*"])
    both = client.post("/v1/accounts", json={**new, "area": ["*", THANH_VINH]}, headers=whole)
    problem(both, 422, "account.invalid")
