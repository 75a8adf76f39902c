"""Administrative units in MongoDB."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import date
from typing import Any

from pymongo import ReplaceOne
from pymongo.database import Database

from service.households.changes import canonical
from service.storage.client import Document
from service.units.directory import Unit

_DATES = ("valid_from", "valid_to")
_NAMES = tuple(field.name for field in fields(Unit))


def unit_list(database: Database[Document]) -> tuple[Unit, ...]:
    """All units of the register."""
    return tuple(_to_unit(document) for document in database["units"].find().sort("_id"))


def unit_version(database: Database[Document]) -> str:
    """Changes whenever the list of units changes; empty before the first."""
    state = database["state"].find_one({"_id": "units"})
    return "" if state is None else str(state["version"])


def replace_units(database: Database[Document], units: Sequence[Unit]) -> int:
    """Add the units, replacing those of the same key; answers how many differ from before.

    The key is code and level with the first day, so a newer list closes a unit (valid_to, successor) and adds its
    successors.
    """
    documents = [_to_document(unit) for unit in units]
    known = {document["_id"]: document for document in database["units"].find()}
    different = [document for document in documents if known.get(document["_id"]) != document]
    if different:
        database["units"].bulk_write([ReplaceOne({"_id": d["_id"]}, d, upsert=True) for d in different], ordered=False)
    everything = [_without_none(asdict(unit)) for unit in unit_list(database)]
    version = hashlib.sha256(canonical(everything)).hexdigest()[:16]
    database["state"].replace_one({"_id": "units"}, {"_id": "units", "version": version}, upsert=True)
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
