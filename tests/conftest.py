"""What every test may use: a real MongoDB and a database of its own in it."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from flask import Flask
from pymongo import MongoClient
from pymongo.database import Database

import service.commands.accounts
import service.wiring
from service.access.passwords import Passwords
from service.clock import Clock, system_clock
from service.running.mongod import MongodOptions, PrivateMongod
from service.settings import Settings, read_settings
from service.storage.migration import migrate
from service.storage.repositories import Repositories
from service.units.directory import UnitDirectory
from service.units.unit_list import read_units
from service.wiring import Register, wire
from tests.apps import OpenApp, opened_app
from tests.builders import MovedClock
from tests.provinces import UNITS_FILE

RETAINED_BETWEEN_TESTS = ["units", "state", "encryption_keys", "encryption_secrets", "trail", "trail_lanes"]
"""What a service that runs through many tests has read, or goes on writing to."""

_shared_mongod = pytest.StashKey[ExitStack]()

# A busy machine makes an example slow: without a deadline no test fails for that.
hypothesis.settings.register_profile("patient", hypothesis.settings(), deadline=None)
hypothesis.settings.load_profile("patient")
hypothesis.settings.register_profile("quick", max_examples=20, deadline=None)  # the quick loop: tests/examples.py


def pytest_configure(config: pytest.Config) -> None:
    """With several workers (pytest -n), start one mongod for all of them, before they are there."""
    several = bool(getattr(config.option, "numprocesses", None)) and not hasattr(config, "workerinput")
    if several and not os.environ.get("TEST_MONGODB_URI"):
        stack = config.stash[_shared_mongod] = ExitStack()
        folder = stack.enter_context(private_folder())
        os.environ["TEST_MONGODB_URI"] = stack.enter_context(PrivateMongod(quick_options(folder))).address()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the mongod that the workers shared."""
    if _shared_mongod in config.stash:
        config.stash[_shared_mongod].close()
        del os.environ["TEST_MONGODB_URI"]


@pytest.hookimpl(trylast=True)  # the browser's tests are marked by then
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the modules with slow tests first, so that no worker is left with a long one at the end.

    Before them come those with a test that is given more time than others, since it takes longest.
    """
    longest = {item.path for item in items if any(item.iter_markers("timeout"))}
    slow = {item.path for item in items if any(item.iter_markers("slow")) or any(item.iter_markers("browser"))}
    items.sort(key=lambda item: (item.path not in longest, item.path not in slow))


def pytest_collection_finish() -> None:
    """Let the garbage collector leave alone what importing and collecting made, and look at the rest less often.

    With Python's own thresholds it takes a tenth of the time of the tests of the API.
    """
    gc.freeze()
    gc.set_threshold(5_000, 20, 100)


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """Hash passwords at a fraction of the real cost, which tests/access/test_passwords.py holds to RFC 9106.

    At the real cost, the accounts of one browser test take a second of a processor.
    """
    with pytest.MonkeyPatch.context() as patch:
        for module in (service.wiring, service.commands.accounts):
            patch.setattr(module, "Passwords", partial(Passwords, passes=1, memory_kib=1024))
        yield


@pytest.fixture(scope="session", autouse=True)
def nothing_left_open() -> Iterator[None]:
    """Collect garbage after the last test, so that its ResourceWarnings fail that test, in a worker too."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
def mongodb_uri() -> Iterator[str]:
    """The address of a real mongod without a database's name: TEST_MONGODB_URI, else a private one for this session."""
    given = os.environ.get("TEST_MONGODB_URI")
    if given:
        yield given
        return
    with private_folder() as folder, PrivateMongod(quick_options(folder)) as mongod:
        yield mongod.address()


@pytest.fixture
def database_name(mongodb_uri: str) -> Iterator[str]:
    """The name of a database that is this test's alone, and is dropped after it."""
    name = f"test_{uuid.uuid4().hex[:16]}"
    yield name
    with MongoClient[dict[str, object]](mongodb_uri) as client:
        client.drop_database(name)


@pytest.fixture
def database_uri(mongodb_uri: str, database_name: str) -> str:
    """The address of this test's own database, as Settings.mongodb_uri takes it."""
    return named(mongodb_uri, database_name)


