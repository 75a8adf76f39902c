"""Administrative units in MongoDB."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import date
from typing import Any

from pymongo import ReplaceOne

from service.households.changes import canonical
from service.storage.client import Document, translated
from service.storage.database import Database
from service.units.directory import Unit

_DATES = ("valid_from", "valid_to")
_NAMES = tuple(field.name for field in fields(Unit))


class Units:
    """The list of administrative units."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @translated()
    def unit_list(self) -> tuple[Unit, ...]:
        """All units of the register."""
        return tuple(_to_unit(document) for document in self._database["units"].find().sort("_id"))

    @translated()
    def unit_version(self) -> str:
        """Changes whenever the list of units changes; empty before the first."""
        state = self._database["state"].find_one({"_id": "units"})
        return "" if state is None else str(state["version"])

    @translated()
    def replace_units(self, units: Sequence[Unit]) -> int:
        """Add the units, replacing those of the same key; returns how many differ from before.

        The key is code and level with the first day, so a newer list closes a unit (valid_to, successor) and adds its
        successors.
        """
        documents = [_to_document(unit) for unit in units]
        known = {document["_id"]: document for document in self._database["units"].find()}
        different = [document for document in documents if known.get(document["_id"]) != document]
        if different:
            self._database["units"].bulk_write(
                [ReplaceOne({"_id": d["_id"]}, d, upsert=True) for d in different], ordered=False
            )
        everything = [_without_none(asdict(unit)) for unit in self.unit_list()]
        version = hashlib.sha256(canonical(everything)).hexdigest()[:16]
        self._database["state"].replace_one({"_id": "units"}, {"_id": "units", "version": version}, upsert=True)
        return len(different)


def _to_document(unit: Unit) -> Document:
    document: dict[str, Any] = {"_id": f"{unit.level}:{unit.code}@{unit.valid_from or ''}", **asdict(unit)}
    for name in _DATES:
        document[name] = None if document[name] is None else document[name].isoformat()
    return document


def _to_unit(document: Document) -> Unit:
    values = {name: document[name] for name in _NAMES}
    for name in _DATES:
        values[name] = None if values[name] is None else date.fromisoformat(values[name])
    return Unit(**values)


def _without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
