"""How MongoDB counts stored households, and what a commune's state is by its log and its households."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final, TypeGuard

from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from service.clock import system_clock, vietnam_day
from service.households.changes import COUNTS, FIRST_HASH, Tallies
from service.storage.client import Document
from service.units.attribution import tally_key

_HASH: Final = re.compile(r"[0-9a-f]{64}")
ALIVE: Final[Document] = {"status": {"$ne": "withdrawn"}}
"""Which households are counted."""


def _one_if(condition: Document) -> Document:
    return {"$sum": {"$cond": [condition, 1, 0]}}


TALLY: Final[Document] = {
    "registered": {"$sum": 1},
    "standardized": _one_if({"$ne": ["$stage", "registered"]}),
    "digitized": _one_if({"$eq": ["$stage", "digitized"]}),
    "verified": _one_if({"$eq": ["$status", "verified"]}),
}
"""How MongoDB counts the households of a group, as the counters do."""


def nonzero_counts(row: Document) -> dict[str, int]:
    """The counts of a group, without those that are zero, as tallies have them."""
    return {name: row[name] for name in COUNTS if row[name]}


def text_or_none(value: object) -> str | None:
    """A text of a group; what is damaged is counted as if it were not there."""
    return value if isinstance(value, str) else None


def is_hash(value: object) -> TypeGuard[str]:
    """Whether a value is the hash of a log entry."""
    return isinstance(value, str) and _HASH.fullmatch(value) is not None


def new_state() -> Document:
    """The state of a commune whose log has no entry."""
    return {"offset": 0, "hash": FIRST_HASH, "day": None, "tallies": {}}


def rebuilt_state(
    collections: Mapping[str, Collection[Document]], commune: str, session: ClientSession | None = None
) -> Document:
    """A commune's state by the last entry of its log and a recount of its households.

    What of that entry is damaged is reported by `scripts/verify-log`, and does not keep the commune from being written.
    """
    span = {"_id": {"$gt": f"{commune}:", "$lt": f"{commune};"}}
    last = collections["log"].find_one(span, {"hash": 1, "at": 1}, sort=[("_id", -1)], session=session)
    if last is None:
        return new_state()
    group = {"_id": "$former_commune", **TALLY}
    rows = collections["households"].aggregate(
        [{"$match": {**ALIVE, "commune": {"$eq": commune}}}, {"$group": group}], session=session
    )
    tallies: Tallies = {}
    for row in rows:
        tally = tallies.setdefault(tally_key(text_or_none(row["_id"])), {})
        for name, count in nonzero_counts(row).items():
            tally[name] = tally.get(name, 0) + count
    digest, at = last.get("hash"), last.get("at")
    return {
        "offset": int(str(last["_id"]).rpartition(":")[2]),
        "hash": digest if is_hash(digest) else FIRST_HASH,
        "day": vietnam_day(at if isinstance(at, datetime) else system_clock()).isoformat(),
        "tallies": tallies,
    }
