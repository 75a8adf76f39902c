"""The trail of access: who read or changed whose record, when, from where; append-only, chained, kept apart.

Entries are written in batches, each one document that carries the hash of the one before it. Every process writes a
lane of its own, so that workers never wait for one another; the opening of lanes is itself one chain. A batch is made
of whatever is waiting at the moment (group commit): alone, an entry is one insert; under load many share one.

An answer waits for one member's word only. Within a second the process has the journals of most members say that the
batch is kept, and writes it again if a crash or a change of primary has lost it in between.
"""

from __future__ import annotations

import hashlib
import queue
import threading
import time
import uuid
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

import structlog
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError, InvalidOperation
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from service.access.trail import (
    LEAST_KEPT,
    ONLY_WHERE_GIVEN,
    UNDERWAY,
    Begun,
    TrailAnchor,
    TrailBusy,
    TrailEntry,
    TrailFault,
)
from service.clock import Clock, system_clock
from service.errors import StoreUnavailable
from service.households.changes import canonical
from service.storage.client import Document, translated

TRAIL: Final = "trail"
LANES: Final = "trail_lanes"
FIRST_HASH: Final = "0" * 64
_MOST_IN_A_BATCH: Final = 200
_MOST_HOUSEHOLDS: Final = 5_000
"""In one entry, so that others need not wait for a long one; a batch holds at most twice as many (MongoDB: 16 MB)."""
_TRIES: Final = 20
_CONFIRMED_AFTER_SECONDS: Final = 1.0
_READ_AT_ONCE: Final = 100

_log = structlog.get_logger("service.trail")


@dataclass(slots=True)
class _Lane:
    """Where this process's chain stands."""

    name: str
    number: int = 0
    hash: str = FIRST_HASH


