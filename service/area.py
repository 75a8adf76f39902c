"""Where an account may act: a set of communes in force today, or the whole register."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from service.unit_names import UnitId

Communes = frozenset[UnitId] | None
"""Identities of the communes that a query is limited to; None for no limit."""

WHOLE_REGISTER: Final = "*"
"""What an area says instead of units when it is the whole register, whatever provinces are loaded."""


@dataclass(frozen=True, slots=True)
class Area:
    """Where an account may act: communes in force today, or the whole register (`None`).

    No code of a unit stands for the whole register: a province is the set of its communes.
    """

    _communes: Communes = None
    units: tuple[UnitId, ...] = ()
    """The identities of the units that the account was given, or WHOLE_REGISTER alone."""
    ended: tuple[UnitId, ...] = ()
    """Those of the units that cover no commune today: they are skipped, and the account's administrator sees them."""
    surroundings: Communes = None
    """The communes of the provinces in which the area lies; None for no limit."""

    @classmethod
    def whole(cls) -> Area:
        """The whole register."""
        return cls(None, (UnitId(WHOLE_REGISTER),))

    @classmethod
    def of(
        cls,
        communes: Iterable[UnitId],
        units: Iterable[UnitId] = (),
        *,
        ended: Iterable[UnitId] = (),
        surroundings: Iterable[UnitId] = (),
    ) -> Area:
        """These communes, in force today."""
        inside = frozenset(communes)
        return cls(inside, tuple(units), tuple(ended), inside.union(surroundings))

    def communes(self) -> Communes:
        """Return the communes to put into a query; `None` for no limit."""
        return self._communes

    def holds(self, other: Area) -> bool:
        """Whether all of another area lies inside this one."""
        if self._communes is None:
            return True
        return other._communes is not None and other._communes <= self._communes
