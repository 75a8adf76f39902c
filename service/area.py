"""Where an account may act: a set of communes in force today, or the whole register."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Communes = frozenset[str] | None
"""Codes of the communes that a query is limited to; None for no limit."""


@dataclass(frozen=True, slots=True)
class Area:
    """Where an account may act: communes in force today, or the whole register (`None`)."""

    _communes: Communes = None
    units: tuple[str, ...] = ()
    """The unit codes as the account was given them."""

    @classmethod
    def whole(cls) -> Area:
        """The whole register."""
        return cls(None)

    @classmethod
    def of(cls, communes: Iterable[str], units: Iterable[str] = ()) -> Area:
        """These communes, in force today."""
        return cls(frozenset(communes), tuple(units))

    def communes(self) -> Communes:
        """Return the communes to put into a query; `None` for no limit."""
        return self._communes

    def covers(self, commune: str | None) -> bool:
        """Whether a commune in force today lies inside."""
        return self._communes is None or (commune is not None and commune in self._communes)

    def holds(self, other: Area) -> bool:
        """Whether all of another area lies inside this one."""
        if self._communes is None:
            return True
        return other._communes is not None and other._communes <= self._communes
