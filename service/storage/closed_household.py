"""What an erasure uses of a household, which is there however damaged the household is stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import structlog
from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from service.errors import HouseholdNotFound, StoreDamaged
from service.households.changes import Record
from service.storage import parcels
from service.storage.client import Document
from service.storage.documents import to_closed_record
from service.storage.encryption.fields import FieldEncryption
from service.unit_names import UnitId

_COUNTED: Final = frozenset({"commune", "former_commune", "revision", "stage", "status"})
_USED: Final = _COUNTED | {"findings"} | parcels.COMPARED
"""What log, counters and neighbours need to know of a household that is erased."""

_log = structlog.get_logger("service.transaction")


def closed_household(
    collections: Mapping[str, Collection[Document]],
    session: ClientSession | None,
    encryption: FieldEncryption,
    household_id: str,
) -> Record:
    """What an erasure uses of a household; nothing is decrypted. Raises HouseholdNotFound.

    The log's last entry about a household has the same record, by which the counters moved: it comes first, and each of
    the two stands in for the other. Where both are damaged, what is left names no neighbours and counts nothing, so
    that the counters say too much until `scripts/reconcile --repair`.
    """
    document = collections["households"].find_one({"_id": household_id}, {"index": 0}, session=session)
    if document is None:
        raise HouseholdNotFound(id=household_id)
    entry = last_entry(collections, session, household_id)
    place = {} if entry is None else {"commune": logged_commune(entry)}
    for record in _records_in(document, entry):
        try:
            return {**to_closed_record(record, encryption, _USED), **place}
        except StoreDamaged:
            _log.error("damaged", household=household_id)
    left = document if entry is None else entry
    stored = {"commune": document.get("commune"), **place}
    if not isinstance(stored["commune"], str):
        raise StoreDamaged(reason="record")  # neither it nor the log says which commune's it is
    return {"id": household_id, **stored, "revision": _revision_of(left), "status": "withdrawn", "findings": []}


def last_entry(
    collections: Mapping[str, Collection[Document]], session: ClientSession | None, household_id: str
) -> Document | None:
    """The document of the log's last entry that has a record of a household, or had one before it was damaged."""
    where = {"household": household_id, "kind": {"$ne": "restricted"}, "revision": {"$type": "number"}}
    entries = list(collections["log"].find(where, session=session).sort([("revision", -1), ("_id", -1)]).limit(2))
    # Of a transfer's two entries, the one of the commune that was left has no record.
    newest = [each for each in entries if each["revision"] == entries[0]["revision"]]
    return next((each for each in newest if each.get("record") is not None), newest[0] if newest else None)


def logged_commune(entry: Document) -> UnitId:
    """The commune in whose log an entry stands; its key says so."""
    return UnitId(str(entry["_id"]).rpartition(":")[0])


def _records_in(document: Document, entry: Document | None) -> Iterator[Document]:
    record: Any = None if entry is None else entry.get("record")
    if isinstance(record, Mapping):
        yield {**record, "_id": document["_id"]}
    yield dict(document)


def _revision_of(left: Document) -> int:
    revision = left.get("revision")
    return revision if isinstance(revision, int) and not isinstance(revision, bool) else 0
