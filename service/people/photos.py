"""Photos of papers (identity card, land certificate): their household, legal basis, number and size.

A photo is stored only while the record's legal basis covers it: without one it is neither accepted nor shown, and a
write that removes the basis removes the photos in the same transaction (service/storage/transaction.py).
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from schemas.photos import covers_photos
from service.about import note_about
from service.actor import Actor
from service.clock import Clock
from service.errors import (
    HouseholdWithdrawn,
    PhotoIdInvalid,
    PhotoIdTaken,
    PhotoNoLegalBasis,
    PhotoNotFound,
    PhotoParcelUnknown,
    PhotosTooMany,
    PhotoTooManyPixels,
    QueryInvalid,
    StoreDamaged,
)
from service.households.changes import Record
from service.households.reading import Reader
from service.households.registration import household_id_of
from service.households.times import MOST_AHEAD
from service.people.jpeg import bare_picture
from service.people.ports import Photo, PhotoOf, PhotoStore, StoredPhotos

MOST_PIXELS: Final = 25_000_000
"""More than any paper needs, and few enough that a phone can decode and show it (100 MB)."""


@dataclass(frozen=True, slots=True)
class SentPhoto:
    """The result of sending a photo: its description, and whether it is new."""

    photo: Photo
    created: bool


class PhotoRegister:
    """Stores, returns and removes photos; all that is returned goes through the Reader of the request."""

    def __init__(self, store: PhotoStore, clock: Clock, *, most_photos: int) -> None:
        self._store = store
        self._clock = clock
        self._most_photos = most_photos

    def put(
        self,
        household_id: str,
        photo_id: str,
        jpeg: bytes,
        *,
        of: PhotoOf,
        parcel: str | None,
        taken_at: datetime | None,
        actor: Actor,
    ) -> SentPhoto:
        """Store a photo under the id that the client generated; idempotent for the same photo.

        Raises QueryInvalid for a photo of a day to come, PhotoIdInvalid, PhotoIdTaken, PhotoUnreadable,
        PhotoTooManyPixels, PhotoNoLegalBasis, PhotosTooMany,
        PhotoParcelUnknown, HouseholdNotFound, HouseholdWithdrawn, HouseholdErased; StoreDamaged where a photo with
        this id is stored damaged, so that nobody can say whether it is the same.
        """
        note_about(photo_id)
        now = self._clock()
        latest = now + MOST_AHEAD
        if taken_at is not None and taken_at > latest:
            raise QueryInvalid(pointer="/taken_at", name="taken_at", reason=f"≤ {latest:%Y-%m-%dT%H:%M:%SZ}")
        ahead = taken_at is not None and taken_at > now
        picture = bare_picture(jpeg)
        if picture.width * picture.height > MOST_PIXELS:
            raise PhotoTooManyPixels(pointer="", width=picture.width, height=picture.height, most=MOST_PIXELS)
        photo = Photo(
            id=photo_id_of(photo_id),
            household=household_id_of(household_id),
            of=of,
            parcel=parcel,
            size=len(picture.jpeg),
            sha256=hashlib.sha256(picture.jpeg).hexdigest(),
            width=picture.width,
            height=picture.height,
            taken_at=now if ahead else taken_at,
            created_at=now,
            actor=actor.name,
            taken_at_sent=taken_at if ahead else None,
        )

        def accept(record: Record, there: StoredPhotos) -> Photo | None:
            return _accept(photo, record, there, self._most_photos)

        known = self._store.add_photo(photo, picture.jpeg, accept, actor.area)
        return SentPhoto(photo, created=True) if known is None else SentPhoto(known, created=False)

    def of_household(self, household_id: str, reader: Reader) -> StoredPhotos:
        """Return all photos of a household, oldest first. Raises as ``Reader.stored_beside``."""
        found = reader.stored_beside(household_id, self._all_of)
        reader.report_damaged([household_id] if found.damaged else [])
        return found

    def picture(self, household_id: str, photo_id: str, reader: Reader) -> tuple[Photo, bytes]:
        """Return a photo with its JPEG. Raises PhotoNoLegalBasis, PhotoNotFound, and as ``Reader.stored_beside``."""
        note_about(photo_id)
        return reader.stored_beside(household_id, lambda record: self._picture(record, photo_id))

    def pictures(self, household_id: str, reader: Reader) -> tuple[list[tuple[Photo, bytes]], list[str]]:
        """Return all photos of a household with their JPEGs, oldest first, and the ids of those that are damaged."""
        found, damaged = reader.stored_beside(household_id, self._pictures)
        reader.report_damaged([household_id] if damaged else [])
        return found, damaged

    def remove(self, household_id: str, photo_id: str, reader: Reader) -> None:
        """Remove a photo irrecoverably. Raises PhotoNotFound, and as ``Reader.stored_beside``."""
        note_about(photo_id)
        reader.stored_beside(household_id, lambda record: self._remove(record, photo_id))

    def _all_of(self, record: Record) -> StoredPhotos:
        return self._store.photos(record["id"]) if covers_photos(record) else StoredPhotos()

    def _picture(self, record: Record, photo_id: str) -> tuple[Photo, bytes]:
        if not covers_photos(record):
            raise PhotoNoLegalBasis(basis=record.get("legal_basis", "-"))
        found = self._store.photo(record["id"], photo_id_of(photo_id))
        if found is None:
            raise PhotoNotFound(id=photo_id[:80])
        return found

    def _pictures(self, record: Record) -> tuple[list[tuple[Photo, bytes]], list[str]]:
        there = self._all_of(record)
        found: list[tuple[Photo, bytes]] = []
        damaged = list(there.damaged)
        for photo in there.photos:
            try:
                picture = self._store.photo(photo.household, photo.id)
            except StoreDamaged:
                damaged.append(photo.id)
            else:
                found += [] if picture is None else [picture]  # None: removed while the others were read
        return found, damaged

    def _remove(self, record: Record, photo_id: str) -> None:
        if not self._store.remove_photo(record["id"], photo_id_of(photo_id)):
            raise PhotoNotFound(id=photo_id[:80])


def photo_id_of(text: str) -> str:
    """Return the canonical form of a photo's id. Raises PhotoIdInvalid unless it is a UUID."""
    try:
        canonical = str(uuid.UUID(text))
    except ValueError:
        raise PhotoIdInvalid(pointer="/photo_id", id=text[:80]) from None
    if canonical != text.lower():
        raise PhotoIdInvalid(pointer="/photo_id", id=text[:80])
    return canonical


def _accept(photo: Photo, record: Record, there: StoredPhotos, most: int) -> Photo | None:
    known = next((each for each in there.photos if each.id == photo.id), None)
    if not covers_photos(record):
        raise PhotoNoLegalBasis(basis=record.get("legal_basis", "-"))
    if known is not None:
        if (known.sha256, known.of, known.parcel) != (photo.sha256, photo.of, photo.parcel):
            raise PhotoIdTaken(id=photo.id)
        return known
    if photo.id in there.damaged:
        raise StoreDamaged(reason="photo")
    if record["status"] == "withdrawn":
        raise HouseholdWithdrawn(id=record["id"], reason=record.get("status_reason", ""))
    if photo.parcel is not None and photo.parcel not in {each.get("id") for each in record.get("parcels") or ()}:
        raise PhotoParcelUnknown(pointer="/parcel", parcel=photo.parcel[:80])
    if len(there.photos) + len(there.damaged) >= most:
        raise PhotosTooMany(most=most)
    return None
