"""Reading the trail: entries by condition, anchors, and the verification of its chains."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from pymongo.database import Database
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from service.access.trail import LEAST_STORED, UNDERWAY, TrailAnchor, TrailEntry, TrailFault
from service.clock import Clock, system_clock
from service.storage.client import Document, translated
from service.storage.trail.documents import (
    FIRST_HASH,
    LANES,
    TRAIL,
    batch_hash,
    batch_key,
    entries_of,
    in_lane,
    is_whole_batch,
    lane_hash,
    to_entry,
)

_READ_AT_ONCE: Final = 100


class TrailReader:
    """Reads and verifies the trail."""

    def __init__(
        self, database: Database[Document], clock: Clock = system_clock, *, retained: timedelta = LEAST_STORED
    ) -> None:
        # A response waits for its entry, so it is written to, and read from, one member.
        self._batches = database.get_collection(TRAIL, write_concern=WriteConcern(1), read_concern=ReadConcern("local"))
        self._lanes = database[LANES]
        self._clock = clock
        self._retained = max(retained, LEAST_STORED)

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
        """Entries that match all conditions, in order of time (except where batches of different workers overlap).

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
                yield from self._finished(
                    [entry for batch in batches for entry in entries_of(batch) if wanted.fits(entry)]
                )

    def _finished(self, documents: Sequence[Document]) -> Iterator[TrailEntry]:
        """The entries, without placeholders that the finished entry has replaced."""
        underway = [each["underway"] for each in documents if _is_placeholder(each)]
        replaced: set[str] = set()
        if underway:
            for batch in self._batches.find({"entries.instead_of": {"$in": underway}}, {"entries.instead_of": 1}):
                replaced.update(entry["instead_of"] for entry in entries_of(batch) if "instead_of" in entry)
        for document in documents:
            if not _is_placeholder(document):
                yield to_entry(document)
            elif document["underway"] not in replaced:
                yield replace(to_entry(document), status=200)

    def anchors(self) -> Iterator[TrailAnchor]:
        """The number and hash of each lane's last batch."""
        with translated():
            for lane in self._lanes.find().sort("_id", 1):
                last = next(iter(self._batches.find({"_id": in_lane(lane["lane"])}).sort("_id", -1).limit(1)), None)
                if last is not None and is_whole_batch(last):
                    yield TrailAnchor(lane["lane"], last["number"], last["hash"])

    def held_against(self, anchors: Iterable[TrailAnchor]) -> Iterator[TrailFault]:
        """Every earlier anchor that is not in the trail as it was, though it has not expired."""
        with translated():
            for anchor in anchors:
                batch = self._batches.find_one({"_id": f"{anchor.lane}:{anchor.number:012d}"})
                if batch is None and self._is_retained(anchor.lane):
                    yield TrailFault(anchor.lane, anchor.number, "missing; it was there before")
                elif batch is not None and batch.get("hash") != anchor.hash:
                    yield TrailFault(anchor.lane, anchor.number, "another one than before")

    def _is_retained(self, lane: str) -> bool:
        """Whether a lane's last batch should still be there."""
        found = self._lanes.find_one({"lane": lane})
        last: datetime | None = None if found is None else found.get("confirmed_at", found["opened_at"])
        return last is None or last > self._clock() - self._retained

    def verify(self) -> Iterator[TrailFault]:
        """Every place where lanes or batches were changed, removed or inserted; nothing when the trail is intact."""
        with translated():
            yield from self._verify_lanes()
            opened = {lane["lane"]: lane["opened_at"] for lane in self._lanes.find()}
            expiry = self._clock() - self._retained
            lane, number, previous = "", 0, FIRST_HASH
            ends: dict[str, int] = {}
            confirmed = list(self._lanes.find({"batches": {"$gt": 0}, "confirmed_at": {"$gt": expiry}}).sort("_id", 1))
            for batch in self._batches.find().sort("_id", 1):
                if not is_whole_batch(batch):
                    lane, number = batch_key(batch)
                    previous = str(batch.get("hash"))
                    ends[lane] = number
                    yield TrailFault(lane, number, "damaged")
                    continue
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


def _is_placeholder(entry: Document) -> bool:
    """Whether an entry was stored before its response was ready."""
    return entry["status"] == UNDERWAY and "underway" in entry


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
