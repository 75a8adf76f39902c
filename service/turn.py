"""A lock around work that may wait for the database."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from service.errors import StoreUnavailable


class Turn:
    """A lock around work that queries the database.

    A thread that waited for the lock while its holder found the database unavailable fails at once. Otherwise, of
    twenty simultaneous requests during an outage, the last would wait twenty times as long as the first.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._misses = 0

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for the lock. Raises StoreUnavailable when the database was found to be unavailable meanwhile."""
        misses = self._misses
        with self._lock:
            if self._misses != misses:
                raise StoreUnavailable()
            try:
                yield
            except StoreUnavailable:
                self._misses += 1
                raise
