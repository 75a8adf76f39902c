"""A register of its own for a test, whose list of units the test changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from service.clock import vietnam_day
from service.settings import Settings
from service.units.editions import planned
from service.units.ports import NewEdition
from service.units.unit_list import read_lines
from service.wiring import Register, wire
from tests.builders import MovedClock
from tests.units.lists import a_line, a_list

DAY_BEFORE, DAY = "2026-10-31", "2026-11-01"
"""The last day of the old units, and the first of the new ones."""
ENDED, BEGUN = {"valid_to": DAY_BEFORE}, {"valid_from": DAY}


@contextmanager
def a_register(settings: Settings) -> Iterator[Register]:
    """A register that looks for newer units at every request."""
    register = wire(replace(settings, units_refresh_seconds=0.0), MovedClock())
    yield register
    register.store.close()


def load(register: Register, *lines: str) -> None:
    """Load a list of changes, without the checks of scripts/units."""
    register.store.units.replace_units([line.unit for line in read_lines(a_list(*lines))])


def load_edition(register: Register, *lines: str, begun: timedelta = timedelta()) -> None:
    """Load a list of changes as an edition, as scripts/units does that was ``begun`` ago. Raises UnitListInvalid."""
    store, now = register.store.units, register.clock() - begun
    plan = planned(read_lines(a_list(*lines)), store.unit_list())
    store.replace_units(plan.put, plan.withdrawn, NewEdition("test", vietnam_day(now), "test", now))


def two_communes() -> tuple[str, ...]:
    """Two communes in force since ever."""
    return a_line("90001"), a_line("90002")
