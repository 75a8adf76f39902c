"""A parcel's id belongs to one household: a new one that another household holds is refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from service.errors import ParcelIdTaken
from service.households.changes import Change, Record
from service.households.ports import Neighbour

NewParcels = Mapping[str, tuple[str, int]]
"""By id: the household that names the parcel for the first time, and the parcel's index in its record."""


def new_parcels(changes: Sequence[Change], befores: Mapping[str, Record]) -> NewParcels:
    """The parcels that the changes bring in; ids that a household held before stay, though another may hold them too.

    Raises ParcelIdTaken where two of the changes bring in the same.
    """
    found: dict[str, tuple[str, int]] = {}
    for change in changes:
        household = change.record["id"]
        before = {identity for identity, _ in _ids_of(befores.get(household))}
        for identity, number in _ids_of(change.record):
            if identity in before:
                continue
            if identity in found:
                raise _taken(identity, number)
            found[identity] = household, number
    return found


def require_free(new: NewParcels, neighbours: Iterable[Neighbour]) -> None:
    """Raise ParcelIdTaken for a new parcel that one of the neighbours holds."""
    for neighbour in neighbours:
        for parcel in neighbour.parcels:
            claimed = new.get(parcel.get("id", ""))
            if claimed is not None and claimed[0] != neighbour.household:
                raise _taken(parcel["id"], claimed[1])


def _ids_of(record: Record | None) -> Iterator[tuple[str, int]]:
    if record is None or record["status"] == "withdrawn":
        return
    for number, parcel in enumerate(record.get("parcels", ())):
        yield parcel["id"], number


def _taken(identity: str, number: int) -> ParcelIdTaken:
    return ParcelIdTaken(pointer=f"/parcels/{number}/id", id=identity)
