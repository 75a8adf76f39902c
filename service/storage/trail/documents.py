"""Batches and lanes of the trail as documents, and the hashes that chain them.

Entries are stored in batches, each one document that carries the hash of the one before it. Every process writes a lane
of its own, so that workers never wait for one another; the opening of lanes is itself one chain.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import fields
from typing import Final

from service.access.trail import ONLY_WHERE_GIVEN, TrailEntry
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


def to_entry(document: Document) -> TrailEntry:
    """The entry of a document."""
    return TrailEntry(**{**document, "households": tuple(document["households"])})