class Trail:
    """Writes and reads the trail. One for each process, made after the fork."""

    def __init__(
        self, database: Database[Document], clock: Clock = system_clock, *, kept: timedelta = LEAST_KEPT
    ) -> None:
        # An answer waits for its entry, so for one member's word only; it is then read with the same.
        self._client = database.client
        self._batches = database.get_collection(TRAIL, write_concern=WriteConcern(1), read_concern=ReadConcern("local"))
        self._lanes = database[LANES]
        self._kept_batches = database[TRAIL]
        self._clock = clock
        self._kept = max(kept, LEAST_KEPT)
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._waiting: list[Begun] = []
        self._lane: _Lane | None = None
        self._calls: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._helper: threading.Thread | None = None
        self._confirming = threading.Lock()
        self._unconfirmed: deque[tuple[float, Document]] = deque()

    def write(self, entry: TrailEntry) -> None:
        """Add an entry; it is stored when this returns. Raises StoreUnavailable.

        Whoever gets the turn writes for all who are waiting. An entry about very many households becomes several.
        """
        while len(entry.households) > _MOST_HOUSEHOLDS:
            self.finish(self._hand_over(replace(entry, households=entry.households[:_MOST_HOUSEHOLDS])))
            entry = replace(entry, households=entry.households[_MOST_HOUSEHOLDS:])
        self.finish(self._hand_over(entry))

    def begin(self, entry: TrailEntry) -> Begun:
        """Hand an entry over, to be written while its answer is made. ``finish`` waits for it."""
        begun = self._hand_over(entry)
        self._call_helper()
        return begun

    def finish(self, begun: Begun) -> None:
        """Wait for an entry; it is stored when this returns. Raises StoreUnavailable."""
        with self._turn:
            while not begun.written and begun.error is None:
                self._write_waiting()
        if begun.error is not None:
            raise begun.error

    def _hand_over(self, entry: TrailEntry) -> Begun:
        begun = Begun(entry)
        with self._lock:
            self._waiting.append(begun)
        return begun

    def _write_waiting(self) -> None:
        with self._lock:
            taken, households = 0, 0
            for waiting in self._waiting[:_MOST_IN_A_BATCH]:
                households += len(waiting.entry.households)
                if taken and households > 2 * _MOST_HOUSEHOLDS:
                    break
                taken += 1
            batch, self._waiting = self._waiting[:taken], self._waiting[taken:]
        try:
            with translated(self._client):
                self._store([waiting.entry for waiting in batch])
        except Exception as error:
            # Whether the batch was kept is not known; a new lane goes on from a state that is.
            self._lane = None
            for waiting in batch:
                waiting.error = error
            return
        for waiting in batch:
            waiting.written = True

    def _store(self, entries: Sequence[TrailEntry]) -> None:
        lane = self._lane or self._open_lane()
        content = [_entry_document(entry) for entry in entries]
        number = lane.number + 1
        hashed = batch_hash(lane.hash, lane.name, number, content)
        batch = {
            "_id": f"{lane.name}:{number:012d}",
            "lane": lane.name,
            "number": number,
            "entries": content,
            "previous": lane.hash,
            "hash": hashed,
            "expires_at": max(entry.at for entry in entries) + self._kept,
        }
        self._batches.insert_one(batch)
        self._lane = _Lane(lane.name, number, hashed)
        self._unconfirmed.append((time.monotonic(), batch))
        if len(self._unconfirmed) == 1:
            self._call_helper()

    def _open_lane(self) -> _Lane:
        name = uuid.uuid4().hex
        for _ in range(_TRIES):
            last = next(iter(self._lanes.find().sort("_id", -1).limit(1)), None)
            number, previous = (0, FIRST_HASH) if last is None else (last["_id"], last["hash"])
            opened = {"_id": number + 1, "lane": name, "opened_at": self._clock(), "previous": previous}
            try:
                self._lanes.insert_one({**opened, "hash": lane_hash(opened)})
            except DuplicateKeyError:
                continue  # another process opened one at this very moment
            lane = _Lane(name)
            self._lane = lane
            return lane
        raise TrailBusy()

    # The helper ------------------------------------------------------------------------------------------------

    def _call_helper(self) -> None:
        if self._helper is None:
            with self._lock:
                if self._helper is None:
                    self._helper = threading.Thread(target=self._help, name="trail", daemon=True)
                    self._helper.start()
        self._calls.put(None)

    def _help(self) -> None:
        """Write what was handed over early, and see to it that what was written is kept."""
        tried = time.monotonic()
        while True:
            due = max(self._unconfirmed[0][0], tried) + _CONFIRMED_AFTER_SECONDS if self._unconfirmed else None
            try:
                self._calls.get(timeout=None if due is None else max(0.0, due - time.monotonic()))
            except queue.Empty:
                pass
            else:
                with self._turn:
                    if self._waiting:
                        self._write_waiting()
            if due is not None and time.monotonic() >= due:
                tried = time.monotonic()
                try:
                    self.confirm()
                except InvalidOperation:
                    return  # the client was closed
                except StoreUnavailable:
                    continue  # it is written again when the database is back
                except Exception as error:  # the next try may find the database well
                    _log.warning("trail-unconfirmed", cause=type(error).__name__)

    def confirm(self) -> None:
        """Have the journals of most members say that what was written is kept; write again what is not there.

        Each lane's document says how far that has come, so that the loss of a lane's end shows. Raises
        StoreUnavailable.
        """
        with self._confirming, translated(self._client):
            batches = [batch for _, batch in list(self._unconfirmed)]
            self._write_again(batches)
            for batch in {batch["lane"]: batch for batch in batches}.values():
                kept = {"batches": batch["number"], "last": batch["hash"], "kept_at": self._clock()}
                self._lanes.update_one({"lane": batch["lane"]}, {"$set": kept})
            # That write is in the journals of most members, and so is what was there before it. A primary that came
            # in between may not have what the one before it had taken.
            self._write_again(batches)
            for _ in batches:
                self._unconfirmed.popleft()

    def is_confirmed(self) -> bool:
        """Whether all that was written is known to be kept."""
        return not self._unconfirmed

    def _write_again(self, batches: Sequence[Document]) -> None:
        ids = [batch["_id"] for batch in batches]
        there = {found["_id"] for found in self._batches.find({"_id": {"$in": ids}}, {"_id": 1})}
        for batch in batches:
            if batch["_id"] not in there:
                with suppress(DuplicateKeyError):
                    self._kept_batches.insert_one(batch)

    # Reading ---------------------------------------------------------------------------------------------------

    def entries(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        households: Sequence[str] | None = None,
        account: str | None = None,
        address: str | None = None,
        token: str | None = None,
    ) -> Iterator[TrailEntry]:
        """Entries that fit all that is given, in order of time (within what batches of different workers overlap).

        ``account`` is an account's id or its name; ``token`` a token's or a session's id. Times include both ends.
        """
        where: list[Document] = []
        if households is not None:
            where.append({"households": {"$in": list(households)}})
        if account is not None:
            where.append({"$or": [{"account": {"$eq": account}}, {"name": {"$eq": account}}]})
        if address is not None:
            where.append({"address": {"$eq": address}})
        if token is not None:
            where.append({"$or": [{"token": {"$eq": token}}, {"session": {"$eq": token}}]})
        span = {name: at for name, at in (("$gte", since), ("$lte", until)) if at is not None}
        if span:
            where.append({"at": span})
        query: Document = {"entries": {"$elemMatch": {"$and": where}}} if where else {}
        wanted = _Wanted(since, until, households, account, address, token)
        with translated():
            found = self._batches.find(query).sort([("entries.at", 1), ("_id", 1)]).allow_disk_use(True)
            while batches := list(islice(found, _READ_AT_ONCE)):
                yield from self._settled(
                    [entry for batch in batches for entry in batch["entries"] if wanted.fits(entry)]
                )

    def _settled(self, documents: Sequence[Document]) -> Iterator[TrailEntry]:
        """The entries, without those in whose stead another one stands."""
        underway = [document["underway"] for document in documents if document["status"] == UNDERWAY]
        replaced: set[str] = set()
        if underway:
            for batch in self._batches.find({"entries.instead_of": {"$in": underway}}, {"entries.instead_of": 1}):
                replaced.update(entry["instead_of"] for entry in batch["entries"] if "instead_of" in entry)
        for document in documents:
            if document["status"] != UNDERWAY:
                yield _entry(document)
            elif document["underway"] not in replaced:
                yield replace(_entry(document), status=200)

    def anchors(self) -> Iterator[TrailAnchor]:
        """Where each lane stands."""
        with translated():
            for lane in self._lanes.find().sort("_id", 1):
                last = next(iter(self._batches.find({"_id": _in_lane(lane["lane"])}).sort("_id", -1).limit(1)), None)
                if last is not None:
                    yield TrailAnchor(lane["lane"], last["number"], last["hash"])

    def held_against(self, anchors: Iterable[TrailAnchor]) -> Iterator[TrailFault]:
        """Every one of the earlier anchors that is not in the trail, though its time to expire has not come."""
        with translated():
            for anchor in anchors:
                batch = self._batches.find_one({"_id": f"{anchor.lane}:{anchor.number:012d}"})
                if batch is None and self._is_kept(anchor.lane):
                    yield TrailFault(anchor.lane, anchor.number, "missing; it was there before")
                elif batch is not None and batch["hash"] != anchor.hash:
                    yield TrailFault(anchor.lane, anchor.number, "another one than before")

    def _is_kept(self, lane: str) -> bool:
        """Whether a lane's last batch should still be there."""
        found = self._lanes.find_one({"lane": lane})
        last: datetime | None = None if found is None else found.get("kept_at", found["opened_at"])
        return last is None or last > self._clock() - self._kept

    def verify(self) -> Iterator[TrailFault]:
        """Every place where lanes or batches were changed, removed or put in; nothing when the trail is whole."""
        with translated():
            yield from self._verify_lanes()
            opened = {lane["lane"]: lane["opened_at"] for lane in self._lanes.find()}
            expiry = self._clock() - self._kept
            lane, number, previous = "", 0, FIRST_HASH
            ends: dict[str, int] = {}
            confirmed = list(self._lanes.find({"batches": {"$gt": 0}, "kept_at": {"$gt": expiry}}).sort("_id", 1))
            for batch in self._batches.find().sort("_id", 1):
                if batch["lane"] != lane:
                    lane, number, previous = batch["lane"], 0, FIRST_HASH
                    if lane not in opened:
                        yield TrailFault(lane, batch["number"], "no lane of this name was opened")
                    elif batch["number"] > 1 and opened[lane] <= expiry:
                        number, previous = batch["number"] - 1, batch["previous"]  # older ones have expired
                if batch["number"] != number + 1:
                    yield TrailFault(lane, number + 1, "missing")
                elif batch["previous"] != previous:
                    yield TrailFault(lane, batch["number"], "does not follow the batch before it")
                if batch["hash"] != batch_hash(batch["previous"], lane, batch["number"], batch["entries"]):
                    yield TrailFault(lane, batch["number"], "changed")
                number, previous = batch["number"], batch["hash"]
                ends[lane] = number
            for each in confirmed:
                if ends.get(each["lane"], 0) < each["batches"]:
                    yield TrailFault(each["lane"], ends.get(each["lane"], 0) + 1, "missing")

    def _verify_lanes(self) -> Iterator[TrailFault]:
        number, previous = 0, FIRST_HASH
        for lane in self._lanes.find().sort("_id", 1):
            if lane["_id"] != number + 1 or lane["previous"] != previous:
                yield TrailFault(lane["lane"], 0, "a lane before it is missing")
            if lane["hash"] != lane_hash(lane):
                yield TrailFault(lane["lane"], 0, "changed")
            number, previous = lane["_id"], lane["hash"]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The same conditions for one entry of a batch that holds others too."""

    since: datetime | None
    until: datetime | None
    households: Sequence[str] | None
    account: str | None
    address: str | None
    token: str | None

    def fits(self, entry: Document) -> bool:
        return (
            (self.since is None or entry["at"] >= self.since)
            and (self.until is None or entry["at"] <= self.until)
            and (self.households is None or not set(self.households).isdisjoint(entry["households"]))
            and (self.account is None or self.account in (entry["account"], entry["name"]))
            and (self.address is None or self.address == entry["address"])
            and (self.token is None or self.token in (entry["token"], entry["session"]))
        )


def batch_hash(previous: str, lane: str, number: int, entries: Sequence[Document]) -> str:
    """Hash of a batch over the hash before it and all that it says, in hex."""
    return hashlib.sha256(canonical([previous, lane, number, list(entries)])).hexdigest()


def lane_hash(lane: Document) -> str:
    """Hash of a lane's opening over the one before it, in hex."""
    return hashlib.sha256(canonical([lane["previous"], lane["_id"], lane["lane"], lane["opened_at"]])).hexdigest()


_NAMES: Final = tuple(field.name for field in fields(TrailEntry))


def _entry_document(entry: TrailEntry) -> Document:
    document = {name: getattr(entry, name) for name in _NAMES} | {"households": list(entry.households)}
    for name in ONLY_WHERE_GIVEN:
        if document[name] is None:
            del document[name]
    return document


def _in_lane(lane: str) -> Document:
    return {"$gt": f"{lane}:", "$lt": f"{lane};"}


def _entry(document: Document) -> TrailEntry:
    return TrailEntry(**{**document, "households": tuple(document["households"])})
