"""The log of each commune in MongoDB: appending inside a transaction, and its readings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from pymongo.database import Database
from pymongo.errors import EncryptionError

from service.area import Communes
from service.errors import StoreUnavailable
from service.households.changes import FIRST_HASH, Entry, Record, Tallies, entry_hash
from service.households.ports import CommuneState, EntryUnreadable, LogEntry, Stored
from service.storage.client import Document
from service.storage.documents import SealedEntry, fingerprint_of_document
from service.storage.encryption import SEALED, CiphertextDamaged, FieldEncryption, joined


def entry_id(commune: str, offset: int) -> str:
    """Key of a log entry: a commune's entries lie together and in order."""
    return f"{commune}:{offset:012d}"


def entry_document(entry: Entry, offset: int, previous: str, sealed: SealedEntry) -> Document:
    """The document of an entry at its offset, chained to the hash before it; what it hides of people is ``sealed``."""
    digest = entry.digest()
    return {
        "_id": entry_id(entry.commune, offset),
        "commune": entry.commune,
        "offset": offset,
        "kind": entry.kind,
        "household": entry.household,
        "revision": entry.revision,
        "at": entry.at,
        "actor": entry.actor,
        "note": entry.note,
        "record": sealed.record,
        "replaced": sealed.replaced,
        SEALED: sealed.sealed,
        "digest": digest,
        "hash": entry_hash(
            previous, entry.commune, offset, entry.kind, entry.household, entry.revision, entry.at, entry.actor, digest
        ),
    }


def to_log_entry(document: Document, encryption: FieldEncryption) -> LogEntry:
    """The entry of a document. One of the earlier form, without ``sealed``, has ciphertexts in their items' places."""
    record, replaced, salt = _personal_part(document, encryption)
    return LogEntry(
        commune=document["commune"],
        offset=document["offset"],
        kind=document["kind"],
        household=document["household"],
        revision=document["revision"],
        at=document["at"],
        actor=document["actor"],
        record=record,
        replaced=replaced,
        note=document.get("note"),
        salt=salt,
        digest=document["digest"],
        hash=document["hash"],
    )


def _personal_part(
    document: Document, encryption: FieldEncryption
) -> tuple[Record | None, dict[str, Any] | None, bytes | None]:
    """Record, replaced items and salt of an entry; None for what an erasure has taken."""
    record, replaced, sealed = document.get("record"), document.get("replaced"), document.get(SEALED)
    if sealed is None:
        return (
            None if record is None else encryption.open(record),
            None if replaced is None else encryption.open(replaced),
            encryption.open_value(document.get("salt")),
        )
    contents = encryption.contents(sealed)
    return (
        None if record is None else joined(record, contents.get("record", {})),
        None if replaced is None else joined(replaced, contents.get("replaced", {})),
        contents.get("salt"),
    )


def to_commune_state(document: Document) -> CommuneState:
    """The state of a document of ``commune_states`` or ``days``."""
    day = document.get("day")
    return CommuneState(
        commune=str(document.get("commune", document["_id"])),
        offset=document.get("offset", 0),
        hash=document.get("hash", FIRST_HASH),
        day=None if day is None else date.fromisoformat(day),
        tallies=document.get("tallies", {}),
    )


def moved_tallies(tallies: Mapping[str, Mapping[str, int]], moves: Tallies) -> Tallies:
    """Tallies after the moves; what has come down to nothing is left out."""
    moved: Tallies = {former: dict(tally) for former, tally in tallies.items()}
    for former, counts in moves.items():
        tally = moved.setdefault(former, {})
        for name, count in counts.items():
            tally[name] = tally.get(name, 0) + count
    kept = {former: {name: count for name, count in tally.items() if count} for former, tally in moved.items()}
    return {former: tally for former, tally in kept.items() if tally}


def history(
    database: Database[Document],
    encryption: FieldEncryption,
    household: str,
    *,
    before: tuple[int, str] | None,
    limit: int,
) -> list[LogEntry]:
    """Entries of a household, newest first, behind the position ``before`` (revision, key of the entry)."""
    where: dict[str, Any] = {"household": household}
    if before is not None:
        revision, key = before
        where["$or"] = [{"revision": {"$lt": revision}}, {"revision": revision, "_id": {"$lt": key}}]
    found = database["log"].find(where).sort([("revision", -1), ("_id", -1)]).limit(limit)
    return [to_log_entry(document, encryption) for document in found]


def at_revision(
    database: Database[Document], encryption: FieldEncryption, household: str, revision: int
) -> Stored | None:
    """A household as that revision left it; of a transfer's two entries, the one that has the record."""
    where = {"household": household, "revision": revision, "record": {"$ne": None}}
    document = database["log"].find_one(where, {"record": 1, SEALED: 1, "fingerprint": 1})
    if document is None:
        return None
    record, _, _ = _personal_part(document, encryption)
    assert record is not None  # noqa: S101 - it was asked for
    return Stored(record, fingerprint_of_document(document, encryption))


