"""The bare side: what pymongo alone needs to commit the same documents in the same transaction, no rule applied."""

from __future__ import annotations

import copy
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bson.codec_options import CodecOptions
from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from service.registry.changes import FIRST_HASH, Change
from service.storage.documents import to_document
from service.storage.log import entry_document

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Prepared:
    """The documents that one registration commits, made beforehand. The log's offset is set when it is written."""

    commune: str
    household: Document
    log: Document
    identity: Document | None
    tallies: Document


def prepared(change: Change) -> Prepared:
    """The documents of a change as the register's own storage makes them."""
    (entry,) = change.entries
    number = next(iter(change.claims), None)
    return Prepared(
        commune=entry.commune,
        household=to_document(change.record, change.fingerprint),
        log=entry_document(entry, 1, FIRST_HASH, change.fingerprint),
        identity=None if number is None else {"_id": number, "household": change.record["id"]},
        tallies=copy.deepcopy(entry.moves),
    )


def database_of(client: MongoClient[Document], name: str) -> Database[Document]:
    """A database with the concerns that the register uses."""
    return client.get_database(
        name,
        codec_options=CodecOptions(tz_aware=True),
        read_concern=ReadConcern("majority"),
        write_concern=WriteConcern("majority"),
    )


def make_heads(database: Database[Document], communes: Sequence[str]) -> None:
    """Make the heads of communes, so that no transaction has to."""
    for commune in sorted(set(communes)):
        head = {"offset": 0, "hash": FIRST_HASH, "day": None, "tallies": {}}
        database["heads"].update_one({"_id": commune}, {"$setOnInsert": head}, upsert=True)


def committer(client: MongoClient[Document], database: Database[Document]) -> Callable[[Prepared], None]:
    """How to commit one registration: the same reads and writes in the same order as service/storage/transaction.py.

    A conflict with another writer is tried again after the same pauses as there.
    """
    heads, households, logs, identities = (database[name] for name in ("heads", "households", "log", "identities"))

    def commit(documents: Prepared) -> None:
        def work(session: ClientSession) -> None:
            head = next(iter(heads.find({"_id": {"$in": [documents.commune]}}, session=session)))
            offset = head["offset"] + 1
            log = {**documents.log, "_id": f"{documents.commune}:{offset:012d}", "offset": offset}
            moved = {"offset": offset, "hash": log["hash"], "day": "2026-01-01", "tallies": documents.tallies}
            heads.update_one({"_id": documents.commune}, {"$set": moved}, session=session)
            households.insert_one(documents.household, session=session)
            logs.insert_one(log, session=session)
            if documents.identity is not None:
                identities.insert_one(documents.identity, session=session)

        run(client, work)

    return commit


def run(client: MongoClient[Document], work: Callable[[ClientSession], None]) -> None:
    """Run ``work`` in a transaction until it is committed."""
    pause = 0.002
    with client.start_session() as session:
        while True:
            try:
                session.start_transaction(read_concern=ReadConcern("snapshot"), write_concern=WriteConcern("majority"))
                work(session)
                session.commit_transaction()
                return
            except PyMongoError as error:
                if session.in_transaction:
                    session.abort_transaction()
                if not error.has_error_label("TransientTransactionError"):
                    raise
            time.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(pause * 2, 0.2)
