"""A cache of what was opened last."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any


class Recent:
    """What was opened last, by ciphertext: ``most`` values, of which the least recently used one makes room.

    Not an lru_cache: several values are put in that were opened together.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: dict[bytes, Any] = {}
        self._lock = threading.Lock()

    def __contains__(self, ciphertext: bytes) -> bool:
        return ciphertext in self._values

    def get(self, ciphertext: bytes) -> Any:
        """The value of a ciphertext; None where it is not here."""
        with self._lock:
            value = self._values.pop(ciphertext, None)
            if value is not None:
                self._values[ciphertext] = value
            return value

    def put(self, opened: Mapping[bytes, Any]) -> None:
        """Remember values by their ciphertexts."""
        with self._lock:
            for ciphertext, value in opened.items():
                self._values.pop(ciphertext, None)
                self._values[ciphertext] = value
            while len(self._values) > self._most:
                del self._values[next(iter(self._values))]
