"""Registering the demonstration: baselines and households through the register's own rules, with a progress bar."""

from __future__ import annotations

import gc
import multiprocessing
import os
import queue
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from multiprocessing.queues import Queue

from tqdm import tqdm

from schemas.errors import RecordInvalid
from service.actor import REGISTER_ITSELF
from service.demonstration.errors import CannotDemonstrate
from service.demonstration.households import Demonstration
from service.errors import DomainError, HouseholdIdTaken
from service.households.bulk import BulkRegistration, Outcome
from service.households.ports import HouseholdQuery
from service.settings import Settings
from service.wiring import Register, wire

_TOLD = 10
"""How many refusals are told one by one."""

_LOOKED_AT = 100
"""How many households are looked at to tell a demonstration from a register of real people."""

_WORTH_PROCESSES = 5_000
"""From how many households on it pays to start processes: the rules, not the database, are what takes the time."""

_MOST_PROCESSES = 4


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one household, in words that can travel between processes."""

    result: str
    household_id: str | None
    reason: str = ""


def register(households: int, seed: int, settings: Settings, *, if_empty: bool, mix: bool) -> int:
    """Register the households of a seed, and their baselines; answers the exit status: 1 if any was refused.

    Raises CannotDemonstrate when the register holds real households (unless ``mix``) or has no units, StoreUnavailable.
    """
    services = wire(settings)
    try:
        present = services.store.households(HouseholdQuery(limit=_LOOKED_AT, status="any")).records
        if present and if_empty:
            return 0
        if not mix and any(not record.get("demonstration") for record in present):
            raise CannotDemonstrate(
                "This register holds households that are not demonstration: use an empty one, or --mix if you mean it."
            )
        demonstration = _demonstration(services, seed)
        _put_baselines(services, demonstration, households)
        if households < _WORTH_PROCESSES:
            return _tell(registered(services, demonstration, households), households)
    finally:
        services.store.close()
    return _tell(registered_in_processes(settings, seed, households), households)


def _put_baselines(services: Register, demonstration: Demonstration, households: int) -> None:
    """Put the baselines that are missing, or lower than of this set; one from another source stays as it is.

    A small set run after a large one must not make believe that more is registered than there is.
    """
    there = {(each.unit, each.date): each for each in services.store.baselines(date.max)}
    for each in demonstration.baselines(households):
        present = there.get((each.unit, each.date))
        if present is None or (present.source == each.source and present.households < each.households):
            body = {"households": each.households, "source": each.source, "date": each.date.isoformat()}
            services.baselines.put(each.unit, body, actor=REGISTER_ITSELF)


def registered(
    services: Register, demonstration: Demonstration, households: int, *, part: int = 0, of: int = 1
) -> Iterator[Told]:
    """Register a part of the households in this process."""
    calm_collector()
    bulk = BulkRegistration(services.store, services.units.directory, services.clock, services.examiner)
    for outcome in bulk.register(demonstration.households(households, part=part, of=of), actor=REGISTER_ITSELF):
        # Made before the boundaries were loaded, or revised by somebody since: it is there, and stays as it is.
        there = isinstance(outcome.error, HouseholdIdTaken)
        yield Told("unchanged" if there else outcome.result, outcome.household_id, "" if there else _reason(outcome))


def calm_collector() -> None:
    """Let Python look for cycles seldom: records hold none, and looking takes half of the time of a bulk."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def most_processes() -> int:
    """How many processes a large set is registered in: one for each core, up to four."""
    return max(1, min(_MOST_PROCESSES, os.cpu_count() or 1))


def registered_in_processes(settings: Settings, seed: int, households: int) -> Iterator[Told]:
    """Register the households in as many processes as there are cores, each with communes of its own.

    Raises CannotDemonstrate when one of the processes ended before its work.
    """
    context = multiprocessing.get_context("spawn")
    processes = most_processes()
    # Bounded, so that a slow terminal holds the work back instead of filling the memory.
    results: Queue[list[Told] | None] = context.Queue(100)
    workers = [
        context.Process(target=_work, args=(settings, seed, households, part, processes, results), daemon=True)
        for part in range(processes)
    ]
    for worker in workers:
        worker.start()
    try:
        ended = 0
        while ended < processes:
            try:
                told = results.get(timeout=1)
            except queue.Empty:
                if sum(not worker.is_alive() for worker in workers) > ended:
                    raise CannotDemonstrate("A process was ended from outside; run it again for the rest.") from None
                continue
            if told is None:
                ended += 1
            else:
                yield from told
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()


def _work(
    settings: Settings, seed: int, households: int, part: int, of: int, results: Queue[list[Told] | None]
) -> None:
    """One process: registers its part and tells in handfuls; the empty word at the end, whatever ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
    services = wire(settings)
    handful: list[Told] = []
    try:
        for told in registered(services, _demonstration(services, seed), households, part=part, of=of):
            handful.append(told)
            if len(handful) >= 50:
                results.put(handful)
                handful = []
    except DomainError as error:
        handful.append(Told("refused", None, f"the rest of part {part + 1} of {of}: {error.code}"))
    finally:
        results.put(handful)
        results.put(None)
        services.store.close()


def _demonstration(services: Register, seed: int) -> Demonstration:
    try:
        return Demonstration(services.units.directory(), seed, services.examiner.boundaries())
    except ValueError as error:
        raise CannotDemonstrate(f"The register has no communes of Nghệ An ({error}): run scripts/migrate.") from error


def _tell(outcomes: Iterable[Told], households: int) -> int:
    """Show progress, then what became of the households; answers the exit status."""
    results = Counter[str]()
    refused: list[Told] = []
    began = time.monotonic()
    # Nobody watches a bar in a file: it is shown on a terminal only.
    for told in tqdm(outcomes, total=households, unit=" households", disable=None):
        results[told.result] += 1
        if told.result == "refused" and len(refused) < _TOLD:
            refused.append(told)
    seconds = time.monotonic() - began
    print(
        f"Demonstration households: {results['registered']} registered, {results['unchanged']} there before, "
        f"{results['refused']} refused, in {seconds:.1f} s"
    )
    for told in refused:
        print(f"  {told.household_id}: {told.reason}", file=sys.stderr)
    return 1 if refused else 0


def _reason(outcome: Outcome) -> str:
    error = outcome.error
    if error is None:
        return ""
    if isinstance(error, RecordInvalid):
        return ", ".join(f"{each.pointer} {each.code}" for each in error.errors[:3])
    return f"{error.code} {error.params}"
