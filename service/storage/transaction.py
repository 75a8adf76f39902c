"""The inside of one transaction: records, log entries, counters and identities written together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import NoReturn, TypeVar

import structlog
from bson import ObjectId
from pymongo import ReplaceOne, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError, DuplicateKeyError

from schemas.photos import covers_photos
from service.clock import vietnam_day
from service.errors import (
    HouseholdErased,
    HouseholdIdTaken,
    HouseholdNotFound,
    HouseholdStale,
    PersonalNumberTaken,
    StoreDamaged,
    WriteContention,
)
from service.households.changes import Change, Entry, Record, Tallies
from service.households.ports import CommuneState, Neighbour, Stored
from service.parcels.cells import Cells
from service.storage import parcels
from service.storage.client import Document, refusal, translated
from service.storage.closed_household import closed_household
from service.storage.commune_states import CommuneStates, add_moves, moved_tallies, state_of
from service.storage.database import Database
from service.storage.documents import (
    SealedEntry,
    sealed_entries,
    sealed_entry,
    to_document,
    to_stored,
    to_update,
)
from service.storage.duplicates import duplicate_of, first_error
from service.storage.encryption.fields import FieldEncryption
from service.storage.log import entry_document
from service.storage.parcels import CellsMissing, around, neighbours_and_states, neighbours_in
from service.storage.photo_files import remove_photos
from service.storage.redaction import redact_settlements

T = TypeVar("T")

_log = structlog.get_logger("service.transaction")

ERASED_ITEMS = ("record", "replaced", "note", "sealed")
"""A log entry's personal content, and what a guess could be verified against."""


_BEGINNINGS = 5
"""How often a transaction begins: usually at most once more for the states and once for the cells that were missing."""
_CELLS_WITH_STATE = 100
"""Up to so many cells (some ten parcels) the state is read together with the neighbours: each row repeats it."""


class CommuneStateMissing(Exception):
    """A commune has no state yet; it is created outside the transaction, which is then run again."""

    def __init__(self, communes: Iterable[str]) -> None:
        super().__init__(*communes)
        self.communes = frozenset(communes)


