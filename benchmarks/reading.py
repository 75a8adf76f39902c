"""Reading from a large register: coverage and a page of one commune, compared with bare reads of as many documents."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import orjson
from pymongo import MongoClient
from tqdm import tqdm

from benchmarks import bare, records
from benchmarks.clients import Connection, get_request
from benchmarks.figures import Figure, Size, Target, in_turn, seconds_of
from benchmarks.workplace import Server, Workplace, processor_seconds, server
from service.actor import REGISTER_ITSELF
from service.demonstration.households import Demonstration
from service.demonstration.registering import registered_in_processes
from service.wiring import wire

COVERAGE = "/v1/coverage?level=commune"
GROWTH_TARGET = Target(1.2, at_least=False)
READ_TARGET = Target(3.0, at_least=False)
PAGE = 100


def measure(place: Workplace, size: Size) -> list[Figure]:
    """Measure coverage and a page on a small and a large register, both filled by the register's rules."""
    small, large = size.of((2_000, 200_000), (200, 4_000), (10, 40))
    turns, times = size.of((11, 40), (5, 10), (1, 1))
    with (
        _filled(place, "reading_small", small),
        _filled(place, "reading_large", large),
        server(place, "reading_small") as small_server,
        server(place, "reading_large") as large_server,
        MongoClient[bare.Document](place.mongod.address(), tz_aware=True) as client,
    ):
        few, many = _Reader(small_server), _Reader(large_server)
        database = bare.database_of(client, "reading_large")
        communes = _communes(database)
        # Warm up both workers of each server before anything is measured.
        for _ in range(30):
            few.get(COVERAGE)
            many.get(COVERAGE)
        growth = in_turn(turns, _timed(lambda: many.get(COVERAGE), times), _timed(lambda: few.get(COVERAGE), times))
        counters = in_turn(
            turns, _timed(lambda: many.get(COVERAGE), times), _timed(lambda: _bare_counters(database), times)
        )
        # Another commune each time, since the decrypted items of recent reads are cached.
        ours, theirs, again = itertools.cycle(communes), itertools.cycle(communes), communes[0]
        mongod = place.mongod.process_id or 0
        our_page = _Side(lambda: many.get(_page(next(ours))), times, large_server.workers(), mongod)
        bare_page = _Side(lambda: _bare_page(database, next(theirs)), times, [os.getpid()], mongod)
        pages = in_turn(turns, our_page, bare_page)
        same = in_turn(
            turns, _timed(lambda: many.get(_page(again)), times), _timed(lambda: _bare_page(database, again), times)
        )
        read = len(_bare_counters(database))
        rows = len(orjson.loads(many.get(_page(again)))["items"])
    return [
        Figure(
            f"coverage with {large:,} households",
            growth.ratio,
            f"times coverage with {small:,}",
            GROWTH_TARGET,
            (growth.described("ms", 1000).replace("ours", f"{large:,}").replace("bare", f"{small:,}"),),
        ),
        Figure(
            "coverage",
            counters.ratio,
            f"times a bare read of {read} small documents",
            READ_TARGET,
            (
                counters.described("ms", 1000),
                "the documents that coverage reads: the states of communes and the baselines",
            ),
        ),
        Figure(
            f"a page of {rows} households of one commune out of {large:,}",
            pages.ratio,
            "times a bare read and orjson dump",
            READ_TARGET,
            (
                pages.described("ms", 1000),
                f"processor time for each, ours: {our_page.processor()}; bare: {bare_page.processor()}",
                f"communes in turn, {len(communes)} of them; the same page again and again: {same.ratio:.3g} times",
            ),
        ),
    ]


class _Side:
    """One side's turns: the duration and the processor time of its work."""

    def __init__(self, work: Callable[[], object], times: int, processes: Sequence[int], mongod: int) -> None:
        self._work = work
        self._times = times
        self._processes = processes
        self._mongod = mongod
        self._done = 0
        self._python = self._database = 0.0

    def __call__(self) -> float:
        """Return the median duration of the work, in seconds."""
        python, database = processor_seconds(self._processes), processor_seconds([self._mongod])
        middle = seconds_of(self._work, self._times)
        self._python += processor_seconds(self._processes) - python
        self._database += processor_seconds([self._mongod]) - database
        self._done += self._times
        return middle

    def processor(self) -> str:
        """Return the processor time of one execution as text."""
        python, database = (each * 1000 / self._done for each in (self._python, self._database))
        return f"{python:.1f} ms in Python and {database:.1f} ms in MongoDB"


class _Reader:
    def __init__(self, running: Server) -> None:
        self._connection = Connection(running.port)
        self._token = running.token

    def get(self, path: str) -> bytes:
        """Read one address. Raises RuntimeError for anything but 200."""
        response = self._connection.send(get_request(path, self._token))
        if response.status != 200:
            raise RuntimeError(f"{path}: {response.status} {response.body[:500].decode('utf-8', 'replace')}")
        return response.body


def _timed(work: Callable[[], object], times: int) -> Callable[[], float]:
    return lambda: seconds_of(work, times)


def _page(commune: str) -> str:
    return f"/v1/households?commune={commune}&limit={PAGE}"


def _bare_counters(database: Any) -> list[bare.Document]:
    return [*database["commune_states"].find(), *database["baselines"].find()]


def _bare_page(database: Any, commune: str) -> bytes:
    found = database["households"].find({"commune": commune}, {"index": 0}).sort("_id", 1).limit(PAGE)
    return orjson.dumps(list(found), default=_text)


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):  # ciphertext, which the bare side leaves as it is
        return value.hex()
    raise TypeError(type(value).__name__)


def _communes(database: Any) -> list[str]:
    """Return the communes that have more than a page, the largest first."""
    group = {"$group": {"_id": "$commune", "households": {"$sum": 1}}}
    enough = {"$match": {"households": {"$gt": PAGE}}}
    found = database["households"].aggregate([group, enough, {"$sort": {"households": -1}}])
    return [str(each["_id"]) for each in found] or [str(database["households"].find_one()["commune"])]


@contextmanager
def _filled(place: Workplace, name: str, households: int) -> Iterator[None]:
    """Provide a database with demonstration households and their baselines, registered in bulk by the rules."""
    with place.database(name):
        services = wire(place.settings(name))
        for each in Demonstration(records.directory(), records.province(), 1).baselines(households):
            services.baselines.put(each, actor=REGISTER_ITSELF)
        services.store.close()
        filled = registered_in_processes(place.settings(name), 1, households)
        for one in tqdm(filled, total=households, unit=" households", desc=f"filling {name}", disable=None):
            if one.result != "registered":
                raise RuntimeError(f"{one.household_id}: {one.result} {one.reason}")
        yield
