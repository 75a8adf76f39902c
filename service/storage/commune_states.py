"""The state of each commune: last offset and hash of its log, and its tallies, now and at the end of past days."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Literal

import msgspec
import structlog
from pymongo import UpdateOne
from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from service.area import Communes
from service.errors import StoreDamaged
from service.households.changes import COUNTS, FIRST_HASH, Tallies
from service.households.ports import CommuneState
from service.storage.client import Document, fails_fast, translated
from service.storage.counting import is_hash, new_state, rebuilt_state
from service.storage.database import Database
from service.unit_names import UnitId

_log = structlog.get_logger("service.counters")


class CommuneStates:
    """Reads commune states; transactions move them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @fails_fast
    def now(self, communes: Communes = None) -> list[CommuneState]:
        """The current state of each commune, in order of commune."""
        where: dict[str, Any] = {} if communes is None else {"_id": {"$in": sorted(communes)}}
        # One batch for all: MongoDB's first ends at 101 documents, and a second round trip costs as much as the read.
        found = self._database["commune_states"].find(where).sort("_id").batch_size(1000)
        return [state_of(self._database.collections, document) for document in found]

    @fails_fast
    def on(self, day: date) -> list[CommuneState]:
        """Each commune's tallies at the end of ``day``: one index seek a commune, however old the register is."""
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
        known = [state for state in self.now() if state.day is not None]
        later = [state.commune for state in known if str(state.day) > text]
        found = self._database["commune_states"].aggregate([{"$match": {"_id": {"$in": later}}}, {"$lookup": past}])
        then = [self._closing(document["closing"][0]) for document in found if document["closing"]]
        now = [state for state in known if str(state.day) <= text]
        return sorted((*now, *(each for each in then if each is not None)), key=lambda state: state.commune)

    def days(self, first: date, last: date) -> Iterator[CommuneState]:
        """Each commune's closing tallies of each day within the span on which it was written to, in order of day."""
        span = {"$gte": first.isoformat(), "$lte": last.isoformat()}
        with translated(self._database.client):
            # The current day first: one that is closed between the two reads is then read twice, never missed.
            running = [state for state in self.now() if state.day is not None and first <= state.day <= last]
            closed = [each for each in map(_undamaged, self._database["days"].find({"day": span})) if each is not None]
        by_day = {(str(state.day), state.commune): state for state in (*running, *closed)}
        yield from (by_day[key] for key in sorted(by_day))

    @fails_fast
    def make(self, communes: Iterable[str]) -> None:
        """Create the states of communes that have none; those that are there stay as they are."""
        states, wanted = self._database["commune_states"], sorted(communes)
        there = {document["_id"] for document in states.find({"_id": {"$in": wanted}}, {"_id": 1})}
        erasures = self._erasures()
        # One that was lost goes on where its log ends. A new register makes all of them and has no log.
        has_log = self._database["log"].find_one({}, {"_id": 1}) is not None
        missing = [
            (commune, rebuilt_state(self._database.collections, commune) if has_log else new_state())
            for commune in wanted
            if commune not in there
        ]
        if not erasures and any(start["offset"] for _, start in missing):
            erasures = self._erasures_in_log()
        writes = [
            UpdateOne({"_id": commune}, {"$setOnInsert": {**erasures, **start}}, upsert=True)
            for commune, start in missing
        ]
        if writes:
            states.bulk_write(writes, ordered=False)

    def damaged(self) -> Iterator[tuple[str, str]]:
        """Collection and key of each state and of each closing tally that is damaged."""
        with translated(self._database.client):
            for name in ("commune_states", "days"):
                for document in self._database[name].find().sort("_id"):
                    forgot = name == "commune_states" and "erasures" not in document and bool(self._erasures())
                    if forgot or _undamaged(document) is None:
                        yield name, document["_id"]

    @fails_fast
    def repair(self, commune: UnitId) -> None:
        """Make a commune's tallies what its households say, in a transaction; of a damaged state make everything anew.

        Where the state is not damaged, offset and hash stay: that the log ends elsewhere is for `scripts/verify-log`.
        """
        erasures, states, where = self._erasures(), self._database["commune_states"], {"_id": commune}

        def work(session: ClientSession) -> None:
            document = states.find_one(where, session=session)
            state = rebuilt_state(self._database.collections, commune, session)
            if document is not None and _undamaged(document) is not None:
                states.update_one(where, {"$set": {**erasures, "tallies": state["tallies"]}}, session=session)
            else:
                states.replace_one(where, {**where, **erasures, **state}, upsert=True, session=session)

        self._database.run(work, [commune])

    def _erasures_in_log(self) -> Document:
        """The same by the log, which has no index for it: for a register that lost its states."""
        erased = self._database["log"].find_one({"kind": "erased"}, {"_id": 1})
        return {} if erased is None else {"erasures": 1}

    def _erasures(self) -> Document:
        """What a state says where anybody was ever erased, by what the others say."""
        erasing = self._database["commune_states"].find_one({"erasures": {"$exists": True}}, {"erasures": 1})
        return {} if erasing is None else {"erasures": erasing["erasures"]}

    def _closing(self, document: Document) -> CommuneState | None:
        """The closing tallies of a day; where they are damaged, the last undamaged ones before them."""
        state = _undamaged(document)
        if state is not None:
            return state
        before = {"commune": document["commune"], "day": {"$lt": document.get("day")}}
        earlier = self._database["days"].find(before).sort([("commune", -1), ("day", -1)])
        return next((state for state in map(_undamaged, earlier) if state is not None), None)


