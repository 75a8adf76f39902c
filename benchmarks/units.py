"""Editions of units: loading one on a large register, and moving the households that it concerns (rehoming)."""

from __future__ import annotations

import contextlib
import io
import itertools
import multiprocessing
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from multiprocessing.synchronize import Barrier
from statistics import median
from typing import Any

from pymongo import MongoClient, UpdateOne
from pymongo.client_session import ClientSession

from benchmarks import bare, records
from benchmarks.figures import Figure, Size, Target, in_turn
from benchmarks.workplace import Workplace, processor_seconds
from service.clock import system_clock, vietnam_day
from service.commands.rehome import rehoming_groups, rehoming_of
from service.commands.units import load_list
from service.demonstration.registering import registered_in_processes
from service.households.changes import FIRST_HASH, Change
from service.jobs.rehoming import Rehoming
from service.processes import calm_collector, most_processes
from service.settings import Settings
from service.storage.collections import COLLECTIONS
from service.storage.documents import sealed_entries, to_update
from service.storage.encryption.fields import FieldEncryption
from service.storage.log import entry_document
from service.storage.migration import prepare_collection
from service.storage.repositories import Repositories
from service.unit_names import UnitId
from service.units.ports import NewEdition
from service.units.unit_list import COLUMNS

LOADING_TARGET = Target(10, at_least=False)
REHOMING_TARGET = Target(0.25, at_least=True)
RATE_TARGET = Target(1000, at_least=True)
"""Households a second. Unlike a ratio it says something of a quiet machine with two cores alone."""
_SAMPLE = 2_000
"""How many of the households of a large register are made by the rules; the others are copies with other ids."""
_INSERTED_AT_ONCE = 2_000

Group = tuple[UnitId, ...]


def measure(place: Workplace, size: Size) -> list[Figure]:
    """Measure an edition in which every second commune of the province goes into the one before it."""
    return [
        _loading(place, size.of(600_000, 20_000, 50), sample=size.of(_SAMPLE, _SAMPLE, 20)),
        *_rehoming(place, size.of(24_000, 4_000, 60), turns=size.of(3, 2, 1)),
    ]


def _loading(place: Workplace, households: int, *, sample: int) -> Figure:
    """The time of scripts/units --list, and of the first coverage afterwards."""
    with place.database("units_loading") as store:
        _fill(store, households, sample)
        began = time.perf_counter()
        _load(place, store)
        seconds = time.perf_counter() - began
        waiting = rehoming_of(store, place.settings("units_loading")).waiting()
        size = store.database.mongo.command("collStats", "households")["storageSize"] / 1e9
    notes = (
        f"{waiting:,} of {households:,} households are to be moved afterwards; they take {size:.1f} GB on the disk",
    )
    return Figure("loading an edition that merges half of the communes", seconds, "s", LOADING_TARGET, notes)


def _fill(store: Repositories, households: int, sample: int) -> None:
    """Insert documents as the register stores them, and the commune states that belong to them, past every rule.

    The indexes are made afterwards, which is several times faster than with every document.
    """
    prepared = records.documents(records.households(sample), store.database.encryption)
    collection = store.database["households"]
    collection.drop_indexes()
    numbers = iter(range(households))
    copies = zip(numbers, itertools.cycle(prepared), strict=False)
    while part := list(itertools.islice(copies, _INSERTED_AT_ONCE)):
        documents = [{**one.household, "_id": f"{one.household['_id'][:24]}{number:012x}"} for number, one in part]
        collection.insert_many(documents, ordered=False, bypass_document_validation=True)
    (declared,) = (each for each in COLLECTIONS if each.name == "households")
    prepare_collection(store.database.mongo, declared, {declared.name}, lambda _: None)
    counts: dict[str, dict[str, dict[str, int]]] = {}
    for number, one in enumerate(prepared):
        times = households // sample + (number < households % sample)
        for former, tally in one.tallies.items():
            total = counts.setdefault(one.commune, {}).setdefault(former, {})
            for name, count in tally.items():
                total[name] = total.get(name, 0) + count * times
    day = vietnam_day(system_clock()).isoformat()
    store.states.make(counts)
    for commune, tallies in counts.items():
        begun = {"offset": 1, "hash": "0" * 64, "day": day, "tallies": tallies}
        store.database["commune_states"].update_one({"_id": commune}, {"$set": begun})


