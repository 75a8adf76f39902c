"""The log of each commune in MongoDB: appending inside a transaction, and its readings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, get_args

from pymongo.errors import EncryptionError

from schemas.stored import stored_form, stored_items_form
from service.area import Communes
from service.errors import CursorAhead, StoreDamaged, StoreUnavailable
from service.households.changes import Entry, Kind, entry_hash
from service.households.ports import DamagedEntry, LogEntry, Stored
from service.jobs.ports import EntryUnreadable
from service.storage.client import Document, fails_fast, translated
from service.storage.commune_states import CommuneStates
from service.storage.database import Database
from service.storage.documents import DAMAGE, EntryParts, SealedEntry, contents_of, opened_parts
from service.storage.encryption.fields import FieldEncryption
from service.storage.encryption.items import RECORD, SEALED
from service.unit_names import UnitId


class Log:
    """Reads the communes' logs; transactions append to them."""

    def __init__(self, database: Database, states: CommuneStates) -> None:
        self._database = database
        self._states = states

    @fails_fast
    def history(
        self,
        household: str,
        *,
        before: tuple[int, str] | None,
        limit: int,
    ) -> list[LogEntry | DamagedEntry]:
        """Entries of a household, newest first, after the position ``before`` (revision, key of the entry)."""
        where: dict[str, Any] = {"household": household, "revision": {"$type": "number"}}
        if before is not None:
            revision, key = before
            where["$or"] = [{"revision": {"$lt": revision}}, {"revision": {"$eq": revision}, "_id": {"$lt": key}}]
        found = self._database["log"].find(where).sort([("revision", -1), ("_id", -1)]).limit(limit)
        return self._all_served(found)

    @fails_fast
    def at_revision(self, household: str, revision: int) -> Stored | None:
        """A household as that revision left it; of a transfer's two entries, the one that has the record.

        Raises StoreDamaged.
        """
        where = {"household": household, "revision": revision, "record": {"$ne": None}}
        document = self._database["log"].find_one(where, {"household": 1, "revision": 1, "record": 1, SEALED: 1})
        if document is None:
            return None
        try:
            contents = contents_of(document, household, revision, self._database.encryption)
            record = self._database.encryption.joined(document["record"], contents.get(RECORD, {}))
            fingerprint: str = contents["fingerprint"]
        except DAMAGE as error:
            raise StoreDamaged(reason="log entry") from error
        if not stored_form()(record) or record.get("id") != household:
            raise StoreDamaged(reason="log entry")
        return Stored(record, fingerprint)

    @fails_fast
    def last_actor(self, household: str, kind: Kind) -> str | None:
        """Who made the household's newest entry of a kind; None where there is none."""
        where = {"household": household, "kind": kind}
        found = self._database["log"].find_one(where, {"actor": 1}, sort=[("revision", -1)])
        return None if found is None else str(found["actor"])

    @fails_fast
    def changes(
        self,
        after: Mapping[str, int],
        *,
        communes: Communes,
        limit: int,
    ) -> tuple[list[LogEntry | DamagedEntry], bool]:
        """Entries after each commune's offset, at most ``limit``, and whether there are more. Raises CursorAhead."""
        entries: list[LogEntry | DamagedEntry] = []
        states = self._states.now(communes)
        _require_within(after, {state.commune: state.offset for state in states}, communes)
        for state in states:
            known = after.get(state.commune, 0)
            if state.offset <= known:
                continue
            room = limit - len(entries)
            if room <= 0:
                return entries, True
            span = {"$gt": entry_id(state.commune, known), "$lte": entry_id(state.commune, state.offset)}
            entries += self._all_served(self._database["log"].find({"_id": span}).sort("_id").limit(room))
            if state.offset - known > room:
                return entries, True
        return entries, False

    def _all_served(self, found: Iterable[Document]) -> list[LogEntry | DamagedEntry]:
        documents = list(found)
        self._database.encryption.open_together(document.get(SEALED) for document in documents)
        return [_served(document, self._database.encryption) for document in documents]

    def walk(self, commune: str) -> Iterator[LogEntry]:
        """All entries of a commune's log in order of offset."""
        with translated(self._database.client):
            span = {"$gte": entry_id(commune, 0), "$lt": f"{commune};"}
            for document in self._database["log"].find({"_id": span}).sort("_id"):
                yield readable(document, self._database.encryption)

    @fails_fast
    def is_erased(self, household: str) -> bool:
        """Whether the log says that the household's people were erased."""
        return self._database["log"].find_one({"household": household, "kind": "erased"}, {"_id": 1}) is not None

    @fails_fast
    def redacted_digest(self, erased: str, key: str) -> str | None:
        """The digest of a redacted log entry, as the entry of an erasure recorded it."""
        found = self._database["log"].find_one({"household": erased, "kind": "erased"}, {"note": 1})
        note = None if found is None else found["note"]
        return None if note is None else note.get("redacted", {}).get(key)

    def communes(self) -> Iterator[UnitId]:
        """Communes that have a log, in order: one seek each."""
        with translated(self._database.client):
            behind = ""
            while entry := self._database["log"].find_one({"_id": {"$gt": behind}}, {"commune": 1}, sort=[("_id", 1)]):
                yield entry["commune"]
                behind = f"{entry['commune']};"

    @fails_fast
    def hash_at(self, commune: str, offset: int) -> str | None:
        """The hash of one entry of a commune's log; None where there is none."""
        found = self._database["log"].find_one({"_id": entry_id(commune, offset)}, {"hash": 1})
        return None if found is None else str(found["hash"])