def state_of(
    collections: Mapping[str, Collection[Document]], document: Document, session: ClientSession | None = None
) -> CommuneState:
    """The state of a commune; where it is damaged, what its log and its households say.

    Then it is recounted at each read, until the commune is written to.
    """
    state = _undamaged(document)
    if state is not None:
        return state
    commune = document["_id"]
    return to_commune_state({"_id": commune, **rebuilt_state(collections, commune, session)})


def to_commune_state(document: Document) -> CommuneState:
    """The state of a document of ``commune_states`` or ``days``. Raises StoreDamaged."""
    commune, is_closing, of_day = document["_id"].partition("@")
    day: Any = document.get("day")
    tallies: Any = document.get("tallies")
    offset: Any = document.get("offset")
    digest: Any = document.get("hash")
    if is_closing:
        offset, digest = 0, FIRST_HASH
        whole = (document.get("commune"), day) == (commune, of_day)
    else:
        whole = offset is not None and is_hash(digest) and (day is None) == (offset == 0)
    if not whole or not _are_counts(document):
        raise StoreDamaged(reason="commune state")
    try:
        parsed = None if day is None else date.fromisoformat(day)
    except (TypeError, ValueError) as error:
        raise StoreDamaged(reason="commune state") from error
    return CommuneState(UnitId(commune), offset, digest, parsed, tallies)


def _undamaged(document: Document) -> CommuneState | None:
    """The state of a document; None where it is damaged, which is reported in the service's log."""
    try:
        return to_commune_state(document)
    except StoreDamaged:
        _log.error("damaged", commune_state=document["_id"])
        return None


_OF_COUNTS: Any = Literal
_Count = Annotated[int, msgspec.Meta(ge=0)]


class _Counted(msgspec.Struct):
    """What is checked of a document by msgspec, since coverage reads the states of all communes at each request."""

    tallies: dict[str, dict[_OF_COUNTS[COUNTS], _Count]]
    offset: _Count = 0


def _are_counts(document: Document) -> bool:
    """Whether the tallies of a document, and its offset where it has one, are counts."""
    try:
        msgspec.convert(document, _Counted)
    except msgspec.ValidationError:
        return False
    return True


def add_moves(moves: Tallies, more: Mapping[str, Mapping[str, int]]) -> None:
    """Add the moves of another entry to those of the entries before it."""
    for former, counts in more.items():
        tally = moves.setdefault(former, {})
        for name, count in counts.items():
            tally[name] = tally.get(name, 0) + count


def moved_tallies(tallies: Mapping[str, Mapping[str, int]], moves: Tallies) -> Tallies:
    """Tallies after the moves; counts and tallies that are zero are left out."""
    moved: Tallies = {former: dict(tally) for former, tally in tallies.items()}
    add_moves(moved, moves)
    nonzero = {former: {name: count for name, count in tally.items() if count} for former, tally in moved.items()}
    return {former: tally for former, tally in nonzero.items() if tally}