def changes(
    database: Database[Document],
    encryption: FieldEncryption,
    after: Mapping[str, int],
    *,
    communes: Communes,
    limit: int,
) -> tuple[list[LogEntry], bool]:
    """Entries behind each commune's offset, at most ``limit``, and whether there are more."""
    entries: list[LogEntry] = []
    for state in commune_states(database, communes):
        known = after.get(state.commune, 0)
        if state.offset <= known:
            continue
        room = limit - len(entries)
        if room <= 0:
            return entries, True
        span = {"$gt": entry_id(state.commune, known), "$lte": entry_id(state.commune, state.offset)}
        found = [
            to_log_entry(document, encryption)
            for document in database["log"].find({"_id": span}).sort("_id").limit(room)
        ]
        entries.extend(found)
        if state.offset - known > room:
            return entries, True
    return entries, False


def walk(database: Database[Document], encryption: FieldEncryption, commune: str) -> Iterator[LogEntry]:
    """All entries of a commune's log in order of offset."""
    span = {"$gte": entry_id(commune, 0), "$lt": f"{commune};"}
    for document in database["log"].find({"_id": span}).sort("_id"):
        yield readable(document, encryption)


def readable(document: Document, encryption: FieldEncryption) -> LogEntry:
    """The entry of a document that may have been damaged. Raises EntryUnreadable."""
    try:
        return to_log_entry(document, encryption)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise EntryUnreadable("an item is missing or is not what it should be") from error
    except CiphertextDamaged as error:
        raise EntryUnreadable("its ciphertext is damaged") from error
    except StoreUnavailable as error:
        if not isinstance(error.__cause__, EncryptionError):
            raise
        raise EntryUnreadable("its encrypted items cannot be opened with the keys that are here") from error


def is_erased(database: Database[Document], household: str) -> bool:
    """Whether the log says that the household's people were erased."""
    return database["log"].find_one({"household": household, "kind": "erased"}, {"_id": 1}) is not None


def logged_communes(database: Database[Document]) -> Iterator[str]:
    """Communes that have a log, in order: one seek each."""
    behind = ""
    while entry := database["log"].find_one({"_id": {"$gt": behind}}, {"commune": 1}, sort=[("_id", 1)]):
        yield entry["commune"]
        behind = f"{entry['commune']};"


def commune_states(database: Database[Document], communes: Communes = None) -> list[CommuneState]:
    """Where each commune's log and tallies stand now, in order of commune."""
    where: dict[str, Any] = {} if communes is None else {"_id": {"$in": sorted(communes)}}
    # A first batch for all: MongoDB's own ends at 101 documents, and a second journey costs as much as the reading.
    found = database["commune_states"].find(where).sort("_id").batch_size(1000)
    return [to_commune_state(document) for document in found]


def commune_states_on(database: Database[Document], day: date) -> list[CommuneState]:
    """Each commune's tallies at the end of ``day``: one seek a commune, however long the register is kept."""
    text = day.isoformat()
    past = {
        "from": "days",
        "let": {"commune": "$_id"},
        "pipeline": [
            {"$match": {"$expr": {"$and": [{"$eq": ["$commune", "$$commune"]}, {"$lte": ["$day", text]}]}}},
            {"$sort": {"commune": -1, "day": -1}},
            {"$limit": 1},
        ],
        "as": "closing",
    }
    now = [to_commune_state(document) for document in database["commune_states"].find({"day": {"$lte": text}})]
    found = database["commune_states"].aggregate([{"$match": {"day": {"$gt": text}}}, {"$lookup": past}])
    then = [to_commune_state(document["closing"][0]) for document in found if document["closing"]]
    # A commune that was written to between the two readings stands in both; its closing of the day is the later word.
    by_commune = {state.commune: state for state in (*now, *then)}
    return [by_commune[commune] for commune in sorted(by_commune)]


def days(database: Database[Document], first: date, last: date) -> Iterator[CommuneState]:
    """Each commune's closing tallies of each day within the span on which it was written to, in order of day."""
    span = {"$gte": first.isoformat(), "$lte": last.isoformat()}
    # The running day first: one that is closed between the two readings is then read twice, never not at all.
    running = [to_commune_state(document) for document in database["commune_states"].find({"day": span})]
    closed = [to_commune_state(document) for document in database["days"].find({"day": span})]
    by_day = {(str(state.day), state.commune): state for state in (*running, *closed)}
    yield from (by_day[key] for key in sorted(by_day))
