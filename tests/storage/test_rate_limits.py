"""Limits hold across workers, and nobody can use a pause to shut somebody else out."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from service.access.errors import TooManyAttempts, TooManyRequests
from service.storage.rate_limits import Attempts, RateLimits
from tests.access.builders import prepare

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


def test_the_next_window_starts_anew_and_others_are_not_touched(
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
