"""The master key in a key management service: a real one (KMIP over TLS), reached by the register's own settings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pymongo import MongoClient

from service.commands import rotate_keys
from service.roles import Role
from service.settings import Settings, read_settings
from service.storage.migration import migrate
from tests.access.kmip_server import KeyManagement, key_management
from tests.api.asking import problem
from tests.api.signed_in import token_of
from tests.apps import OpenApp
from tests.builders import Json, a_household

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeyManagement]:
    """A key management service."""
    with key_management(tmp_path_factory.mktemp("kmip") / "service") as running:
        yield running


def settings_of(database_uri: str, folder: Path, service: KeyManagement | None, client: Path | None = None) -> Settings:
    """Settings of a register whose master key the service keeps, or lies in a file."""
    environment = {"MONGODB_URI": database_uri, "DATA_FOLDER": str(folder)}
    if service is not None:
        tls = {"tlsCAFile": str(service.authority), "tlsCertificateKeyFile": str(client or service.client)}
        credentials = folder / "credentials.json"
        credentials.touch(mode=0o600)
        credentials.write_text(json.dumps({"endpoint": service.endpoint, "tls": tls}))
        environment |= {"KMS_PROVIDER": "kmip", "KMS_CREDENTIALS_FILE": str(credentials)}
    return read_settings(environment)


class Officer:
    """An officer of a register that was started just now."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()
        self.headers = {"Authorization": f"Bearer {token_of(app, Role.OFFICER)}"}

    def registers(self) -> Json:
        """A new household."""
        household = a_household(parcels=None)
        response = self.client.put(f"/v1/households/{household['id']}", json=household, headers=self.headers)
        assert response.status_code == 201, response.text
        return household

    def sees(self, household: Json) -> bool:
        """Whether the household is read as it was registered, and found by its personal number."""
        number = household["head"]["national_id"]
        one = self.client.get(f"/v1/households/{household['id']}", headers=self.headers).get_json()
        found = self.client.get(f"/v1/households?q={number}", headers=self.headers).get_json()["items"]
        return bool(one["head"]["national_id"] == number and [each["id"] for each in found] == [household["id"]])


def wrapped_by(database_uri: str) -> list[dict[str, Any]]:
    """What wraps each data key, as the vault says."""
    with MongoClient[dict[str, Any]](database_uri) as client:
        return [key["masterKey"] for key in client.get_default_database()["encryption_keys"].find()]


def test_a_register_works_with_its_master_key_in_the_service_and_after_a_restart(
    open_app: OpenApp, database_uri: str, service: KeyManagement, tmp_path: Path
) -> None:
    settings = settings_of(database_uri, tmp_path, service)
    migrate(settings, say=lambda _: None)
    household = Officer(open_app(settings)).registers()
    assert Officer(open_app(settings)).sees(household)
    assert {each["provider"] for each in wrapped_by(database_uri)} == {"kmip"}


def test_data_keys_are_wrapped_again_and_no_record_changes(
    open_app: OpenApp, database_uri: str, service: KeyManagement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(database_uri, tmp_path, service)
    migrate(settings, say=lambda _: None)
    running = Officer(open_app(settings))
    household, before = running.registers(), wrapped_by(database_uri)
    for name in ("mongodb_uri", "kms_provider", "kms_credentials_file"):
        monkeypatch.setenv(name.upper(), getattr(settings, name))
    assert rotate_keys.main(["--data", str(tmp_path), "--rewrap"]) == 0
    after = wrapped_by(database_uri)
    assert {each["keyId"] for each in before}.isdisjoint({each["keyId"] for each in after})
    assert running.sees(household)
    assert Officer(open_app(settings)).sees(household)


def test_a_register_with_a_key_file_moves_to_the_service(
    open_app: OpenApp, database_uri: str, service: KeyManagement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_file = settings_of(database_uri, tmp_path, None)
    migrate(of_file, say=lambda _: None)
    household = Officer(open_app(of_file)).registers()
    settings = settings_of(database_uri, tmp_path, service)
    assert Officer(open_app(settings)).sees(household)
    for name in ("mongodb_uri", "kms_provider", "kms_credentials_file"):
        monkeypatch.setenv(name.upper(), getattr(settings, name))
    assert rotate_keys.main(["--data", str(tmp_path), "--rewrap"]) == 0
    for file in (tmp_path / "keys" / "master").glob("*.key"):
        file.unlink()
    assert {each["provider"] for each in wrapped_by(database_uri)} == {"kmip"}
    assert Officer(open_app(settings)).sees(household)


def test_whom_the_service_does_not_know_reads_nothing(
    open_app: OpenApp, database_uri: str, service: KeyManagement, tmp_path: Path
) -> None:
    settings = settings_of(database_uri, tmp_path, service)
    migrate(settings, say=lambda _: None)
    household = Officer(open_app(settings)).registers()
    stranger = Officer(open_app(settings_of(database_uri, tmp_path, service, client=service.stranger)))
    response = stranger.client.get(f"/v1/households/{household['id']}", headers=stranger.headers)
    problem(response, 503, "store.unavailable")
    assert household["head"]["national_id"] not in response.text
