"""Registers the demonstration's baselines and households by the register's own rules, with a progress bar."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial

from tqdm import tqdm

from schemas.errors import RecordInvalid
from service.actor import REGISTER_ITSELF
from service.demonstration.errors import CannotDemonstrate
from service.demonstration.households import Demonstration
from service.errors import DomainError, HouseholdIdTaken, HouseholdWithdrawn
from service.households.bulk import BulkRegistration, Outcome
from service.households.ports import HouseholdQuery
from service.processes import ProcessEnded, calm_collector, in_processes, most_processes
from service.settings import Settings
from service.wiring import Register, wire

_REFUSALS_PRINTED = 10
"""How many refusals are printed one by one."""

_SAMPLE = 100
"""How many households are read to distinguish a demonstration from a register of real people."""

_WORTH_PROCESSES = 5_000
"""The number of households from which several processes pay off: most of the time is taken by the rules."""


@dataclass(frozen=True, slots=True)
class RegistrationOutcome:
    """The outcome for one household, in a form that can be pickled for another process."""

    result: str
    household_id: str | None
    reason: str = ""


def register(households: int, seed: int, settings: Settings, *, if_empty: bool, mix: bool) -> int:
    """Register the households of a seed and their baselines; returns the exit status, 1 if any was refused.

    Raises CannotDemonstrate when the register holds real households (unless ``mix``) or has no units, StoreUnavailable.
    """
    services = wire(settings)
    try:
        present = services.store.households.page(HouseholdQuery(limit=_SAMPLE, status="any")).records
        if present and if_empty:
            return 0
        if not mix and any(not record.get("demonstration") for record in present):
            raise CannotDemonstrate(
                "This register holds households that are not demonstration: use an empty one, or --mix if you mean it."
            )
        demonstration = _demonstration(services, seed)
        _put_baselines(services, demonstration, households)
        if households < _WORTH_PROCESSES:
            return _report(registered(services, demonstration, households), households)
    finally:
        services.store.close()
    return _report(registered_in_processes(settings, seed, households), households)


def has_households(settings: Settings) -> bool:
    """Whether the register holds any household. Raises StoreUnavailable."""
    services = wire(settings)
    try:
        return bool(services.store.households.page(HouseholdQuery(limit=1, status="any")).records)
    finally:
        services.store.close()


def _put_baselines(services: Register, demonstration: Demonstration, households: int) -> None:
    """Add the baselines that are missing or lower than those of this set; those from another source stay.

    Baselines are never lowered: a small set after a large one must not make coverage look higher than it is.
    """
    there = {(each.unit, each.date): each for each in services.store.baselines.baselines(date.max)}
    for each in demonstration.baselines(households):
        present = there.get((each.unit, each.date))
        if present is None or (present.source == each.source and present.households < each.households):
            services.baselines.put(each, actor=REGISTER_ITSELF)


def registered(
    services: Register, demonstration: Demonstration, households: int, *, part: int = 0, of: int = 1
) -> Iterator[RegistrationOutcome]:
    """Register a part of the households in this process."""
    calm_collector()
    bulk = BulkRegistration(
        services.store, services.units.directory, services.clock, services.examiner, services.agencies
    )
    for outcome in bulk.register(demonstration.households(households, part=part, of=of), actor=REGISTER_ITSELF):
        # Registered before the borders were loaded, or revised by somebody since: it stays as it is.
        there = isinstance(outcome.error, HouseholdIdTaken | HouseholdWithdrawn)
        yield RegistrationOutcome(
            "unchanged" if there else outcome.result, outcome.household_id, "" if there else _reason(outcome)
        )


def registered_in_processes(settings: Settings, seed: int, households: int) -> Iterator[RegistrationOutcome]:
    """Register the households in several processes, each with its own communes.

    Raises CannotDemonstrate when a process ended before its work was done.
    """
    processes = most_processes()
    parts = [(part, processes) for part in range(processes)]
    try:
        yield from in_processes(partial(_registering, settings, seed, households), parts, processes)
    except ProcessEnded as error:
        raise CannotDemonstrate(str(error)) from error


@contextmanager
def _registering(
    settings: Settings, seed: int, households: int
) -> Iterator[Callable[[tuple[int, int]], Iterator[RegistrationOutcome]]]:
    """Provide what one process does: register a part of the households."""
    services = wire(settings)
    demonstration = _demonstration(services, seed)

    def work(share: tuple[int, int]) -> Iterator[RegistrationOutcome]:
        part, of = share
        try:
            yield from registered(services, demonstration, households, part=part, of=of)
        except DomainError as error:
            yield RegistrationOutcome("refused", None, f"the rest of part {part + 1} of {of}: {error.code}")

    try:
        yield work
    finally:
        services.store.close()


def _demonstration(services: Register, seed: int) -> Demonstration:
    try:
        return Demonstration(services.units.directory(), services.province, seed, services.examiner.borders())
    except ValueError as error:
        raise CannotDemonstrate(
            f"The register has no communes of the province ({error}): run scripts/migrate."
        ) from error


def _report(outcomes: Iterable[RegistrationOutcome], households: int) -> int:
    """Show progress, then a summary; returns the exit status."""
    results = Counter[str]()
    refused: list[RegistrationOutcome] = []
    began = time.monotonic()
    # The progress bar is shown only on a terminal, not in a file.
    for report in tqdm(outcomes, total=households, unit=" households", disable=None):
        results[report.result] += 1
        if report.result == "refused" and len(refused) < _REFUSALS_PRINTED:
            refused.append(report)
    seconds = time.monotonic() - began
    print(
        f"Demonstration households: {results['registered']} registered, {results['unchanged']} there before, "
        f"{results['refused']} refused, in {seconds:.1f} s"
    )
    for report in refused:
        print(f"  {report.household_id}: {report.reason}", file=sys.stderr)
    return 1 if refused else 0


def _reason(outcome: Outcome) -> str:
    error = outcome.error
    if error is None:
        return ""
    if isinstance(error, RecordInvalid):
        return ", ".join(f"{each.pointer} {each.code}" for each in error.errors[:3])
    return f"{error.code} {error.params}"
