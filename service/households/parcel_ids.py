"""A parcel's id: the register gives one where none is sent, and refuses a new one that another household holds.

A parcel is identified by its household and its id together. Two households with one id are therefore no damage, but
usually a mistake of a client, so it is refused where the writer may read the other household. Elsewhere a refusal
would show a stranger that somebody holds the id: those that the register gives follow from the household's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import uuid_utils

from service.area import Communes
from service.errors import ParcelIdTaken
from service.households.changes import Change, Record
from service.households.ports import Neighbour

NewParcels = dict[str, tuple[str, int]]
"""By id: the household that names the parcel for the first time, and the parcel's index in its record."""


def named_parcels(parcels: Sequence[dict[str, Any]], household_id: str) -> list[dict[str, Any]]:
    """The parcels, each that has no id with one that follows from the household and its place in the list.

    The same write sent again must be the same content, so the id cannot be random.
    """
    taken = {parcel["id"] for parcel in parcels if "id" in parcel}
    named = []
    for position, parcel in enumerate(parcels):
        if "id" in parcel:
            named.append(parcel)
            continue
        identity = next(each for each in _given_at(household_id, position, len(parcels)) if each not in taken)
        taken.add(identity)
        named.append({"id": identity, **parcel})
    return named


def new_parcels(changes: Sequence[Change], befores: Mapping[str, Record]) -> NewParcels:
    """The parcels that the changes bring in; ids that a household held before stay, though another may hold them too.

    So do those that the register itself gives to the household: another household that was sent with one, as that of
    a parcel's buyer is, must not stand in the way. Raises ParcelIdTaken where two of the changes bring in the same.
    """
    found: NewParcels = {}
    for change in changes:
        household = change.record["id"]
        before = {identity for identity, _ in _ids_of(befores.get(household))}
        count = len(change.record.get("parcels", ()))
        for identity, number in _ids_of(change.record):
            if identity in before or _is_given(identity, household, number, count):
                continue
            if identity in found:
                raise _taken(identity, number)
            found[identity] = household, number
    return found


def require_free(new: NewParcels, neighbours: Iterable[Neighbour], area: Communes) -> None:
    """Raise ParcelIdTaken for a new parcel that one of the neighbours within the area holds."""
    for neighbour in neighbours:
        if area is not None and neighbour.commune not in area:
            continue
        for parcel in neighbour.parcels:
            claimed = new.get(parcel.get("id", ""))
            if claimed is not None and claimed[0] != neighbour.household:
                raise _taken(parcel["id"], claimed[1])


def _is_given(identity: str, household_id: str, position: int, count: int) -> bool:
    """Whether the register can have given this id; nearly all others differ in the version of their UUID already."""
    return identity[14:15] == "5" and identity in _given_at(household_id, position, count)


def _given_at(household_id: str, position: int, count: int) -> Iterator[str]:
    """What the register can call the parcel at a place of a list of ``count``, in the order of its attempts."""
    for attempt in range(count + 1):
        yield str(uuid_utils.uuid5(uuid_utils.UUID(household_id), f"parcel {position} {attempt}"))


def _ids_of(record: Record | None) -> Iterator[tuple[str, int]]:
    if record is None or record["status"] == "withdrawn":
        return
    for number, parcel in enumerate(record.get("parcels", ())):
        yield parcel["id"], number


def _taken(identity: str, number: int) -> ParcelIdTaken:
    return ParcelIdTaken(pointer=f"/parcels/{number}/id", id=identity)
