"""Removes why overlaps and claims with an erased household were settled from its neighbours' records and log entries.

The reason is free text that can name people. Of a redacted log entry the hash still holds, since it covers the digest
of what was written. The digest of what is left is recorded in the log entry of the erasure, so that it can be verified.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from service.households.changes import salted_digest
from service.households.parcel_findings import BETWEEN_HOUSEHOLDS
from service.storage.client import Document
from service.storage.documents import DAMAGE, contents_of, opened_parts
from service.storage.encryption.fields import FieldEncryption
from service.storage.encryption.items import RECORD, SEALED
from service.storage.log import to_log_entry

Decision = tuple[str, datetime, str]
"""Who settled, when and why. Another decision may have the same words: its reason stays."""
REDACTED_BY: Final = "redacted_by"
"""In a log entry's document, the erased household on whose account it was redacted last."""


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the reasons of decisions stand in a log entry: in which findings, and whether in its note."""

    record: frozenset[int] = frozenset()
    replaced: frozenset[int] = frozenset()
    note: bool = False


_NOWHERE: Final = _Places()


def redact_settlements(
    collections: Mapping[str, Collection[Document]], session: ClientSession, encryption: FieldEncryption, erased: str
) -> dict[str, str]:
    """Redact the settlements of a household's overlaps, also where the same decision settled others' overlaps.

    Returns for each redacted log entry, by its key, the digest of what is left of it.
    """
    decisions, named = set[Decision](), set[str]()
    for document in collections["log"].find({"household": erased}, session=session):
        for details in _overlaps_in(_opened(document, encryption)):
            named |= _households_in([details])
            if (decision := _decision_in(details)) is not None:
                decisions.add(decision)
    digests: dict[str, str] = {}
    seen = {erased}
    while decisions and (waiting := sorted(named - seen)):
        seen.update(waiting)
        of_revisions: dict[str, _Places] = {}
        for document in [*collections["log"].find({"household": {"$in": waiting}}, session=session)]:
            opened = _opened(document, encryption)
            places = _places_in(opened, decisions)
            if places == _NOWHERE:
                continue
            if opened.get(RECORD) is not None:
                of_revisions[f"{document['household']}:{document.get('revision')}"] = places
            named |= _households_in(each for each in _overlaps_in(opened) if _decision_in(each) in decisions)
            changed = _redacted(document, places, encryption)
            update = {"$set": {**changed, REDACTED_BY: erased}}
            collections["log"].update_one({"_id": document["_id"]}, update, session=session)
            try:
                entry = to_log_entry({**document, **changed}, encryption)
            except DAMAGE:
                continue  # verifying reports the entry as unreadable
            if entry.salt is not None:
                digests[entry.key] = salted_digest(entry.salt, entry.record, entry.replaced, entry.note)
        for document in [*collections["households"].find({"_id": {"$in": waiting}}, session=session)]:
            places = of_revisions.get(f"{document['_id']}:{document.get('revision')}", _NOWHERE)
            found = _numbers_in(_opened_household(document, encryption), decisions)
            if changed := _household_redacted(document, replace(places, record=found), encryption):
                collections["households"].update_one({"_id": document["_id"]}, {"$set": changed}, session=session)
    return digests


def _opened(document: Document, encryption: FieldEncryption) -> Document:
    """A log entry's document with what it hides; as it is stored where that was damaged, or taken by an erasure."""
    try:
        contents = contents_of(document, document["household"], document["revision"], encryption)
        return {**document, **opened_parts(document, contents, encryption)._asdict()}
    except DAMAGE:
        return document


def _opened_household(document: Document, encryption: FieldEncryption) -> Document:
    try:
        return encryption.open(document)
    except DAMAGE:
        return document


def _redacted(document: Document, places: _Places, encryption: FieldEncryption) -> Document:
    """What changes of a log entry's document without the reasons at these places."""
    contents = _contents_of(document, document["household"], encryption)
    return {**_without(document, places), **_sealed_without(contents, places, encryption)}


def _household_redacted(document: Document, places: _Places, encryption: FieldEncryption) -> Document:
    """The same of a household's document; what its last change replaced, and its note, are in its ciphertext alone."""
    contents = _contents_of(document, document["_id"], encryption)
    shown = _without({RECORD: document}, places).get(RECORD, {})
    changed = {name: value for name, value in shown.items() if value is not document[name]}
    return {**changed, **_sealed_without(contents, places, encryption)}


def _contents_of(document: Document, household: str, encryption: FieldEncryption) -> Mapping[str, Any]:
    """What a document hides; nothing where that was damaged."""
    try:
        return contents_of(document, household, document["revision"], encryption)
    except DAMAGE:
        return {}


def _sealed_without(contents: Mapping[str, Any], places: _Places, encryption: FieldEncryption) -> Document:
    """The ciphertext without the reasons at these places; nothing where none is in it."""
    changed = _without(contents, places)
    return {SEALED: encryption.seal_value({**contents, **changed})} if changed else {}


def _without(parts: Mapping[str, Any], places: _Places) -> Document:
    """Those of a log entry's parts, or of what these hide, that differ without the reasons at these places."""
    left: Document = {}
    for name, numbers in ((RECORD, places.record), ("replaced", places.replaced)):
        items: Any = parts.get(name)
        if isinstance(findings := _findings_in(items), list):
            redacted = [_without_reason(each) if n in numbers else each for n, each in enumerate(findings)]
            if redacted != findings:
                left[name] = {**items, "findings": redacted}
    note = parts.get("note")
    if places.note and isinstance(note, Mapping) and "reason" in note:
        left["note"] = {name: value for name, value in note.items() if name != "reason"}
    return left


def _without_reason(finding: Any) -> Any:
    """A finding, or what it hides, without why it was settled."""
    details = finding.get("details") if isinstance(finding, Mapping) else None
    settled = details.get("settled") if isinstance(details, Mapping) else None
    if not isinstance(details, Mapping) or not isinstance(settled, Mapping) or "reason" not in settled:
        return finding
    left = {name: value for name, value in settled.items() if name != "reason"}
    return {**finding, "details": {**details, "settled": left}}


def _places_in(opened: Document, decisions: set[Decision]) -> _Places:
    """Where a log entry has the reasons of these decisions."""
    return _Places(
        record=_numbers_in(opened.get(RECORD), decisions),
        replaced=_numbers_in(opened.get("replaced"), decisions),
        note=_noted_in(opened) in decisions,
    )


def _numbers_in(items: Any, decisions: set[Decision]) -> frozenset[int]:
    """Which of the findings of a record, or of what was replaced, were settled by these decisions."""
    findings = _findings_in(items)
    numbered = enumerate(findings if isinstance(findings, list) else ())
    return frozenset(n for n, each in numbered if _is_between(each) and _decision_in(each["details"]) in decisions)


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
