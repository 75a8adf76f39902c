"""The network between the service and its database is cut, also in the middle of commits: nothing happens twice."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.running.mongod import PrivateMongod
from service.storage.repositories import Repositories
from tests.faults.conftest import serving
from tests.faults.writers import Writers, assert_stored

pytestmark = [pytest.mark.faults, pytest.mark.slow]


class Wire:
    """A wire to the database that passes bytes on until it is cut; then every connection over it breaks off."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._guard = threading.Lock()
        self._open: list[socket.socket] = []
        self.cuts = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Break every connection off at once, in the middle of whatever it carries."""
        with self._guard:
            broken, self._open = self._open, []
        self.cuts += len(broken) // 2
        for each in broken:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def cut_after_commits(self) -> None:
        """From now on, sometimes break off after a commit went out and before its response comes back."""
        self._lossy = True

    _lossy = False

    def close(self) -> None:
        """Cut for good."""
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                near.close()
                continue
            with self._guard:
                self._open += [near, far]
            threading.Thread(target=self._pass_on, args=(near, far, True), daemon=True).start()
            threading.Thread(target=self._pass_on, args=(far, near, False), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, outward: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
                if outward and self._lossy and b"commitTransaction" in data and random.random() < 0.2:
                    self.cuts += 1
                    time.sleep(0.02)  # the commit happens; no response arrives
                    source.close()
                    break
        for each in (source, target):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def wire(mongod: PrivateMongod) -> Iterator[Wire]:
    """A wire to the database."""
    laid = Wire(mongod.port)
    yield laid
    laid.close()


def test_connections_that_break_off_cost_no_acknowledged_write(
    mongod: PrivateMongod, wire: Wire, tmp_path: Path
) -> None:
    with serving(mongod, tmp_path / "data", wire.port) as register:
        with Writers(register) as writers:
            for _ in range(8):
                writers.wait_for(15)
                wire.cut()
            writers.wait_for(15)
        assert wire.cuts > 0
        assert set(writers.statuses) <= {200, 201, 503}
        store = Repositories(register.settings)
        assert_stored(store, writers)
        store.close()


def test_a_commit_whose_response_is_lost_happens_once(mongod: PrivateMongod, wire: Wire, tmp_path: Path) -> None:
    with serving(mongod, tmp_path / "data", wire.port) as register:
        wire.cut_after_commits()
        with Writers(register) as writers:
            writers.wait_for(150, seconds=120)
        assert wire.cuts > 10
        assert set(writers.statuses) <= {200, 201, 503}
        store = Repositories(register.settings)
        assert_stored(store, writers)
        store.close()
