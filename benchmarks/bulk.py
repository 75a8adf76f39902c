"""Bulk registration by the register's rules, as in scripts/demo, compared with insert_many of the same documents."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.sharedctypes import SynchronizedArray
from multiprocessing.synchronize import Barrier

from pymongo import MongoClient

from benchmarks import bare, records
from benchmarks.figures import Figure, Size, Target, in_turn
from benchmarks.workplace import Workplace, processor_seconds
from service.actor import REGISTER_ITSELF
from service.demonstration.households import Demonstration, Household
from service.households.bulk import BulkRegistration
from service.processes import calm_collector, most_processes
from service.settings import Settings
from service.storage.repositories import Repositories
from service.wiring import wire

TARGET = Target(0.25, at_least=True)
_SET = 60_000
"""The size of the set from which the turns are taken, commune by commune: large, so that batches are full."""


def measure(place: Workplace, size: Size) -> list[Figure]:
    """Measure bulk registration, batched by commune: with one process per core, and in one process."""
    each_turn, turns = size.of((6_000, 5), (1_000, 3), (20, 1))
    made = Demonstration(records.directory(), records.province(), 1).households(size.of(_SET, _SET // 10, 500))
    bodies = list(itertools.islice(made, each_turn * 2 * turns))
    rounds = [bodies[start : start + each_turn] for start in range(0, len(bodies), each_turn)]
    processes = most_processes()
    figures = []
    for name, count, part in (
        (f"bulk registration in {processes} processes", processes, rounds[:turns]),
        ("bulk registration in one process", 1, rounds[turns:]),
    ):
        with (
            place.database("bulk_ours"),
            place.database("bulk_bare") as bare_store,
            MongoClient[bare.Document](place.mongod.address(), tz_aware=True) as client,
        ):
            mongod = place.mongod.process_id or 0
            ours = _Ours(place.settings("bulk_ours"), part, count, mongod)
            theirs = _Bare(client, bare_store, part, mongod)
            pairs = in_turn(turns, ours.next_rate, theirs.next_rate)
        details = (
            pairs.described("a second"),
            f"processor time for each, ours: {ours.spent.described()}; bare: {theirs.spent.described()}",
            f"{each_turn:,} households a turn on {os.cpu_count()} cores; bare in one thread",
        )
        figures.append(Figure(name, pairs.ratio, "of insert_many", TARGET if count == processes else None, details))
    return figures


@dataclass(slots=True)
class _Spent:
    """Processor time in Python and in MongoDB, in seconds, for a number of households."""

    households: int = 0
    python: float = 0.0
    mongod: float = 0.0

    def described(self) -> str:
        """Return the time per household as text."""
        python, mongod = (each * 1000 / self.households for each in (self.python, self.mongod))
        return f"{python:.2f} ms in Python and {mongod:.2f} ms in MongoDB"


class _Ours:
    def __init__(self, settings: Settings, rounds: Sequence[list[Household]], processes: int, mongod: int) -> None:
        self.spent = _Spent()
        self._mongod = mongod
        self._settings = settings
        self._waiting = list(rounds)
        self._processes = processes

    def next_rate(self) -> float:
        """Register the next round; returns registrations per second, measured once every process has started."""
        bodies = self._waiting.pop(0)
        context = multiprocessing.get_context("spawn")
        start = context.Barrier(self._processes + 1)
        used = context.Array("d", self._processes)
        # Bodies are ordered by commune; neighbours stay in one part, as in scripts/demo.
        ends = [len(bodies) * part // self._processes for part in range(self._processes + 1)]
        workers = [
            context.Process(target=_register, args=(self._settings, bodies[first:last], start, used, number))
            for number, (first, last) in enumerate(itertools.pairwise(ends))
        ]
        for worker in workers:
            worker.start()
        start.wait(120)
        began, mongod = time.perf_counter(), processor_seconds([self._mongod])
        for worker in workers:
            worker.join()
        seconds = time.perf_counter() - began
        if any(worker.exitcode for worker in workers):
            raise RuntimeError("bulk registration did not end well")
        self.spent.households += len(bodies)
        self.spent.python += sum(used[:])
        self.spent.mongod += processor_seconds([self._mongod]) - mongod
        return len(bodies) / seconds


def _register(
    settings: Settings, bodies: list[Household], start: Barrier, used: SynchronizedArray[float], number: int
) -> None:
    """One process: registers its households as soon as all processes are ready."""
    services = wire(settings)
    services.units.directory()
    calm_collector()
    bulk = BulkRegistration(services.store, services.units.directory, services.clock, services.examiner)
    start.wait(120)
    began = time.process_time()
    for outcome in bulk.register(bodies, actor=REGISTER_ITSELF):
        if outcome.result != "registered":
            raise RuntimeError(f"{outcome.household_id}: {outcome.result} {outcome.error}")
    used[number] = time.process_time() - began
    services.store.close()


class _Bare:
    def __init__(
        self, client: MongoClient[bare.Document], store: Repositories, rounds: Sequence[list[Household]], mongod: int
    ) -> None:
        self.spent = _Spent()
        self._mongod = mongod
        self._database = bare.database_of(client, store.database.name)
        self._waiting = [records.documents(part, store.database.encryption) for part in rounds]
        self._offset = 0

    def next_rate(self) -> float:
        """Insert the next round's records and log entries; returns households per second."""
        documents = self._waiting.pop(0)
        households = [each.household for each in documents]
        log = []
        for each in documents:
            self._offset += 1
            log.append({**each.log, "_id": f"{each.commune}:{self._offset:012d}", "offset": self._offset})
        began, python, mongod = time.perf_counter(), time.process_time(), processor_seconds([self._mongod])
        self._database["households"].insert_many(households)
        self._database["log"].insert_many(log)
        seconds = time.perf_counter() - began
        self.spent.households += len(documents)
        self.spent.python += time.process_time() - python
        self.spent.mongod += processor_seconds([self._mongod]) - mongod
        return len(documents) / seconds
