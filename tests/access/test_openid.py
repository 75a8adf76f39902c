"""Sign-in at the province's own OpenID provider, held to a real one that requires PKCE."""

from __future__ import annotations

import os
import urllib.parse
from collections.abc import Iterator
from dataclasses import replace

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.access.accounts import NewAccount
from service.api.http.guard import guard
from service.app import create_app
from service.principal import register_itself
from service.roles import Role
from service.settings import Settings
from service.settings_invalid import SettingsInvalid
from tests.access.provider import CLIENT, Provider, running_provider
from tests.api.asking import problem
from tests.apps import OpenApp
from tests.builders import THANH_VINH

pytestmark = pytest.mark.slow  # together they take more than a second of a processor

os.environ.setdefault("AUTHLIB_INSECURE_TRANSPORT", "1")  # the provider of these tests is on loopback
OWN_ADDRESS = "https://localhost"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with running_provider(f"{OWN_ADDRESS}/v1/openid/callback") as provider:
        yield provider


@pytest.fixture
def app(open_app: OpenApp, register_settings: Settings, provider: Provider) -> Flask:
    settings = replace(
        register_settings, oidc_issuer=provider.address, oidc_client_id=CLIENT, public_address=OWN_ADDRESS
    )
    app = open_app(settings)
    with app.app_context():
        external = (provider.address, provider.subject)
        guard().accounts.create(NewAccount("an", Role.OFFICER, (THANH_VINH,), external=external), register_itself())
    return app


def come_back(client: FlaskClient, *, changed: dict[str, str] | None = None) -> TestResponse:
    """Go to the provider as a browser does, and come back with what it gives (or with something ``changed``)."""
    begun = client.get("/v1/openid/start", base_url=OWN_ADDRESS)
    assert begun.status_code == 303
    sent = requests.get(begun.headers["Location"], allow_redirects=False, timeout=60)
    assert sent.status_code == 302, sent.text
    back = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(sent.headers["Location"]).query)) | (changed or {})
    return client.get(f"/v1/openid/callback?{urllib.parse.urlencode(back)}", base_url=OWN_ADDRESS)


def test_a_person_for_whom_the_provider_vouches_is_signed_in(app: Flask) -> None:
    client = app.test_client()
    response = come_back(client)
    assert response.status_code == 303, response.text
    assert response.headers["Location"] == "/"
    who = client.get("/v1/session", base_url=OWN_ADDRESS).get_json()
    assert (who["username"], who["role"]) == ("an", "officer")


def test_somebody_whom_no_administrator_entered_is_not(app: Flask, provider: Provider) -> None:
    provider.subject = "stranger"
    problem(come_back(app.test_client()), 401, "access.sign-in-failed")


def test_a_token_of_another_issuer_or_key_is_refused(app: Flask, provider: Provider) -> None:
    provider.issuer_in_tokens = "https://evil.example"
    problem(come_back(app.test_client()), 401, "access.sign-in-failed")


@pytest.mark.parametrize("changed", [{"state": "another"}, {"code": "made up"}, {"state": ""}, {"code": ""}])
def test_another_state_or_a_made_up_code_is_refused(app: Flask, changed: dict[str, str]) -> None:
    problem(come_back(app.test_client(), changed=changed), 401, "access.sign-in-failed")


def test_a_code_that_somebody_else_caught_is_worth_nothing(app: Flask) -> None:
    victim, thief = app.test_client(), app.test_client()
    begun = victim.get("/v1/openid/start", base_url=OWN_ADDRESS)
    sent = requests.get(begun.headers["Location"], allow_redirects=False, timeout=60)
    query = urllib.parse.urlsplit(sent.headers["Location"]).query
    problem(thief.get(f"/v1/openid/callback?{query}", base_url=OWN_ADDRESS), 401, "access.sign-in-failed")
    own = thief.get("/v1/openid/start", base_url=OWN_ADDRESS).headers["Location"]
    state = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(own).query))["state"]
    code = dict(urllib.parse.parse_qsl(query))["code"]
    caught = thief.get(f"/v1/openid/callback?state={state}&code={code}", base_url=OWN_ADDRESS)
    problem(caught, 401, "access.sign-in-failed")  # the provider holds the code against the thief's verifier


def test_a_provider_that_is_away_is_reported(open_app: OpenApp, register_settings: Settings) -> None:
    settings = replace(
        register_settings, oidc_issuer="http://127.0.0.1:9", oidc_client_id=CLIENT, public_address=OWN_ADDRESS
    )
    response = open_app(settings).test_client().get("/v1/openid/start", base_url=OWN_ADDRESS)
    problem(response, 503, "access.provider-unavailable")


def test_without_a_provider_there_is_nothing_here(open_app: OpenApp, register_settings: Settings) -> None:
    assert open_app(register_settings).test_client().get("/v1/openid/start").status_code == 404


def test_a_provider_needs_the_registers_own_address(register_settings: Settings) -> None:
    with pytest.raises(SettingsInvalid, match="PUBLIC_ADDRESS"):
        create_app(replace(register_settings, oidc_issuer="https://login.example"))
