"""Limits on requests and on guessed passwords, counted in MongoDB so that they hold across workers and machines."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pymongo import ReturnDocument
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from service.access.errors import TooManyAttempts, TooManyRequests
from service.clock import Clock, system_clock
from service.retry import tries
from service.storage.client import Document, translated

RATES: Final = "rates"
ATTEMPTS: Final = "attempts"

LONGEST_PAUSE: Final = timedelta(minutes=15)
FORGOTTEN_AFTER: Final = timedelta(hours=1)
_TRIES: Final = 5
FIRST_LEASE: Final = 1_000
LARGEST_LEASE: Final = 20
"""Which part of a limit a worker leases first in a window, and which part at most: each lease is twice the one before.
A worker that is killed loses its last lease. That is never more than it had let through, or the first one; so workers
that are killed again and again do not use up an account's limit."""
_MOST_LEASES: Final = 10_000


@dataclass(slots=True)
class _Lease:
    """Requests that this process may still let through until a window ends, and how many it leases next."""

    ends: int
    left: int
    following: int


class RateLimits:
    """Lets at most ``limit`` requests of one key through in each window of time, over all workers together.

    A worker takes leases on shares of the window's requests, so that one query serves many requests.
    The limit is never exceeded; with several workers a window may end with shares not used up.
    """

    def __init__(self, database: Database[Document], clock: Clock = system_clock) -> None:
        self._client = database.client
        self._rates = database.get_collection(RATES, write_concern=WriteConcern(1))
        self._clock = clock
        self._lock = threading.Lock()
        self._leases: dict[str, _Lease] = {}

    def take(self, key: str, limit: int, per: timedelta) -> None:
        """Let one request of ``key`` through. Raises TooManyRequests with the seconds until the next window."""
        now = self._clock()
        seconds = int(per.total_seconds())
        window = int(now.timestamp()) // seconds
        ends = (window + 1) * seconds
        with self._lock:
            lease = self._leases.get(key)
            if lease is None or lease.ends != ends:
                share = max(1, limit // FIRST_LEASE)
            elif lease.left > 0:
                lease.left -= 1
                return
            else:
                share = lease.following
        granted = self._granted(key, window, share, limit, until=ends + seconds)
        if granted <= 0:
            raise TooManyRequests(seconds=max(1, ends - int(now.timestamp())))
        with self._lock:
            self._add(key, ends, granted - 1, following=max(1, min(2 * share, limit // LARGEST_LEASE)))

    def _add(self, key: str, ends: int, left: int, *, following: int) -> None:
        """Add a lease to what another thread may have leased at the same moment, so that neither is lost."""
        lease = self._leases.get(key)
        if lease is not None and lease.ends == ends:
            lease.left += left
            lease.following = max(lease.following, following)
            return
        if len(self._leases) >= _MOST_LEASES:
            now = self._clock().timestamp()
            self._leases = {each: lease for each, lease in self._leases.items() if lease.ends > now}
            if len(self._leases) >= _MOST_LEASES:
                self._leases.clear()
        self._leases[key] = _Lease(ends, left, following)

    def _granted(self, key: str, window: int, share: int, limit: int, *, until: int) -> int:
        with translated(self._client):
            counted = self._rates.find_one_and_update(
                {"_id": f"{_hashed(key)}:{window}"},
                {"$inc": {"taken": share}, "$setOnInsert": {"expires_at": datetime.fromtimestamp(until, UTC)}},
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
        before: int = counted["taken"] - share if counted is not None else limit
        return min(share, limit - before)


class Attempts:
    """Backoff for guessed secrets: the first few attempts are free, each further one doubles the pause.

    An attempt is counted before the secret is looked at, so that a burst of parallel guesses gains nothing, and taken
    back when it was right.
    """

    def __init__(self, database: Database[Document], clock: Clock = system_clock) -> None:
        self._client = database.client
        self._attempts = database.get_collection(
            ATTEMPTS, write_concern=WriteConcern(1), read_concern=ReadConcern("local")
        )
        self._clock = clock

    def begin(self, keys: Iterable[tuple[str, int]]) -> None:
        """Count an attempt under each key, given with how many are free. Raises TooManyAttempts while one is paused."""
        for key, free in keys:
            self._count(_hashed(key), free)

    def succeeded(self, key: str) -> None:
        """Forget the attempts of a key: the secret was right."""
        with translated(self._client):
            self._attempts.delete_one({"_id": _hashed(key)})

    def take_back(self, key: str) -> None:
        """Take back one attempt of a key that many share (an address): others' wrong ones still count."""
        with translated(self._client):
            self._attempts.update_one({"_id": _hashed(key)}, {"$inc": {"failures": -1}, "$set": {"paused_until": None}})

    def _count(self, key: str, free: int) -> None:
        now = self._clock()
        exponent = {"$min": [{"$subtract": ["$failures", free + 1]}, 20]}
        pause = {"$min": [int(LONGEST_PAUSE.total_seconds() * 1000), {"$multiply": [1000, {"$pow": [2, exponent]}]}]}
        update: list[dict[str, Any]] = [
            {"$set": {"failures": {"$add": [{"$ifNull": ["$failures", 0]}, 1]}, "expires_at": now + FORGOTTEN_AFTER}},
            {"$set": {"paused_until": {"$cond": [{"$gt": ["$failures", free]}, {"$add": [now, pause]}, None]}}},
        ]
        free_now = {"_id": key, "$or": [{"paused_until": None}, {"paused_until": {"$lte": now}}]}
        with translated(self._client):
            for _ in tries(_TRIES):
                try:
                    self._attempts.update_one(free_now, update, upsert=True)
                    return
                except DuplicateKeyError:
                    # The key is there and paused, or another worker counted its first attempt at this very moment.
                    found = self._attempts.find_one({"_id": key}) or {}
                    until = found.get("paused_until")
                    if until is not None and until > now:
                        raise TooManyAttempts(seconds=max(1, round((until - now).total_seconds()))) from None
        raise TooManyAttempts(seconds=1)


def _hashed(key: str) -> str:
    """Names and addresses are stored hashed, and whatever was typed has the length of a hash."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