def _require_within(after: Mapping[str, int], ends: Mapping[str, int], communes: Communes) -> None:
    """Raise CursorAhead for an offset that its log does not have: the reader would miss entries or get them twice."""
    for log, offset in after.items():
        end = ends.get(log, 0)
        if offset > end and (communes is None or log in communes):
            raise CursorAhead(pointer="/after", log=log[:20], end=end, sent=offset)


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
        "note": sealed.note,
        "record": sealed.record,
        "replaced": sealed.replaced,
        SEALED: sealed.sealed,
        "digest": digest,
        "hash": entry_hash(
            previous, entry.commune, offset, entry.kind, entry.household, entry.revision, entry.at, entry.actor, digest
        ),
    }


_OPEN_ITEMS: Final[Mapping[str, type]] = {
    "commune": str,
    "offset": int,
    "kind": str,
    "household": str,
    "revision": int,
    "at": datetime,
    "actor": str,
    "digest": str,
    "hash": str,
}
_KINDS: Final = frozenset(get_args(Kind))
_NAMES_IN_NOTES: Final = ("from", "to", "household", "settled")
"""What of a note is compared with ids, or written as the code of a unit."""


def _is_open_part_whole(document: Document) -> bool:
    """Whether all that an entry shows of itself has the type that it was written with."""
    is_typed = all(
        isinstance(document.get(name), wanted) and document[name] is not True for name, wanted in _OPEN_ITEMS.items()
    )
    if not is_typed or document["kind"] not in _KINDS or document["revision"] < 1:
        return False
    return bool(document["_id"] == entry_id(document["commune"], document["offset"]))


def _is_note_whole(note: Any) -> bool:
    """Whether a note, with what it hides, is one that can leave."""
    if note is None:
        return True
    if not isinstance(note, dict) or any(isinstance(value, bytes) for value in note.values()):
        return False
    return all(isinstance(note.get(name, ""), str) for name in _NAMES_IN_NOTES)


def to_log_entry(document: Document, encryption: FieldEncryption) -> LogEntry:
    """The entry of a document. Raises StoreDamaged, KeyError and the like."""
    (record, replaced, note), salt = _personal_part(document, encryption)
    if not _is_open_part_whole(document) or not _is_note_whole(note):
        raise StoreDamaged(reason="log entry")
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
        note=note,
        salt=salt,
        digest=document["digest"],
        hash=document["hash"],
        redacted_by=document.get("redacted_by"),
    )


def _served(document: Document, encryption: FieldEncryption) -> LogEntry | DamagedEntry:
    """The entry of a document as readers get it.

    One whose record or note is damaged has its place in the log, without that part: who follows the log finds no gap,
    and can read on. Of one that does not even say what happened, only the place is left.
    """
    try:
        return to_log_entry(document, encryption)
    except DAMAGE:
        if not _is_open_part_whole(document):
            return _place_of(document)
        bare = {**document, "record": None, "replaced": None, SEALED: None, "note": _open_note(document.get("note"))}
        return replace(to_log_entry(bare, encryption), damaged=True)


def _place_of(document: Document) -> DamagedEntry:
    """Commune and offset of an entry, from its key."""
    commune, _, offset = str(document["_id"]).rpartition(":")
    revision = document.get("revision")
    return DamagedEntry(UnitId(commune), int(offset), int(revision) if isinstance(revision, (int, float)) else 0)


def _open_note(note: Any) -> Document | None:
    """What of a note is stored in clear; None where that is damaged."""
    if not isinstance(note, dict):
        return None
    shown = {name: part for name, part in note.items() if not isinstance(part, bytes)}
    return shown if shown and _is_note_whole(shown) else None


def _personal_part(document: Document, encryption: FieldEncryption) -> tuple[EntryParts, bytes | None]:
    """Record, replaced items, note and salt of an entry; None for what an erasure has removed, which is all of them."""
    record, replaced = document["record"], document["replaced"]
    if record is None and replaced is None and document[SEALED] is None:
        return EntryParts(None, None, document.get("note")), None
    contents = contents_of(document, document["household"], document["revision"], encryption)
    parts = opened_parts(document, contents, encryption)
    if parts.record is not None and not (
        stored_form()(parts.record) and parts.record.get("id") == document["household"]
    ):
        raise StoreDamaged(reason="log entry")
    if parts.replaced is not None and not stored_items_form()(parts.replaced):
        raise StoreDamaged(reason="log entry")
    return parts, contents["salt"]


def fingerprint_of_entry(document: Document, encryption: FieldEncryption) -> Any:
    """The fingerprint in a log entry's document; None in one that was erased. Raises as ``contents_of``."""
    if document[SEALED] is None:
        return None
    return contents_of(document, document["household"], document["revision"], encryption).get("fingerprint")


def readable(document: Document, encryption: FieldEncryption) -> LogEntry:
    """The entry of a document that may have been damaged. Raises EntryUnreadable."""
    try:
        return to_log_entry(document, encryption)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise EntryUnreadable("an item is missing or is not what it should be") from error
    except StoreDamaged as error:
        raise EntryUnreadable("its ciphertext is damaged") from error
    except StoreUnavailable as error:
        if not isinstance(error.__cause__, EncryptionError):
            raise
        raise EntryUnreadable("its encrypted items cannot be opened with the keys that are here") from error
