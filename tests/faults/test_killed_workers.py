"""Workers are killed again and again: an account's limit of requests is not used up by those that are gone."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress

import pytest
import requests

from service.storage.rate_limits import FIRST_LEASE
from service.storage.repositories import Repositories
from tests.faults.conftest import READY_SECONDS, RunningRegister

pytestmark = [pytest.mark.faults, pytest.mark.slow]

KILLS = 8
WORKERS = 2


def asked(running: RunningRegister) -> int:
    """Ask for coverage over a connection of its own; returns the status, or 0 where the worker was killed meanwhile."""
    with running.session() as session, suppress(requests.RequestException):
        return session.get(f"{running.address}/v1/coverage?level=province", timeout=30).status_code
    return 0


def test_killed_workers_take_next_to_nothing_of_a_limit(running: RunningRegister, store: Repositories) -> None:
    statuses: list[int] = []
    began = time.monotonic()
    for _ in range(KILLS):
        before = statuses.count(200)
        while statuses.count(200) < before + 10:
            assert time.monotonic() < began + READY_SECONDS
            statuses.append(asked(running))
        os.kill(running.workers()[0], signal.SIGKILL)
    assert set(statuses) <= {200, 0}
    taken = sum(each["taken"] for each in store.database.mongo["rates"].find())
    first = running.settings.requests_per_minute // FIRST_LEASE
    windows = 2 + int((time.monotonic() - began) / 60)
    assert taken <= 2 * len(statuses) + (KILLS + WORKERS * windows) * first