class MongoTransaction:
    """Implements service.households.ports.Transaction on one session."""

    def __init__(
        self,
        collections: Mapping[str, Collection[Document]],
        session: ClientSession,
        encryption: FieldEncryption,
        communes: frozenset[str] = frozenset(),
    ) -> None:
        self.collections = collections
        self.session = session
        self.encryption = encryption
        self._communes = communes
        self._states: dict[str, Document] = {}
        """Commune states that were read and not written since."""
        self._erasures = False

    def household(self, household_id: str) -> Stored:
        """The household as this transaction sees it. Raises HouseholdNotFound."""
        document = self.collections["households"].find_one({"_id": household_id}, session=self.session)
        if document is None:
            raise HouseholdNotFound(id=household_id)
        return to_stored(document, self.encryption)

    def known(self, household_ids: Iterable[str]) -> dict[str, Stored]:
        """Those of the households that are stored, by id, as this transaction sees them."""
        wanted = sorted(household_ids)
        if not wanted:
            return {}
        found = self.collections["households"].find({"_id": {"$in": wanted}}, session=self.session)
        return {document["_id"]: to_stored(document, self.encryption) for document in found}

    def readable(self, household_ids: Iterable[str]) -> dict[str, Stored]:
        """The same without those that are stored damaged, which are reported in the service's log."""
        wanted = sorted(household_ids)
        stored: dict[str, Stored] = {}
        if wanted:
            for document in self.collections["households"].find({"_id": {"$in": wanted}}, session=self.session):
                household = document["_id"]
                try:
                    stored[household] = to_stored(document, self.encryption)
                except StoreDamaged:
                    _log.error("damaged", household=household)
        return stored

    def closed_household(self, household_id: str) -> Record:
        """What an erasure uses of a household, however damaged it is stored. Raises HouseholdNotFound, StoreDamaged."""
        return closed_household(self.collections, self.session, self.encryption, household_id)

    def was_erased(self, household_id: str) -> bool:
        """Whether the log says that the household's people were erased."""
        where = {"household": household_id, "kind": "erased"}
        return self.collections["log"].find_one(where, {"_id": 1}, session=self.session) is not None

    def take_cells(self, cells: Iterable[int]) -> None:
        """Lock grid cells until the commit. Raises CellsMissing."""
        parcels.take_cells(self.collections, self.session, cells)

    def take_communes(self, communes: Iterable[str]) -> None:
        """Lock the states of communes that nothing else is written to. Raises CommuneStateMissing.

        The lock is a write, as that of a cell is.
        """
        if not (wanted := sorted(communes)):
            return
        where = {"_id": {"$in": wanted}}
        states = self.collections["commune_states"]
        found = states.update_many(where, {"$set": {"locks": ObjectId()}}, session=self.session).matched_count
        if found < len(wanted):
            raise CommuneStateMissing(wanted)

    def neighbours(self, cells: Cells, held: Iterable[int], parcels: frozenset[str]) -> list[Neighbour]:
        """Households, except withdrawn ones, that touch one of the cells or hold one of the parcels; locks ``held``.

        Raises CellsMissing.
        """
        where = around(cells, parcels)
        neighbours: list[Neighbour] = []
        if where is not None and len(self._communes) == 1 and len(cells.queried) <= _CELLS_WITH_STATE:
            neighbours, states = neighbours_and_states(self.collections, where, self._communes, self.session)
            if not states:
                raise CommuneStateMissing(self._communes)
            self._states = {state["_id"]: state for state in states}
        elif where is not None:
            neighbours = neighbours_in(self.collections, where, self.session)
        self.take_cells(held)
        return neighbours

    def apply(self, changes: Sequence[Change]) -> None:
        """Write the changes. Update the commune states first, so that a conflict aborts before the inserts.

        Raises HouseholdIdTaken, HouseholdStale, PersonalNumberTaken, StoreRefused, CommuneStateMissing.
        """
        entries = [entry for change in changes for entry in change.entries]
        self._read_states({entry.commune for entry in entries})
        sealed = [sealed_entries(change, self.encryption) for change in changes]
        log = self._advance_states(list(zip(entries, chain.from_iterable(sealed), strict=True)))
        self._write_households(changes, [parts[-1] for parts in sealed])
        self._insert("log", log)
        self._write_identities(changes)
        self._move_requests(changes)

    def append(self, entry: Entry, fingerprint: str) -> None:
        """Append an entry that changes no record; ``fingerprint`` is that of the household's content."""
        self._insert("log", self._advance_states([(entry, sealed_entry(entry, fingerprint, self.encryption))]))

    def redact_settlements(self, household_id: str) -> dict[str, str]:
        """Remove from other households why their overlaps with this one were settled; returns digests by log entry."""
        return redact_settlements(self.collections, self.session, self.encryption, household_id)

    def erase(self, entry: Entry) -> None:
        """Remove a household's record, photos and identities and its content in the log; append ``entry``.

        Its own note stays: it holds the digests of redacted log entries.
        """
        log = self._advance_states([(entry, sealed_entry(entry, "", self.encryption))])
        self._insert("log", log)
        where = {"household": entry.household}
        # In every commune: a phone that was offline can send the household to any.
        self.collections["commune_states"].update_many({}, {"$set": {"erasures": ObjectId()}}, session=self.session)
        self.collections["households"].delete_one({"_id": entry.household}, session=self.session)
        self.collections["identities"].delete_many(where, session=self.session)
        remove_photos(self.collections, self.session, entry.household)
        blanked = where if entry.note is None else {**where, "_id": {"$ne": log[0]["_id"]}}
        self.collections["log"].update_many(blanked, {"$set": dict.fromkeys(ERASED_ITEMS)}, session=self.session)

    def _refuse_erased(self, household_ids: Sequence[str]) -> None:
        """Refuse what a phone that was offline still sends although it was erased. Raises HouseholdErased.

        Each commune state says whether anybody was ever erased in the register; if nobody was, no query is sent.
        """
        if not self._erasures:
            return
        where = {"household": {"$in": list(household_ids)}, "kind": "erased"}
        found = self.collections["log"].find_one(where, {"household": 1}, session=self.session)
        if found is not None:
            raise HouseholdErased(pointer="/id", id=found["household"])

    def _advance_states(self, entries: Sequence[tuple[Entry, SealedEntry]]) -> list[Document]:
        """Give each entry its offset and hash, update the tallies; returns the documents of the log."""
        communes = sorted({entry.commune for entry, _ in entries})
        self._read_states(communes)
        states = {commune: self._states.pop(commune) for commune in communes}
        self._erasures = self._erasures or any("erasures" in state for state in states.values())
        log: list[Document] = []
        for commune in communes:
            mine = [(entry, sealed) for entry, sealed in entries if entry.commune == commune]
            log.extend(self._advance_state(state_of(self.collections, states[commune], self.session), mine))
        return log

    def _read_states(self, communes: Iterable[str]) -> None:
        """Read the states of communes that were not read since they were written. Raises CommuneStateMissing."""
        if unread := sorted(set(communes) - self._states.keys()):
            found = self.collections["commune_states"].find({"_id": {"$in": unread}}, session=self.session)
            self._states |= {document["_id"]: document for document in found}
            if missing := set(unread) - self._states.keys():
                raise CommuneStateMissing(missing)

    def _advance_state(self, state: CommuneState, entries: Sequence[tuple[Entry, SealedEntry]]) -> list[Document]:
        offset, previous = state.offset, state.hash
        moves: Tallies = {}
        log: list[Document] = []
        for entry, sealed in entries:
            offset += 1
            document = entry_document(entry, offset, previous, sealed)
            previous = document["hash"]
            log.append(document)
            add_moves(moves, entry.moves)
        tallies = moved_tallies(state.tallies, moves)
        # Two workers' clocks can differ around midnight; a state never returns to a day that is closed.
        today = vietnam_day(entries[-1][0].at)
        day = today if state.day is None else max(today, state.day)
        if state.day is not None and state.day < day:
            self._close_day(state)
        self.collections["commune_states"].update_one(
            {"_id": state.commune},
            {"$set": {"offset": offset, "hash": previous, "day": day.isoformat(), "tallies": tallies}},
            session=self.session,
        )
        return log

    def _close_day(self, state: CommuneState) -> None:
        day = str(state.day)
        closing = {"_id": f"{state.commune}@{day}", "commune": state.commune, "day": day, "tallies": state.tallies}
        self.collections["days"].replace_one({"_id": closing["_id"]}, closing, upsert=True, session=self.session)

    def _insert(self, name: str, documents: Sequence[Document]) -> None:
        """Insert documents; a single one by ``insert_one``, since ``insert_many`` costs as much again."""
        if len(documents) == 1:
            self.collections[name].insert_one(documents[0], session=self.session)
        else:
            self.collections[name].insert_many(documents, session=self.session)

    def _write_households(self, changes: Sequence[Change], sealed: Sequence[SealedEntry]) -> None:
        pairs = list(zip(changes, sealed, strict=True))
        new = [to_document(change, part, self.encryption) for change, part in pairs if change.replaces is None]
        if new:
            self._refuse_erased([document["_id"] for document in new])
            try:
                self._insert("households", new)
            except (DuplicateKeyError, BulkWriteError) as error:
                raise HouseholdIdTaken(pointer="/id", id=duplicate_of(error)) from None
        revised = [pair for pair in pairs if pair[0].replaces is not None]
        if updates := [(change, update) for change, part in revised if (update := to_update(change, part)) is not None]:
            self._update_households(updates)
        updated = {change.record["id"] for change, _ in updates}
        rest = [(change, part) for change, part in revised if change.record["id"] not in updated]
        if rest:
            self._replace_households([(change, to_document(change, part, self.encryption)) for change, part in rest])

    def _update_households(self, updates: Sequence[tuple[Change, Document]]) -> None:
        """Write only what changed, under the same optimistic lock as a replacement."""
        writes = [UpdateOne(_as_it_was(change), update) for change, update in updates]
        households = self.collections["households"]
        try:
            # Each write changes the place alone, and what the register itself writes there. Validating the whole
            # document again would take a quarter of the database's time.
            result = households.bulk_write(writes, session=self.session, bypass_document_validation=True)
            matched = result.matched_count
        except BulkWriteError as error:
            raise refusal(first_error(error).get("code")) from error
        if matched < len(updates):
            self._raise_stale([change for change, _ in updates])

    def _replace_households(self, replacing: Sequence[tuple[Change, Document]]) -> None:
        """Optimistic lock: the revision is in the filter, so a record that changed meanwhile is never overwritten.

        A single one by ``replace_one``, since a bulk costs more; many in one command.
        """
        households = self.collections["households"]
        filters = [_as_it_was(change) for change, _ in replacing]
        if len(replacing) == 1:
            matched = households.replace_one(filters[0], replacing[0][1], session=self.session).matched_count
        else:
            writes = [ReplaceOne(where, each[1]) for where, each in zip(filters, replacing, strict=True)]
            try:
                matched = households.bulk_write(writes, session=self.session).matched_count
            except BulkWriteError as error:
                raise refusal(first_error(error).get("code")) from error
        if matched < len(replacing):
            self._raise_stale([change for change, _ in replacing])
        for change, document in replacing:
            if not covers_photos(change.record):
                remove_photos(self.collections, self.session, document["_id"])

    def _raise_stale(self, changes: Sequence[Change]) -> NoReturn:
        """Raise HouseholdStale about the first household that was not replaced."""
        stored = self.known(change.record["id"] for change in changes)
        for change in changes:
            current = stored.get(change.record["id"])
            if current is None:
                raise HouseholdNotFound(id=change.record["id"])
            if any(current.record[name] != change.record[name] for name in ("revision", "updated_at")):
                raise HouseholdStale(current=current.record, named=change.replaces or 0)
        raise HouseholdStale(current=stored[changes[0].record["id"]].record, named=changes[0].replaces or 0)

    def _move_requests(self, changes: Sequence[Change]) -> None:
        """Let the requests of people follow their household to another commune, whose officers then handle them."""
        moved: dict[str, list[str]] = {}
        for change in changes:
            if len(change.entries) > 1:  # one in each commune's log: it moved
                moved.setdefault(change.record["commune"], []).append(change.record["id"])
        for commune, households in moved.items():
            where = {"household": {"$in": households}}
            self.collections["requests"].update_many(where, {"$set": {"commune": commune}}, session=self.session)

    def _write_identities(self, changes: Sequence[Change]) -> None:
        released = [(number, change.record["id"]) for change in changes for number in sorted(change.releases)]
        for number, household in released:
            key = self.encryption.digest(number)
            self.collections["identities"].delete_one({"_id": key, "household": household}, session=self.session)
        keys = {self.encryption.digest(number): number for change in changes for number in change.takes}
        taken = [
            {"_id": self.encryption.digest(number), "household": change.record["id"]}
            for change in changes
            for number in sorted(change.takes)
        ]
        if taken:
            try:
                self._insert("identities", taken)
            except (DuplicateKeyError, BulkWriteError) as error:
                number = keys.get(duplicate_of(error), "")
                raise PersonalNumberTaken(pointer="/head/national_id", national_id=number) from None


