"""The benchmark's environment: its own mongod, databases like the register's, and gunicorn as in production."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from benchmarks import records
from service.access.account import Account
from service.api.http.guard import Guard
from service.app import create_app, register_of
from service.clock import vietnam_day
from service.roles import Role
from service.running.children import start_child, stop_child
from service.running.mongod import MongodOptions, PrivateMongod, free_port
from service.settings import Settings
from service.storage.migration import migrate
from service.storage.repositories import Repositories
from service.units.areas import unit_meant

ROOT = Path(__file__).parents[1]
WORKERS = 2
_KILOBYTE = 1024
_TOKEN_SECONDS = 7200
"""The lifetime of the clients' token: longer than any measurement."""


@dataclass(frozen=True, slots=True)
class Workplace:
    """A running mongod and a folder; every measurement creates its own databases."""

    mongod: PrivateMongod
    folder: Path

    def settings(self, database: str) -> Settings:
        """Return the register's settings for one database."""
        return Settings(mongodb_uri=self.mongod.address(database), data_folder=str(self.folder))

    @contextmanager
    def database(self, name: str) -> Iterator[Repositories]:
        """Provide a new database, migrated like the register's; dropped afterwards."""
        store = Repositories(self.settings(name))
        store.database.client.drop_database(name)
        migrate(self.settings(name), say=lambda _: None)
        try:
            yield store
        finally:
            store.database.client.drop_database(name)
            store.close()


@contextmanager
def workplace(folder: Path | None = None) -> Iterator[Workplace]:
    """Start a mongod on a disk (not in memory, since a commit must include its flush) and stop it afterwards."""
    with tempfile.TemporaryDirectory(prefix="register-bench-", dir=folder) as name:
        own = Path(name)
        with PrivateMongod(MongodOptions(folder=own / "mongodb", cache_gigabytes=1.0)) as mongod:
            yield Workplace(mongod, own)


@dataclass(frozen=True, slots=True)
class Server:
    """A running gunicorn with two workers."""

    process: subprocess.Popen[bytes]
    port: int
    token: str
    """Return an access token of an officer of the whole province."""

    def workers(self) -> list[int]:
        """Return the process ids of the workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="ascii")
        return [int(child) for child in children.split()]

    def resident_megabytes(self) -> list[float]:
        """Return the resident memory of each worker, in MB (10^6 bytes)."""
        return [_resident_kilobytes(worker) * _KILOBYTE / 1e6 for worker in self.workers()]


@contextmanager
def server(
    place: Workplace, database: str, application: str = "service.app:create_app()", *, form: Path | None = None
) -> Iterator[Server]:
    """Serve a database as in production: gunicorn, its configuration, two workers, and a built form."""
    port = free_port()
    environment = {**os.environ, "MONGODB_URI": place.mongod.address(database), "DATA_FOLDER": str(place.folder)}
    environment["TOKEN_SECONDS"] = str(_TOKEN_SECONDS)
    if form is not None:
        environment["FORM_FOLDER"] = str(form)
    configuration = ROOT / "service" / "running" / "gunicorn_configuration.py"
    arguments = [sys.executable, "-m", "gunicorn", "--config", configuration, "--workers", str(WORKERS)]
    arguments += ["--bind", f"127.0.0.1:{port}", application]
    with (place.folder / f"gunicorn-{database}.log").open("wb") as log:
        process = start_child(
            [str(argument) for argument in arguments], environment=environment, folder=ROOT, output=log
        )
        try:
            running = Server(process, port, _token(replace(place.settings(database), token_seconds=_TOKEN_SECONDS)))
            _wait_until_ready(running, Path(log.name))
            yield running
        finally:
            if not stop_child(process, 30):
                process.send_signal(signal.SIGKILL)


def _token(settings: Settings) -> str:
    """Sign in an officer of the province without the password, whose hashing is not to be measured here."""
    app = create_app(settings)
    guard = cast(Guard, app.extensions["guard"])
    directory, today = register_of(app).units.directory(), vietnam_day(guard.clock())
    account = Account(
        id="benchmark",
        username="benchmark",
        role=Role.OFFICER,
        area=(unit_meant(records.province().code, today, directory, today),),
        created_at=guard.clock(),
        created_by="benchmark",
        scopes=(),
    )
    guard.principals.store.add_account(account)
    token, _ = guard.tokens.issue(account.id, scopes=())
    register_of(app).store.close()
    return token


def _wait_until_ready(running: Server, log: Path, seconds: float = 60.0) -> None:
    """Wait until every worker responds. Raises RuntimeError with the server's last lines."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if running.process.poll() is not None:
            break
        try:
            with socket.create_connection(("127.0.0.1", running.port), timeout=5) as connection:
                connection.sendall(b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                if connection.recv(64).startswith(b"HTTP/1.1 200") and len(running.workers()) == WORKERS:
                    return
        except OSError:
            pass
        time.sleep(0.1)
    raise RuntimeError("the server did not get ready:\n" + log.read_text(encoding="utf-8", errors="replace")[-3000:])


def processor_seconds(processes: Iterable[int]) -> float:
    """Return the total processor time of the processes, in seconds."""
    ticks = 0
    for process in processes:
        # The name of a program can contain spaces; the figures follow its closing bracket (proc(5), utime and stime).
        figures = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        ticks += int(figures[11]) + int(figures[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _resident_kilobytes(process: int) -> int:
    for line in Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise RuntimeError(f"process {process} says nothing of its memory")
