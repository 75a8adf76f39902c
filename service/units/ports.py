"""What the administrative units need from storage: the list of units, and the borders of communes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from shapely.geometry.base import BaseGeometry

from service.unit_names import UnitId
from service.units.editions import Edition, UnrecordedEdition
from service.units.unit import Unit
from service.units.villages import VillageList


@dataclass(frozen=True, slots=True)
class NewEdition:
    """A list that is being loaded: its source and day, who loads it, and of which province it came with the program."""

    source: str
    day: date
    author: str
    at: datetime
    shipped: str | None = None
    file: str | None = None
    """The name of the file, for the audit entry; None for an edition that gets none."""


class UnitStore(Protocol):
    """The stored list of administrative units."""

    def unit_list(self) -> tuple[Unit, ...]:
        """Returns all units of the register."""

    def unit_version(self) -> str:
        """Returns a version that changes whenever the list of units changes."""

    def replace_units(
        self,
        units: Sequence[Unit],
        withdrawn: Sequence[Unit] = (),
        edition: NewEdition | None = None,
        planned_from: str | None = None,
    ) -> int:
        """Adds the units, replacing those with the same code and first day, and removes the withdrawn; returns how many
        were changed. A new unit gets an identity that no other unit ever had. The edition is noted if anything changed.
        Raises UnitsChanged where the list has another version than ``planned_from``; nothing is written then.
        """

    def editions(self) -> list[Edition]:
        """Returns all editions that were loaded, the first one first."""

    def unrecorded_editions(self) -> list[UnrecordedEdition]:
        """Returns the editions whose audit entry may still be missing."""

    def set_recorded(self, number: int) -> None:
        """Records that the audit trail has the entry about an edition."""

    def list_at(self, moment: datetime, about: Iterable[str]) -> tuple[Unit, ...] | None:
        """Returns all units as the register knew them at a moment; None where no edition was loaded since that changed
        a unit with one of these codes or identities.
        """


class BorderStore(Protocol):
    """The stored borders of communes."""

    def border_list(self) -> dict[UnitId, BaseGeometry]:
        """Returns every border by the identity of its unit."""

    def border_version(self) -> str:
        """Returns a version that changes whenever the borders change."""


class VillageStore(Protocol):
    """The stored lists of villages, by the identity of their commune."""

    def lists_of(self, communes: Iterable[UnitId]) -> dict[UnitId, VillageList]:
        """Returns the lists of these communes; none for one that never stored any."""

    def put_villages(self, villages: VillageList, *, replaced: int, actor: str) -> bool:
        """Stores a list in place of the commune's own one of the revision ``replaced`` (0: there is none yet).

        Returns False where another list was stored meanwhile; nothing is written then.
        """
