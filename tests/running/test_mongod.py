"""A private mongod: found, started, restarted, stopped, and plain about what went wrong. All with the real program."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError
from pymongo.write_concern import WriteConcern

from service.running import errors
from service.running.mongod import (
    MongodOptions,
    PrivateMongod,
    check_program,
    find_mongod,
    free_port,
    last_reason,
)
from tests.conftest import private_folder, quick_options
from tests.running.disks import small_disk


@pytest.fixture
def mongod() -> Iterator[PrivateMongod]:
    with private_folder() as folder:
        mongod = PrivateMongod(quick_options(folder))
        yield mongod
        mongod.stop()


def write(mongod: PrivateMongod, number: int) -> None:
    with MongoClient[dict[str, int]](mongod.address()) as client:
        notes = client.get_database("notes", write_concern=WriteConcern("majority", j=True))["notes"]
        with client.start_session() as session, session.start_transaction():
            notes.insert_one({"_id": number}, session=session)


def read(mongod: PrivateMongod) -> list[int]:
    with MongoClient[dict[str, int]](mongod.address()) as client:
        return [note["_id"] for note in client["notes"]["notes"].find().sort("_id")]


@pytest.mark.slow
def test_takes_transactions_and_keeps_its_data_and_its_port(mongod: PrivateMongod) -> None:
    mongod.start()
    write(mongod, 1)
    port = mongod.port
    mongod.stop()

    again = PrivateMongod(mongod.options)
    with again:
        assert again.port == port
        assert read(again) == [1]


def test_ends_by_itself_on_request(mongod: PrivateMongod) -> None:
    mongod.start()
    mongod.stop()
    assert mongod.process_id is None
    assert '"exitCode":0' in mongod.log.read_text().splitlines()[-1]


@pytest.mark.slow
def test_starts_after_a_power_cut_with_what_was_acknowledged(mongod: PrivateMongod) -> None:
    mongod.start()
    write(mongod, 1)
    mongod.kill()
    mongod.start()
    write(mongod, 2)
    assert read(mongod) == [1, 2]


@pytest.mark.slow
def test_moves_to_another_port_when_its_own_is_taken(mongod: PrivateMongod) -> None:
    mongod.start()
    write(mongod, 1)
    mongod.stop()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", mongod.port))
        elsewhere = PrivateMongod(mongod.options)
        with elsewhere:
            assert elsewhere.port != mongod.port
            write(elsewhere, 2)
            assert read(elsewhere) == [1, 2]


@pytest.mark.slow
def test_a_copy_of_its_folder_is_a_backup_that_can_run_at_the_same_time(mongod: PrivateMongod, tmp_path: Path) -> None:
    mongod.start()
    write(mongod, 1)
    mongod.stop()
    copy = PrivateMongod(quick_options(shutil.copytree(mongod.options.folder, tmp_path / "copy")))
    mongod.start()
    write(mongod, 2)
    with copy:
        assert read(copy) == [1]
    assert read(mongod) == [1, 2]


@pytest.mark.slow
def test_names_the_requested_port_when_it_is_taken(mongod: PrivateMongod, tmp_path: Path) -> None:
    mongod.start()
    second = PrivateMongod(MongodOptions(folder=tmp_path, port=mongod.port))
    with pytest.raises(errors.PortInUse, match=f"Port {mongod.port} is in use"):
        second.start()
    write(mongod, 1)
    assert second.process_id is None


@pytest.mark.slow
def test_names_the_folder_that_another_one_has_locked(mongod: PrivateMongod) -> None:
    mongod.start()
    options = MongodOptions(folder=mongod.options.folder, port=free_port(), stop_seconds=0.2)
    with pytest.raises(errors.DataFolderInUse, match="already runs on the data folder"):
        PrivateMongod(options).start()
    write(mongod, 1)


@pytest.mark.slow
def test_ends_one_that_lost_its_run_and_cannot_end_by_itself(mongod: PrivateMongod) -> None:
    mongod.start()
    write(mongod, 1)
    halted = mongod.process_id or 0
    os.kill(halted, signal.SIGSTOP)
    with PrivateMongod(replace(mongod.options, alone=True, orphan_seconds=0.2)) as next_one:
        assert read(next_one) == [1]
        assert next_one.process_id != halted


@pytest.mark.slow
def test_waits_for_an_orphan_that_is_still_shutting_down(mongod: PrivateMongod) -> None:
    mongod.start()
    write(mongod, 1)
    halted = mongod.process_id or 0
    os.kill(halted, signal.SIGSTOP)
    os.kill(halted, signal.SIGTERM)
    next_one = PrivateMongod(mongod.options)
    with ThreadPoolExecutor() as pool:
        starting = pool.submit(next_one.start)
        with pytest.raises(TimeoutError):
            starting.result(2)  # it waits
        os.kill(halted, signal.SIGCONT)
    starting.result()
    next_one.stop()


def test_quotes_what_it_died_of_before_it_had_a_log(tmp_path: Path) -> None:
    broken = PrivateMongod(MongodOptions(folder=tmp_path, parameters={"noSuchParameter": "1"}))
    with pytest.raises(errors.MongodDied, match="noSuchParameter"):
        broken.start()


@pytest.mark.slow
def test_reports_that_its_files_are_damaged(mongod: PrivateMongod) -> None:
    mongod.start()
    mongod.stop()
    (mongod.files / "WiredTiger.turtle").write_text("no such thing\n")
    with pytest.raises(errors.CannotRun, match="put back a backup"):
        PrivateMongod(mongod.options).start()


def test_reports_that_the_folder_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(errors.DataFolderUnusable, match="--data DIR"):
        PrivateMongod(MongodOptions(folder=tmp_path / "file" / "inside")).start()


def test_names_the_libraries_that_are_missing(tmp_path: Path) -> None:
    program = tmp_path / "mongod"
    program.write_bytes(find_mongod().read_bytes().replace(b"libcurl.so.4\0", b"libcurl.so.0\0"))
    program.chmod(0o755)
    with pytest.raises(errors.LibrariesMissing, match=r"libcurl\.so\.0"):
        check_program(program)


def test_names_the_command_that_brings_the_libraries() -> None:
    missing = errors.LibrariesMissing(["libcurl.so.4", "libssl.so.3"], ["libcurl4", "libssl3"])
    assert str(missing).endswith("type: sudo apt-get install libcurl4 libssl3")


def test_prefers_the_one_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mongod").symlink_to(find_mongod())
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert find_mongod() == tmp_path / "mongod"


def test_the_first_error_of_its_last_seconds_is_the_reason(tmp_path: Path) -> None:
    log = tmp_path / "mongod.log"
    log.write_text(
        '{"t":{"$date":"2026-11-20T02:00:00.000+00:00"},"s":"E","msg":"A client went away"}\n'
        '{"t":{"$date":"2026-11-23T02:00:00.000+00:00"},"s":"I","msg":"Starting"}\n'
        '{"t":{"$date":"2026-11-23T02:00:01.000+00:00"},"s":"E","msg":"No listener","attr":{"error":"In use"}}\n'
        '{"t":{"$date":"2026-11-23T02:00:01.500+00:00"},"s":"F","msg":"Fatal assertion"}\nnot JSON\n'
    )
    assert last_reason(log) == "No listener: In use"


def test_will_not_start_on_a_full_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 16) as disk, pytest.raises(errors.DiskFull, match="make room"):
        PrivateMongod(quick_options(disk)).start()


@pytest.mark.faults
def test_reports_that_the_disk_became_full(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 400) as disk:
        mongod = PrivateMongod(quick_options(disk))
        mongod.start()
        with pytest.raises(PyMongoError):
            fill(mongod)
        with pytest.raises(errors.DiskFull):
            wait_for_death(mongod)
        mongod.stop()


def fill(mongod: PrivateMongod) -> None:
    with MongoClient[dict[str, object]](mongod.address(), serverSelectionTimeoutMS=500) as client:
        for _ in range(4000):
            client["notes"]["large"].insert_one({"noise": os.urandom(200_000)})


def wait_for_death(mongod: PrivateMongod) -> None:
    for _ in range(600):
        mongod.check_alive()
        time.sleep(0.1)
    pytest.fail("mongod lives on a full disk")
