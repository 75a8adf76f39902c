"""What people's requests ask of storage and of the register of households."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from service.actor import Actor
from service.households.changes import Record
from service.people.person_request import PersonRequest, RequestQuery, RequestState


class RequestStore(Protocol):
    """Stores people's requests."""

    def add_request(self, request: PersonRequest) -> None:
        """Store a new request."""

    def request(self, request_id: str, area: frozenset[str] | None) -> PersonRequest | None:
        """Return a request of the area."""

    def requests(self, query: RequestQuery) -> list[PersonRequest]:
        """Return requests in order of their due date."""

    def replace_request(self, request: PersonRequest, expected: RequestState) -> bool:
        """Replace a request that is still in the expected state. Returns whether it was."""

    def forget_person(self, household: str) -> None:
        """Remove what names people from all requests about a household."""

    def restricted(self) -> frozenset[str]:
        """Return the households with a restriction or an objection that was carried out and not lifted."""


class Households(Protocol):
    """What carrying out a request needs of the register."""

    def read(self, household_id: str, *, actor: Actor) -> Record:
        """Return the stored record. Raises HouseholdNotFound."""

    def withdraw_consent(self, household_id: str, purpose: str, *, actor: Actor) -> Any:
        """Withdraw the consent to a purpose, of a withdrawn household too."""


Erase = Callable[[str, Actor], None]
"""Erases a household's people everywhere; the log's hash chain stays valid."""
