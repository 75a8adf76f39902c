"""Without the database each request waits for it at most once, and soon none does; it comes back by itself."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partialmethod
from pathlib import Path
from typing import cast

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pymongo import monitoring
from werkzeug.test import TestResponse

from service.api.http.guard import guard
from service.roles import Role
from service.running.mongod import PrivateMongod
from service.settings import Settings, read_settings
from service.storage.client import RegisterClient
from service.storage.migration import migrate
from service.storage.trail.writing import Trail
from tests.api.asking import problem
from tests.api.signed_in import token_of
from tests.apps import OpenApp
from tests.builders import Json, a_household

pytestmark = [pytest.mark.faults, pytest.mark.slow]


REQUESTS = "requests"
"""The prefix of the names of threads that send requests, other than the test's own thread."""


class Waits(logging.Handler):
    """Counts how often a request waited for the database, by pymongo's own events.

    A request of Flask's test client is served in the thread that sends it. The register's threads in the background
    wait as well, and nobody waits for them.
    """

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.own = threading.current_thread().name
        self.operations: list[str] = []

    @property
    def count(self) -> int:
        """How often."""
        return len(self.operations)

    def emit(self, record: logging.LogRecord) -> None:
        """Count the record if it is of a request that begins to wait."""
        name, message = record.threadName or "", record.getMessage()
        waiting = "Waiting for suitable server to become available" in message
        if waiting and (name == self.own or name.startswith(REQUESTS)):
            self.operations.append(str(json.loads(message)["operation"]))


class Killer(monitoring.CommandListener):
    """Kills the database when a command is about to be sent to it by a thread, before the register can notice."""

    def __init__(self, mongod: PrivateMongod) -> None:
        self.mongod = mongod
        self.sent: list[str] = []
        self.chosen: Callable[[str], bool] = lambda _: False

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Note the command; kill the database if it is the one that was chosen."""
        if threading.current_thread() is not threading.main_thread():
            return
        if self.chosen(event.command_name):
            self.chosen = lambda _: False
            self.mongod.kill()
        self.sent.append(event.command_name)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Not of interest."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Not of interest."""


@contextmanager
def waits() -> Iterator[Waits]:
    """The waits from now on."""
    logger, counted = logging.getLogger("pymongo.serverSelection"), Waits()
    before = logger.level
    logger.addHandler(counted)
    logger.setLevel(logging.DEBUG)
    try:
        yield counted
    finally:
        logger.setLevel(before)
        logger.removeHandler(counted)


def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so; a slow machine is given time."""
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


class Officer:
    """An officer who sends requests repeatedly."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()
        self.headers = {"Authorization": f"Bearer {token_of(app, Role.OFFICER)}"}
        self.household: Json = a_household()

    def put(self) -> TestResponse:
        """Register the household, or send it again."""
        address = f"/v1/households/{self.household['id']}"
        return self.client.put(address, json=self.household, headers=self.headers)

    def put_another(self) -> TestResponse:
        """Register another household."""
        self.household = a_household()
        return self.put()

    def get(self, address: str) -> TestResponse:
        """Read something."""
        return self.client.get(address, headers=self.headers)


def settings_of(mongod: PrivateMongod, folder: Path, **more: str) -> Settings:
    """Settings of a register on this mongod."""
    return read_settings({"MONGODB_URI": mongod.address("register"), "DATA_FOLDER": str(folder / "data"), **more})


@pytest.fixture
def officer(mongod: PrivateMongod, open_app: OpenApp, tmp_path: Path) -> Officer:
    """An officer of a register whose database a test may kill."""
    settings = settings_of(mongod, tmp_path)
    migrate(settings, say=lambda _: None)
    officer = Officer(open_app(settings))
    assert officer.put().status_code == 201
    return officer


def test_a_request_waits_for_the_database_once_and_the_next_ones_not_at_all(
    officer: Officer, mongod: PrivateMongod
) -> None:
    mongod.kill()
    with waits() as first:
        problem(officer.put(), 503, "store.unavailable")  # gate, rate limit, record and trail would each wait
    assert first.count <= 1
    with waits() as later:
        for _ in range(5):
            for response in (officer.put(), officer.get("/v1/households"), officer.get("/v1/coverage")):
                problem(response, 503, "store.unavailable")
                assert int(response.headers["Retry-After"]) > 0
        assert officer.client.post("/v1/session", json={"username": "a", "password": "b"}).status_code == 503
        assert officer.client.get("/readyz").status_code == 503
    assert later.count == 0


def test_the_database_is_found_again_without_anybody_waiting_for_it(officer: Officer, mongod: PrivateMongod) -> None:
    for _ in range(2):
        mongod.kill()
        problem(officer.put(), 503, "store.unavailable")
        mongod.start()
        with waits() as counted:
            until(lambda: officer.put().status_code == 200)
        assert counted.count == 0
        assert officer.get(f"/v1/households/{officer.household['id']}").get_json()["revision"] == 1


def test_no_entry_of_the_trail_is_lost_with_the_database(officer: Officer, mongod: PrivateMongod) -> None:
    address = f"/v1/households/{officer.household['id']}"
    for _ in range(30):
        assert officer.get(address).status_code == 200
    mongod.kill()  # within the tenth of a second in which the journal is not written
    mongod.start()
    with officer.client.application.app_context():
        trail = cast(Trail, guard().trail)
    until(lambda: not trail._unconfirmed)
    reads = [entry for entry in trail.entries() if entry.action == "households.read"]
    assert len(reads) == 30
    assert list(trail.verify()) == []


def test_many_simultaneous_requests_each_wait_once_and_not_for_each_other(
    officer: Officer, mongod: PrivateMongod
) -> None:
    mongod.kill()
    with waits() as counted, ThreadPoolExecutor(12, REQUESTS) as threads:
        responses = list(threads.map(lambda _: officer.put(), range(12)))
    assert {response.status_code for response in responses} == {503}
    assert counted.count <= 12
    with waits() as later:
        problem(officer.put(), 503, "store.unavailable")
    assert later.count == 0


def test_whichever_command_loses_the_database_its_request_waits_once(
    mongod: PrivateMongod, open_app: OpenApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killer = Killer(mongod)
    monkeypatch.setattr(RegisterClient, "__init__", partialmethod(RegisterClient.__init__, event_listeners=[killer]))
    # The units are read by every request, before everything else.
    impatient = {"DATABASE_TIMEOUT_SECONDS": "1", "UNITS_REFRESH_SECONDS": "0", "REQUESTS_PER_MINUTE": "0"}
    settings = settings_of(mongod, tmp_path, **impatient)
    migrate(settings, say=lambda _: None)
    officer = Officer(open_app(settings))
    assert officer.put_another().status_code == 201
    chosen: dict[str, Callable[[str], bool]] = {
        "units": lambda _: True,
        "begun": lambda command: command == "aggregate",
        "commit": lambda command: command == "commitTransaction",
        "trail": lambda command: command == "insert" and "commitTransaction" in killer.sent,
    }
    for choice in chosen.values():
        killer.sent.clear()
        killer.chosen = choice
        with waits() as counted:
            problem(officer.put_another(), 503, "store.unavailable")
        assert counted.operations in ([killer.sent[-1]], ["abortTransaction"])
        mongod.start()
        until(lambda: officer.put_another().status_code == 201)
