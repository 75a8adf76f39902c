"""Counting the households of a commune by village, for coverage."""

from __future__ import annotations

from collections.abc import Iterable

from service.reports.ports import VillageCount
from service.storage.client import fails_fast
from service.storage.counting import ALIVE, TALLY, nonzero_counts, text_or_none
from service.storage.database import Database
from service.unit_names import UnitId


class VillageCounts:
    """Counts the households of communes by village; every household of these communes is read, by an index."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @fails_fast
    def by_village(self, communes: Iterable[UnitId]) -> list[VillageCount]:
        """Households that are not withdrawn, by commune, former commune and spelling of the village."""
        place = {
            "commune": "$commune",
            "former": "$former_commune",
            "village": "$index.village",
        }
        these = {**ALIVE, "commune": {"$in": sorted(communes)}}
        found = self._database["households"].aggregate([{"$match": these}, {"$group": {"_id": place, **TALLY}}])
        return [
            VillageCount(
                UnitId(row["_id"]["commune"]),
                text_or_none(row["_id"].get("former")),
                text_or_none(row["_id"].get("village")),
                nonzero_counts(row),
            )
            for row in found
        ]
