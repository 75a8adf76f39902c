"""A record that was stored damaged: what its use raises, and as which error a job reports it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from service.errors import StoreDamaged

OF_DAMAGE: Final = (LookupError, TypeError, ValueError, AttributeError)
"""What is raised about a record of which an item is missing, or is not what it should be."""


@contextmanager
def damage_reported() -> Iterator[None]:
    """Raise StoreDamaged where a record holds what no record can hold, so that it is reported and holds up no other."""
    try:
        yield
    except OF_DAMAGE as error:
        raise StoreDamaged(reason=type(error).__name__) from error
