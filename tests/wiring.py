"""The parts of the register wired on a store as service/app.py does it, for tests that need no HTTP."""

from __future__ import annotations

from service.registry.clock import Clock
from service.registry.households import HouseholdRegister
from service.registry.unit_register import UnitRegister
from service.storage.store import MongoStore


def wired_register(store: MongoStore, clock: Clock) -> HouseholdRegister:
    """The register of households on a store."""
    return HouseholdRegister(store, UnitRegister(store, 30).directory, clock)
