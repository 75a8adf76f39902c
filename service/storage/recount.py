"""Counting from the records themselves, for reconciliation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pymongo.database import Database

from service.registry.changes import COUNTS, FORMER_UNKNOWN
from service.storage.client import Document
from service.storage.encryption import FieldEncryption

_ALIVE = {"status": {"$ne": "withdrawn"}}


def recount(database: Database[Document]) -> Iterator[tuple[str, str, dict[str, int]]]:
    """Commune, former commune and counts, from a pass over all households."""
    one_if: Any = lambda condition: {"$sum": {"$cond": [condition, 1, 0]}}  # noqa: E731 - reads as the sentence it is
    group = {
        "_id": {"commune": "$commune", "former": {"$ifNull": ["$former_commune", FORMER_UNKNOWN]}},
        "registered": {"$sum": 1},
        "standardized": one_if({"$ne": ["$stage", "registered"]}),
        "digitized": one_if({"$eq": ["$stage", "digitized"]}),
        "verified": one_if({"$eq": ["$status", "verified"]}),
    }
    for row in database["households"].aggregate([{"$match": _ALIVE}, {"$group": group}], allowDiskUse=True):
        counts = {name: row[name] for name in COUNTS if row[name]}
        yield row["_id"]["commune"], row["_id"]["former"], counts


def identities(database: Database[Document]) -> Iterator[tuple[str, str]]:
    """The key (a digest) of every personal number that is taken, with its household."""
    for document in database["identities"].find():
        yield document["_id"], document["household"]


def heads_of_records(database: Database[Document], encryption: FieldEncryption) -> Iterator[tuple[str, str]]:
    """Key in ``identities`` and household of every household that is not withdrawn and whose head has a number."""
    where = {**_ALIVE, "head.national_id": {"$exists": True}}
    for document in database["households"].find(where, {"head.national_id": 1}):
        yield encryption.digest(encryption.open_value(document["head"]["national_id"])), document["_id"]
