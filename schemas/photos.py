"""On which basis photos of papers may be stored: one rule for the register and, through form.json, for the phone."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

LEGAL_BASES: Final = ("state_function",)
"""The legal bases that cover photos of papers: a state function does (Law 91/2025, processing without consent)."""
CONSENT_PURPOSE: Final = "document_photos"
"""The purpose of a consent to them. On any other basis a copy of somebody's papers is more than necessary."""
NOT_COVERED: Final = "photo.no-legal-basis"
"""The code, and the text in ``messages/``, of a household whose basis does not cover them."""


def covers_photos(record: Mapping[str, Any]) -> bool:
    """Whether the record's legal basis, or a consent that was not withdrawn, covers photos of papers."""
    if record.get("legal_basis") in LEGAL_BASES:
        return True
    consents: Sequence[Mapping[str, Any]] = record.get("consents") or ()
    return any(each.get("purpose") == CONSENT_PURPOSE and "withdrawn_at" not in each for each in consents)
