"""Retry with backoff, always within a bound: for what fails because somebody else was faster."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Iterator
from typing import Final, TypeVar

from service.errors import WriteContention

T = TypeVar("T")

ATTEMPTS: Final = 10
FIRST_PAUSE_SECONDS: Final = 0.005
LONGEST_PAUSE_SECONDS: Final = 0.2


def tries(
    most: int | None = ATTEMPTS,
    *,
    seconds: float | None = None,
    first_pause: float = FIRST_PAUSE_SECONDS,
    longest_pause: float = LONGEST_PAUSE_SECONDS,
) -> Iterator[int]:
    """Yield the number of each attempt, after a pause that grows from one to the next.

    It ends after ``most`` attempts, and before a pause that would not end within ``seconds``. A loop over it leaves it
    when an attempt succeeds; what follows the loop is then the failure of all of them.
    """
    assert most is not None or seconds is not None  # noqa: S101 - without a bound a conflict could hold a caller for ever
    end = None if seconds is None else time.monotonic() + seconds
    pause = first_pause
    for number in itertools.count(1) if most is None else range(1, most + 1):
        if number > 1:
            if end is not None and time.monotonic() + pause > end:
                return
            time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreads the retries, guards nothing
            pause = min(pause * 2, longest_pause)
        yield number


def retried(attempt: Callable[[], T], *, when: type[Exception]) -> T:
    """Run ``attempt``, again while it raises ``when``. Raises WriteContention at the bound.

    Every attempt has to read again what it changes.
    """
    stale: Exception | None = None
    for _ in tries():
        try:
            return attempt()
        except when as error:
            stale = error
    raise WriteContention() from stale
