"""What the tests of the rules share: the official units, and a register on a real store where a rule needs one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from service.api.services import Services
from service.app import wire
from service.registry.units import UnitDirectory, read_units
from service.settings import Settings
from service.storage.migration import UNITS_FILE
from tests.builders import MovedClock


@pytest.fixture(scope="session")
def directory() -> UnitDirectory:
    """The official administrative units."""
    return UnitDirectory(read_units(UNITS_FILE))


@pytest.fixture
def services(register_settings: Settings, clock: MovedClock) -> Iterator[Services]:
    """The parts of the register, wired on a real store without households."""
    wired = wire(register_settings, clock)
    yield wired
    wired.store.close()
