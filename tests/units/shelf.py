"""What a cached list of units or borders is read from, in memory, and the hand of the clock beside it."""

from __future__ import annotations

from service.errors import StoreUnavailable


class Shelf:
    """Something stored with a version, which counts how often it is looked at and read, and can be away."""

    def __init__(self) -> None:
        self.version = "1"
        self.away = False
        self.looks = 0
        self.reads = 0

    def looked_at(self) -> str:
        """The version of what is there."""
        self.looks += 1
        if self.away:
            raise StoreUnavailable()
        return self.version


class Hand:
    """A clock's hand that a test moves."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds

    def __call__(self) -> float:
        return self.seconds
