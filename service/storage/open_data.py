"""Open data in MongoDB: counts over the households, and the publications that were made of them, for all workers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from service.reports.ports import Count, Publication, Publications
from service.storage.client import Document, translated

OPEN_DATA: Final = "open_data"
_HOUSEHOLDS: Final = "households"


class MongoOpenData:
    """The store of open data (service/reports/ports.py, OpenDataStore)."""

    def __init__(self, database: Database[Document]) -> None:
        self._client = database.client
        self._database = database
        self._publications = database[OPEN_DATA]

    def count(self, by: Mapping[str, str]) -> list[Count]:
        """Households that are not withdrawn, by commune and the items of ``by``.

        Commune by commune along its index, so that no single query occupies the database for long.
        """
        groups = {name: {"$ifNull": [f"${item}", None]} for name, item in by.items()}
        with translated(self._client):
            communes = sorted(state["_id"] for state in self._database["commune_states"].find({}, {"_id": 1}))
            return [count for commune in communes for count in self._of(commune, groups)]

    def _of(self, commune: str, groups: Document) -> list[Count]:
        found = self._database["households"].aggregate(
            [
                {"$match": {"commune": commune, "status": {"$ne": "withdrawn"}}},
                {"$group": {"_id": groups, "households": {"$sum": 1}}},
            ]
        )
        return [
            Count(commune, each.get("scheme"), each.get("group"), each.get("poverty"), row["households"])
            for row in found
            for each in (row["_id"],)
        ]

    def publications(self) -> Publications | None:
        """The last publications."""
        with translated(self._client):
            document = self._publications.find_one({"_id": _HOUSEHOLDS}, {"leased_until": 0})
        if document is None or "made_at" not in document:
            return None
        made_at = document["made_at"]
        return Publications(
            made_at, {each["province"]: _to_publication(each, made_at) for each in document["provinces"]}
        )

    def put_publications(self, publications: Publications) -> None:
        """Store publications in place of the last, and release the lease."""
        provinces = [
            {
                "province": province,
                "tables": {
                    by: [[row, column, number] for (row, column), number in cells.items()]
                    for by, cells in publication.tables.items()
                },
                "gathered": sorted(publication.gathered),
            }
            for province, publication in publications.by_province.items()
        ]
        document = {"_id": _HOUSEHOLDS, "made_at": publications.made_at, "provinces": provinces}
        with translated(self._client):
            self._publications.replace_one({"_id": _HOUSEHOLDS}, document, upsert=True)

    def lease(self, now: datetime, until: datetime) -> bool:
        """Take the lease to make the next publications; returns False while another worker holds it."""
        free = {"_id": _HOUSEHOLDS, "$or": [{"leased_until": None}, {"leased_until": {"$lte": now}}]}
        with translated(self._client):
            try:
                self._publications.update_one(free, {"$set": {"leased_until": until}}, upsert=True)
            except DuplicateKeyError:
                return False
        return True

    def release(self) -> None:
        """Release the lease without a publication; another worker may make them."""
        with translated(self._client):
            self._publications.update_one({"_id": _HOUSEHOLDS}, {"$unset": {"leased_until": ""}})


def _to_publication(document: Document, made_at: datetime) -> Publication:
    tables = {by: {(row, column): number for row, column, number in cells} for by, cells in document["tables"].items()}
    return Publication(made_at, tables, frozenset(document["gathered"]))