def _load(place: Workplace, store: Repositories) -> None:
    """Load an edition by which the communes of the province are merged in pairs, as of today."""
    now = system_clock()
    today = vietnam_day(now)
    file = place.folder / "edition.csv"
    lines = [",".join(COLUMNS)]
    communes = records.directory().of_level("commune", today)
    for whole, part in zip(communes[::2], communes[1::2], strict=False):
        for unit in (whole, part):
            begins = "" if unit.valid_from is None else unit.valid_from.isoformat()
            ends = (today - timedelta(days=1)).isoformat()
            lines.append(_line(unit.code, unit.name, unit.kind, unit.parent or "", begins, ends, whole.code))
        lines.append(_line(whole.code, whole.name, whole.kind, whole.parent or "", today.isoformat(), "", ""))
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    edition = NewEdition("benchmark", today, "benchmark", now)
    with contextlib.redirect_stdout(io.StringIO()):
        load_list(store, file, edition, place.settings(store.database.name), dry_run=False)


def _line(code: str, name: str, kind: str, parent: str, begins: str, ends: str, successor: str) -> str:
    cells = {"code": code, "name_vi": name, "name_en": name, "kind": kind, "level": "commune", "parent": parent}
    cells |= {"valid_from": begins, "valid_to": ends, "successor": successor, "source": "benchmark"}
    return ",".join(cells.get(column, "") for column in COLUMNS)


def _rehoming(place: Workplace, households: int, *, turns: int) -> Iterator[Figure]:
    """Rehoming in one process and in several, compared with one bare thread that commits the same documents."""
    processes = most_processes()
    with (
        place.database("units_ours") as store,
        place.database("units_bare") as bare_store,
        MongoClient[bare.Document](place.mongod.address(), tz_aware=True) as client,
    ):
        for one in registered_in_processes(place.settings("units_ours"), 1, households):
            if one.result != "registered":
                raise RuntimeError(f"{one.household_id}: {one.result} {one.reason}")
        for name in ("households", "commune_states"):
            bare_store.database[name].delete_many({})
            bare_store.database[name].insert_many(store.database[name].find())
        _load(place, store)
        job = rehoming_of(store, place.settings("units_ours"))
        groups = job.groups()
        rounds = [groups[turn :: 2 * turns] for turn in range(2 * turns)]
        moves = [_moves(job, store, list(itertools.chain(*part))) for part in rounds]
        mongod = place.mongod.process_id or 0
        for count, first in ((processes, 0), (1, turns)):
            ours = _Ours(place.settings("units_ours"), rounds[first : first + turns], count, mongod)
            theirs = _Bare(client, bare_store, moves[first : first + turns], mongod)
            pairs = in_turn(turns, ours.next_rate, theirs.next_rate)
            details = (
                pairs.described("a second"),
                f"processor time for each in MongoDB, ours: {ours.described()}; bare: {theirs.described()}",
                f"{sum(map(len, moves[0])):,} households or so a turn; bare in one thread",
            )
            name = f"rehoming in {count} processes" if count > 1 else "rehoming in one process"
            target = REHOMING_TARGET if count == processes else None
            yield Figure(name, pairs.ratio, "of bare transactions", target, details)
            if count == processes:
                yield Figure(f"{name}, all in all", median(pairs.ours), "households a second", RATE_TARGET)


@dataclass(frozen=True, slots=True)
class _Move:
    """The documents of one household's move."""

    household: str
    revision: int
    update: bare.Document
    log: list[bare.Document]


def _moves(job: Rehoming, store: Repositories, communes: Sequence[UnitId]) -> list[list[_Move]]:
    """Return the documents that moving the households of these communes writes, by transaction."""
    encryption = store.database.encryption
    return [[_move(change, encryption) for change in batch.changes] for batch in job.batches(communes)]


def _move(change: Change, encryption: FieldEncryption) -> _Move:
    sealed = sealed_entries(change, encryption)
    log = [entry_document(entry, 1, FIRST_HASH, each) for entry, each in zip(change.entries, sealed, strict=True)]
    update = to_update(change, sealed[-1])
    assert update is not None  # noqa: S101 - only the place changes
    return _Move(change.record["id"], change.replaces or 0, update, log)


