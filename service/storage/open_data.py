"""Open data in MongoDB: counts over the households, and the editions that were made of them, for all workers."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from schemas.protection import plain_at_rest
from service.households.masking import sees
from service.reports.ports import Count, Edition, Editions
from service.roles import Sight
from service.storage.client import Document, translated

OPEN_DATA: Final = "open_data"
_HOUSEHOLDS: Final = "households"
_COUNTED_BY: Final = {"scheme": "head.ethnic_scheme", "group": "head.ethnic_group", "poverty": "poverty"}
_GROUPS: Final = {
    name: {"$ifNull": [f"${item}", None]} if plain_at_rest(item) and sees(item, Sight.MASKED) else {"$literal": None}
    for name, item in _COUNTED_BY.items()
}
"""What is counted by. An item that is encrypted, or hidden from readers who see people masked, counts as not known."""


class MongoOpenData:
    """The store of open data (service/reports/ports.py, OpenDataStore)."""

    def __init__(self, database: Database[Document]) -> None:
        self._client = database.client
        self._database = database
        self._editions = database[OPEN_DATA]

    def count(self) -> list[Count]:
        """Households that are not withdrawn, by commune, ethnic group of the head and poverty class.

        Commune by commune along its index, so that no single query occupies the database for long.
        """
        with translated(self._client):
            communes = sorted(state["_id"] for state in self._database["commune_states"].find({}, {"_id": 1}))
            return [count for commune in communes for count in self._of(commune)]

    def _of(self, commune: str) -> list[Count]:
        found = self._database["households"].aggregate(
            [
                {"$match": {"commune": commune, "status": {"$ne": "withdrawn"}}},
                {"$group": {"_id": _GROUPS, "households": {"$sum": 1}}},
            ]
        )
        return [
            Count(commune, row["_id"]["scheme"], row["_id"]["group"], row["_id"]["poverty"], row["households"])
            for row in found
        ]

    def editions(self) -> Editions | None:
        """The last editions."""
        with translated(self._client):
            document = self._editions.find_one({"_id": _HOUSEHOLDS}, {"leased_until": 0})
        if document is None or "made_at" not in document:
            return None
        made_at = document["made_at"]
        return Editions(made_at, {each["province"]: _to_edition(each, made_at) for each in document["provinces"]})

    def put_editions(self, editions: Editions) -> None:
        """Store editions in place of the last, and release the lease."""
        provinces = [
            {
                "province": province,
                "tables": {
                    by: [[row, column, number] for (row, column), number in cells.items()]
                    for by, cells in edition.tables.items()
                },
                "gathered": sorted(edition.gathered),
            }
            for province, edition in editions.by_province.items()
        ]
        document = {"_id": _HOUSEHOLDS, "made_at": editions.made_at, "provinces": provinces}
        with translated(self._client):
            self._editions.replace_one({"_id": _HOUSEHOLDS}, document, upsert=True)

    def lease(self, now: datetime, until: datetime) -> bool:
        """Take the lease to make the next editions; returns False while another worker holds it."""
        free = {"_id": _HOUSEHOLDS, "$or": [{"leased_until": None}, {"leased_until": {"$lte": now}}]}
        with translated(self._client):
            try:
                self._editions.update_one(free, {"$set": {"leased_until": until}}, upsert=True)
            except DuplicateKeyError:
                return False
        return True

    def release(self) -> None:
        """Release the lease without an edition; another worker may make them."""
        with translated(self._client):
            self._editions.update_one({"_id": _HOUSEHOLDS}, {"$unset": {"leased_until": ""}})


def _to_edition(document: Document, made_at: datetime) -> Edition:
    tables = {by: {(row, column): number for row, column, number in cells} for by, cells in document["tables"].items()}
    return Edition(made_at, tables, frozenset(document["gathered"]))
