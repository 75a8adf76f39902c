"""From 1.0 to 1.1: `legal_basis` becomes mandatory, and a parcel's `declared_area` is called `declared_area_m2`.

Law 91/2025/QH15, in force since 2026-01-01, requires the legal basis on every record. Records of version 1.0 were
registered by officers as a state function, so that is the basis of those that name none. The area was already in
square metres; the new name states it.
"""

from collections.abc import Mapping
from typing import Any


def migrate(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record in version 1.1, without changing the given one; new names that it already has stay."""
    migrated = {"legal_basis": "state_function"} | dict(record)
    if "parcels" in record:
        migrated["parcels"] = [_parcel(parcel) for parcel in record["parcels"]]
    return migrated


def _parcel(parcel: Mapping[str, Any]) -> dict[str, Any]:
    renamed = {name: value for name, value in parcel.items() if name != "declared_area"}
    if "declared_area" in parcel:
        renamed.setdefault("declared_area_m2", parcel["declared_area"])
    return renamed