class _Side:
    """One side: moves the households of a round at each call."""

    def __init__(self, mongod: int) -> None:
        self._mongod = mongod
        self._spent = 0.0
        self._done = 0

    def _rate(self, households: int, began: float, mongod: float) -> float:
        seconds = time.perf_counter() - began
        self._spent += processor_seconds([self._mongod]) - mongod
        self._done += households
        return households / seconds

    def described(self) -> str:
        """Return MongoDB's processor time per household as text."""
        return f"{self._spent * 1000 / self._done:.2f} ms"


class _Ours(_Side):
    def __init__(self, settings: Settings, rounds: Sequence[list[Group]], processes: int, mongod: int) -> None:
        super().__init__(mongod)
        self._settings = settings
        self._waiting = list(rounds)
        self._processes = processes

    def next_rate(self) -> float:
        """Move the next round; returns households per second, measured once every process has started."""
        groups = self._waiting.pop(0)
        context = multiprocessing.get_context("spawn")
        start = context.Barrier(self._processes + 1)
        taken, moved = context.Value("i", 0), context.Value("i", 0)
        arguments = (self._settings, groups, start, taken, moved)
        workers = [context.Process(target=_rehome, args=arguments) for _ in range(self._processes)]
        for worker in workers:
            worker.start()
        start.wait(300)
        began, mongod = time.perf_counter(), processor_seconds([self._mongod])
        for worker in workers:
            worker.join()
        if any(worker.exitcode for worker in workers):
            raise RuntimeError("rehoming did not end well")
        return self._rate(moved.value, began, mongod)


def _rehome(settings: Settings, groups: Sequence[Group], start: Barrier, taken: Any, moved: Any) -> None:
    """One process: takes the next group whenever it has moved one, as scripts/rehome does, once all are ready."""
    calm_collector()
    with rehoming_groups(settings) as work:
        start.wait(300)
        done = 0
        while (group := _next_of(groups, taken)) is not None:
            for each in work(group):
                if not each.moved:
                    raise RuntimeError(f"{each.household_id}: {each.error}")
                done += 1
    with moved.get_lock():
        moved.value += done


def _next_of(groups: Sequence[Group], taken: Any) -> Group | None:
    with taken.get_lock():
        number: int = taken.value
        taken.value += 1
    return groups[number] if number < len(groups) else None


class _Bare(_Side):
    def __init__(
        self,
        client: MongoClient[bare.Document],
        store: Repositories,
        rounds: Sequence[Sequence[Sequence[_Move]]],
        mongod: int,
    ) -> None:
        super().__init__(mongod)
        self._client = client
        self._database = bare.database_of(client, store.database.name)
        self._waiting = list(rounds)
        self._offset = 0

    def next_rate(self) -> float:
        """Commit the next round's documents, a transaction for each batch; returns households per second."""
        transactions = self._waiting.pop(0)
        began, mongod = time.perf_counter(), processor_seconds([self._mongod])
        for moves in transactions:
            ids = [each.household for each in moves]
            list(self._database["households"].find({"_id": {"$in": ids}}, {"index": 0}))
            log = [document for each in moves for document in each.log]
            for document in log:
                self._offset += 1
                document |= {"_id": f"{document['commune']}:{self._offset:012d}", "offset": self._offset}
            bare.run(self._client, partial(self._commit, moves, log))
        return self._rate(sum(map(len, transactions)), began, mongod)

    def _commit(self, moves: Sequence[_Move], log: Sequence[bare.Document], session: ClientSession) -> None:
        communes = {str(document["commune"]) for document in log}
        list(self._database["commune_states"].find({"_id": {"$in": sorted(communes)}}, session=session))
        for commune in sorted(communes):
            state = {"offset": self._offset, "hash": log[-1]["hash"]}
            self._database["commune_states"].update_one({"_id": commune}, {"$set": state}, session=session)
        writes = [UpdateOne({"_id": each.household, "revision": each.revision}, each.update) for each in moves]
        self._database["households"].bulk_write(writes, session=session, bypass_document_validation=True)
        self._database["log"].insert_many(log, session=session)
