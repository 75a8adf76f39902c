"""A register of its own that a test may break: a real mongod with its journal, and gunicorn with two workers."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from service.roles import Role
from service.running.children import start_child, stop_child
from service.running.mongod import MongodOptions, PrivateMongod, free_port
from service.settings import Settings, read_settings
from service.storage.migration import migrate
from service.storage.repositories import Repositories
from tests.api.signed_in import token_of
from tests.apps import opened_app

ROOT = Path(__file__).parents[2]
READY_SECONDS = 240
"""A machine that is busy with everything else at once is no failure."""


@dataclass(frozen=True)
class RunningRegister:
    """A register that serves: its database, its address, and a token of an officer of the whole province."""

    mongod: PrivateMongod
    settings: Settings
    address: str
    token: str
    arbiter: int
    """The process that starts gunicorn's workers."""

    def workers(self) -> list[int]:
        """The processes that serve requests now."""
        children = Path(f"/proc/{self.arbiter}/task/{self.arbiter}/children").read_text(encoding="ascii")
        return [int(each) for each in children.split()]

    def session(self) -> requests.Session:
        """An HTTP session of that officer, for one thread."""
        session = requests.Session()
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {self.token}"
        return session

    def wait_until_ready(self) -> float:
        """Wait until it says that it is ready; returns the seconds that it took."""
        began = time.monotonic()
        session = self.session()
        while time.monotonic() - began < READY_SECONDS:
            try:
                if session.get(f"{self.address}/readyz", timeout=10).status_code == 200:
                    return time.monotonic() - began
            except requests.RequestException:
                pass
            time.sleep(0.1)
        raise AssertionError(f"the register was not ready within {READY_SECONDS} s")


@pytest.fixture
def mongod(tmp_path: Path) -> Iterator[PrivateMongod]:
    """A mongod whose files lie on the disk: its journal is what this is about."""
    options = MongodOptions(folder=tmp_path / "mongod", cache_gigabytes=0.25)
    with PrivateMongod(options) as started:
        yield started


@contextmanager
def serving(mongod: PrivateMongod, data_folder: Path, database_port: int | None = None) -> Iterator[RunningRegister]:
    """A register on ``mongod``, served by gunicorn; ``database_port`` is another way to it."""
    address = mongod.address("register")
    settings = read_settings({"MONGODB_URI": address, "DATA_FOLDER": str(data_folder)})
    migrate(settings, say=lambda _: None)
    with opened_app(settings) as app:
        token = token_of(app, Role.OFFICER)
    through = address.replace(f":{mongod.port}/", f":{database_port}/") if database_port else address
    if database_port:
        through = through.replace("replicaSet=register", "directConnection=true")
    port = free_port()
    configuration = ROOT / "service" / "running" / "gunicorn_configuration.py"
    command = [sys.executable, "-m", "gunicorn", "--config", str(configuration), "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", "2", "service.app:create_app()"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MONGODB_URI": through, "DATA_FOLDER": str(data_folder)}
    gunicorn = start_child(command, environment=environment, folder=ROOT, output=subprocess.DEVNULL)
    try:
        register = RunningRegister(mongod, settings, f"http://127.0.0.1:{port}", token, gunicorn.pid)
        register.wait_until_ready()
        yield register
    finally:
        stop_child(gunicorn, 20)


@pytest.fixture
def running(mongod: PrivateMongod, tmp_path: Path) -> Iterator[RunningRegister]:
    """A register that serves, without households."""
    with serving(mongod, tmp_path / "data") as register:
        yield register


@pytest.fixture
def store(running: RunningRegister) -> Iterator[Repositories]:
    """The store behind the running register, read past it."""
    opened = Repositories(running.settings)
    yield opened
    opened.close()
