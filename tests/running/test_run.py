"""scripts/run as a person starts it, at a real terminal: ready, and then ended in every way that one can end it."""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import os
import pty
import select
import shutil
import signal
import socket
import subprocess
import sys
import termios
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from bson.binary import Binary
from pymongo import MongoClient
from pymongo.collection import Collection

from service.running.command_line import ROOT
from service.running.mongod import MongodOptions, PrivateMongod
from tests.conftest import private_folder
from tests.running.disks import small_disk

pytestmark = pytest.mark.slow


class Run:
    """scripts/run at a terminal of its own, on a data folder of its own."""

    def __init__(self, data: Path, *options: str, python: Sequence[str] = ("--python", sys.executable)) -> None:
        self.data = data
        self.output = ""
        self.terminal, theirs = pty.openpty()
        arguments: list[str | Path] = [ROOT / "scripts/run", "--data", data, *python, *options]
        self.process = subprocess.Popen(
            arguments,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            # With a FORM_FOLDER no form is built here; scripts/test names the one that it built, else there is none.
            env={"FORM_FOLDER": "", **os.environ, "MONGODB_URI": ""},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509  (one system call)
        )
        os.close(theirs)

    def read_output(self, until: Callable[[str], bool], seconds: float = 240) -> str:
        deadline = time.monotonic() + seconds
        while not until(self.output):
            assert time.monotonic() < deadline, f"scripts/run only output: {self.output}"
            if select.select([self.terminal], [], [], 0.1)[0]:
                try:
                    self.output += os.read(self.terminal, 65536).decode()
                except OSError:  # the other end is closed
                    break
        return self.output

    def ready(self) -> str:
        """Wait for the one line with the address, and return it."""
        self.read_output(lambda output: any(line.startswith("http://") for line in output.splitlines()))
        addresses = [line for line in self.output.splitlines() if line.startswith("http://")]
        assert addresses, self.output
        return addresses[0]

    def ended(self, seconds: float = 90) -> int:
        """Wait for its end, and return its status."""
        status = self.process.wait(seconds)
        if self.terminal >= 0:
            self.read_output(lambda _: False)  # to the end: the terminal is closed on the other side
        return status

    def left_over(self) -> list[str]:
        """The command lines of all processes that have to do with this data folder."""
        mark = str(self.data).encode()
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if process.name == str(os.getpid()):
                    continue
                command = (process / "cmdline").read_bytes()
                if mark in command or mark in (process / "environ").read_bytes():
                    found.append(command.replace(b"\0", b" ").decode())
        return found

    def close_terminal(self) -> None:
        os.close(self.terminal)
        self.terminal = -1

    def end_at_once(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.terminal >= 0:
            self.close_terminal()
        assert nothing_left(self), self.left_over()


@pytest.fixture(scope="module")
def first_run() -> Iterator[Path]:
    """The data folder that a first run leaves behind when it is stopped."""
    with private_folder() as folder:
        run = Run(Path(folder) / "data", "--empty", "--port", "0")
        run.ready()
        press_control_c(run)
        assert run.ended() == 0
        yield run.data


@pytest.fixture
def data(first_run: Path) -> Iterator[Path]:
    """A prepared data folder of the test's own."""
    with private_folder() as folder:
        yield shutil.copytree(first_run, Path(folder) / "data")


@pytest.fixture
def start(data: Path) -> Iterator[Callable[..., Run]]:
    runs: list[Run] = []

    def start(*options: str) -> Run:
        runs.append(Run(data, "--empty", *options))
        return runs[-1]

    yield start
    for run in runs:
        run.end_at_once()


@pytest.fixture(scope="module")
def running(first_run: Path) -> Iterator[Run]:
    """A run for the tests that only look at it."""
    with private_folder() as folder:
        run = Run(shutil.copytree(first_run, Path(folder) / "data"), "--empty", "--port", "0")
        run.ready()
        yield run
        run.end_at_once()


def nothing_left(run: Run, seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while run.left_over() and time.monotonic() < deadline:
        time.sleep(0.1)
    return not run.left_over()


def mongod_log(run: Run) -> str:
    return (run.data / "mongodb/mongod.log").read_text()


def press_control_c(run: Run) -> None:
    os.write(run.terminal, b"\x03")


def ask_it_to_end(run: Run) -> None:
    run.process.send_signal(signal.SIGTERM)


@pytest.mark.parametrize("end", [press_control_c, ask_it_to_end, Run.close_terminal])
def test_ends_in_order_and_leaves_no_process(start: Callable[..., Run], end: Callable[[Run], None]) -> None:
    run = start("--port", "0")
    address = run.ready()
    with urllib.request.urlopen(f"{address}/readyz", timeout=60) as response:
        assert response.status == 200
    end(run)
    assert run.ended() == 0
    assert run.left_over() == []
    assert '"exitCode":0' in mongod_log(run)
    assert not (run.data / "mongodb-uri").exists()


def test_leaves_no_process_when_it_is_killed_and_starts_again_at_once(start: Callable[..., Run]) -> None:
    first = start("--port", "0")
    first.ready()
    first.process.kill()
    first.process.wait()

    second = start("--port", "0")
    second.ready()
    press_control_c(second)
    assert second.ended() == 0
    assert nothing_left(first)


def test_reports_that_only_this_machine_is_served(running: Run) -> None:
    assert "nobody on the network can reach it" in running.output


def test_nobody_is_believed_to_be_a_proxy_without_the_setting(running: Run) -> None:
    forged = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9", "SCRIPT_NAME": "/elsewhere"}
    request = urllib.request.Request(f"{running.ready()}/livez", headers=forged)
    with urllib.request.urlopen(request, timeout=60) as response:
        assert response.status == 200
        assert "Strict-Transport-Security" not in response.headers


def test_a_client_that_sends_a_too_large_body_before_it_reads_gets_the_response(running: Run) -> None:
    connection = http.client.HTTPConnection(running.ready().partition("//")[2], timeout=60)
    connection.request("POST", "/v1/token", b'"' + b"x" * 8_000_000 + b'"', {"Content-Type": "application/json"})
    response = connection.getresponse()
    assert (response.status, response.headers["Content-Type"]) == (413, "application/problem+json")
    connection.close()


def test_writes_the_address_of_the_database_for_scripts(running: Run) -> None:
    file = running.data / "mongodb-uri"
    assert file.read_text().startswith("mongodb://127.0.0.1:")
    assert file.read_text().endswith("/so_nong_ho?replicaSet=register\n")
    assert file.stat().st_mode & 0o077 == 0


def test_a_mongod_that_dies_is_started_again_and_the_service_recovers(start: Callable[..., Run]) -> None:
    run = start("--port", "0")
    address = run.ready()
    os.kill(process_of(run, "mongod"), signal.SIGKILL)
    run.read_output(lambda output: output.count("MongoDB: ready") == 2)
    deadline = time.monotonic() + 120
    while answer_of(f"{address}/readyz") != 200:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_damaged_household_does_not_keep_the_register_from_starting_after_an_upgrade(
    start: Callable[..., Run], data: Path
) -> None:
    damaged = {"_id": "01990000-0000-7000-8000-00000000dead", "schema_version": "1.0", "sealed": Binary(b"?", 6)}

    def started(change: Callable[[Collection[Any]], Any]) -> str:
        run = start("--port", "0")
        assert answer_of(run.ready() + "/readyz") == 200
        with MongoClient[dict[str, Any]]((data / "mongodb-uri").read_text().strip()) as client:
            change(client.get_default_database()["households"])
        ask_it_to_end(run)
        assert run.ended() == 0
        return run.output

    with (
        PrivateMongod(MongodOptions(folder=data / "mongodb")) as mongod,
        MongoClient[dict[str, Any]](mongod.address("so_nong_ho")) as client,
    ):
        households = client.get_default_database()["households"]
        households.insert_one(damaged, bypass_document_validation=True)
    (data / "mongodb" / "prepared").unlink()  # as if another version had prepared it
    for change in (lambda _: None, lambda households: households.delete_one({"_id": damaged["_id"]})):
        output = started(change)
        assert f"household {damaged['_id']}: it is stored damaged; restore its document from a backup" in output
        assert "Records that scripts/migrate skipped are listed above" in output
    assert "skipped" not in started(lambda _: None)


def test_a_second_run_on_the_same_folder_is_refused(running: Run) -> None:
    second = Run(running.data, "--port", "0")
    assert second.ended() == 1
    assert one_sentence(second).startswith("The register already runs on the data folder")
    assert answer_of(f"{running.ready()}/readyz") == 200


def test_a_port_in_use_is_named(start: Callable[..., Run]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        run = start("--port", str(port))
        assert run.ended() == 1
    assert one_sentence(run).startswith(f"Port {port} is in use by another program")
    assert run.left_over() == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("not a folder")
    run = Run(tmp_path / "data", "--port", "0")
    assert run.ended() == 1
    assert "cannot be written" in one_sentence(run)


@pytest.mark.parametrize("python", [["--python", sys.executable], []], ids=["MongoDB", "packages"])
def test_a_full_disk_is_named(tmp_path: Path, python: list[str]) -> None:
    with small_disk(tmp_path / "disk", 12) as disk:
        run = Run(disk / "data", "--port", "0", python=python)
        assert run.ended() == 1
        assert "is full: make room" in run.output.strip().splitlines()[-1]
        assert nothing_left(run)


def test_help_names_every_option() -> None:
    usage = subprocess.run([ROOT / "scripts/run", "--help"], capture_output=True, text=True, check=True).stdout
    for option in ("--port", "--bind", "--data", "--workers", "--empty", "--python"):
        assert option in usage


def one_sentence(run: Run) -> str:
    lines = run.output.strip().splitlines()
    assert len(lines) == 1, run.output
    return lines[0]


def answer_of(address: str) -> int:
    try:
        with urllib.request.urlopen(address, timeout=60) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def process_of(run: Run, program: str) -> int:
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            if Path(words[0].decode()).name == program and any(str(run.data).encode() in word for word in words):
                return int(process.name)
    raise AssertionError(f"no {program} runs for {run.data}")
