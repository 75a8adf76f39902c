"""Counting from the records themselves, for reconciliation."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any, Final

from schemas.protection import plain_at_rest
from service.households.ports import Stored
from service.jobs.ports import EntryUnreadable, LoggedRecord
from service.storage.client import Document, translated
from service.storage.counting import ALIVE, TALLY, nonzero_counts, text_or_none
from service.storage.database import Database
from service.storage.documents import DAMAGE, contents_of, is_found_by_its_items, to_bare_record, to_stored
from service.storage.encryption.fields import FieldEncryption
from service.storage.encryption.items import SEALED
from service.storage.log import fingerprint_of_entry, readable
from service.unit_names import UnitId
from service.units.attribution import tally_key

_NUMBER: Final = "head.national_id" if plain_at_rest("head") else "head"
"""What of a document is read for the number of its head: all of the head, where that is sealed as a whole."""


class Recount:
    """Counts and reads the records themselves, past the counters and identities that are derived from them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def counts(self) -> Iterator[tuple[UnitId, str, dict[str, int]]]:
        """Commune, key of the tally and counts, from a pass over all households."""
        with translated(self._database.client):
            group = {"_id": {"commune": "$commune", "former": "$former_commune"}, **TALLY}
            for row in self._database["households"].aggregate(
                [{"$match": ALIVE}, {"$group": group}], allowDiskUse=True
            ):
                place = row["_id"]
                commune = UnitId(text_or_none(place.get("commune")) or "")
                yield commune, tally_key(text_or_none(place.get("former"))), nonzero_counts(row)

    def identities(self) -> Iterator[tuple[str, str]]:
        """The key (a digest) of every personal number that is taken, with its household."""
        with translated(self._database.client):
            for document in self._database["identities"].find():
                yield document["_id"], document["household"]

    def heads(self) -> Iterator[tuple[str, str]]:
        """Key in ``identities`` and household of every household that is not withdrawn and whose head has a number."""
        encryption = self._database.encryption
        with translated(self._database.client):
            where = {**ALIVE, _NUMBER: {"$exists": True}}
            read = {_NUMBER: 1, "revision": 1, SEALED: 1}
            for document in self._database["households"].find(where, read):
                try:
                    household, revision = document["_id"], document["revision"]
                    contents = contents_of(document, household, revision, encryption)
                    head = encryption.opened(document, contents, partly=True)["head"]
                    if "national_id" in head:
                        yield encryption.digest(head["national_id"]), household
                except DAMAGE:
                    yield "", document["_id"]  # no identity has this key, so that the household is reported

    def records(self, *, after: str | None, limit: int) -> list[LoggedRecord]:
        """Records in order of id, after ``after``, each with the last entry of the log that has a record of it."""
        with self._database.snapshot():
            where: dict[str, Any] = {} if after is None else {"_id": {"$gt": after}}
            found_documents = list(self._database["households"].find(where).sort("_id").limit(limit))
            entries = {"household": {"$in": [each["_id"] for each in found_documents]}, "record": {"$type": "object"}}
            last = {
                each["_id"]: each["entry"]
                for each in self._database["log"].aggregate(
                    [
                        {"$match": entries},
                        {"$sort": {"household": 1, "revision": -1}},
                        {"$group": {"_id": "$household", "entry": {"$first": "$$ROOT"}}},
                    ],
                    allowDiskUse=True,
                )
            }
            found = []
            for each in found_documents:
                document = last.get(each["_id"])
                try:
                    entry = None if document is None else readable(document, self._database.encryption)
                    fingerprint = (
                        None if document is None else fingerprint_of_entry(document, self._database.encryption)
                    )
                except EntryUnreadable:
                    entry = fingerprint = None
                stored, is_found = _stored(each, self._database.encryption)
                found.append(LoggedRecord(stored, entry, fingerprint, is_found))
            return found

    def households(self, *, after: str | None, limit: int) -> list[tuple[str, bool]]:
        """Households that the log knows, in order of id, after ``after``; and whether a record of each is there."""
        with self._database.snapshot():
            where: dict[str, Any] = {} if after is None else {"household": {"$gt": after}}
            # A covered query: the index contains all that is read.
            keys = (
                self._database["log"].find(where, {"_id": 0, "household": 1}).sort([("household", 1), ("revision", -1)])
            )
            known = []
            for household, _ in groupby(document["household"] for document in keys):
                known.append(household)
                if len(known) == limit:
                    break
            there = {each["_id"] for each in self._database["households"].find({"_id": {"$in": known}}, {"_id": 1})}
            return [(household, household in there) for household in known]


def _stored(document: Document, encryption: FieldEncryption) -> tuple[Stored, bool]:
    """A stored household, and whether a search by its people's numbers finds it.

    Where its ciphertext is damaged it is without its personal items, so that it is reported.
    """
    try:
        is_found = is_found_by_its_items(document, encryption)
        return to_stored(dict(document), encryption), is_found
    except DAMAGE:
        document.pop("index", None)
        return Stored(to_bare_record(document, encryption), ""), True
