"""The service without access, which the benchmark compares with: it serves without a gate, a trail and keys."""

from __future__ import annotations

import pytest

from benchmarks.without_access import create_app
from service.app import register_of
from service.settings import Settings
from tests.builders import a_household


def test_the_service_without_access_takes_and_returns_households(
    register_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONGODB_URI", register_settings.mongodb_uri)
    monkeypatch.setenv("DATA_FOLDER", register_settings.data_folder)
    app = create_app()
    client = app.test_client()
    household = a_household()
    address = f"/v1/households/{household['id']}"
    written = client.put(address, json=household)
    assert written.status_code == 201, written.text
    read = client.get(address)
    assert read.get_json()["head"]["full_name"] == household["head"]["full_name"]
    assert "Content-Security-Policy" not in read.headers
    assert len(client.get("/v1/households").get_json()["items"]) == 1
    register_of(app).store.close()
