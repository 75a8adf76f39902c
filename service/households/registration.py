"""Registering and revising: from the content that a client sends to the change that storage commits."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import Any, Final

from schemas.errors import Finding, RecordInvalid
from schemas.land import ParcelSchema
from schemas.parsing import dump_household, parse_household
from schemas.protection import register_given_items
from schemas.requirements import missing_items
from schemas.rules import warnings
from schemas.versions import SCHEMA_VERSION
from service.clock import vietnam_day
from service.errors import HouseholdIdInvalid, HouseholdIdMismatch
from service.households.agencies import AgencyOf, agency_in, unknown_agency
from service.households.changes import Change, Kind, Record, fingerprint_of
from service.households.confirmations import without_needless
from service.households.derived import derived_facts
from service.households.far_parcels import far_parcels
from service.households.parcel_ids import named_parcels
from service.households.parts import PartOf, undecided
from service.households.residence import (
    ListsAt,
    Residence,
    no_other_lists,
    residence_in,
    resolve_parcels,
    resolve_residence,
    unmoved,
)
from service.households.stages import findings_in_json, missing_in_json, stage_of
from service.households.times import Timed, corrected
from service.parcels.examination import BORDERLESS, Examination, ParcelExaminer
from service.units.directory import UnitDirectory

REGISTER_GIVEN: Final = register_given_items()
"""Items that the register sets; in a request they are ignored."""
_GIVEN_TO_PARCELS: Final = register_given_items(ParcelSchema)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A household as it is to be stored, but for what depends on the revision it replaces."""

    household_id: str
    content: dict[str, Any]
    parsed: dict[str, Any]
    given: dict[str, Any]
    fingerprint: str
    unmoved: str = ""
    """The fingerprint that the content would have if its commune had not been merged since it was stored."""

    def says_the_same(self, fingerprint: str) -> bool:
        """Whether a stored household with this fingerprint has this content: a merger alone says nothing new of it."""
        return fingerprint in (self.fingerprint, self.unmoved)


def household_id_of(text: str, pointer: str = "/id") -> str:
    """The canonical form of a household's id. Raises HouseholdIdInvalid, at the pointer, unless it is a UUID."""
    try:
        canonical = str(uuid.UUID(text))
    except ValueError:
        raise HouseholdIdInvalid(pointer=pointer, id=text[:80]) from None
    if canonical != text.lower():
        raise HouseholdIdInvalid(pointer=pointer, id=text[:80])
    return canonical


def parse(body: object, household_id: str, *, today: date) -> dict[str, Any]:
    """Parse a request's record. Raises RecordInvalid with every error at once, or HouseholdIdMismatch."""
    if isinstance(body, dict) and isinstance(body.get("id"), str) and body["id"].lower() != household_id:
        raise HouseholdIdMismatch(pointer="/id", id=household_id, sent=body["id"][:80])
    return parse_household(body, today=today)


def prepare(
    content: dict[str, Any],
    household_id: str,
    *,
    directory: UnitDirectory,
    now: datetime,
    known: Record | None = None,
    times_of: Record | None = None,
    examiner: ParcelExaminer = BORDERLESS,
    agency_of: AgencyOf = unknown_agency,
    part_of: PartOf = undecided,
    lists_at: ListsAt = no_other_lists,
) -> Prepared:
    """Apply the rules to parsed content: residence, ids of parcels, their boundaries, stage, what is missing.

    ``known`` is the stored record where there is one: a date that this write does not give is taken from it, so
    that the same write sent again is the same content. ``times_of`` is the record whose times, boundaries and home
    were checked before, where it is not the known one.
    ``agency_of`` is asked for a new household that names no agency, ``part_of`` for one of a commune that was split,
    ``lists_at`` where the code of a known one's commune has another meaning by now.
    Raises CommuneUnknown, CommuneNotInForce, FormerCommuneMismatch, RecordInvalid.
    """
    today = vietnam_day(now)
    timed = corrected(content, now, known or times_of)
    if (made := known or times_of) is not None:
        agency_of = agency_in(made)

    def prepared_in(residence: Residence | None) -> Prepared:
        resolved = resolve(
            timed,
            household_id,
            directory=directory,
            today=today,
            known=known,
            agency_of=agency_of,
            residence=residence,
            lists_at=lists_at,
        )
        (examination,) = examiner.examine([resolved], [made], partial(directory.called, on=today))
        noted = (*timed.findings, *far_parcels(resolved, directory, today))
        return prepared_from(resolved, examination, household_id, today=today, noted=noted)

    prepared = prepared_in(None)
    if (part := part_of(prepared.content, residence_in(prepared.content))) is not None:
        # Examined again, since where a parcel may lie follows from the commune.
        return replace(prepared_in(part), unmoved=prepared.fingerprint)
    if known is None:
        return prepared
    resolved = prepared.parsed
    stayed = unmoved(resolved, known, directory, today)
    if stayed is None:
        return prepared
    sent = {name: value for name, value in prepared.parsed.items() if name != "former_commune"}
    return replace(prepared, unmoved=fingerprint_of(dump_household({**sent, **stayed})))


