"""The bare side: pymongo alone commits the same documents in the same transaction, without any rule."""

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

from service.households.changes import FIRST_HASH, Change
from service.parcels.cells import Cells, cells_of_stored
from service.storage.documents import sealed_entries, to_document
from service.storage.encryption.fields import FieldEncryption
from service.storage.log import entry_document
from service.storage.repositories import Repositories

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Prepared:
    """The documents that one registration commits, prepared in advance. The log's offset is set when it is written.

    ``cells`` are the grid cells that the household's boundaries touch, which the transaction writes to.
    """

    commune: str
    household: Document
    log: Document
    identity: Document | None
    tallies: Document
    cells: Cells


def prepared(change: Change, encryption: FieldEncryption) -> Prepared:
    """Return the documents of a change as the register's storage makes them, personal items already encrypted."""
    (entry,) = change.entries
    (sealed,) = sealed_entries(change, encryption)
    number = next(iter(change.takes), None)
    boundaries = [parcel["geometry"] for parcel in change.record.get("parcels", ()) if "geometry" in parcel]
    return Prepared(
        commune=entry.commune,
        household=to_document(change, sealed, encryption),
        log=entry_document(entry, 1, FIRST_HASH, sealed),
        identity=None if number is None else {"_id": encryption.digest(number), "household": change.record["id"]},
        tallies=copy.deepcopy(entry.moves),
        cells=cells_of_stored(boundaries),
    )


def database_of(client: MongoClient[Document], name: str) -> Database[Document]:
    """Return a database with the read and write concerns of the register."""
    return client.get_database(
        name,
        codec_options=CodecOptions(tz_aware=True),
        read_concern=ReadConcern("majority"),
        write_concern=WriteConcern("majority"),
    )


def make_ready(store: Repositories, documents: Sequence[Prepared]) -> None:
    """Create the commune states and the grid cells that the documents need, as in a register in use."""
    store.states.make({each.commune for each in documents})
    cells = sorted({cell for each in documents for cell in each.cells.coarse})
    there = {document["_id"] for document in store.database["grid_cells"].find({}, {"_id": 1})}
    missing = [{"_id": cell, "writes": 0} for cell in cells if cell not in there]
    if missing:
        store.database["grid_cells"].insert_many(missing)


def committer(
    client: MongoClient[Document], database: Database[Document], *, with_reads: bool
) -> Callable[[Prepared], None]:
    """Return a function that commits one registration, with the same writes in order as service/storage/transaction.py.

    ``with_reads`` adds the read of the rules inside it, the neighbours' boundaries; the offset of the commune's log is
    read in any case. A conflict is tried again after the same pauses as there.
    """
    states, households, logs, identities = (
        database[name] for name in ("commune_states", "households", "log", "identities")
    )
    cell_documents = database["grid_cells"]

    def commit(documents: Prepared) -> None:
        cells = documents.cells

        def work(session: ClientSession) -> None:
            if cells.coarse:
                cell_documents.update_many(
                    {"_id": {"$in": sorted(cells.coarse)}}, {"$inc": {"writes": 1}}, session=session
                )
                if with_reads:
                    near = {"index.cells": {"$in": sorted(cells.queried)}}
                    list(households.find(near, {"parcels.id": 1, "parcels.geometry": 1}, session=session))
            state = next(iter(states.find({"_id": {"$in": [documents.commune]}}, session=session)))
            offset = state["offset"] + 1
            log = {**documents.log, "_id": f"{documents.commune}:{offset:012d}", "offset": offset}
            moved = {"offset": offset, "hash": log["hash"], "day": "2026-01-01", "tallies": documents.tallies}
            states.update_one({"_id": documents.commune}, {"$set": moved}, session=session)
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
            pause = min(pause * 2, 0.02)
