"""What a call is about besides households: an account, a person's request, a photo, a list. For its audit entry.

The room that decides on the call notes it, so that no view has to remember it. Outside of a request nothing takes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

_MOST_CHARACTERS: Final = 80

_take: ContextVar[Callable[[str], None] | None] = ContextVar("take_about", default=None)


def note_about(about: str) -> None:
    """Note what the call is about, whether it is there or not, before anything of it is read. The last note counts."""
    if (take := _take.get()) is not None:
        take(about[:_MOST_CHARACTERS])


@contextmanager
def taking_notes(take: Callable[[str], None]) -> Iterator[None]:
    """Run a block whose notes are passed to ``take``."""
    token = _take.set(take)
    try:
        yield
    finally:
        _take.reset(token)
