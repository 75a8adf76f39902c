"""The production replica set: three real mongods with a shared key file and authentication."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from service.running.children import kill_child, start_child, stop_child
from service.running.cluster import form_replica_set, give_account
from service.running.mongod import free_port, ready_program
from tests.conftest import private_folder

pytestmark = pytest.mark.slow


def member(folder: Path, port: int) -> subprocess.Popen[bytes]:
    files = folder / str(port) / "files"
    files.mkdir(parents=True, exist_ok=True)
    arguments: list[str | Path] = [ready_program(), "--dbpath", files, "--port", str(port), "--bind_ip", "127.0.0.1"]
    arguments += ["--nounixsocket", "--replSet", "register", "--keyFile", folder / "key"]
    arguments += ["--wiredTigerCacheSizeGB", "0.25"]
    with (folder / f"{port}.log").open("wb") as log:
        return start_child(arguments, output=log)


@pytest.fixture
def members() -> Iterator[list[str]]:
    with private_folder() as name:
        folder = Path(name)
        (folder / "key").write_text("0123456789abcdef" * 4)
        (folder / "key").chmod(0o400)
        ports = [free_port() for _ in range(3)]
        make_administrator(folder, ports[0])
        processes = [member(folder, port) for port in ports]
        yield [f"127.0.0.1:{port}" for port in ports]
        for process in processes:
            kill_child(process)  # in order they would each wait for another to take over


def make_administrator(folder: Path, port: int) -> None:
    """What the official image does on its first start: an administrator, made while nobody else can connect."""
    files = folder / str(port) / "files"
    files.mkdir(parents=True)
    with (folder / "first.log").open("wb") as log:
        alone = start_child(
            [ready_program(), "--dbpath", files, "--port", str(port), "--bind_ip", "127.0.0.1", "--nounixsocket"],
            output=log,
        )
    with MongoClient[dict[str, object]]("127.0.0.1", port, serverSelectionTimeoutMS=20_000) as client:
        client.admin.command("createUser", "root", pwd="root password", roles=["root"])
    stop_child(alone, 30)


def test_three_members_become_one_set_in_which_the_service_has_its_account(members: list[str]) -> None:
    form_replica_set(members[:2], "root password")
    give_account(members[:2], "root password", "so_nong_ho", "first password")
    form_replica_set(members, "root password")
    give_account(members, "root password", "so_nong_ho", "service password")

    address = f"mongodb://register:service%20password@{','.join(members)}/so_nong_ho?replicaSet=register"
    with MongoClient[dict[str, object]](address, w="majority") as client:
        register = client.get_default_database()
        with client.start_session() as session, session.start_transaction():
            register["households"].insert_one({"_id": "1"}, session=session)
        register["households"].create_index("commune")
        with pytest.raises(OperationFailure, match="not authorized"):
            client["another"]["households"].insert_one({"_id": "1"})
        wait_until(lambda: len(client.nodes) == 3)


def test_nobody_reads_without_a_password(members: list[str]) -> None:
    form_replica_set(members[:1], "root password")
    give_account(members[:1], "root password", "so_nong_ho", "service password")
    with (
        MongoClient[dict[str, object]](members[0], directConnection=True) as client,
        pytest.raises(OperationFailure, match="requires authentication"),
    ):
        client["so_nong_ho"]["households"].find_one()


def wait_until(condition: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)
