"""What the rules need to know of a principal: a name for the log, and the communes it may work in."""

from __future__ import annotations

from dataclasses import dataclass

from service.area import Communes
from service.errors import CommuneOutsideArea
from service.unit_names import UnitCode, UnitId


@dataclass(frozen=True, slots=True)
class Actor:
    """The account of a request. ``area`` holds the communes that it may work in; None for all."""

    name: str
    area: Communes = None

    def require(self, commune: UnitId, code: UnitCode) -> None:
        """Raise CommuneOutsideArea, which names the ``code``, unless the actor may work in ``commune``."""
        if self.area is not None and commune not in self.area:
            raise CommuneOutsideArea(pointer="/commune", commune=code)


REGISTER_ITSELF = Actor("register")
"""The register itself: imports of the demonstration, migrations, reconciliation."""
