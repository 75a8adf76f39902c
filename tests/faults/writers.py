"""Clients that write to a running register without rest, and remember what it promised them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import requests

from service.storage.repositories import Repositories
from tests.builders import COMMUNES, Json, a_least_household
from tests.faults.conftest import RunningRegister
from tests.storage.writing import assert_exact

CLIENTS = 8


@dataclass
class Memory:
    """What one client was promised, and which problems it got instead."""

    acknowledged: dict[str, int] = field(default_factory=dict)
    """Household by the latest revision that was acknowledged."""
    statuses: list[int] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class Writers:
    """Eight clients: each registers households, revises some and moves some, and sends again what got no response."""

    def __init__(self, register: RunningRegister) -> None:
        self._register = register
        self._stopping = threading.Event()
        self.memories = [Memory() for _ in range(CLIENTS)]
        self._threads = [threading.Thread(target=self._write, args=(memory,)) for memory in self.memories]

    def __enter__(self) -> Writers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(timeout=60)
        assert not any(thread.is_alive() for thread in self._threads)

    @property
    def acknowledged(self) -> int:
        """How many households were acknowledged so far."""
        return sum(len(memory.acknowledged) for memory in self.memories)

    @property
    def statuses(self) -> list[int]:
        """Every status that any client got."""
        return [status for memory in self.memories for status in memory.statuses]

    def wait_for(self, households: int, seconds: float = 60) -> None:
        """Wait until so many more households are acknowledged."""
        goal, end = self.acknowledged + households, time.monotonic() + seconds
        while self.acknowledged < goal:
            assert time.monotonic() < end, f"only {self.acknowledged} of {goal} households in {seconds} s"
            time.sleep(0.02)

    def _write(self, memory: Memory) -> None:
        session = self._register.session()
        number = 0
        while not self._stopping.is_set():
            household = a_least_household(commune=COMMUNES[number % 3])
            number += 1
            address = f"{self._register.address}/v1/households/{household['id']}"
            record = self._until_response(memory, partial(session.put, address, json=household, timeout=60), 1)
            if record is not None and number % 3 == 0:
                step = {"village": "Khối 4"} if number % 2 else {"commune": COMMUNES[(number + 1) % 3]}
                named = {"If-Match": '"1"'}
                revise = partial(session.put, address, json={**record, **step}, headers=named, timeout=60)
                self._until_response(memory, revise, 2)

    def _until_response(self, memory: Memory, send: Callable[[], requests.Response], revision: int) -> Json | None:
        """Send until the register promises it; None when the test ends before that."""
        while not self._stopping.is_set():
            try:
                response = send()
            except requests.RequestException as error:
                memory.problems.append(type(error).__name__)
                time.sleep(0.05)
                continue
            memory.statuses.append(response.status_code)
            if response.status_code in {200, 201}:
                record: Json = response.json()
                memory.acknowledged[record["id"]] = max(revision, memory.acknowledged.get(record["id"], 0))
                assert record["revision"] == revision
                return record
            if response.status_code != 503:
                memory.problems.append(response.text[:300])
                return None
            time.sleep(0.1)
        return None


def assert_stored(store: Repositories, writers: Writers) -> None:
    """Every acknowledged write is there exactly once, at its revision or a later one; counters and logs are exact."""
    assert [problem for memory in writers.memories for problem in memory.problems if problem.startswith("{")] == []
    promised = {
        household: revision for memory in writers.memories for household, revision in memory.acknowledged.items()
    }
    stored = store.households.known(promised)
    assert promised.keys() == stored.keys()
    for household, revision in promised.items():
        assert stored[household].record["revision"] >= revision
    written: dict[tuple[str, int], list[Any]] = {}
    for commune in COMMUNES:
        for entry in store.log.walk(commune):
            if entry.record is not None:
                written.setdefault((entry.household, entry.revision), []).append(entry.key)
    assert all(len(keys) == 1 for keys in written.values())
    assert {(household, each) for household, last in promised.items() for each in range(1, last + 1)} <= written.keys()
    assert_exact(store)
