"""The trail of access: who read or changed whose record, when, from where; append-only, chained, kept apart.

Entries are written in batches, each one document that carries the hash of the one before it. Every process writes a
lane of its own, so that workers never wait for one another; the opening of lanes is itself one chain. A batch is made
of whatever is waiting at the moment (group commit): alone, an entry is one insert; under load many share one.
"""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any, Final

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from service.errors import DomainError
from service.registry.changes import canonical
from service.registry.clock import Clock, system_clock
from service.storage.client import Document, translated

TRAIL: Final = "trail"
LANES: Final = "trail_lanes"
FIRST_HASH: Final = "0" * 64
LEAST_KEPT: Final = timedelta(days=366)
"""Logs of access to a level-3 system are kept 12 months at least (Decree 331/2026, TCVN 14423:2026)."""
_MOST_IN_A_BATCH: Final = 200
_MOST_HOUSEHOLDS: Final = 5_000
"""In one entry, so that others need not wait for a long one; a batch holds at most twice as many (MongoDB: 16 MB)."""
_TRIES: Final = 20


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """One access. ``households`` are the ids of the records that were shown or changed."""

    at: datetime
    action: str
    """The permission that was used, or what happened to an account ("signed-in", "sign-in-failed", …)."""
    account: str
    name: str
    role: str | None
    address: str
    token: str | None = None
    session: str | None = None
    request: str | None = None
    path: str = ""
    status: int = 200
    households: tuple[str, ...] = ()
    about: str | None = None
    """The account or request that was touched, where it is no household."""


@dataclass(slots=True)
class _Waiting:
    entry: TrailEntry
    written: bool = False
    error: BaseException | None = None


@dataclass(slots=True)
class _Lane:
    """Where this process's chain stands."""

    name: str
    number: int = 0
    hash: str = FIRST_HASH


@dataclass(frozen=True, slots=True)
class TrailFault:
    """A place where the trail is not what was written: the lane, the batch's number (0 for the lane itself), why."""

    lane: str
    number: int
    reason: str


class Trail:
    """Writes and reads the trail. One for each process, made after the fork."""

    def __init__(
        self, database: Database[Document], clock: Clock = system_clock, *, kept: timedelta = LEAST_KEPT
    ) -> None:
        # An answer waits for its entry, so for one member's word only; it is then read with the same.
        self._client = database.client
        self._batches = database.get_collection(TRAIL, write_concern=WriteConcern(1), read_concern=ReadConcern("local"))
        self._lanes = database[LANES]
        self._clock = clock
        self._kept = max(kept, LEAST_KEPT)
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._waiting: list[_Waiting] = []
        self._lane: _Lane | None = None

    def write(self, entry: TrailEntry) -> None:
        """Add an entry; it is stored when this returns. Raises StoreUnavailable.

        Whoever gets the turn writes for all who are waiting. An entry about very many households becomes several.
        """
        while len(entry.households) > _MOST_HOUSEHOLDS:
            self._write(replace(entry, households=entry.households[:_MOST_HOUSEHOLDS]))
            entry = replace(entry, households=entry.households[_MOST_HOUSEHOLDS:])
        self._write(entry)

    def _write(self, entry: TrailEntry) -> None:
        mine = _Waiting(entry)
        with self._lock:
            self._waiting.append(mine)
        with self._turn:
            while not mine.written and mine.error is None:
                self._write_waiting()
        if mine.error is not None:
            raise mine.error

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
        self._batches.insert_one(
            {
                "_id": f"{lane.name}:{number:012d}",
                "lane": lane.name,
                "number": number,
                "entries": content,
                "previous": lane.hash,
                "hash": hashed,
                "expires_at": max(entry.at for entry in entries) + self._kept,
            }
        )
        self._lane = _Lane(lane.name, number, hashed)

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
            for batch in self._batches.find(query).sort([("entries.at", 1), ("_id", 1)]).allow_disk_use(True):
                for document in batch["entries"]:
                    if wanted.fits(document):
                        yield _entry(document)

    def verify(self) -> Iterator[TrailFault]:
        """Every place where lanes or batches were changed, removed or put in; nothing when the trail is whole."""
        with translated():
            yield from self._verify_lanes()
            opened = {lane["lane"]: lane["opened_at"] for lane in self._lanes.find()}
            expiry = self._clock() - self._kept
            lane, number, previous = "", 0, FIRST_HASH
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

    def _verify_lanes(self) -> Iterator[TrailFault]:
        number, previous = 0, FIRST_HASH
        for lane in self._lanes.find().sort("_id", 1):
            if lane["_id"] != number + 1 or lane["previous"] != previous:
                yield TrailFault(lane["lane"], 0, "a lane before it is missing")
            if lane["hash"] != lane_hash(lane):
                yield TrailFault(lane["lane"], 0, "changed")
            number, previous = lane["_id"], lane["hash"]


class TrailBusy(DomainError):
    """Too many processes opened a lane of the trail at once; the request can be tried again."""

    code = "store.contention"


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


def in_json(entry: TrailEntry) -> dict[str, Any]:
    """An entry as JSON (one line of an export)."""
    return {**asdict(entry), "households": list(entry.households)}


_NAMES: Final = tuple(field.name for field in fields(TrailEntry))


def _entry_document(entry: TrailEntry) -> Document:
    return {name: getattr(entry, name) for name in _NAMES} | {"households": list(entry.households)}


def _entry(document: Document) -> TrailEntry:
    return TrailEntry(**{**document, "households": tuple(document["households"])})
