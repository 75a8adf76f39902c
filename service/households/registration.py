"""Registering and revising: from the content that a client sends to the change that storage commits."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from schemas.errors import RecordInvalid
from schemas.parsing import dump_household, parse_household
from schemas.protection import register_given_items
from schemas.requirements import missing_items
from schemas.rules import warnings
from schemas.versions import SCHEMA_VERSION
from service.clock import vietnam_day
from service.errors import (
    CommuneNotInForce,
    CommuneUnknown,
    FormerCommuneMismatch,
    HouseholdIdInvalid,
    HouseholdIdMismatch,
)
from service.households.changes import Change, Kind, Record, fingerprint_of
from service.households.derived import derived_facts
from service.households.stages import findings_in_json, missing_in_json, stage_of
from service.parcels.examination import BORDERLESS, Examination, ParcelExaminer
from service.units.directory import ResolvedCommune, UnitDirectory

REGISTER_GIVEN: Final = register_given_items()
"""Items that the register sets; in a request they are ignored (docs/architecture.md, forms of a record)."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A household as it is to be stored, but for what depends on the revision it replaces."""

    household_id: str
    content: dict[str, Any]
    parsed: dict[str, Any]
    given: dict[str, Any]
    fingerprint: str


def household_id_of(text: str) -> str:
    """The canonical form of a household's id. Raises HouseholdIdInvalid unless it is a UUID."""
    try:
        canonical = str(uuid.UUID(text))
    except ValueError:
        raise HouseholdIdInvalid(pointer="/id", id=text[:80]) from None
    if canonical != text.lower():
        raise HouseholdIdInvalid(pointer="/id", id=text[:80])
    return canonical


def parse(body: object, household_id: str, *, today: date) -> dict[str, Any]:
    """Parse a request's record. Raises RecordInvalid with every error at once, or HouseholdIdMismatch."""
    if isinstance(body, dict) and isinstance(body.get("id"), str) and body["id"].lower() != household_id:
        raise HouseholdIdMismatch(pointer="/id", id=household_id, given=body["id"][:80])
    return parse_household(body, today=today)


def prepare(
    content: dict[str, Any],
    household_id: str,
    *,
    directory: UnitDirectory,
    today: date,
    known: Record | None = None,
    examiner: ParcelExaminer = BORDERLESS,
) -> Prepared:
    """Apply the rules to parsed content: its place, the ids of its parcels, their boundaries, stage, what is missing.

    ``known`` is the stored record where there is one: a date that this write does not give is taken from it, so
    that the same write sent again is the same content. Raises CommuneUnknown, CommuneNotInForce,
    FormerCommuneMismatch, RecordInvalid.
    """
    resolved = resolve(content, household_id, directory=directory, today=today, known=known)
    (examination,) = examiner.examine([resolved], [known], directory.name_of)
    return prepared_from(resolved, examination, household_id, today=today)


def resolve(
    content: dict[str, Any], household_id: str, *, directory: UnitDirectory, today: date, known: Record | None = None
) -> dict[str, Any]:
    """Parsed content in its commune in force today, every parcel with an id.

    Raises as ``prepare`` about the commune.
    """
    content = {name: value for name, value in content.items() if name != "id"}
    if known is not None and "captured_at" not in content and "captured_at" in known:
        content["captured_at"] = datetime.fromisoformat(known["captured_at"])
    _resolve_commune(content, directory, today, known)
    _name_parcels(content, household_id)
    return content


def prepared_from(resolved: dict[str, Any], examination: Examination, household_id: str, *, today: date) -> Prepared:
    """What is stored of resolved content whose parcels were examined. Raises RecordInvalid for what they must not be.

    Boundaries are content in WGS 84, whatever system they came in; what the register adds to a parcel is not.
    """
    if examination.errors:
        raise RecordInvalid(examination.errors)
    content = resolved if examination.parcels is None else {**resolved, "parcels": examination.parcels}
    json_form = dump_household(content)
    fingerprint = fingerprint_of(json_form)
    for parcel, added in zip(json_form.get("parcels", ()), examination.given, strict=True):
        parcel.update(added)
    missing = missing_items(content)
    findings = [*warnings(content, today=today), *examination.findings]
    given = {
        "stage": stage_of(missing, findings),
        "missing": missing_in_json(missing),
        "findings": findings_in_json(findings),
        "schema_version": SCHEMA_VERSION,
        "derived": derived_facts(content),
    }
    return Prepared(household_id, json_form, content, given, fingerprint)


