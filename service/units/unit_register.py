"""The current list of units, cached in this process and read again when it has changed."""

from __future__ import annotations

import time
from collections.abc import Callable

from service.errors import StoreUnavailable
from service.fail_fast_lock import FailFastLock
from service.units.directory import UnitDirectory
from service.units.ports import UnitStore


class UnitRegister:
    """Returns the current UnitDirectory; queries storage every ``refresh_seconds`` whether the list has changed."""

    def __init__(self, store: UnitStore, refresh_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._refresh_seconds = refresh_seconds
        self._clock = clock
        self._lock = FailFastLock()
        self._directory: UnitDirectory | None = None
        self._version = ""
        self._looked_at = float("-inf")

    def directory(self) -> UnitDirectory:
        """Return the current units. Raises StoreUnavailable while the database is unavailable and nothing is cached."""
        directory = self._directory
        if directory is not None and self._clock() - self._looked_at < self._refresh_seconds:
            return directory
        with self._lock.held():
            return self._refreshed()

    def _refreshed(self) -> UnitDirectory:
        if self._directory is not None and self._clock() - self._looked_at < self._refresh_seconds:
            return self._directory
        try:
            version = self._store.unit_version()
        except StoreUnavailable:
            if self._directory is None:
                raise
            # Serve the cached list; otherwise each of many requests would wait here for the database, one by one.
            self._looked_at = self._clock()
            return self._directory
        if self._directory is None or version != self._version:
            self._directory = UnitDirectory(self._store.unit_list())
            self._version = version
        self._looked_at = self._clock()
        return self._directory
