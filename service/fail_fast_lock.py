"""A lock around work that may wait for the database."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from service.errors import StoreUnavailable


class FailFastLock:
    """A lock that fails fast while the database is unavailable.

    If the holder finds the database unavailable, all who wait for the lock fail with it instead of trying one after the
    other: of twenty requests in line, the last would otherwise wait twenty times as long as the first.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures = 0

    @contextmanager
    def held(self) -> Iterator[None]:
        """Wait for the lock and hold it. Raises StoreUnavailable if the database became unavailable meanwhile."""
        failures = self._failures
        with self._lock:
            if self._failures != failures:
                raise StoreUnavailable()
            try:
                yield
            except StoreUnavailable:
                self._failures += 1
                raise