def _resolve_commune(content: dict[str, Any], directory: UnitDirectory, today: date, known: Record | None) -> None:
    """Read the commune as of its date and put the unit in force today in its place.

    ``commune_as_of`` becomes a day on which the stored code has the stored meaning, so that the record can be read
    again.
    """
    as_of = _commune_as_of(content, today, known)
    resolved = _stands_again(content, as_of, known, directory, today)
    if resolved is None:
        try:
            resolved = directory.resolve_commune(content["commune"], as_of, today)
        except (CommuneUnknown, CommuneNotInForce) as error:
            error.pointer = "/commune"
            raise
    commune, former = resolved.commune, resolved.former
    named = content.get("former_commune")
    if named is not None:
        by_code = {unit.code: unit for unit in reversed(directory.ancestors_of(commune))}
        if named not in by_code:
            raise FormerCommuneMismatch(
                pointer="/former_commune", former=named, commune=commune.code, name=commune.name
            )
        former = by_code[named]
    content["commune"] = commune.code
    if former is not None:
        content["former_commune"] = former.code
    content["commune_as_of"] = as_of if commune.valid_from is None else max(as_of, commune.valid_from)
    if (since := directory.since_of(commune)) is not None:
        content["commune_since"] = since


def _stands_again(
    content: dict[str, Any], as_of: date, known: Record | None, directory: UnitDirectory, today: date
) -> ResolvedCommune | None:
    """A stored commune that is sent again keeps its meaning, even if a later list ends that unit before the date."""
    if known is None or (content["commune"], as_of.isoformat()) != (known["commune"], known["commune_as_of"]):
        return None
    since = known.get("commune_since")
    unit = directory.stored_unit(known["commune"], None if since is None else date.fromisoformat(since))
    heir = directory.heir_of(unit, today)
    return None if unit.in_force_on(today) or heir is None else ResolvedCommune(heir, unit)


def _commune_as_of(content: dict[str, Any], today: date, known: Record | None) -> date:
    given: date | None = content.get("commune_as_of")
    if given is not None:
        return given
    captured: datetime | None = content.get("captured_at")
    if captured is not None:
        return vietnam_day(captured)
    if known is not None and known["commune"] == content["commune"]:
        return date.fromisoformat(known["commune_as_of"])
    return today


def _name_parcels(content: dict[str, Any], household_id: str) -> None:
    """Give every parcel that has no id one that follows from the household and its place in the list.

    The same write sent again must be the same content, so the id cannot be random.
    """
    parcels = content.get("parcels")
    if not parcels or all("id" in parcel for parcel in parcels):
        return
    taken = {parcel["id"] for parcel in parcels if "id" in parcel}
    named = []
    for position, parcel in enumerate(parcels):
        if "id" in parcel:
            named.append(parcel)
            continue
        identity, attempt = _parcel_id(household_id, position, 0), 0
        while identity in taken:
            attempt += 1
            identity = _parcel_id(household_id, position, attempt)
        taken.add(identity)
        named.append({"id": identity, **parcel})
    content["parcels"] = named


def _parcel_id(household_id: str, position: int, attempt: int) -> str:
    return str(uuid.uuid5(uuid.UUID(household_id), f"parcel {position} {attempt}"))


def registration(prepared: Prepared, *, at: datetime, actor: str) -> Change:
    """The change that registers a new household: submitted, revision 1."""
    record: Record = {
        "id": prepared.household_id,
        **prepared.content,
        "status": "submitted",
        **prepared.given,
        "revision": 1,
        "created_at": at,
        "updated_at": at,
    }
    return Change.registration(record, actor=actor, fingerprint=prepared.fingerprint)


def revision(
    prepared: Prepared,
    before: Record,
    *,
    at: datetime,
    actor: str,
    keep_status: bool = False,
    note: dict[str, Any] | None = None,
) -> Change:
    """The change that replaces a household's content.

    A revised record is submitted anew: what a leader verified was another content. With ``keep_status`` it is not:
    the household itself did not change. A revision that names another commune is a transfer too, and stands in
    both communes' logs.
    """
    status: Record = {name: before[name] for name in ("status", "status_reason") if name in before}
    record: Record = {
        "id": prepared.household_id,
        **prepared.content,
        **(status if keep_status else {"status": "submitted"}),
        **prepared.given,
        "revision": before["revision"] + 1,
        "created_at": before["created_at"],
        "updated_at": at,
    }
    kind: Kind = "revised" if record["commune"] == before["commune"] else "transferred"
    return Change.revision(before, record, kind, actor=actor, fingerprint=prepared.fingerprint, note=note)


def content_of(record: Record) -> dict[str, Any]:
    """What a client gave of a record: all but the items that the register gives."""
    return {name: value for name, value in record.items() if name not in REGISTER_GIVEN and name != "id"}
