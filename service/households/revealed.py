"""What findings and log notes can reveal, as what makes them declares it; what is declared nowhere is hidden."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from schemas import rules
from schemas.errors import FREE_TEXT, Reveals
from service.households import far_parcels, parcel_findings, times
from service.parcels import findings

FINDINGS: Final[Mapping[str, Reveals]] = {
    **rules.REVEALED,
    **findings.REVEALED,
    **times.REVEALED,
    **far_parcels.REVEALED,
    **parcel_findings.REVEALED,
}
"""By code, of every finding that a record can have."""

NOTES: Final[Mapping[str, Sequence[str]]] = {
    **parcel_findings.REVEALED_IN_NOTES,
    "from": ("commune",),
    "to": ("commune",),
    "rehomed": ("commune_as_of",),
    "schema_version": ("schema_version",),
    "reason": (FREE_TEXT,),
}
"""By name, of every member of a log entry's note."""

ABOUT_NOBODY: Final = frozenset({"redacted"})
"""Members of notes that repeat no item and are for the register itself: readers are shown none of them.

``redacted`` holds the digests of the log entries that an erasure redacted; it has to outlive the people's data.
"""
