"""Bulk registration through the same rules, against insert_many of the same records and log entries."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence

from pymongo import MongoClient

from benchmarks import bare, records
from benchmarks.figures import Figure, Target, in_turn
from benchmarks.workplace import Workplace
from service.app import wire
from service.demonstration.households import Demonstration, Household
from service.registry.actor import REGISTER_ITSELF
from service.registry.bulk import BulkRegistration
from service.storage.store import MongoStore

TARGET = Target(0.25, at_least=True)


def measure(place: Workplace, *, quick: bool) -> list[Figure]:
    """Measure bulk registration, batched by commune as the demonstration is."""
    each_round = 600 if quick else 4_000
    turns = 3 if quick else 5
    # Commune by commune, as the demonstration comes; of a large set, so that batches are full.
    made = Demonstration(records.directory(), 1).households(5_000 if quick else 60_000)
    bodies = list(itertools.islice(made, each_round * (turns + 1)))
    rounds = [bodies[start : start + each_round] for start in range(0, len(bodies), each_round)]
    with (
        place.database("bulk_ours"),
        place.database("bulk_bare") as bare_store,
        MongoClient[bare.Document](place.mongod.address(), tz_aware=True) as client,
    ):
        ours = _Ours(place, rounds)
        theirs = _Bare(client, bare_store, rounds)
        ours.next_rate()
        theirs.next_rate()
        pairs = in_turn(turns, ours.next_rate, theirs.next_rate)
        ours.close()
    details = (pairs.told("a second"), f"{each_round} households a turn, both sides in one thread")
    return [Figure("bulk registration", pairs.ratio, "of insert_many", TARGET, details)]


class _Ours:
    def __init__(self, place: Workplace, rounds: Sequence[list[Household]]) -> None:
        self._services = wire(place.settings("bulk_ours"))
        self._waiting = list(rounds)

    def next_rate(self) -> float:
        """Register the next round; answers how many a second."""
        bodies = self._waiting.pop(0)
        services = self._services
        bulk = BulkRegistration(services.store, services.units.directory, services.clock, services.ground)
        began = time.perf_counter()
        outcomes = list(bulk.register(bodies, actor=REGISTER_ITSELF))
        seconds = time.perf_counter() - began
        for outcome in outcomes:
            if outcome.result != "registered":
                raise RuntimeError(f"{outcome.household_id}: {outcome.result} {outcome.error}")
        return len(outcomes) / seconds

    def close(self) -> None:
        """Close the connections."""
        self._services.store.close()


class _Bare:
    def __init__(
        self, client: MongoClient[bare.Document], store: MongoStore, rounds: Sequence[list[Household]]
    ) -> None:
        self._database = bare.database_of(client, store.database.name)
        self._waiting = [records.documents(part, store.encryption) for part in rounds]
        self._offset = 0

    def next_rate(self) -> float:
        """Insert the next round's records and log entries; answers how many a second."""
        documents = self._waiting.pop(0)
        households = [each.household for each in documents]
        log = []
        for each in documents:
            self._offset += 1
            log.append({**each.log, "_id": f"{each.commune}:{self._offset:012d}", "offset": self._offset})
        began = time.perf_counter()
        self._database["households"].insert_many(households)
        self._database["log"].insert_many(log)
        return len(documents) / (time.perf_counter() - began)
