"""The register of households: every write that it accepts, from parsed request to committed change."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

import uuid_utils

from schemas.codelists import code_lists
from schemas.errors import RecordInvalid, sent_items
from service.actor import Actor
from service.clock import vietnam_day
from service.errors import (
    DomainError,
    HouseholdErased,
    HouseholdExists,
    HouseholdIdTaken,
    HouseholdNotFound,
    HouseholdStale,
    HouseholdWithdrawn,
    PreconditionRequired,
    StatusConflict,
    StoreDamaged,
    TransferToSameCommune,
)
from service.households.changes import Change, Kind, Record
from service.households.confirmations import without_unnamed
from service.households.consents import consent_withdrawn
from service.households.history import partition
from service.households.main_uses import parsed_without_derived_uses, without_derived_uses
from service.households.merge_patch import merge_patch
from service.households.ports import HouseholdRepositories, Stored, Written
from service.households.registration import (
    Prepared,
    content_of,
    fingerprint_of_record,
    household_id_of,
    parse,
    registration,
    replacement,
)
from service.households.repeats import lists_at, made_by
from service.households.residence import RESIDENCE_ITEMS, Residences, decides_on_a_split, with_its_old_commune
from service.households.writer import HouseholdWriter
from service.retry import retried
from service.unit_names import UnitId
from service.units.directory import UnitDirectory

_NOT_WITHDRAWN = code_lists()["statuses"].codes - {"withdrawn"}


class HouseholdRegister(HouseholdWriter[HouseholdRepositories]):
    """Registers, revises, verifies, returns, transfers and withdraws households.

    Views reach it, so it only writes (``Written``): what is read of stored households leaves by the Reader.
    """

    @sent_items(None)
    def put(
        self, household_id: str, body: object, *, if_match: int | None, if_new: bool = False, actor: Actor
    ) -> Written:
        """Register a household under an id that the client minted, or replace the content of a known one.

        With ``if_new`` a known id is refused, also for this same write sent again. Raises HouseholdErased,
        HouseholdExists, HouseholdIdTaken, HouseholdStale, HouseholdWithdrawn, HouseholdNotFound, PersonalNumberTaken.
        """
        household_id = household_id_of(household_id)
        now = self._clock()
        try:
            content = parse(body, household_id, today=vietnam_day(now))
        except RecordInvalid as refused:
            made_from = (self._store.log, if_match, actor.area)
            content = parsed_without_derived_uses(body, household_id, refused, *made_from, today=vietnam_day(now))
        if if_match is not None:
            stored = self._store.households.find(household_id, area=actor.area)
            if if_new:
                raise HouseholdExists(current=stored.record)
            return self._revise(content, stored, if_match, now=now, actor=actor)
        try:
            prepared = self._prepare(content, household_id, now=now, part_of=self._parts(now, actor.area).part_of)
            self._require(actor, prepared.content["commune"], now)
        except (DomainError, RecordInvalid) as refused:
            return self._again(content, household_id, if_new=if_new, now=now, actor=actor, refused=refused)
        change = registration(prepared, at=now, actor=actor.name)
        try:
            return replace(self._commit_one(change, None, actor), created=True)
        except HouseholdErased:
            # A household that was erased elsewhere is not found by this actor.
            self._store.households.find(household_id, area=actor.area)
            raise
        except HouseholdIdTaken:
            return self._again(content, household_id, if_new=if_new, now=now, actor=actor)

    def post(self, body: object, *, if_match: int | None = None, if_new: bool = False, actor: Actor) -> Written:
        """As ``put``, under the id in the body, or under one that the register mints."""
        sent = body.get("id") if isinstance(body, dict) else None
        household_id = sent if isinstance(sent, str) else str(uuid_utils.uuid7())
        return self.put(household_id, body, if_match=if_match, if_new=if_new, actor=actor)

    def patch(self, household_id: str, patch: object, *, if_match: int | None, actor: Actor) -> Written:
        """Revise by merge patch (RFC 7396). Raises PreconditionRequired without a revision, else as ``put``."""
        household_id = household_id_of(household_id)
        stored = self._store.households.find(household_id, area=actor.area)
        _refuse_withdrawn(stored.record)
        if if_match is None:
            raise PreconditionRequired(revision=stored.record["revision"])
        now = self._clock()
        if if_match != stored.record["revision"] and self._patched_already(household_id, patch, if_match, now):
            return Written(stored.record, changed=False)
        with sent_items(patch.keys() if isinstance(patch, dict) else (), household_id):
            content = self._patched(stored.record, patch, now)
            return self._revise(content, stored, if_match, now=now, actor=actor)

    def withdraw_consent(self, household_id: str, purpose: str, *, actor: Actor) -> Written:
        """Withdraw the consent to a purpose, of a withdrawn household too: its stored data still belong to its people.

        This is always possible, also where other rules would refuse the record today (``consent_withdrawn``).
        """
        household_id = household_id_of(household_id)

        def attempt() -> Written:
            before = self._store.households.find(household_id, area=actor.area).record
            change = consent_withdrawn(before, purpose, at=self._clock(), actor=actor.name)
            if change is None:
                return Written(before, changed=False)
            return self._commit_one(change, before, actor)

        return retried(attempt, when=HouseholdStale)

    def verify(self, household_id: str, *, if_match: int | None, actor: Actor) -> Written:
        """A commune leader confirms the record; again on a verified one, nothing is written."""
        return self._step(household_id, "verified", _NOT_WITHDRAWN - {"verified"}, None, if_match=if_match, actor=actor)

    def send_back(self, household_id: str, reason: str, *, if_match: int | None, actor: Actor) -> Written:
        """A commune leader returns the record to its officer with a reason that was parsed (``parse_reason``).

        The reason of a returned one can be corrected.
        """
        return self._step(household_id, "returned", _NOT_WITHDRAWN, reason, if_match=if_match, actor=actor)

    def withdraw(self, household_id: str, reason: str, *, if_match: int | None, actor: Actor) -> Written:
        """Withdraw a household with a parsed reason; its number is free again, its record and history stay."""
        return self._step(household_id, "withdrawn", _NOT_WITHDRAWN, reason, if_match=if_match, actor=actor)

    def transfer(self, household_id: str, residence: dict[str, Any], *, if_match: int | None, actor: Actor) -> Written:
        """Move a household to another commune; it keeps id and history and is submitted to the new commune's leader.

        Only where its commune was split, and this says to which part it belongs, the family has not moved: it stays
        verified, and has its village, address and former commune as before.
        ``residence`` has ``commune`` and, where known, ``commune_as_of``, ``former_commune``, ``village``, ``address``.
        Raises TransferToSameCommune, CommuneUnknown, CommuneNotInForce.
        """
        household_id = household_id_of(household_id)

        def attempt() -> Written:
            if (moved := self._transferred_already(household_id, residence, if_match, actor)) is not None:
                return Written(moved, changed=False)
            before = self._changeable(household_id, if_match, actor).record
            now = self._clock()
            prepared = self._moved(before, residence, now=now, directory=self._directory())
            if prepared.content["commune"] == before["commune"]:
                raise TransferToSameCommune(pointer="/commune", commune=self._shown(before, now)["commune"])
            stays = self._only_decided(before, prepared, now)
            change = replacement(prepared, before, at=now, actor=actor.name, keep_status=stays)
            return self._commit_named(change, before, if_match, actor)

        with sent_items(residence.keys(), household_id):
            return attempt() if if_match is not None else retried(attempt, when=HouseholdStale)

    def _transferred_already(
        self, household_id: str, residence: dict[str, Any], if_match: int | None, actor: Actor
    ) -> Record | None:
        """The household, if the last thing that happened to it is this same transfer, whose response was lost.

        Usually it has left the actor's area, so it is looked for everywhere, and returned only to who moved it:
        another account could confirm guesses of the address by it.
        """
        stored = self._store.households.find(household_id, area=None)
        record = stored.record
        if if_match not in (None, record["revision"] - 1) or record["status"] == "withdrawn":
            return None
        last = self._store.log.history(record["id"], before=None, limit=1)
        if [(each.kind, each.actor) for each in partition(last)[0]] != [("transferred", actor.name)]:
            return None
        try:
            made_from = self._store.log.at_revision(record["id"], record["revision"] - 1)
        except StoreDamaged:
            return None
        if made_from is None:
            return None
        at = record["updated_at"]
        about = (residence["commune"], residence.get("former_commune"), record["commune"], record.get("former_commune"))
        for directory in (self._directory(), *lists_at(self._store.units, at, about)):
            with suppress(DomainError, RecordInvalid):
                moved = self._moved(made_from.record, residence, now=at, directory=directory)
                if moved.says_the_same(stored.fingerprint):
                    return record
        return None

    def _moved(self, before: Record, residence: dict[str, Any], *, now: datetime, directory: UnitDirectory) -> Prepared:
        """The household in its new residence, without the items about the old one."""
        left = {"commune", "former_commune", "commune_as_of", "village", "address"}
        today = vietnam_day(now)
        shown = Residences(directory, today).shown(before)
        sent = {"commune_as_of": today.isoformat(), **residence}
        body = {name: value for name, value in content_of(shown).items() if name not in left} | sent
        if "parcels" in body:
            body["parcels"] = [with_its_old_commune(parcel, shown) for parcel in body["parcels"]]
        content = parse(body, before["id"], today=vietnam_day(self._clock()))
        resolved = directory.resolve_commune(content["commune"], content.get("commune_as_of") or today, today)
        if not decides_on_a_split(before, resolved.commune.identity, directory, today):
            return self._prepare(content, before["id"], now=now, times_of=before, directory=directory)
        body = {"former_commune": shown["commune"], **content_of(shown), **sent}
        content = parse(body, before["id"], today=vietnam_day(self._clock()))
        return self._prepare(content, before["id"], now=now, known=before, directory=directory)

    def _only_decided(self, before: Record, prepared: Prepared, now: datetime) -> bool:
        """Whether nothing is new of a household but to which part of its split commune it belongs."""
        if not decides_on_a_split(before, prepared.content["commune"], self._directory(), vietnam_day(now)):
            return False
        old, new = (
            {name: value for name, value in record.items() if name not in RESIDENCE_ITEMS}
            for record in (before, prepared.content)
        )
        return fingerprint_of_record(old) == fingerprint_of_record(new)

    def _require(self, actor: Actor, commune: UnitId, now: datetime) -> None:
        """Raise CommuneOutsideArea unless the actor may work in the commune."""
        actor.require(commune, self._directory().called(commune, vietnam_day(now))[0])

    def _shown(self, record: Record, now: datetime) -> Record:
        """A stored record as it was sent: with codes in place of the identities of units."""
        return Residences(self._directory(), vietnam_day(now)).shown(record)

    def _patched(self, record: Record, patch: object, now: datetime) -> dict[str, Any]:
        """The parsed content of a record with a merge patch. Raises RecordInvalid."""
        known = content_of(self._shown(record, now))
        merged = without_derived_uses(without_unnamed(merge_patch(known, patch), known, patch), known)
        return parse(merged, record["id"], today=vietnam_day(now))

    def _patched_already(self, household_id: str, patch: object, named: int, now: datetime) -> bool:
        """Whether this same patch made the revision after the one that it names, whatever happened since.

        So a retry is recognized as that of a PUT is, which sends the whole content.
        """
        try:
            base = self._store.log.at_revision(household_id, named)
            content = None if base is None else self._patched(base.record, patch, now)
        except (RecordInvalid, StoreDamaged):
            return False
        return content is not None and self._made(named + 1, content, household_id)

    def _again(
        self,
        content: dict[str, Any],
        household_id: str,
        *,
        if_new: bool,
        now: datetime,
        actor: Actor,
        refused: DomainError | RecordInvalid | None = None,
    ) -> Written:
        """A known id without a revision: the same write sent again, or another household's id.

        ``refused`` is why the content would not be registered today, by which a new household is refused: it can be a
        write that was accepted before a newer list of units gave its commune's code another meaning. Of a withdrawn
        household no write is repeated: the response would read as if the household were there.
        """
        try:
            stored = self._store.households.find(household_id, area=actor.area)
        except (HouseholdNotFound, StoreDamaged):
            if refused is None:
                raise
            raise refused from None
        if if_new:
            raise HouseholdExists(current=stored.record)
        _refuse_withdrawn(stored.record)
        if self._says_the_same(content, stored, now) or self._made(1, content, household_id):
            return Written(stored.record, changed=False)
        raise refused or HouseholdIdTaken(pointer="/id", id=household_id, revision=stored.record["revision"])

    def _made(self, revision: int, content: dict[str, Any], household_id: str) -> bool:
        """Whether this same write made a revision: resolved on that revision's day, it equals what was stored."""
        store, directory = self._store, self._directory()
        return made_by(store, directory, revision, content, household_id)

    def _revise(
        self,
        content: dict[str, Any],
        stored: Stored,
        if_match: int,
        *,
        now: datetime,
        actor: Actor,
    ) -> Written:
        before = stored.record
        _refuse_withdrawn(before)
        part_of = self._parts(now, actor.area).part_of
        stale = before["revision"] != if_match
        # Before the rules of today are asked, which can refuse what was accepted.
        if stale and self._made(if_match + 1, content, before["id"]):
            return Written(before, changed=False)
        prepared = self._prepare(content, before["id"], now=now, known=before, part_of=part_of)
        if stale:
            raise HouseholdStale(current=before, named=if_match)
        if prepared.says_the_same(stored.fingerprint):
            return Written(before, changed=False)
        self._require(actor, prepared.content["commune"], now)
        stays = self._only_decided(before, prepared, now)
        change = replacement(prepared, before, at=now, actor=actor.name, keep_status=stays)
        return self._commit_named(change, before, if_match, actor)

    def _changeable(self, household_id: str, if_match: int | None, actor: Actor) -> Stored:
        """The stored household, if the named revision is current and it is not withdrawn."""
        stored = self._store.households.find(household_id_of(household_id), area=actor.area)
        record = stored.record
        if if_match is not None and record["revision"] != if_match:
            raise HouseholdStale(current=record, named=if_match)
        _refuse_withdrawn(record)
        return stored

    def _step(
        self,
        household_id: str,
        status: Kind,
        possible_from: frozenset[str],
        reason: str | None,
        *,
        if_match: int | None,
        actor: Actor,
    ) -> Written:
        """Change the status; a step that is done already is not repeated.

        With a reason it is a retry only of the account that took the step: to another one, the same reason is refused
        like any other, since a reader who sees no free text could confirm guesses by it.
        Without a named revision the step is about the household as it is, so a concurrent change only causes a retry.
        """
        household_id = household_id_of(household_id)

        def attempt() -> Written:
            before = self._store.households.find(household_id, area=actor.area).record
            done = before["status"] == status and if_match in (None, before["revision"] - 1, before["revision"])
            if done and reason is not None:
                done = self._store.log.last_actor(household_id, status) == actor.name
            if done and before.get("status_reason") == reason:
                return Written(before, changed=False)
            stored = self._changeable(household_id, if_match, actor)
            change = _step_change(stored, status, possible_from, reason, at=self._clock(), actor=actor.name)
            return self._commit_named(change, stored.record, if_match, actor)

        return attempt() if if_match is not None else retried(attempt, when=HouseholdStale)

    def _commit_named(self, change: Change, before: Record, if_match: int | None, actor: Actor) -> Written:
        """Commit a revision; when it is stale and the client named a revision, say which one is current."""
        try:
            return self._commit_one(change, before, actor)
        except HouseholdStale:
            if if_match is None:
                raise
            current = self._store.households.find(before["id"], area=actor.area).record
            raise HouseholdStale(current=current, named=if_match) from None

    def _commit_one(self, change: Change, before: Record | None, actor: Actor) -> Written:
        own, *others = self._commit([change], {} if before is None else {before["id"]: before}, actor)
        return Written(own.record, neighbours=tuple(each.record["id"] for each in others))


def _refuse_withdrawn(record: Record) -> None:
    """Raise HouseholdWithdrawn, with the record as it is."""
    if record["status"] == "withdrawn":
        raise HouseholdWithdrawn(id=record["id"], reason=record.get("status_reason", ""), current=record)


def _step_change(
    stored: Stored, status: Kind, possible_from: frozenset[str], reason: str | None, *, at: datetime, actor: str
) -> Change:
    before = stored.record
    if before["status"] not in possible_from:
        raise StatusConflict(status=before["status"], wanted=status)
    record: Record = {name: value for name, value in before.items() if name != "status_reason"}
    record["status"] = status
    if reason is not None:
        record["status_reason"] = reason
    note = None if reason is None else {"reason": reason}
    return Change.revision(before, record, status, at=at, actor=actor, fingerprint=stored.fingerprint, note=note)
