"""Copies of everything that the register stores of a household, for its people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from service.households.changes import Record
from service.households.reading import Reader
from service.people.person_request import PersonRequest, RequestInvalid, RequestKind
from service.people.photos import PhotoRegister
from service.people.ports import Photo


@dataclass(frozen=True, slots=True)
class PersonCopy:
    """A household's record, all that ever happened to it, newest first, and its photos with their pictures."""

    record: Record
    history: Iterator[dict[str, Any]]
    pictures: Sequence[tuple[Photo, bytes]]
    damaged_photos: Sequence[str]


def copy_for(request: PersonRequest, reader: Reader, photos: PhotoRegister) -> PersonCopy:
    """Return the copy for a request to view or to have one.

    Raises RequestInvalid for any other request, PermissionMissing for readers who do not see all of people,
    HouseholdNotFound.
    """
    if request.kind not in {RequestKind.VIEW, RequestKind.COPY}:
        raise RequestInvalid(pointer="/kind", reason="kind", known="view, copy")
    whole = reader.whole(request.household)
    pictures, damaged = photos.pictures(whole.record["id"], reader)
    return PersonCopy(whole.record, whole.history, pictures, damaged)
