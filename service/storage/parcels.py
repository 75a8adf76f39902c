"""Queries about parcels by where they lie: grid cells, neighbours, and what falls into an area."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

import structlog
from pymongo import UpdateOne
from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from schemas.protection import plain_at_rest
from schemas.stored import stored_form
from service.area import Communes
from service.households.changes import Record
from service.households.ports import Neighbour
from service.parcels.cells import Cells, cells_of_stored
from service.parcels.number_claims import cells_of_claims, number_claims
from service.parcels.ports import Boundary
from service.parcels.regions import Box
from service.storage.boxes import box_polygons
from service.storage.client import Document, fails_fast
from service.storage.collections import INDEXED_GEOMETRIES
from service.storage.database import Database
from service.unit_names import UnitId

Collections = Mapping[str, Collection[Document]]

ACTIVE = {"$ne": "withdrawn"}
NOWHERE: dict[str, Any] = {"_id": {"$in": []}}
"""A filter that matches no document."""
_MARGIN_DEGREES = 1e-4
_BOUNDARIES = {"parcels.id": 1, "parcels.geometry": 1}
_CELLS_ARE_STORED = all(map(plain_at_rest, _BOUNDARIES))
"""Whether cells may be stored in clear, to be found or locked by: they reveal where a boundary lies, so only if the
boundary is stored so too."""
_NUMBERS = {
    "former_commune": 1,
    **dict.fromkeys(
        (
            "parcels.former_commune",
            "parcels.former_commune_unknown",
            "parcels.map_sheet",
            "parcels.parcel_number",
            "parcels.cadastral_map_sheet",
            "parcels.cadastral_parcel_number",
            "parcels.locality",
            "parcels.tenure",
        ),
        1,
    ),
}
_CLAIMS_ARE_STORED = all(map(plain_at_rest, _NUMBERS))
"""Whether keys of number claims may be stored in clear: a parcel's number could be guessed from them."""
_OF_NEIGHBOURS = {"commune": 1, **_BOUNDARIES, **(_NUMBERS if _CLAIMS_ARE_STORED else {})}
"""By what the parcels of two households are compared."""
_OUTLINED = frozenset(_BOUNDARIES)
COMPARED = frozenset(name for name in _OF_NEIGHBOURS if name.startswith("parcels."))
_log = structlog.get_logger("service.parcels")


class Parcels:
    """Parcels by where they lie and who holds them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @fails_fast
    def boundaries_of_meeting(self, geometry: Mapping[str, Any], communes: Communes) -> list[Boundary]:
        """All boundaries of the communes' households, except withdrawn ones, of which one meets a GeoJSON geometry."""
        conditions: list[dict[str, Any]] = [{"$or": meeting(geometry, ["parcels.geometry"])}, {"status": ACTIVE}]
        if communes is not None:
            conditions.append({"commune": {"$in": sorted(communes)}})
        where = {"$and": conditions}
        return _boundaries_of(self._database["households"].find(where, _BOUNDARIES))

    @fails_fast
    def holders_of_parcel(self, parcel: str, area: Communes) -> list[str]:
        """The households within the area that hold a parcel of this id."""
        where: dict[str, Any] = {"parcels.id": {"$eq": parcel}, "status": ACTIVE}
        if area is not None:
            where["commune"] = {"$in": sorted(area)}
        return [document["_id"] for document in self._database["households"].find(where, {"_id": 1})]


class CellsMissing(Exception):
    """Grid cells without a document; they are created outside the transaction, which is then run again."""

    def __init__(self, cells: Iterable[int]) -> None:
        super().__init__()
        self.cells = frozenset(cells)


def cell_keys(record: Record) -> list[int]:
    """The cells and keys of claims by which its neighbours find a household; empty for a withdrawn one."""
    if record["status"] == "withdrawn":
        return []
    parcels = record.get("parcels", ())
    boundaries = [parcel["geometry"] for parcel in parcels if parcel.get("geometry") is not None]
    keys = cells_of_stored(boundaries).own if _CELLS_ARE_STORED and boundaries else frozenset()
    if _CLAIMS_ARE_STORED:
        keys |= cells_of_claims(number_claims(record["id"], record.get("former_commune"), parcels))
    return sorted(keys)


def take_cells(collections: Collections, session: ClientSession, cells: Iterable[int]) -> None:
    """Lock grid cells until the commit: of two transactions at one cell the second is retried. Raises CellsMissing.

    The lock is a write. With a snapshot alone, both could read the neighbourhood before either has written to it. It
    may come before or after the read: MongoDB aborts a write to a cell that has changed since the snapshot.
    """
    wanted = _to_lock(cells)
    if not wanted:
        return
    where = {"_id": {"$in": wanted}}
    result = collections["grid_cells"].update_many(where, {"$inc": {"writes": 1}}, session=session)
    if result.matched_count < len(wanted):
        there = {document["_id"] for document in collections["grid_cells"].find(where, {"_id": 1})}
        raise CellsMissing(set(wanted) - there)


def _to_lock(cells: Iterable[int]) -> list[int]:
    """The cells in order; none where boundaries are sealed, which nobody is then found by."""
    return sorted(set(cells)) if _CELLS_ARE_STORED else []


def make_cells(collections: Collections, cells: Iterable[int]) -> None:
    """Create cells that are not there yet; two processes may create the same one at once."""
    made = [UpdateOne({"_id": cell}, {"$setOnInsert": {"writes": 0}}, upsert=True) for cell in sorted(cells)]
    if made:
        collections["grid_cells"].bulk_write(made, ordered=False)


def make_missing_cells(collections: Collections, cells: Iterable[int]) -> None:
    """Create those of the cells that are not there yet."""
    wanted = _to_lock(cells)
    there = collections["grid_cells"].find({"_id": {"$in": wanted}}, {"_id": 1})
    make_cells(collections, set(wanted) - {document["_id"] for document in there})


