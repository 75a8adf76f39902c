"""Waiting in line for something that may wait for the database."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from service.errors import StoreUnavailable


class Turn:
    """A lock around work that asks the database.

    Whoever stood in line while the one before waited for the database in vain is told so at once: of twenty requests
    that meet while it is away, the last must not wait twenty times as long as the first.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._misses = 0

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for the turn. Raises StoreUnavailable when the database was found to be away meanwhile."""
        misses = self._misses
        with self._lock:
            if self._misses != misses:
                raise StoreUnavailable()
            try:
                yield
            except StoreUnavailable:
                self._misses += 1
                raise
