"""The reason that somebody gives for what they do: a text for people, stored with what was done."""

from __future__ import annotations

from typing import Final

from schemas.text import CONTROL_CHARACTER, normalize
from service.errors import ReasonInvalid, ReasonRequired

LONGEST_REASON: Final = 500
"""The length of the item ``status_reason`` in the schema."""


def parse_reason(value: object, most: int = LONGEST_REASON) -> str:
    """Returns a reason, normalized.

    Raises ReasonRequired, and ReasonInvalid for one that is too long or has control characters.
    """
    if not isinstance(value, str) or not normalize(value):
        raise ReasonRequired(pointer="/reason")
    reason = normalize(value)
    if len(reason) > most or CONTROL_CHARACTER.search(reason):
        raise ReasonInvalid(pointer="/reason", most=most)
    return reason
