"""What the administrative units need from storage: the list of units, and the borders of communes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from shapely.geometry.base import BaseGeometry

from service.units.directory import Unit


class UnitStore(Protocol):
    """The stored list of administrative units."""

    def unit_list(self) -> tuple[Unit, ...]:
        """Returns all units of the register."""

    def unit_version(self) -> str:
        """Returns a version that changes whenever the list of units changes."""

    def replace_units(self, units: Sequence[Unit]) -> int:
        """Adds the units, replacing those with the same code and first day; returns how many were changed."""


class BorderStore(Protocol):
    """The stored borders of communes."""

    def border_list(self) -> dict[str, BaseGeometry]:
        """Returns every border by the code of its unit."""

    def border_version(self) -> str:
        """Returns a version that changes whenever the borders change."""
