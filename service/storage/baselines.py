"""Baselines in MongoDB: how many farm households a unit had on a date."""

from __future__ import annotations

from datetime import date, datetime

from service.reports.ports import Baseline
from service.storage.client import Document, fails_fast
from service.storage.database import Database
from service.unit_names import UnitId

_READ = {"unit": 1, "identity": 1, "households": 1, "source": 1, "date": 1}


class Baselines:
    """How many farm households there are to register in a unit."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @fails_fast
    def put_baseline(self, baseline: Baseline, *, actor: str, at: datetime) -> None:
        """Store a baseline; one of the same unit, by its identity, and date is replaced."""
        key = _key(baseline.identity, baseline.date)
        document = {
            "_id": key,
            "unit": baseline.unit,
            "identity": baseline.identity,
            "households": baseline.households,
            "source": baseline.source,
            "date": baseline.date.isoformat(),
            "actor": actor,
            "at": at,
        }
        self._database["baselines"].replace_one({"_id": key}, document, upsert=True)

    @fails_fast
    def remove_baseline(self, unit: UnitId, day: date) -> bool:
        """Remove the baseline of a unit and a date; returns whether there was one."""
        return self._database["baselines"].delete_one({"_id": _key(unit, day)}).deleted_count > 0

    @fails_fast
    def baselines(self, until: date) -> list[Baseline]:
        """All baselines dated ``until`` or before, in order of date."""
        found = (
            self._database["baselines"]
            .find({"date": {"$lte": until.isoformat()}}, _READ)
            .sort([("date", 1), ("_id", 1)])
            .batch_size(5000)
        )
        return [_to_baseline(document) for document in found]


def _key(unit: UnitId, day: date) -> str:
    return f"{unit}@{day}"


def _to_baseline(document: Document) -> Baseline:
    return Baseline(
        document["unit"],
        document["households"],
        document["source"],
        date.fromisoformat(document["date"]),
        UnitId(document["identity"]),
    )
