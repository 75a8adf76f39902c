"""What is refused about administrative units, beyond the errors that every room knows."""

from __future__ import annotations

from service.errors import DomainError


class UnitsChanged(DomainError):
    """The list of units changed after the edition was planned."""

    code = "units.changed"


class VillagesInvalid(DomainError):
    """A list of villages, or one of its villages, is not valid; params: reason, most."""

    code = "villages.invalid"


class VillagesStale(DomainError):
    """The list of villages is not the one that the change was made from; params: current."""

    code = "villages.stale"
