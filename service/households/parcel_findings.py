"""Findings between two households: their codes, what they reveal, and how they are read.

Each names a parcel of another household, whose record has the same finding about this one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from schemas.errors import FREE_TEXT, MOMENT, NUMBER, SETTLED, Detail, Reveals, details
from service.households.changes import Record

OVERLAP = "parcel.overlap"
CLAIMED = "parcel.number-claimed"
BETWEEN_HOUSEHOLDS: Final = frozenset({OVERLAP, CLAIMED})
"""Findings that name a parcel of another household, which has one that names this parcel; a supervisor settles them."""

_BOUNDARIES: Final = ("parcels.geometry", "parcels.id")
_NUMBERS: Final = ("parcels.former_commune", "parcels.map_sheet", "parcels.parcel_number", "parcels.id")
_HOUSEHOLD: Final = {"type": "string", "format": "uuid"}


def _other_parcel(items: Sequence[str]) -> dict[str, Detail]:
    """Details that name the other household's parcel, and what a supervisor decided."""
    return {
        **details(("parcel",), items),
        **details(("household",), items, _HOUSEHOLD),
        **details(("settled.by",), items),
        **details(("settled.at",), items, MOMENT),
        **details(("settled.reason",), (FREE_TEXT,)),
    }


REVEALED: Final = {
    OVERLAP: Reveals(
        {
            **_other_parcel(_BOUNDARIES),
            **details(("area_m2", "share_percent"), _BOUNDARIES, NUMBER),
        },
        of_others=_BOUNDARIES,
    ),
    CLAIMED: Reveals(_other_parcel(_NUMBERS), of_others=_NUMBERS),
}
"""What these findings reveal: where two households have their boundaries, and which parcels are theirs."""
REVEALED_IN_NOTES: Final = dict.fromkeys(("finding", "household", "settled"), (*_BOUNDARIES, *_NUMBERS))
"""The same of the log notes about them."""

FindingInJson = dict[str, Any]
ParcelKey = tuple[str, str]
"""A household and one of its parcels."""
Side = tuple[str, ParcelKey, ParcelKey]
"""A finding's code, the parcel that it is about, and the other household's."""


def open_findings(record: Record) -> list[FindingInJson]:
    """The overlaps and claims of a record that nobody has settled."""
    return [finding for finding in record.get("findings", ()) if is_open(finding)]


def is_open(finding: FindingInJson) -> bool:
    """Whether a finding is an overlap or a claim that nobody has settled."""
    return finding["code"] in BETWEEN_HOUSEHOLDS and finding["severity"] != SETTLED


def parcel_pointer(finding: FindingInJson) -> str:
    """The pointer of the parcel that a finding is about."""
    pointer, _, _ = finding["pointer"].rpartition("/")
    return str(pointer)


def theirs_of(finding: FindingInJson) -> ParcelKey:
    """The other household's parcel."""
    return finding["details"]["household"], finding["details"]["parcel"]
