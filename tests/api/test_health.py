"""Alive, ready, measured; and what is reported while the database is unavailable."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from prometheus_client import REGISTRY
from werkzeug.test import TestResponse

from service.roles import Role
from service.running.mongod import free_port
from service.settings import Settings
from service.storage.repositories import Repositories
from tests.api.asking import Register, problem
from tests.api.signed_in import token_of
from tests.apps import OpenApp
from tests.builders import MovedClock, a_household

pytestmark = pytest.mark.slow  # together they take more than a second of a processor

HOUSEHOLD = "/v1/households/0192f0c1-7c1e-7a3b-9d52-3f1f6c0a8e99"


@pytest.fixture
def without_database(
    app: Flask, open_app: OpenApp, migrated_settings: Settings, clock: MovedClock
) -> Callable[..., TestResponse]:
    """Reads an address of a register whose database does not respond, as an officer who signed in before."""
    nobody_there = f"mongodb://127.0.0.1:{free_port()}/register?replicaSet=register"
    settings = replace(migrated_settings, mongodb_uri=nobody_there, database_timeout_seconds=0.3)
    client = open_app(settings, clock).test_client()
    signed_in = {"Authorization": f"Bearer {token_of(app, Role.OFFICER)}"}

    def send(address: str, method: str = "GET", body: object = None) -> TestResponse:
        return client.open(address, method=method, headers=signed_in, json=body)

    return send


@pytest.fixture
def emptied(migrated_settings: Settings) -> Iterator[Repositories]:
    """The store, whose list of units is put back after the test."""
    store = Repositories(migrated_settings)
    state = store.database["state"].find_one({"_id": "units"})
    assert state is not None
    yield store
    store.database["state"].replace_one({"_id": "units"}, state, upsert=True)
    store.database["log"].create_index([("household", 1), ("revision", -1)], name="household")
    store.close()


def test_a_register_with_its_database_is_ready(register: Register) -> None:
    assert register.json("/livez") == {"status": "alive"}
    assert register.json("/readyz") == {"status": "ready"}


def test_what_is_missing_is_named(register: Register, emptied: Repositories) -> None:
    emptied.database["log"].drop_index("household")
    response = register.get("/readyz")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert response.get_json() == {"status": "not ready", "missing": ["log.household"]}


def test_a_register_without_units_is_not_ready(register: Register, emptied: Repositories) -> None:
    emptied.database["state"].delete_one({"_id": "units"})
    assert register.get("/readyz").get_json()["missing"] == ["units"]


@pytest.mark.parametrize(
    "address", ["/readyz", "/v1/households", "/v1/coverage", "/v1/units", "/v1/changes", HOUSEHOLD]
)
def test_without_its_database_the_register_says_when_to_come_back(
    without_database: Callable[..., TestResponse], address: str
) -> None:
    response = without_database(address)
    problem(response, 503, "store.unavailable")
    assert int(response.headers["Retry-After"]) > 0


def test_a_write_without_a_database_is_refused_soon(without_database: Callable[..., TestResponse]) -> None:
    began = time.monotonic()
    problem(without_database(HOUSEHOLD, "PUT", a_household(id=HOUSEHOLD[-36:])), 503, "store.unavailable")
    assert time.monotonic() - began < 100  # it gives up after a few seconds, not after minutes


def test_without_its_database_the_register_is_alive_all_the_same(
    without_database: Callable[..., TestResponse],
) -> None:
    assert without_database("/livez").get_json() == {"status": "alive"}
    assert without_database("/docs").status_code == 200


def test_measures_name_endpoints_and_never_addresses(register: Register) -> None:
    record = register.registered()
    register.household(record["id"])
    text = register.get("/metrics").get_data(as_text=True)
    assert "register_requests_total" in text
    assert record["id"] not in text


def test_the_page_for_operators_lists_every_metric_and_no_other(app: Flask) -> None:
    page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
    ours = [metric for metric in REGISTRY.collect() if metric.name.startswith("register_")]
    names = {f"{metric.name}_total" if metric.type == "counter" else metric.name for metric in ours}
    listed = page.partition("`GET /metrics`")[2].partition("\n- ")[0]
    assert set(re.findall(r"`(register_[a-z_]+)`", listed)) == names
    assert set(re.findall(r"`(register_[a-z_]+)`", page)) == names