class Transactions:
    """Runs transactions on households, their log and all that follows from it."""

    def __init__(self, database: Database, states: CommuneStates) -> None:
        self._database = database
        self._states = states

    def run(
        self, work: Callable[[MongoTransaction], T], *, communes: Iterable[str] = (), cells: Iterable[int] = ()
    ) -> T:
        """Run ``work`` in one transaction, again after transient errors. Raises StoreUnavailable, WriteContention.

        ``communes`` and ``cells`` as in service.households.ports.Transactions.
        """
        communes = frozenset(communes)
        collections, encryption = self._database.collections, self._database.encryption

        def in_session(session: ClientSession) -> T:
            return work(MongoTransaction(collections, session, encryption, communes))

        if cells:
            with translated(self._database.client):
                parcels.make_missing_cells(collections, cells)
        # Not ``tries``: nobody was faster. What was missing is made, and a pause would only delay the write.
        for _ in range(_BEGINNINGS):
            try:
                return self._database.run(in_session, communes)
            except CommuneStateMissing as missing:
                self._states.make(missing.communes)
            except CellsMissing as missing_cells:
                with translated(self._database.client):
                    parcels.make_cells(collections, missing_cells.cells)
        raise WriteContention()


def _as_it_was(change: Change) -> Document:
    """The filter that finds a household at the revision that a change replaces."""
    return {"_id": change.record["id"], "revision": change.replaces}
