"""Whether the database has what the register needs."""

from __future__ import annotations

from pymongo.database import Database

from service.storage.client import Document
from service.storage.collections import COLLECTIONS


def missing_parts(database: Database[Document]) -> list[str]:
    """Names of declared collections and indexes that are not there; empty when the database is ready."""
    there = set(database.list_collection_names())
    missing: list[str] = []
    for collection in COLLECTIONS:
        if collection.name not in there:
            missing.append(collection.name)
            continue
        indexes = set(database[collection.name].index_information())
        missing.extend(
            f"{collection.name}.{index.document['name']}"
            for index in collection.indexes
            if index.document["name"] not in indexes
        )
    return missing
