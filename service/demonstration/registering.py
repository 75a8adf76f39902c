"""Registering the demonstration: baselines and households through the register's own rules, with a progress bar."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable

from tqdm import tqdm

from schemas.errors import RecordInvalid
from service.app import wire
from service.demonstration.errors import CannotDemonstrate
from service.demonstration.households import Demonstration
from service.errors import DomainError
from service.registry.actor import REGISTER_ITSELF
from service.registry.bulk import BulkRegistration, Outcome
from service.registry.ports import HouseholdQuery
from service.registry.units import UnitDirectory
from service.settings import Settings

_TOLD = 10
"""How many refusals are told one by one."""

_LOOKED_AT = 100
"""How many households are looked at to tell a demonstration from a register of real people."""


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
        demonstration = _demonstration(services.units.directory, seed)
        for each in demonstration.baselines(households):
            body = {"households": each.households, "source": each.source, "date": each.date.isoformat()}
            services.baselines.put(each.unit, body, actor=REGISTER_ITSELF)
        bulk = BulkRegistration(services.store, services.units.directory, services.clock)
        return _told(bulk.register(demonstration.households(households), actor=REGISTER_ITSELF), households)
    finally:
        services.store.close()


def _demonstration(directory: Callable[[], UnitDirectory], seed: int) -> Demonstration:
    try:
        return Demonstration(directory(), seed)
    except ValueError as error:
        raise CannotDemonstrate(
            f"The register has no communes of Nghệ An ({error}): run scripts/migrate first."
        ) from error


def _told(outcomes: Iterable[Outcome], households: int) -> int:
    """Show progress, then what became of the households; answers the exit status."""
    results = Counter[str]()
    refused: list[Outcome] = []
    began = time.monotonic()
    # Nobody watches a bar in a file: it is shown on a terminal only.
    for outcome in tqdm(outcomes, total=households, unit=" households", disable=None):
        results[outcome.result] += 1
        if outcome.result == "refused" and len(refused) < _TOLD:
            refused.append(outcome)
    seconds = time.monotonic() - began
    print(
        f"Demonstration households: {results['registered']} registered, {results['unchanged']} there before, "
        f"{results['refused']} refused, in {seconds:.1f} s"
    )
    for outcome in refused:
        print(f"  {outcome.household_id}: {_reason(outcome)}", file=sys.stderr)
    return 1 if refused else 0


def _reason(outcome: Outcome) -> str:
    error = outcome.error
    if isinstance(error, RecordInvalid):
        return ", ".join(f"{each.pointer} {each.code}" for each in error.errors[:3])
    return f"{error.code} {error.params}" if isinstance(error, DomainError) else str(error)
