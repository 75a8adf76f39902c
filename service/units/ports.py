"""What the administrative units need from storage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from service.units.directory import Unit


class UnitStore(Protocol):
    """Administrative units."""

    def unit_list(self) -> tuple[Unit, ...]:
        """All units of the register."""

    def unit_version(self) -> str:
        """Changes whenever the list of units changes."""

    def replace_units(self, units: Sequence[Unit]) -> int:
        """Add the units, replacing those of the same code and first day; answers how many differ from before."""
