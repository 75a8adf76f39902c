"""People's requests about their own data: received, acknowledged, extended, refused, carried out (Law 91/2025)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from operator import attrgetter
from typing import Final

from service.about import note_about
from service.actor import Actor
from service.clock import Clock, vietnam_day
from service.errors import HouseholdIdInvalid, HouseholdNotFound, StoreDamaged
from service.households.changes import Entry, Kind
from service.households.consents import purposes_consented
from service.households.ports import Stored
from service.households.reading import Reader
from service.households.registration import household_id_of
from service.households.times import MOST_AHEAD
from service.people.person_request import (
    ACKNOWLEDGE_WORKING_DAYS,
    FIRST_DAY,
    OPEN,
    REPLY_DAYS,
    PersonRequest,
    RequestChanged,
    RequestClosed,
    RequestExtended,
    RequestInvalid,
    RequestKind,
    RequestNotFound,
    RequestQuery,
    RequestState,
    Step,
)
from service.people.ports import Consents, Erase, RequestStore, StoredHouseholds
from service.people.working_days import WorkingDays
from service.retry import retried

LONGEST_REASON: Final = 1000
"""Most characters of the reason that a person is given for an extension or a refusal."""


class PeopleRequests:
    """Receive, acknowledge, extend, refuse and carry out people's requests."""

    def __init__(
        self,
        store: RequestStore,
        households: StoredHouseholds,
        consents: Consents,
        erase: Erase,
        clock: Clock,
        days: WorkingDays,
    ) -> None:
        self._store = store
        self._households = households
        self._consents = consents
        self._erase = erase
        self._clock = clock
        self._days = days

    def lift(self, request_id: str, *, actor: Actor) -> PersonRequest:
        """End a restriction or an objection. Raises RequestClosed if none is in force.

        The log entry ``lifted`` has the record, so that who follows the log receives what changed meanwhile.
        """

        def lifted(request: PersonRequest) -> PersonRequest:
            if not request.restricts:
                raise RequestClosed(state=str(request.state))
            return self._stepped(replace(request, lifted_on=vietnam_day(self._clock())), actor, "lifted")

        return self._change(request_id, actor, lifted)

    def receive(
        self,
        kind: RequestKind,
        household: str,
        *,
        actor: Actor,
        received_on: date | None = None,
        person: str | None = None,
        text: str | None = None,
        purpose: str | None = None,
    ) -> PersonRequest:
        """Store a new request with its due dates. Raises HouseholdIdInvalid, HouseholdNotFound, RequestInvalid.

        Only where the consents are needed is the household decrypted, since its people have their rights also when it
        is stored damaged.
        """
        now = self._clock()
        today = vietnam_day(now)
        try:
            household = household_id_of(household)
        except HouseholdIdInvalid as error:
            error.pointer = "/household"
            raise
        commune = self._households.commune_of(household, area=actor.area)
        withdraws = kind is RequestKind.WITHDRAW_CONSENT
        record = self._households.record(household, area=actor.area) if withdraws else {}
        day = received_on or today
        if day > vietnam_day(now + MOST_AHEAD):
            raise RequestInvalid(pointer="/received_on", reason="future", known=f"≤ {today}")
        if day < FIRST_DAY:
            raise RequestInvalid(pointer="/received_on", reason="past", known=f"≥ {FIRST_DAY}")
        ahead = f"received_on={day}" if day > today else None
        day = min(day, today)
        if withdraws and purpose not in (known := purposes_consented(record)):
            raise RequestInvalid(pointer="/purpose", reason="purpose", known=", ".join(sorted(known)))
        request = PersonRequest(
            id=str(uuid.uuid4()),
            kind=kind,
            household=household,
            commune=commune,
            received_on=day,
            acknowledge_by=self._days.after(day, ACKNOWLEDGE_WORKING_DAYS),
            reply_by=self._days.end_of(day, REPLY_DAYS[kind]),
            state=RequestState.RECEIVED,
            received_by=actor.name,
            person=person,
            text=text,
            purpose=purpose,
            steps=(Step(now, actor.name, "received", ahead),),
        )
        note_about(request.id)
        self._store.add_request(request)
        try:
            # An erasure removes people's names from the requests that it finds. One that is stored at the same time
            # would escape it, and go on naming them.
            self._households.commune_of(household, area=actor.area)
        except HouseholdNotFound:
            self._store.remove_request(request.id)
            raise
        return request

    def get(self, request_id: str, *, actor: Actor) -> PersonRequest:
        """Return a request of the area. Raises RequestNotFound."""
        note_about(request_id)
        request = self._store.request(request_id, actor.area)
        if request is None:
            raise RequestNotFound(id=request_id[:80])
        return request

    def page(self, query: RequestQuery, reader: Reader) -> tuple[list[PersonRequest], tuple[str, str] | None]:
        """Return a page of a reader's requests, the most urgent first, and the position after which the next starts."""
        found = self._store.requests(replace(query, limit=query.limit + 1), reader.communes)
        shown = reader.all_beside(found[: query.limit], attrgetter("household"))
        if len(found) <= query.limit:
            return shown, None
        last = found[query.limit - 1]
        return shown, (last.reply_by.isoformat(), last.id)

    def acknowledge(self, request_id: str, *, actor: Actor) -> PersonRequest:
        """Note that the request's arrival was acknowledged to the person. A second call changes nothing."""

        def acknowledged(request: PersonRequest) -> PersonRequest:
            if request.state is RequestState.ACKNOWLEDGED:
                return request
            changed = replace(request, state=RequestState.ACKNOWLEDGED, acknowledged_on=vietnam_day(self._clock()))
            return self._stepped(changed, actor, "acknowledged")

        return self._change_open(request_id, actor, acknowledged)

    def extend(self, request_id: str, reason: str, *, actor: Actor) -> PersonRequest:
        """Extend the time by as long again, once, for a reason that was parsed. Raises RequestExtended."""

        def extended(request: PersonRequest) -> PersonRequest:
            if request.extended_by:
                raise RequestExtended()
            more = REPLY_DAYS[request.kind]
            changed = replace(request, extended_by=more, reply_by=self._days.end_of(request.received_on, 2 * more))
            return self._stepped(changed, actor, "extended", reason)

        return self._change_open(request_id, actor, extended)

    def refuse(self, request_id: str, reason: str, *, actor: Actor) -> PersonRequest:
        """Refuse with a parsed reason: a refusal is written and reasoned (Decree 278/2025)."""
        return self._close(request_id, RequestState.REFUSED, actor, reason)

    def cancel(self, request_id: str, *, actor: Actor) -> PersonRequest:
        """Close a request that the person took back."""
        return self._close(request_id, RequestState.CANCELLED, actor, None)

    def carry_out(
        self,
        request_id: str,
        outcome: str | None,
        *,
        actor: Actor,
        note: Callable[[Iterable[str]], None],
    ) -> PersonRequest:
        """Carry the request out and close it. Raises HouseholdNotFound, StoreDamaged.

        The register itself withdraws a consent, restricts the use and erases a person. Viewing, correcting and copying
        is done by people, who note the outcome. Erasing closes every other request about the household too: its people
        are gone, and a reason that was written afterwards could name them again. ``note`` is called with the other
        households whose records were revised with it.
        """
        request = _open(self.get(request_id, actor=actor))
        if request.kind is RequestKind.ERASE:
            note(self._erase(request.household, actor))
            now = self._clock()
            step = Step(now, actor.name, str(RequestState.DONE))
            self._store.close_erased(request.household, request.id, step, vietnam_day(now))
            return self.get(request_id, actor=actor)
        if request.kind is RequestKind.WITHDRAW_CONSENT:
            note(self._consents.withdraw_consent(request.household, request.purpose or "", actor=actor).neighbours)
        return self._close(request_id, RequestState.DONE, actor, outcome)

    def _close(self, request_id: str, state: RequestState, actor: Actor, note: str | None) -> PersonRequest:
        def closed(request: PersonRequest) -> PersonRequest:
            changed = replace(request, state=state, closed_on=vietnam_day(self._clock()), outcome=note)
            return self._stepped(changed, actor, str(state), note)

        return self._change_open(request_id, actor, closed)

    def _change_open(
        self, request_id: str, actor: Actor, step: Callable[[PersonRequest], PersonRequest]
    ) -> PersonRequest:
        return self._change(request_id, actor, lambda request: step(_open(request)))

    def _change(self, request_id: str, actor: Actor, step: Callable[[PersonRequest], PersonRequest]) -> PersonRequest:
        """Read the request, take the step and store the result, again when somebody else changed it meanwhile."""

        def attempt() -> PersonRequest:
            request = self.get(request_id, actor=actor)
            if request.damaged:
                # A step would store the request without the texts that a backup can still bring back.
                raise StoreDamaged(reason="request")
            changed = step(request)
            if changed.restricts != request.restricts:
                entry_of = partial(restriction_entry, at=changed.steps[-1].at, actor=actor.name)
                self._store.replace_restriction(changed, entry_of)
            elif changed is not request:
                self._store.replace_request(changed)
            return changed

        return retried(attempt, when=RequestChanged)

    def _stepped(self, changed: PersonRequest, actor: Actor, what: str, note: str | None = None) -> PersonRequest:
        step = Step(self._clock(), actor.name, what, note)
        return replace(changed, steps=(*changed.steps, step), revision=changed.revision + 1)


def _open(request: PersonRequest) -> PersonRequest:
    if request.state not in OPEN:
        raise RequestClosed(state=str(request.state))
    return request


def restriction_entry(stored: Stored, kind: Kind, *, at: datetime, actor: str) -> Entry:
    """The log entry of a restriction that begins (without the record) or ends (with the record)."""
    record = stored.record
    return Entry(
        commune=record["commune"],
        kind=kind,
        household=record["id"],
        revision=record["revision"],
        at=at,
        actor=actor,
        record=record if kind == "lifted" else None,
        moves={},
    )