def resolve(
    timed: Timed,
    household_id: str,
    *,
    directory: UnitDirectory,
    today: date,
    known: Record | None = None,
    agency_of: AgencyOf = unknown_agency,
    residence: Residence | None = None,
    lists_at: ListsAt = no_other_lists,
) -> dict[str, Any]:
    """Parsed content in its commune in force today, by the identity of that commune, every parcel with an id, and with
    the agency that makes the record where it names none.

    An implausible time of capture does not decide how the code is read. ``residence`` is given where another one
    than the code's was decided on; ``lists_at`` is as for ``prepare``. Raises as ``prepare`` about the commune.
    """
    content = {name: value for name, value in without_needless(timed.content).items() if name != "id"}
    spoken = content if timed.captured_is_right else {name: v for name, v in content.items() if name != "captured_at"}
    residence = residence or resolve_residence(spoken, directory, today, known, lists_at)
    content["commune"], content["commune_as_of"] = residence.commune, residence.as_of
    if residence.former is not None:
        content["former_commune"] = residence.former
    if content.get("agency") is None and (agency := agency_of(residence.commune)) is not None:
        content["agency"] = agency
    if content.get("parcels"):
        content["parcels"] = resolve_parcels(content["parcels"], residence.commune, directory, known)
    if parcels := content.get("parcels"):
        content["parcels"] = named_parcels(parcels, household_id)
    return content


def prepared_from(
    resolved: dict[str, Any],
    examination: Examination,
    household_id: str,
    *,
    today: date,
    noted: Sequence[Finding] = (),
) -> Prepared:
    """Return the form in which resolved content with examined parcels is stored. Raises RecordInvalid for its errors.

    ``noted`` are findings that were made on the way, about times and former communes.

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
    findings = [*warnings(content, today=today), *examination.findings, *noted]
    given = {
        "stage": stage_of(missing, findings),
        "missing": missing_in_json(missing),
        "findings": findings_in_json(findings),
        "schema_version": SCHEMA_VERSION,
        "derived": derived_facts(content),
    }
    return Prepared(household_id, json_form, content, given, fingerprint)


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


def replacement(
    prepared: Prepared,
    before: Record,
    *,
    at: datetime,
    actor: str,
    keep_status: bool = False,
    note: dict[str, Any] | None = None,
) -> Change:
    """The change that replaces a household's content.

    A revised record is submitted again: what a leader verified was another content. With ``keep_status`` it is not:
    the household itself did not change. A revision that names another commune is a transfer too, and stands in
    both communes' logs.
    """
    status: Record = {name: before[name] for name in ("status", "status_reason") if name in before}
    record: Record = {
        "id": prepared.household_id,
        **prepared.content,
        **(status if keep_status else {"status": "submitted"}),
        **prepared.given,
        "created_at": before["created_at"],
    }
    kind: Kind = "revised" if record["commune"] == before["commune"] else "transferred"
    return Change.revision(before, record, kind, at=at, actor=actor, fingerprint=prepared.fingerprint, note=note)


def content_of(record: Record) -> dict[str, Any]:
    """What a client sent of a record: all but the items that the register adds (``register_given``)."""
    return {name: value for name, value in record.items() if name not in REGISTER_GIVEN and name != "id"}


def fingerprint_of_record(record: Record) -> str:
    """The fingerprint of a stored record's content, as ``prepared_from`` made it of the request."""
    content = content_of(record)
    if "parcels" in content:
        content["parcels"] = [
            {name: value for name, value in parcel.items() if name not in _GIVEN_TO_PARCELS}
            for parcel in content["parcels"]
        ]
    return fingerprint_of(content)
