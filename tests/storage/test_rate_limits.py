"""Limits hold across workers, and nobody can use a pause to shut somebody else out."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from service.access.errors import TooManyAttempts, TooManyRequests
from service.storage.rate_limits import FIRST_LEASE, LARGEST_LEASE, Attempts, RateLimits
from tests.access.builders import prepare

ROOT = Path(__file__).parents[2]
MINUTE = timedelta(minutes=1)


class Moment:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def moment() -> Moment:
    return Moment()


@pytest.fixture
def database(database_uri: str) -> Iterator[Database[dict[str, Any]]]:
    with MongoClient[dict[str, Any]](database_uri, tz_aware=True) as client:
        prepare(client.get_default_database(), "rates", "attempts")
        yield client.get_default_database()


def let_through(limits: RateLimits, key: str, limit: int, tries: int) -> int:
    passed = 0
    for _ in range(tries):
        try:
            limits.take(key, limit, MINUTE)
            passed += 1
        except TooManyRequests:
            pass
    return passed


def test_a_limit_is_exact_in_one_worker(database: Database[dict[str, Any]], moment: Moment) -> None:
    assert let_through(RateLimits(database, moment), "an", 100, 150) == 100


def test_several_workers_together_never_exceed_the_limit(database: Database[dict[str, Any]], moment: Moment) -> None:
    workers = [RateLimits(database, moment) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        passed = sum(pool.map(lambda worker: let_through(worker, "an", 100, 100), workers))
    assert 95 <= passed <= 100


def taken(database: Database[dict[str, Any]]) -> int:
    return sum(each["taken"] for each in database["rates"].find())


@pytest.mark.parametrize(("limit", "tries"), [(100, 60), (120_000, 1), (120_000, 500), (120_000, 20_000)])
def test_a_worker_leases_no_more_than_it_has_let_through_or_a_thousandth(
    database: Database[dict[str, Any]], moment: Moment, limit: int, tries: int
) -> None:
    assert let_through(RateLimits(database, moment), "an", limit, tries) == tries
    assert taken(database) - tries <= max(limit // FIRST_LEASE, tries)
    assert taken(database) - tries <= limit // LARGEST_LEASE


def test_a_busy_worker_asks_the_database_seldom(database_uri: str, database: Database[Any], moment: Moment) -> None:
    asked = Asked()
    with MongoClient[dict[str, Any]](database_uri, event_listeners=[asked]) as client:
        assert let_through(RateLimits(client.get_default_database(), moment), "an", 120_000, 60_000) == 60_000
    assert 0 < asked.times < 20


class Asked(CommandListener):
    """Counts the commands that ask for a lease."""

    times = 0

    def started(self, event: CommandStartedEvent) -> None:
        self.times += event.command_name == "findAndModify"

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Not of interest."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Not of interest."""


def test_what_threads_lease_at_the_same_moment_is_not_lost(database: Database[dict[str, Any]], moment: Moment) -> None:
    limits, together = RateLimits(database, moment), Barrier(8)
    granted = limits._granted

    def at_once(*some: Any, **named: Any) -> int:
        with suppress(BrokenBarrierError):
            together.wait(1)
        return granted(*some, **named)

    limits._granted = at_once  # type: ignore[method-assign]
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: let_through(limits, "an", 16_000, 1), range(8))) == 8
    limits._granted = granted  # type: ignore[method-assign]
    left = taken(database) - 8
    assert left == 8 * 15
    assert let_through(limits, "an", 16_000, left) == left
    assert taken(database) == 8 + left


KILLED = """
import os, signal, sys
from datetime import UTC, datetime, timedelta
from pymongo import MongoClient
from service.storage.rate_limits import RateLimits

for _ in range(60):
    worker = os.fork()
    if not worker:
        client = MongoClient(sys.argv[1], tz_aware=True)
        limits = RateLimits(client.get_default_database(), lambda: datetime(2026, 11, 23, 2, 0, tzinfo=UTC))
        for _ in range(5):
            limits.take("an", 120_000, timedelta(minutes=1))
        os.kill(os.getpid(), signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]) == -signal.SIGKILL
"""


def test_workers_that_are_killed_again_and_again_leave_the_limit_to_the_others(
    database: Database[dict[str, Any]], database_uri: str, moment: Moment
) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", KILLED, database_uri], check=True, env=environment, timeout=120)
    assert taken(database) == 60 * 120
    assert let_through(RateLimits(database, moment), "an", 120_000, 110_000) == 110_000


def test_the_next_window_starts_over_and_others_are_not_touched(
    database: Database[dict[str, Any]], moment: Moment
) -> None:
    limits = RateLimits(database, moment)
    assert let_through(limits, "an", 3, 5) == 3
    assert let_through(limits, "binh", 3, 5) == 3
    with pytest.raises(TooManyRequests) as refused:
        limits.take("an", 3, MINUTE)
    moment.now += timedelta(seconds=refused.value.seconds)
    limits.take("an", 3, MINUTE)


def test_the_pause_grows_after_the_free_attempts(database: Database[dict[str, Any]], moment: Moment) -> None:
    attempts = Attempts(database, moment)
    pauses = []
    for _ in range(10):
        attempts.begin([("an@10.0.0.1", 2)])
        with_pause = 0
        try:
            attempts.begin([("an@10.0.0.1", 2)])
        except TooManyAttempts as refused:
            with_pause = refused.seconds
            moment.now += timedelta(seconds=refused.seconds)
        pauses.append(with_pause)
    assert pauses[:6] == [0, 1, 2, 4, 8, 16]


def test_the_pause_has_an_end(database: Database[dict[str, Any]], moment: Moment) -> None:
    attempts = Attempts(database, moment)
    pauses = set()
    for _ in range(40):
        try:
            attempts.begin([("an@10.0.0.1", 2)])
        except TooManyAttempts as refused:
            pauses.add(refused.seconds)
            moment.now += timedelta(seconds=refused.seconds)
    assert max(pauses) == 15 * 60


def test_guessing_from_one_address_does_not_pause_another(database: Database[dict[str, Any]], moment: Moment) -> None:
    attempts = Attempts(database, moment)
    for _ in range(3):
        attempts.begin([("an@10.6.6.6", 2)])
    with pytest.raises(TooManyAttempts):
        attempts.begin([("an@10.6.6.6", 2)])
    attempts.begin([("an@10.0.0.1", 2)])


def test_parallel_guesses_are_counted_before_they_are_looked_at(
    database: Database[dict[str, Any]], moment: Moment
) -> None:
    attempts = Attempts(database, moment)

    def guess(_: int) -> bool:
        try:
            attempts.begin([("an@10.6.6.6", 5)])
        except TooManyAttempts:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(guess, range(40))) <= 6


def test_a_right_secret_forgets_the_wrong_ones(database: Database[dict[str, Any]], moment: Moment) -> None:
    attempts = Attempts(database, moment)
    for _ in range(20):
        attempts.begin([("an@10.0.0.1", 2)])
        attempts.succeeded("an@10.0.0.1")
    for _ in range(20):
        attempts.begin([("10.0.0.1", 2)])
        attempts.take_back("10.0.0.1")
