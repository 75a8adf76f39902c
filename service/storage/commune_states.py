"""The state of each commune: last offset and hash of its log, and its tallies, now and at the end of past days."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from pymongo import UpdateOne

from service.area import Communes
from service.households.changes import FIRST_HASH, Tallies
from service.households.ports import CommuneState
from service.storage.client import Document, fails_fast, translated
from service.storage.database import Database
from service.unit_names import UnitId


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
        return [to_commune_state(document) for document in found]

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
        states = self._database["commune_states"]
        now = [to_commune_state(document) for document in states.find({"day": {"$lte": text}})]
        found = states.aggregate([{"$match": {"day": {"$gt": text}}}, {"$lookup": past}])
        then = [to_commune_state(document["closing"][0]) for document in found if document["closing"]]
        # A commune that was written to between the two reads is in both; its closing of the day is the newer one.
        by_commune = {state.commune: state for state in (*now, *then)}
        return [by_commune[commune] for commune in sorted(by_commune)]

    def days(self, first: date, last: date) -> Iterator[CommuneState]:
        """Each commune's closing tallies of each day within the span on which it was written to, in order of day."""
        span = {"$gte": first.isoformat(), "$lte": last.isoformat()}
        with translated(self._database.client):
            # The current day first: one that is closed between the two reads is then read twice, never missed.
            running = [to_commune_state(each) for each in self._database["commune_states"].find({"day": span})]
            closed = [to_commune_state(each) for each in self._database["days"].find({"day": span})]
        by_day = {(str(state.day), state.commune): state for state in (*running, *closed)}
        yield from (by_day[key] for key in sorted(by_day))

    @fails_fast
    def make(self, communes: Iterable[str]) -> None:
        """Create the states of communes that have none; those that are there stay as they are."""
        erasing = self._database["commune_states"].find_one({"erasures": {"$gt": 0}}, {"erasures": 1})
        erasures = {} if erasing is None else {"erasures": erasing["erasures"]}
        start = {**erasures, "offset": 0, "hash": FIRST_HASH, "day": None, "tallies": {}}
        writes = [UpdateOne({"_id": commune}, {"$setOnInsert": start}, upsert=True) for commune in sorted(communes)]
        if writes:
            self._database["commune_states"].bulk_write(writes, ordered=False)


def to_commune_state(document: Document) -> CommuneState:
    """The state of a document of ``commune_states`` or ``days``."""
    day = document.get("day")
    return CommuneState(
        commune=UnitId(document["commune"] if "commune" in document else document["_id"]),
        offset=document.get("offset", 0),
        hash=document.get("hash", FIRST_HASH),
        day=None if day is None else date.fromisoformat(day),
        tallies=document.get("tallies", {}),
    )


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
