"""Writing the trail, by group commit: a batch holds whatever entries are waiting at the moment.

A response waits for the acknowledgement of one member only. Within a second the process confirms the batch by a write
with majority concern, and writes it again if a crash or a change of primary has lost it in between.
"""

from __future__ import annotations

import queue
import threading
import time
import uuid
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import structlog
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError, InvalidOperation

from service.access.trail import (
    LEAST_STORED,
    BegunEntry,
    TrailBusy,
    TrailEntry,
)
from service.clock import Clock, system_clock
from service.errors import StoreUnavailable
from service.retry import tries
from service.storage.client import Document, translated
from service.storage.trail.documents import FIRST_HASH, TRAIL, batch_hash, entry_document, lane_hash
from service.storage.trail.reading import TrailReader

_MOST_IN_A_BATCH: Final = 200
_MOST_HOUSEHOLDS: Final = 5_000
"""In one entry, so that others need not wait long; a batch holds at most twice as many (MongoDB: 16 MB)."""
_TRIES: Final = 20
_CONFIRMED_AFTER_SECONDS: Final = 1.0

_log = structlog.get_logger("service.trail")


@dataclass(slots=True)
class _Lane:
    """This process's chain: its lane, and the number and hash of its last batch."""

    name: str
    number: int = 0
    hash: str = FIRST_HASH


class Trail(TrailReader):
    """Writes and reads the trail. One for each process, made after the fork."""

    def __init__(
        self, database: Database[Document], clock: Clock = system_clock, *, retained: timedelta = LEAST_STORED
    ) -> None:
        super().__init__(database, clock, retained=retained)
        self._client = database.client
        self._batches_by_majority = database[TRAIL]
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._waiting: list[BegunEntry] = []
        self._lane: _Lane | None = None
        self._calls: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._helper: threading.Thread | None = None
        self._confirming = threading.Lock()
        self._unconfirmed: deque[tuple[float, Document]] = deque()

    def write(self, entry: TrailEntry) -> None:
        """Add an entry; it is stored when this returns. Raises StoreUnavailable.

        The thread that gets the turn writes for all who are waiting. An entry about very many households is split.
        """
        while len(entry.households) > _MOST_HOUSEHOLDS:
            self.finish(self._hand_over(replace(entry, households=entry.households[:_MOST_HOUSEHOLDS])))
            entry = replace(entry, households=entry.households[_MOST_HOUSEHOLDS:])
        self.finish(self._hand_over(entry))

    def begin(self, entry: TrailEntry) -> BegunEntry:
        """Queue an entry, to be written while the response is prepared. ``finish`` waits for it."""
        begun = self._hand_over(entry)
        self._call_helper()
        return begun

    def finish(self, begun: BegunEntry) -> None:
        """Wait for an entry; it is stored when this returns. Raises StoreUnavailable."""
        with self._turn:
            while not begun.written and begun.error is None:
                self._write_waiting()
        if begun.error is not None:
            raise begun.error

    def _hand_over(self, entry: TrailEntry) -> BegunEntry:
        begun = BegunEntry(entry)
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
            # Whether the batch was stored is unknown; a new lane continues from a state that is known.
            self._lane = None
            for waiting in batch:
                waiting.error = error
            return
        for waiting in batch:
            waiting.written = True

    def _store(self, entries: Sequence[TrailEntry]) -> None:
        lane = self._lane or self._open_lane()
        content = [entry_document(entry) for entry in entries]
        number = lane.number + 1
        hashed = batch_hash(lane.hash, lane.name, number, content)
        batch = {
            "_id": f"{lane.name}:{number:012d}",
            "lane": lane.name,
            "number": number,
            "entries": content,
            "previous": lane.hash,
            "hash": hashed,
            "expires_at": max(entry.at for entry in entries) + self._retained,
        }
        self._batches.insert_one(batch)
        self._lane = _Lane(lane.name, number, hashed)
        self._unconfirmed.append((time.monotonic(), batch))
        if len(self._unconfirmed) == 1:
            self._call_helper()

    def _open_lane(self) -> _Lane:
        name = uuid.uuid4().hex
        for _ in tries(_TRIES):
            last = next(iter(self._lanes.find().sort("_id", -1).limit(1)), None)
            number, previous = (0, FIRST_HASH) if last is None else (last["_id"], last["hash"])
            opened = {"_id": number + 1, "lane": name, "opened_at": self._clock(), "previous": previous}
            try:
                self._lanes.insert_one({**opened, "hash": lane_hash(opened)})
            except DuplicateKeyError:
                continue  # another process opened one at the same moment
            lane = _Lane(name)
            self._lane = lane
            return lane
        raise TrailBusy()

    def _call_helper(self) -> None:
        if self._helper is None:
            with self._lock:
                if self._helper is None:
                    self._helper = threading.Thread(target=self._help, name="trail", daemon=True)
                    self._helper.start()
        self._calls.put(None)

    def _help(self) -> None:
        """Write what ``begin`` queued, and confirm what was written."""
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
                    continue  # retried when the database is back
                except Exception as error:  # the next attempt may succeed
                    _log.warning("trail-unconfirmed", cause=type(error).__name__)

    def confirm(self) -> None:
        """Confirm by a majority write that what was written is stored; write again what is missing.

        Each lane's document says how far it is confirmed, so that the loss of a lane's end shows. Raises
        StoreUnavailable.
        """
        with self._confirming, translated(self._client):
            batches = [batch for _, batch in list(self._unconfirmed)]
            self._write_again(batches)
            for batch in {batch["lane"]: batch for batch in batches}.values():
                confirmed = {"batches": batch["number"], "last": batch["hash"], "confirmed_at": self._clock()}
                self._lanes.update_one({"lane": batch["lane"]}, {"$set": confirmed})
            # A majority has that write, and so everything before it. But a primary elected in between may lack what the
            # one before it had acknowledged.
            self._write_again(batches)
            for _ in batches:
                self._unconfirmed.popleft()

    def _write_again(self, batches: Sequence[Document]) -> None:
        ids = [batch["_id"] for batch in batches]
        there = {found["_id"] for found in self._batches.find({"_id": {"$in": ids}}, {"_id": 1})}
        for batch in batches:
            if batch["_id"] not in there:
                with suppress(DuplicateKeyError):
                    self._batches_by_majority.insert_one(batch)
