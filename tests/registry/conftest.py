"""What the tests of the rules share: the official units, and a register on a real store where a rule needs one."""

from __future__ import annotations

import pytest

from service.registry.households import HouseholdRegister
from service.registry.units import UnitDirectory, read_units
from service.settings import Settings
from service.storage.migration import UNITS_FILE
from service.storage.store import MongoStore
from tests.builders import MovedClock
from tests.wiring import wired_register


@pytest.fixture(scope="session")
def directory() -> UnitDirectory:
    """The official administrative units."""
    return UnitDirectory(read_units(UNITS_FILE))


@pytest.fixture
def households(register_settings: Settings, store: MongoStore, clock: MovedClock) -> HouseholdRegister:
    """The register of households on a real store, without households."""
    return wired_register(store, clock)
