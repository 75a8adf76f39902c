"""Re-encrypting stored documents with the current data key, while the register is in use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from service.storage.client import Document, translated
from service.storage.database import Database
from service.storage.documents import DAMAGE, EntryParts, contents_of, renewed, sealed_again
from service.storage.encryption.fields import FieldEncryption
from service.storage.encryption.items import CIPHERTEXT_SUBTYPE
from service.storage.log import to_log_entry
from service.storage.photo_files import FILES

BATCH = 200


def reencrypt(
    database: Database, report_damaged: Callable[[str, str], None] = lambda _, __: None
) -> Iterator[tuple[str, int]]:
    """Re-encrypt households, log, requests and photos; yields each collection and how many of its documents changed.

    A document that was written meanwhile is left alone (it has the new key): the filter contains what was read. One
    that is damaged stays as it is, and is reported by its collection and id.
    """
    work: dict[str, Callable[[Document], Document]] = {
        "households": lambda document: renewed(document, database.encryption),
        "log": lambda document: _entry(document, database.encryption),
        "requests": lambda document: _renewed(document, database.encryption),
        # A photo is encrypted with a key of its own: that key is re-encrypted, the photo's bytes stay as they are.
        FILES: lambda document: _renewed(document, database.encryption),
    }
    for name, renew in work.items():
        with translated():
            yield name, _collection(database, name, renew, report_damaged)


def _collection(
    database: Database,
    name: str,
    renew: Callable[[Document], Document],
    report_damaged: Callable[[str, str], None],
) -> int:
    changed = 0
    after: Any = None
    while True:
        where = {} if after is None else {"_id": {"$gt": after}}
        batch = list(database[name].find(where).sort("_id", 1).limit(BATCH))
        if not batch:
            return changed
        for document in batch:
            try:
                items = {key: value for key, value in renew(document).items() if document.get(key) != value}
            except DAMAGE:
                report_damaged(name, str(document["_id"]))
                continue
            if items:
                known = {key: document[key] for key in items if key in document}
                changed += database[name].update_one({"_id": document["_id"], **known}, {"$set": items}).modified_count
        after = batch[-1]["_id"]


def _renewed(value: Any, encryption: FieldEncryption) -> Any:
    """A value with every ciphertext in it under the current data key."""
    if isinstance(value, Mapping):
        return {name: _renewed(each, encryption) for name, each in value.items()}
    if isinstance(value, list):
        return [_renewed(each, encryption) for each in value]
    return encryption.renewed(value) if getattr(value, "subtype", None) == CIPHERTEXT_SUBTYPE else value


def _entry(document: Document, encryption: FieldEncryption) -> Document:
    if not encryption.stale(document):
        return document
    entry = to_log_entry(document, encryption)
    contents = contents_of(document, entry.household, entry.revision, encryption)
    parts = EntryParts(entry.record, entry.replaced, entry.note)
    return {**document, **sealed_again(parts, contents, encryption)}
