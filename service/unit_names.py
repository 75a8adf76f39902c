"""The two names of an administrative unit, apart for mypy: the identity that never changes, and the code of a time."""

from __future__ import annotations

from typing import NewType

UnitId = NewType("UnitId", str)
"""The identity of a unit inside the register: given once, never to another unit. Its text has no meaning."""

NO_IDENTITY = UnitId("")
"""What stands where the register has not given an identity yet."""

UnitCode = NewType("UnitCode", str)
"""A code as lists, requests and responses have it. It names a unit only together with a day."""
