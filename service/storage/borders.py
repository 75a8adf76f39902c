"""Borders of administrative units in MongoDB: stored as well-known binary, read whole into memory, never queried."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Mapping

import shapely
from bson.binary import Binary
from pymongo import DeleteMany, ReplaceOne
from shapely.geometry.base import BaseGeometry

from service.storage.client import Document, fails_fast
from service.storage.database import Database
from service.unit_names import UnitId


class Borders:
    """The borders of administrative units."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @fails_fast
    def border_version(self) -> str:
        """Returns a version that changes whenever the borders change; empty before the first."""
        state = self._database["state"].find_one({"_id": "borders"})
        return "" if state is None else str(state["version"])

    @fails_fast
    def border_list(self) -> dict[UnitId, BaseGeometry]:
        """Returns every border by the identity of its unit, in WGS 84."""
        documents = list(self._database["borders"].find().sort("_id"))
        geometries = shapely.from_wkb([bytes(document["border"]) for document in documents])
        return {UnitId(document["_id"]): geometry for document, geometry in zip(documents, geometries, strict=True)}

    @fails_fast
    def replace_borders(
        self, borders: Mapping[UnitId, BaseGeometry], instead_of: Container[UnitId] | None = None
    ) -> int:
        """Replace the stored borders of the units ``instead_of`` (None: all) by these; returns how many differ.

        Every other stored border stays, so that each province has its own.
        """
        new = {code: bytes(shapely.to_wkb(border)) for code, border in borders.items()}
        known = {document["_id"]: bytes(document["border"]) for document in self._database["borders"].find()}
        different = sorted(code for code, binary in new.items() if known.get(code) != binary)
        gone = sorted(code for code in known if code not in new and (instead_of is None or code in instead_of))
        writes: list[ReplaceOne[Document] | DeleteMany] = [
            ReplaceOne({"_id": code}, {"_id": code, "border": Binary(new[code])}, upsert=True) for code in different
        ]
        if gone:
            writes.append(DeleteMany({"_id": {"$in": gone}}))
        if writes:
            self._database["borders"].bulk_write(writes)
        digest = hashlib.sha256()
        for code, binary in sorted(({**known, **new}).items()):
            if code not in gone:
                digest.update(code.encode() + b"\0" + binary)
        version = digest.hexdigest()[:16]
        self._database["state"].replace_one({"_id": "borders"}, {"_id": "borders", "version": version}, upsert=True)
        return len(different) + len(gone)