@pytest.fixture(scope="session")
def migrated_settings(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of a database with all that scripts/migrate makes; ``register_settings`` empties it for each test."""
    name = f"test_{uuid.uuid4().hex[:16]}"
    data_folder = str(tmp_path_factory.mktemp("data"))
    settings = read_settings({"MONGODB_URI": named(mongodb_uri, name), "DATA_FOLDER": data_folder})
    migrate(settings, say=lambda _: None)
    yield settings
    with MongoClient[dict[str, object]](mongodb_uri) as client:
        client.drop_database(name)


@pytest.fixture(scope="session")
def session_database(migrated_settings: Settings) -> Iterator[Database[dict[str, Any]]]:
    """The database of ``migrated_settings``, by a connection that stays open."""
    with MongoClient[dict[str, Any]](migrated_settings.mongodb_uri) as client:
        yield client.get_default_database()


@pytest.fixture
def register_settings(migrated_settings: Settings, session_database: Database[dict[str, Any]]) -> Settings:
    """Settings of a register that is ready and has no household:
    the official units are there, everything else is empty."""
    empty(session_database)
    return migrated_settings


@dataclass(frozen=True)
class Template:
    """A database with all that scripts/migrate makes, what it held then, and the folder with its keys."""

    database: Database[dict[str, Any]]
    uri: str
    data_folder: Path
    content: Mapping[str, list[dict[str, Any]]]

    def restore(self) -> None:
        """Let the database hold what migration left in it, and nothing else."""
        for name in {*written_collections(self.database, retained=()), *self.content}:
            self.database[name].delete_many({})
            if name in self.content:
                self.database[name].insert_many(self.content[name])


@pytest.fixture(scope="session")
def own_template(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Template]:
    """The database of ``own_settings``. Migrating it for each test would take half a second of processor time."""
    name, data_folder = f"test_{uuid.uuid4().hex[:16]}", tmp_path_factory.mktemp("own")
    settings = read_settings({"MONGODB_URI": named(mongodb_uri, name), "DATA_FOLDER": str(data_folder)})
    migrate(settings, say=lambda _: None)
    with MongoClient[dict[str, Any]](settings.mongodb_uri) as client:
        database = client.get_default_database()
        content = {name: list(database[name].find()) for name in written_collections(database, retained=())}
        yield Template(database, settings.mongodb_uri, data_folder, content)
        client.drop_database(database)


@pytest.fixture
def own_settings(own_template: Template, tmp_path: Path) -> Settings:
    """Settings of a register as scripts/migrate leaves it, whose units, keys and everything else a test may change.

    Its indexes and validators a test may not change: it migrates a database of its own (``database_uri``).
    """
    own_template.restore()
    shutil.copytree(own_template.data_folder, tmp_path / "data")
    return read_settings({"MONGODB_URI": own_template.uri, "DATA_FOLDER": str(tmp_path / "data")})


@pytest.fixture
def commanded_settings(own_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The same register, which the commands find in the environment."""
    monkeypatch.setenv("MONGODB_URI", own_settings.mongodb_uri)
    monkeypatch.setenv("DATA_FOLDER", own_settings.data_folder)
    return own_settings


@pytest.fixture
def own_store(commanded_settings: Settings) -> Iterator[Repositories]:
    """The store of that register."""
    opened = Repositories(commanded_settings)
    yield opened
    opened.close()


@pytest.fixture
def store(register_settings: Settings) -> Iterator[Repositories]:
    """The store of a register without households."""
    opened = Repositories(register_settings)
    yield opened
    opened.close()


@pytest.fixture
def open_app() -> Iterator[OpenApp]:
    """Creates services with settings of their own; the connections of all of them are closed after the test."""
    with ExitStack() as opened:

        def make(settings: Settings, clock: Clock = system_clock) -> Flask:
            return opened.enter_context(opened_app(settings, clock))

        yield make


@pytest.fixture
def clock() -> MovedClock:
    """A clock that stands still until the test moves it."""
    return MovedClock()


@pytest.fixture(scope="session")
def directory() -> UnitDirectory:
    """The official administrative units."""
    return UnitDirectory(read_units(UNITS_FILE))


@pytest.fixture
def services(register_settings: Settings, clock: MovedClock) -> Iterator[Register]:
    """The parts of the register, wired on a real store without households."""
    wired = wire(register_settings, clock)
    yield wired
    wired.store.close()


def written_collections(
    database: Database[dict[str, Any]], retained: Sequence[str] = RETAINED_BETWEEN_TESTS
) -> list[str]:
    """The names of the collections that hold anything, but for those retained between tests: two round trips in all."""
    names = database.list_collection_names(filter={"name": {"$nin": [*retained, "system.views"]}})
    stages: list[dict[str, Any]] = []
    for name in names:
        first: list[dict[str, Any]] = [{"$limit": 1}, {"$project": {"_id": 0, "name": {"$literal": name}}}]
        stages.extend([{"$unionWith": {"coll": name, "pipeline": first}}] if stages else first)
    return [found["name"] for found in database[names[0]].aggregate(stages)]


def empty(database: Database[dict[str, Any]]) -> None:
    """Empty a database, but for what is retained between tests."""
    for name in written_collections(database):
        database[name].delete_many({})


def named(server_uri: str, database: str) -> str:
    """The address of a database on a server."""
    server, _, options = server_uri.partition("?")
    return f"{server.rstrip('/')}/{database}?{options}"


def private_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder that goes away after use; in memory where the machine has room, since a test's files need no disk."""
    memory = Path("/dev/shm")  # noqa: S108  (a random folder below it)
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2_000_000_000
    return tempfile.TemporaryDirectory(prefix="register-test-", dir=memory if roomy else None)


def quick_options(folder: str | Path) -> MongodOptions:
    """A private mongod for tests: no diagnostics on the side, everything else as when the register runs.

    Nothing expires by itself, since the tests' clock stands on a day that the machine's clock may have left behind.
    """
    parameters = {"diagnosticDataCollectionEnabled": "false", "ttlMonitorEnabled": "false"}
    return MongodOptions(folder=Path(folder), cache_gigabytes=0.25, parameters=parameters)
