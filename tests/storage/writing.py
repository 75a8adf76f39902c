"""Writing to storage below the rules: changes as the rules would make them, applied in transactions of their own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from service.households.changes import Change, Kind, Record
from service.households.registration import registration
from service.jobs.reconciliation import reconcile, reconcile_records, verify_log
from service.storage.repositories import Repositories
from service.unit_names import UnitId
from service.units.directory import UnitDirectory
from service.units.unit_list import read_units
from tests.builders import NOW, TODAY, Json, a_least_household
from tests.households.rules import prepared
from tests.provinces import UNITS_FILE

DIRECTORY = UnitDirectory(read_units(UNITS_FILE))
OFFICER = "officer"


def a_registration(at: datetime = NOW, **items: Any) -> Change:
    """The change that registers a household with little in it."""
    household: Json = a_least_household(**items)
    return registration(prepared(household, DIRECTORY, TODAY), at=at, actor=OFFICER)


def a_step(before: Record, kind: Kind = "verified", at: datetime = NOW, **items: Any) -> Change:
    """The change that replaces some items of a record at its next revision."""
    fingerprint = f"revision {before['revision'] + 1}"
    return Change.revision(before, {**before, **items}, kind, at=at, actor=OFFICER, fingerprint=fingerprint)


def apply(store: Repositories, *changes: Change) -> None:
    """Apply changes in one transaction."""
    store.transactions.run(lambda transaction: transaction.apply(changes))


def register(store: Repositories, at: datetime = NOW, **items: Any) -> Record:
    """Register a household; returns its record."""
    change = a_registration(at, **items)
    apply(store, change)
    return change.record


def offsets(store: Repositories, commune: str) -> list[int]:
    """The offsets of a commune's log, in order of the walk."""
    return [entry.offset for entry in store.log.walk(commune)]


def assert_exact(store: Repositories, communes: Iterable[UnitId] | None = None) -> None:
    """Counters, identities and log agree with the records, and every log is intact."""
    assert [str(difference) for difference in reconcile(store)] == []
    assert [str(difference) for difference in reconcile_records(store)] == []
    broken = [
        str(log.broken) for log in verify_log(store, None if communes is None else frozenset(communes)) if log.broken
    ]
    assert broken == []
