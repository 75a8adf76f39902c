"""Damages stored documents as a broken disk or a bad restore would: ciphertexts, and whatever else they hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count, islice
from typing import Any

from bson.binary import Binary
from pymongo import UpdateOne
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from tests.builders import Json

Documents = Database[dict[str, Any]]

BYTES = {
    "algorithm": 0,
    "first of the key id": 1,
    "middle of the key id": 8,
    "last of the key id": 16,
    "type": 17,
    "initialization vector": 18,
    "content": -40,
    "authentication tag": -1,
}
VALUES: dict[str, Any] = {
    "cut off": lambda sealed: Binary(bytes(sealed[:60]), 6),
    "cut to the key id": lambda sealed: Binary(bytes(sealed[:17]), 6),
    "cut to nothing": lambda _: Binary(b"", 6),
    "of another subtype": lambda sealed: Binary(bytes(sealed), 5),
    "plain binary": lambda sealed: Binary(bytes(sealed), 0),
    "a text": lambda _: "x",
    "a number": lambda _: 7,
    "a list": lambda _: [],
    "an object": lambda _: {},
}
REMOVED, NULL, SWAPPED = "removed", "null", "another document's"
DAMAGE = (*BYTES, *VALUES, REMOVED, NULL, SWAPPED)
"""Every way in which a ciphertext is damaged."""

WRONG: tuple[Any, ...] = (None, 7, "?", [], {}, True, [None], {"?": 0}, datetime(2026, 1, 1, tzinfo=UTC), -1.5)
"""What may stand in the place of any plain item; besides, it may be gone."""
_NO_GEOMETRY = 16755
"""MongoDB's index of places takes no document with anything else in the place of a geometry."""


def damage(documents: Documents, collection: str, where: Json, path: str, how: str, other: Json | None = None) -> None:
    """Damage the ciphertext at a dotted path in one document; ``other`` finds the document it is swapped with."""
    sealed = at(documents[collection].find_one(where), path)
    assert isinstance(sealed, Binary)
    change: Json
    if how == REMOVED:
        change = {"$unset": {path: ""}}
    elif how == NULL:
        change = {"$set": {path: None}}
    elif how == SWAPPED:
        change = {"$set": {path: at(documents[collection].find_one(other), path)}}
    elif how in VALUES:
        change = {"$set": {path: VALUES[how](sealed)}}
    else:
        broken = bytearray(sealed)
        broken[BYTES[how]] ^= 1
        change = {"$set": {path: Binary(bytes(broken), 6)}}
    # A disk does not ask the validator.
    changed = documents[collection].with_options().update_one(where, change, bypass_document_validation=True)
    assert changed.modified_count == 1


def at(document: Any, path: str) -> Any:
    for step in path.split("."):
        document = document[int(step) if step.isdigit() else step]
    return document


def changes_of_plain_items(document: Json, each: int) -> list[Json]:
    """Updates that damage every plain item of a document, ``each`` in so many ways; the ways take turns."""
    turn = count()
    return [
        {"$unset": {path: ""}} if number == 0 else {"$set": {path: WRONG[next(turn) % len(WRONG)]}}
        for path in _plain_paths(document)
        for number in range(each)
    ]


def damage_plain_items(documents: Documents, collection: str, keys: list[str], changes: list[Json]) -> list[str]:
    """Damage each document in its own way; returns those that are damaged, but for what an index refuses."""
    writes = [UpdateOne({"_id": key}, change) for key, change in zip(keys, changes, strict=True)]
    try:
        documents[collection].bulk_write(writes, ordered=False, bypass_document_validation=True)
    except BulkWriteError as error:
        if any(each["code"] != _NO_GEOMETRY for each in error.details["writeErrors"]):
            raise
        refused = {each["index"] for each in error.details["writeErrors"]}
        return [key for number, key in enumerate(keys) if number not in refused]
    return keys


def _plain_paths(value: Any, way: str = "") -> Iterator[str]:
    """The dotted paths of everything in a document but its key, its ciphertexts and positions on the map."""
    if isinstance(value, dict):
        for name, each in value.items():
            if name not in ("_id", "sealed", "coordinates") and not isinstance(each, bytes):
                yield f"{way}{name}"
                yield from _plain_paths(each, f"{way}{name}.")
    elif isinstance(value, list):
        for position, each in islice(enumerate(value), 1):
            yield f"{way}{position}"
            yield from _plain_paths(each, f"{way}{position}.")
