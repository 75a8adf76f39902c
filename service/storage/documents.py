"""Records as documents: _id for id, and beside the record what only storage needs, under ``index``."""

from __future__ import annotations

from typing import Any

from schemas.text import fold
from service.registry.changes import Record
from service.registry.ports import Stored
from service.storage.client import Document
from service.storage.encryption import FieldEncryption, Manner
from service.storage.parcels import cell_keys


def to_document(record: Record, fingerprint: str, encryption: FieldEncryption) -> Document:
    """The document of a household, its personal items encrypted.

    The fingerprint is encrypted too: where all but a number is known, it would tell the number to whoever tries all.
    """
    document: Document = {"_id": record["id"], **encryption.seal(record)}
    del document["id"]
    document["index"] = {"names": name_keys(record), "fingerprint": encryption.seal_value(fingerprint, Manner.SEARCHED)}
    if cells := cell_keys(record):
        document["index"]["cells"] = cells
    return document


def to_stored(document: Document, encryption: FieldEncryption) -> Stored:
    """The household of a document."""
    index: dict[str, Any] = document.pop("index")
    return Stored(to_record(document, encryption), encryption.open_value(index["fingerprint"]))


def to_record(document: Document, encryption: FieldEncryption) -> Record:
    """The record of a document that was read without ``index``."""
    return {"id": document.pop("_id"), **encryption.open(document)}


def name_keys(record: Record) -> list[str]:
    """Folded names of the household's people, each from every word on: "an" finds "Nguyễn Văn An" by its beginning."""
    keys: set[str] = set()
    for person in (record["head"], *record.get("members", ())):
        words = fold(person.get("full_name", "")).split(" ")
        keys.update(" ".join(words[position:]) for position in range(len(words)))
    keys.discard("")
    return sorted(keys)
