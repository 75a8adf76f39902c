"""What people's requests and photos need from storage and of the register of households."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from service.actor import Actor
from service.area import Communes
from service.households.changes import Entry, Kind, Record
from service.households.ports import Stored, Written
from service.people.person_request import PersonRequest, RequestQuery, Step
from service.unit_names import UnitId


class RequestStore(Protocol):
    """Stores people's requests."""

    def add_request(self, request: PersonRequest) -> None:
        """Store a new request."""

    def request(self, request_id: str, area: frozenset[str] | None) -> PersonRequest | None:
        """Return a request of the area."""

    def requests(self, query: RequestQuery, area: Communes) -> list[PersonRequest]:
        """Return requests of the area in order of their due date."""

    def replace_request(self, request: PersonRequest) -> None:
        """Replace the request of the revision before. Raises RequestChanged when it has another revision by now."""

    def replace_restriction(self, request: PersonRequest, entry_of: Callable[[Stored, Kind], Entry]) -> None:
        """As replace_request, for a restriction that begins or ends, with its log entry in the same transaction.

        ``entry_of`` makes the entry of the stored household; there is none while another restriction is in force.
        """

    def close_erased(self, household: str, carried_out: str, step: Step, on: date) -> None:
        """Close every open request about an erased household, and remove what names people from all of them.

        The request ``carried_out`` is done, the others are cancelled. A second call changes nothing that matters.
        """

    def remove_request(self, request_id: str) -> None:
        """Remove a request that was stored while its household was being erased."""


class StoredHouseholds(Protocol):
    """What receiving a request reads of a stored household.

    Implemented by the store, not by the register of households: views reach that one, and would read past the Reader.
    """

    def record(self, household_id: str, *, area: Communes) -> Record:
        """Return a household's record. Raises HouseholdNotFound, also for one outside the area, StoreDamaged."""

    def commune_of(self, household_id: str, *, area: Communes) -> UnitId:
        """Return the commune where a household is stored, also one of which the rest is damaged.

        Raises HouseholdNotFound, also for one outside the area.
        """


class Consents(Protocol):
    """What carrying out a request changes in the register."""

    def withdraw_consent(self, household_id: str, purpose: str, *, actor: Actor) -> Written:
        """Withdraw the consent to a purpose, of a withdrawn household too."""


Erase = Callable[[str, Actor], Sequence[str]]
"""Erases a household's people everywhere; the log's hash chain stays valid. Returns the other households whose records
were revised with it."""


class PhotoOf(StrEnum):
    """What a photo shows."""

    IDENTITY_CARD = "identity_card"
    LAND_CERTIFICATE = "land_certificate"


@dataclass(frozen=True, slots=True)
class Photo:
    """The description of a photo; the picture itself is read separately."""

    id: str
    household: str
    of: PhotoOf
    parcel: str | None
    """The parcel of a land certificate, if given."""
    size: int
    """Bytes of the stored JPEG, without metadata."""
    sha256: str
    width: int
    height: int
    taken_at: datetime | None
    """By the phone's clock; the time of receipt where that clock was ahead, and then ``taken_at_sent`` is what came."""
    created_at: datetime
    actor: str
    taken_at_sent: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoredPhotos:
    """The photos of a household, oldest first."""

    photos: Sequence[Photo] = ()
    damaged: Sequence[str] = ()
    """The ids of the photos that are damaged in storage and cannot be read."""


Accept = Callable[[Record, StoredPhotos], Photo | None]
"""Decides about a new photo, given the household and its photos as they are now: None to store it, or the stored photo
that it equals. Raises the error of a refusal."""


class PhotoStore(Protocol):
    """Stores photos."""

    def add_photo(self, photo: Photo, jpeg: bytes, accept: Accept, area: Communes) -> Photo | None:
        """Call ``accept`` and store the photo, in one transaction; returns the result of ``accept``.

        Raises HouseholdNotFound, HouseholdErased.
        """

    def photos(self, household_id: str) -> StoredPhotos:
        """Return all photos of a household."""

    def photo(self, household_id: str, photo_id: str) -> tuple[Photo, bytes] | None:
        """Return a photo with its JPEG. Raises StoreDamaged."""

    def remove_photo(self, household_id: str, photo_id: str) -> bool:
        """Remove a photo irrecoverably; returns whether it was there."""
