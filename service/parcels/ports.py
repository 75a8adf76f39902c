"""What the parcels' rules get from storage: the stored boundaries of other parcels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Boundary:
    """One stored boundary with its household, and the parcel's id and index in the record."""

    household: str
    parcel: str
    number: int
    geometry: Mapping[str, Any]
