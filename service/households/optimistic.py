"""Optimistic locking: read, change, commit, and retry with backoff when somebody else was faster."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from service.errors import HouseholdStale, WriteContention

T = TypeVar("T")

ATTEMPTS = 10
_FIRST_PAUSE_SECONDS = 0.005
_LONGEST_PAUSE_SECONDS = 0.2


def retried(attempt: Callable[[], T], *, attempts: int = ATTEMPTS, when: type[Exception] = HouseholdStale) -> T:
    """Run ``attempt``, again while it raises ``when``, with a growing pause. Raises WriteContention at the bound.

    Every attempt has to read anew what it changes.
    """
    pause = _FIRST_PAUSE_SECONDS
    for number in range(1, attempts + 1):
        try:
            return attempt()
        except when as stale:
            if number == attempts:
                raise WriteContention() from stale
        time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreads the retries, guards nothing
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
    raise AssertionError("attempts must be positive")
