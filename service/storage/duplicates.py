"""What MongoDB's errors say of writes that met a key that is there already."""

from __future__ import annotations

from typing import Any

from pymongo.errors import BulkWriteError, DuplicateKeyError

from service.storage.client import refusal

DUPLICATE_KEY = 11000


def first_error(error: DuplicateKeyError | BulkWriteError) -> Any:
    """Returns MongoDB's first error; an empty object if it reports none."""
    details: Any = error.details or {}
    return details.get("writeErrors", [details])[0]


def duplicate_of(error: DuplicateKeyError | BulkWriteError) -> str:
    """The key that was there before. Raises the refusal where MongoDB had another reason."""
    first = first_error(error)
    if first.get("code") != DUPLICATE_KEY:
        raise refusal(first.get("code")) from error
    return str(first.get("keyValue", {}).get("_id", ""))
