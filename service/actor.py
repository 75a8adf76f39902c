"""Who asks, as far as the rules care: a name for the log and the communes within reach."""

from __future__ import annotations

from dataclasses import dataclass

from service.area import Communes
from service.errors import CommuneOutsideArea


@dataclass(frozen=True, slots=True)
class Actor:
    """The account behind a request. ``area`` are the communes that it may work in; None for all."""

    name: str
    area: Communes = None

    def require(self, commune: str) -> None:
        """Raise CommuneOutsideArea unless the actor may work in ``commune``."""
        if self.area is not None and commune not in self.area:
            raise CommuneOutsideArea(pointer="/commune", commune=commune)


REGISTER_ITSELF = Actor("register")
"""The register's own hand: imports of the demonstration, migrations, reconciliation."""
