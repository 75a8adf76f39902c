"""Removes why overlaps and claims with an erased household were settled from its neighbours' records and log entries.

The reason is free text that can name people. Of a redacted log entry the hash still holds, since it covers the digest
of what was written. The digest of what is left is recorded in the log entry of the erasure, so that it can be verified.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from service.households.changes import salted_digest
from service.households.parcel_findings import BETWEEN_HOUSEHOLDS
from service.storage.client import Document
from service.storage.documents import DAMAGE
from service.storage.encryption.fields import FieldEncryption
from service.storage.log import to_log_entry

Decision = tuple[str, datetime, str]
"""Who settled, when and why. Another decision may have the same words: its reason stays."""
REDACTED_BY: Final = "redacted_by"
"""In a log entry's document, the erased household on whose account it was redacted last."""


def redact_settlements(
    collections: Mapping[str, Collection[Document]], session: ClientSession, encryption: FieldEncryption, erased: str
) -> dict[str, str]:
    """Redact the settlements of a household's overlaps, also where the same decision settled others' overlaps.

    Returns for each redacted log entry, by its key, the digest of what is left of it.
    """
    decisions, named = set[Decision](), set[str]()
    for document in collections["log"].find({"household": erased}, {"record": 1, "replaced": 1}, session=session):
        for details in _overlaps_in(document):
            named |= _households_in([details])
            if (decision := _decision_in(details)) is not None:
                decisions.add(decision)
    digests: dict[str, str] = {}
    seen = {erased}
    while decisions and (waiting := sorted(named - seen)):
        seen.update(waiting)
        for document in [*collections["log"].find({"household": {"$in": waiting}}, session=session)]:
            changed = _redacted(document, decisions)
            if not changed:
                continue
            named |= _households_in(each for each in _overlaps_in(document) if _decision_in(each) in decisions)
            update = {"$set": {**changed, REDACTED_BY: erased}}
            collections["log"].update_one({"_id": document["_id"]}, update, session=session)
            try:
                entry = to_log_entry({**document, **changed}, encryption)
            except DAMAGE:
                continue  # verifying reports the entry as unreadable
            if entry.salt is not None:
                digests[entry.key] = salted_digest(entry.salt, entry.record, entry.replaced, entry.note)
        records = collections["households"].find({"_id": {"$in": waiting}}, {"findings": 1}, session=session)
        for document in [*records]:
            if findings := _redacted_findings(document.get("findings"), decisions):
                where = {"_id": document["_id"]}
                collections["households"].update_one(where, {"$set": {"findings": findings}}, session=session)
    return digests


def _overlaps_in(document: Document) -> Iterator[Mapping[str, Any]]:
    """The details of all overlaps and claims in a log entry, before and after."""
    for items in (document.get("record"), document.get("replaced")):
        for finding in _between_households(_findings_in(items)):
            yield finding["details"]


def _findings_in(items: Any) -> Any:
    return items.get("findings") if isinstance(items, Mapping) else None


def _between_households(findings: Any) -> list[Mapping[str, Any]]:
    """The overlaps and claims among findings; damaged findings are skipped."""
    return [each for each in findings if _is_between(each)] if isinstance(findings, list) else []


def _is_between(finding: Any) -> bool:
    return (
        isinstance(finding, Mapping)
        and isinstance(finding.get("details"), Mapping)
        and isinstance(code := finding.get("code"), str)
        and code in BETWEEN_HOUSEHOLDS
    )


def _households_in(overlaps: Iterable[Mapping[str, Any]]) -> set[str]:
    """The households that overlaps are with; not those that are sealed, with which a household overlaps itself.

    Others are found by the cells of boundaries, which are only stored where the schema stores boundaries in clear.
    """
    return {details["household"] for details in overlaps if isinstance(details.get("household"), str)}


def _decision_in(details: Mapping[str, Any]) -> Decision | None:
    """Who settled an overlap, when and why; None where nobody did, where the reason is gone already, or is damaged."""
    settled = details.get("settled")
    if not isinstance(settled, Mapping):
        return None
    match [settled.get("by"), settled.get("at"), settled.get("reason")]:
        case [str(by), str(at), str(reason)]:
            try:
                return by, datetime.fromisoformat(at), reason
            except ValueError:
                return None
    return None


def _noted_in(document: Document) -> Decision | None:
    """The decision that a log entry is about."""
    note = document.get("note")
    if not isinstance(note, Mapping) or "settled" not in note:
        return None
    match [document.get("actor"), document.get("at"), note.get("reason")]:
        case [str(actor), datetime() as at, str(reason)]:
            return actor, at, reason
    return None


def _redacted(document: Document, decisions: set[Decision]) -> Document:
    """What changes of a log entry's document without the reasons of the decisions; nothing where none is in it."""
    changed: Document = {}
    for name in ("record", "replaced"):
        items: Any = document.get(name)
        if findings := _redacted_findings(_findings_in(items), decisions):
            changed[name] = {**items, "findings": findings}
    if _noted_in(document) in decisions:
        changed["note"] = {name: value for name, value in document["note"].items() if name != "reason"}
    return changed


def _redacted_findings(findings: Any, decisions: set[Decision]) -> list[Any] | None:
    """The findings without the reasons of the decisions; None where none is in them."""
    if not any(_decision_in(each["details"]) in decisions for each in _between_households(findings)):
        return None
    return [_redacted_finding(each, decisions) for each in findings]


def _redacted_finding(finding: Any, decisions: set[Decision]) -> Any:
    if not _is_between(finding) or _decision_in(finding["details"]) not in decisions:
        return finding
    settled = {name: value for name, value in finding["details"]["settled"].items() if name != "reason"}
    return {**finding, "details": {**finding["details"], "settled": settled}}