def around(cells: Cells, parcels: frozenset[str]) -> dict[str, Any] | None:
    """A filter for the households, except withdrawn ones, that a write can affect; None if there can be none.

    They touch one of the cells, have one of the claims, or hold a parcel of one of the ids; each branch has its index.
    """
    near = {"index.cells": {"$in": sorted(cells.queried)}}
    holding = {"parcels.id": {"$in": sorted(parcels)}, "status": ACTIVE}
    branches = [each for each, wanted in ((near, cells.queried), (holding, parcels)) if wanted]
    if len(branches) < 2:
        return branches[0] if branches else None
    return {"$or": branches}


def neighbours_and_states(
    collections: Collections, where: Mapping[str, Any], communes: Iterable[str], session: ClientSession
) -> tuple[list[Neighbour], list[Document]]:
    """What ``neighbours_in`` returns, and the states of the communes that have one, in one command.

    A round trip costs a registration more than checking its record. ``$unwind`` makes a row of each neighbour, so that
    no row is larger than a household; ``$unionWith`` would be simpler, but is not allowed in a transaction.
    """
    near = [{"$match": dict(where)}, {"$project": _OF_NEIGHBOURS}]
    rows = collections["commune_states"].aggregate(
        [
            {"$match": {"_id": {"$in": sorted(communes)}}},
            {"$lookup": {"from": collections["households"].name, "pipeline": near, "as": "near"}},
            {"$unwind": {"path": "$near", "preserveNullAndEmptyArrays": True}},
        ],
        session=session,
    )
    states: dict[str, Document] = {}
    households: dict[str, Document] = {}
    for row in rows:
        household = row.pop("near", None)
        if household is not None:
            households[household["_id"]] = household
        states.setdefault(row["_id"], row)
    return _neighbours_of(households.values()), list(states.values())


def neighbours_in(
    collections: Collections, where: Mapping[str, Any], session: ClientSession | None = None
) -> list[Neighbour]:
    """The households that match a filter (``around``), with what their parcels are compared by."""
    return _neighbours_of(collections["households"].find(where, _OF_NEIGHBOURS, session=session))


def _neighbours_of(documents: Iterable[Document]) -> list[Neighbour]:
    return [
        Neighbour(
            document["_id"],
            UnitId(_text_of(document, "commune") or ""),
            tuple(parcel for _, parcel in _parcels_of(document, COMPARED)),
            _text_of(document, "former_commune"),
        )
        for document in documents
    ]


def _boundaries_of(documents: Iterable[Document]) -> list[Boundary]:
    return [
        Boundary(document["_id"], parcel["id"], number, parcel["geometry"])
        for document in documents
        for number, parcel in _parcels_of(document, _OUTLINED)
        if parcel.get("geometry") is not None
    ]


def _parcels_of(document: Document, read: frozenset[str]) -> Iterable[tuple[int, Document]]:
    """The parcels of a household with their positions. One that is damaged is left out and reported in the service's
    log, so that no neighbour waits for it.
    """
    parcels, fits = document.get("parcels", []), stored_form(read)
    if fits({"parcels": parcels}):
        return enumerate(parcels)
    _log.error("damaged", household=document["_id"])
    found = enumerate(parcels if isinstance(parcels, list) else ())
    return [(number, parcel) for number, parcel in found if fits({"parcels": [parcel]})]


def _text_of(document: Document, name: str) -> str | None:
    """A text that is compared; one that is damaged is not."""
    value = document.get(name)
    return value if isinstance(value, str) else None


def meeting(geometry: Mapping[str, Any], geometries: Container[str]) -> list[dict[str, Any]]:
    """Alternative conditions: a household meets a GeoJSON geometry with one of these items.

    There is always one, if need be one that matches no document.
    """
    meets = {"$geoIntersects": {"$geometry": dict(geometry)}}
    return [{item: meets} for item in INDEXED_GEOMETRIES if item in geometries] or [NOWHERE]


def beginning_in(box: Box) -> list[dict[str, Any]]:
    """The conditions, all of which hold, that a boundary begins in a box (see ``service.parcels.regions.begins_in``).

    The index finds what meets the box or comes within 10 m of it; MongoDB draws its edges as great circles.
    """
    west, south, east, north = box
    margin = _MARGIN_DEGREES
    wider = max(west - margin, -180.0), max(south - margin, -90.0), min(east + margin, 180.0), min(north + margin, 90.0)
    near = [each for polygon in box_polygons(*wider) for each in meeting(polygon, ["parcels.geometry"])]
    first = {"Polygon": "geometry.coordinates.0.0", "MultiPolygon": "geometry.coordinates.0.0.0"}
    longitudes, latitudes = {"$gte": west, "$lt": east}, {"$gte": south, "$lt": north}
    begins = [
        {"geometry.type": kind, f"{corner}.0": longitudes, f"{corner}.1": latitudes} for kind, corner in first.items()
    ]
    return [{"$or": near or [NOWHERE]}, {"parcels": {"$elemMatch": {"$or": begins}}}]


def fallen_in(
    collections: Collections, geometry: Mapping[str, Any], area: Communes, items: Sequence[str]
) -> Iterator[Record]:
    """Households, except withdrawn ones, of which a requested item meets a geometry, with these, not decrypted."""
    conditions: list[dict[str, Any]] = [{"$or": meeting(geometry, items)}, {"status": ACTIVE}]
    if area is not None:
        conditions.append({"commune": {"$in": sorted(area)}})
    for document in collections["households"].find({"$and": conditions}, dict.fromkeys(items, 1), batch_size=1000):
        yield {"id": document.pop("_id"), **document}
