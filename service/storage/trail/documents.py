"""Batches and lanes of the trail as documents, and the hashes that chain them.

Entries are stored in batches, each one document that carries the hash of the one before it. Every process writes a lane
of its own, so that workers never wait for one another; the opening of lanes is itself one chain.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, Final

from service.access.trail import DAMAGED, ONLY_WHERE_GIVEN, TrailEntry
from service.households.changes import canonical
from service.storage.client import Document

TRAIL: Final = "trail"
LANES: Final = "trail_lanes"
FIRST_HASH: Final = "0" * 64


def batch_hash(previous: str, lane: str, number: int, entries: Sequence[Document]) -> str:
    """Hash of a batch over the hash before it and all its content, in hex."""
    return hashlib.sha256(canonical([previous, lane, number, list(entries)])).hexdigest()


def lane_hash(lane: Document) -> str:
    """Hash of a lane's opening over the one before it, in hex."""
    return hashlib.sha256(canonical([lane["previous"], lane["_id"], lane["lane"], lane["opened_at"]])).hexdigest()


_NAMES: Final = tuple(field.name for field in fields(TrailEntry))


def entry_document(entry: TrailEntry) -> Document:
    """The document of an entry within its batch."""
    document = {name: getattr(entry, name) for name in _NAMES} | {"households": list(entry.households)}
    for name in ONLY_WHERE_GIVEN:
        if document[name] is None:
            del document[name]
    return document


def in_lane(lane: str) -> Document:
    """The condition that a batch's ``_id`` lies in a lane."""
    return {"$gt": f"{lane}:", "$lt": f"{lane};"}


_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "at": (datetime,),
    "status": (int,),
    "households": (list,),
    **dict.fromkeys(("action", "account", "name", "address", "path"), (str,)),
    **dict.fromkeys(("role", "token", "session", "request", "about"), (str, type(None))),
    **dict.fromkeys(ONLY_WHERE_GIVEN, (str,)),
}
"""What the items of an entry are stored as."""
_LOST: Final[Mapping[str, object]] = {
    "at": datetime(1970, 1, 1, tzinfo=UTC),
    "status": 0,
    "households": [],
    **dict.fromkeys(("account", "name", "address", "path"), ""),
}


def entries_of(batch: Document) -> list[Document]:
    """The entries of a batch, each with every item of the type that it was stored as.

    Of one that was damaged (the hash of its batch then shows it too) the other items are left: the report of a breach
    has to show that there was an access. Its action is ``damaged``, and ``about`` its batch.
    """
    entries = batch.get("entries")
    if not isinstance(entries, list):
        entries = [None]
    return [each if _is_whole(each) else _salvaged(each, str(batch["_id"])) for each in entries]


def batch_key(batch: Document) -> tuple[str, int]:
    """Lane and number of a batch, as its key says."""
    lane, _, number = str(batch["_id"]).rpartition(":")
    return lane, int(number) if number.isdecimal() else 0


def is_whole_batch(batch: Document) -> bool:
    """Whether a batch has what its hash is computed from; the hash says whether it is what was written."""
    return (
        (batch.get("lane"), batch.get("number")) == batch_key(batch)
        and isinstance(batch.get("previous"), str)
        and isinstance(batch.get("hash"), str)
        and isinstance(batch.get("entries"), list)
    )


def _is_whole(entry: Any) -> bool:
    if not isinstance(entry, dict) or not _TYPES.keys() - ONLY_WHERE_GIVEN <= entry.keys() <= _TYPES.keys():
        return False
    return all(_is_typed(name, value) for name, value in entry.items())


def _is_typed(name: str, value: Any) -> bool:
    if name == "households":
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    return isinstance(value, _TYPES[name]) and not isinstance(value, bool)


def _salvaged(entry: Any, batch: str) -> Document:
    given = entry if isinstance(entry, dict) else {}
    intact = {name: value for name, value in given.items() if name in _TYPES and _is_typed(name, value)}
    empty = {name: _LOST.get(name) for name in _TYPES if name not in ONLY_WHERE_GIVEN}
    return {**empty, **intact, "action": DAMAGED, "about": batch}


def to_entry(document: Document) -> TrailEntry:
    """The entry of a document that ``entries_of`` returned."""
    return TrailEntry(**{**document, "households": tuple(document["households"])})
