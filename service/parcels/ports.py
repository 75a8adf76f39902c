"""What this room hands to storage and gets from it: the boundaries of parcels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Boundary:
    """One parcel's boundary: whose it is, the parcel's id and place in the record, and the boundary as stored."""

    household: str
    parcel: str
    number: int
    geometry: Mapping[str, Any]
