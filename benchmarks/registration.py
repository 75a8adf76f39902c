"""Registration over HTTP by eight clients, compared with eight bare pymongo threads that commit the same documents."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import orjson
from pymongo import MongoClient

from benchmarks import bare, records
from benchmarks.clients import Connection, Round, put_request, run_threads
from benchmarks.figures import Figure, Pairs, Size, Target, in_turn, percentile
from benchmarks.workplace import Server, Workplace, processor_seconds, server
from service.clock import system_clock, vietnam_day
from service.demonstration.households import Household
from service.storage.repositories import Repositories

CLIENTS = 8
TARGET = Target(0.5, at_least=True)
MEMORY_TARGET = Target(150, at_least=False)


def measure(place: Workplace, size: Size) -> list[Figure]:
    """Measure registration in many communes and in one, and after each the workers' resident memory."""
    each_round = CLIENTS * size.of(150, 30, 1)
    turns = size.of(7, 3, 1)
    bodies = records.households(each_round * (turns + 1))
    communes = len(records.directory().of_level("commune", vietnam_day(system_clock())))
    return [
        *_case(place, f"registration by 8 clients in {communes} communes", bodies, each_round, turns),
        *_case(place, "registration by 8 clients in one commune", records.in_one_commune(bodies), each_round, turns),
    ]


def _case(place: Workplace, name: str, bodies: list[Household], each_round: int, turns: int) -> list[Figure]:
    label = re.sub(r"\W", "_", name)
    with (
        place.database(f"{label}_ours") as own_store,
        place.database(f"{label}_bare") as bare_store,
        place.database(f"{label}_reading") as reading_store,
        server(place, f"{label}_ours") as running,
        MongoClient[bare.Document](place.mongod.address(), tz_aware=True) as client,
    ):
        rounds = [bodies[start : start + each_round] for start in range(0, len(bodies), each_round)]
        mongod = place.mongod.process_id or 0
        sent = [requests(part, running.token) for part in rounds]
        ours = _Side(put(running), sent, running.workers(), mongod)
        theirs = _bare_side(client, bare_store, rounds, mongod, with_reads=False)
        reading = _bare_side(client, reading_store, rounds, mongod, with_reads=True)
        bare.make_ready(own_store, [each for part in theirs.waiting for each in part])
        # The first round is a warm-up of connections and caches, and is not counted.
        for side in (ours, theirs, reading):
            side.next_rate()
        pairs = in_turn(turns, ours.next_rate, theirs.next_rate, reading.next_rate)
        rate = _rate(name, pairs, ours, theirs, reading)
        return [rate, _memory(name, running)]


def _bare_side(
    client: MongoClient[bare.Document],
    store: Repositories,
    rounds: Sequence[Sequence[Household]],
    mongod: int,
    *,
    with_reads: bool,
) -> _Side:
    documents = [records.documents(part, store.database.encryption) for part in rounds]
    bare.make_ready(store, [each for part in documents for each in part])
    database = bare.database_of(client, store.database.name)
    return _Side(lambda: bare.committer(client, database, with_reads=with_reads), documents, [os.getpid()], mongod)


class _Side:
    """One side: does one round at each call; the first is a warm-up and is not reported."""

    def __init__(
        self,
        make: Callable[[], Callable[[Any], None]],
        rounds: Sequence[Sequence[Any]],
        processes: Sequence[int],
        mongod: int,
    ) -> None:
        self._make = make
        self._processes = processes
        self._mongod = mongod
        self.waiting = list(rounds)
        self._rounds: list[Round] = []
        self._spent: list[tuple[float, float]] = []

    def next_rate(self) -> float:
        """Do the next round; returns registrations per second."""
        before = self._used()
        self._rounds.append(run_threads(records.shares(self.waiting.pop(0), CLIENTS), self._make))
        after = self._used()
        self._spent.append((after[0] - before[0], after[1] - before[1]))
        return self._rounds[-1].rate

    @property
    def rounds(self) -> list[Round]:
        """Return the rounds after the warm-up."""
        return self._rounds[1:]

    def latencies(self) -> str:
        """Return median and 99th percentile of the latencies as text."""
        spent = [each * 1000 for part in self.rounds for each in part.latencies]
        return f"p50 {percentile(spent, 0.5):.1f} ms, p99 {percentile(spent, 0.99):.1f} ms"

    def processor(self) -> str:
        """Return the processor time of one registration as text."""
        done = sum(part.done for part in self.rounds)
        python, mongod = (sum(each[place] for each in self._spent[1:]) * 1000 / done for place in (0, 1))
        return f"{python:.2f} ms in Python and {mongod:.2f} ms in MongoDB"

    def _used(self) -> tuple[float, float]:
        return processor_seconds(self._processes), processor_seconds([self._mongod])


def requests(bodies: Sequence[Household], token: str) -> list[bytes]:
    """Return the bytes of each household's registration."""
    return [put_request(f"/v1/households/{body['id']}", orjson.dumps(body), token) for body in bodies]


def put(running: Server) -> Callable[[], Callable[[Any], None]]:
    """Return a factory of each client's register function, which raises RuntimeError for anything but 201."""

    def make() -> Callable[[bytes], None]:
        connection = Connection(running.port)

        def register(request: bytes) -> None:
            response = connection.send(request)
            if response.status != 201:
                raise RuntimeError(f"{response.status}: {response.body[:500].decode('utf-8', 'replace')}")

        return register

    return make


def _rate(name: str, pairs: Pairs, ours: _Side, theirs: _Side, reading: _Side) -> Figure:
    against_reading = median(mine.rate / other.rate for mine, other in zip(ours.rounds, reading.rounds, strict=True))
    own = sum(part.own_share for part in ours.rounds) / len(ours.rounds)
    details = (
        pairs.described("a second"),
        f"ours: {ours.latencies()}; bare: {theirs.latencies()}",
        f"with the read of the neighbours inside bare's transaction too, {against_reading:.3g} of its rate",
        f"processor time for each, ours: {ours.processor()}; bare: {theirs.processor()}",
        f"our 8 clients together used {own:.0%} of one core (they share the cores with the server and MongoDB)",
    )
    return Figure(name, pairs.ratio, "of the bare rate", TARGET, details)


def _memory(name: str, running: Server) -> Figure:
    workers = running.resident_megabytes()
    each_worker = ", ".join(f"{each:.0f} MB" for each in workers)
    return Figure(f"memory of a worker after {name}", max(workers), "MB resident", MEMORY_TARGET, (each_worker,))
