"""Lists of villages in MongoDB, one document a commune."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from pymongo.errors import DuplicateKeyError

from service.storage.client import Document, fails_fast
from service.storage.database import Database
from service.unit_names import UnitId
from service.units.villages import Village, VillageList


class Villages:
    """The lists of villages of communes, each by the commune's identity."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @fails_fast
    def lists_of(self, communes: Iterable[UnitId]) -> dict[UnitId, VillageList]:
        """The lists of these communes; none for one that never stored any."""
        found = self._database["villages"].find({"_id": {"$in": sorted(communes)}})
        return {UnitId(document["_id"]): _to_list(document) for document in found}

    @fails_fast
    def counts(self) -> dict[UnitId, int]:
        """How many villages each stored list has."""
        size = {"count": {"$size": "$villages"}}
        return {
            UnitId(each["_id"]): each["count"] for each in self._database["villages"].aggregate([{"$project": size}])
        }

    @fails_fast
    def put_villages(self, villages: VillageList, *, replaced: int, actor: str) -> bool:
        """Store a list in place of the commune's own one of the revision ``replaced`` (0: there is none yet).

        Returns False where another list was stored meanwhile; nothing is written then.
        """
        document = _to_document(villages, actor)
        if replaced:
            where = {"_id": villages.commune, "revision": replaced}
            return self._database["villages"].replace_one(where, document).matched_count > 0
        try:
            self._database["villages"].insert_one(document)
        except DuplicateKeyError:
            return False
        return True


def _to_document(villages: VillageList, actor: str) -> Document:
    return {
        "_id": villages.commune,
        "revision": villages.revision,
        "taken_over": sorted(villages.taken_over),
        "villages": [
            {
                "id": each.id,
                "name": each.name,
                "former": each.former,
                "expected": each.expected,
                "source": each.expected_source,
                "on": None if each.expected_on is None else each.expected_on.isoformat(),
            }
            for each in villages.villages
        ],
        "actor": actor,
        "at": villages.updated_at,
    }


def _to_list(document: Document) -> VillageList:
    return VillageList(
        commune=UnitId(document["_id"]),
        villages=tuple(map(_to_village, document["villages"])),
        revision=document["revision"],
        taken_over=frozenset(map(UnitId, document["taken_over"])),
        updated_at=document["at"],
    )


def _to_village(item: Document) -> Village:
    day = item["on"]
    return Village(
        item["id"],
        item["name"],
        item["former"],
        item["expected"],
        item["source"],
        None if day is None else date.fromisoformat(day),
    )
