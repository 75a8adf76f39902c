"""From 1.0 to 1.1: `legal_basis` becomes mandatory, and a parcel's `declared_area` is called `declared_area_m2`.

Law 91/2025/QH15, in force since 2026-01-01, wants the legal basis on every record. What 1.0 registered was registered
by officers in the state's function, so that is the basis of records that name none. The area was in square metres
before too; the new name says so.
"""

from collections.abc import Mapping
from typing import Any


def migrate(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record as one of 1.1. Pure; a record that has the new names already keeps them."""
    migrated = {"legal_basis": "state_function"} | dict(record)
    if "parcels" in record:
        migrated["parcels"] = [_parcel(parcel) for parcel in record["parcels"]]
    return migrated


def _parcel(parcel: Mapping[str, Any]) -> dict[str, Any]:
    renamed = {name: value for name, value in parcel.items() if name != "declared_area"}
    if "declared_area" in parcel:
        renamed.setdefault("declared_area_m2", parcel["declared_area"])
    return renamed
