"""People's requests about their own data: what may be asked, by when it is answered, what was done (Law 91/2025)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Protocol

from service.actor import Actor
from service.clock import Clock, vietnam_day
from service.errors import DomainError
from service.households.changes import Record
from service.households.reason import parse_reason


class RequestKind(StrEnum):
    """What a person may ask of the register (Law 91/2025/QH15; Decree 356/2025)."""

    VIEW = "view"
    CORRECT = "correct"
    COPY = "copy"
    RESTRICT = "restrict"
    OBJECT = "object"
    WITHDRAW_CONSENT = "withdraw-consent"
    ERASE = "erase"


class RequestState(StrEnum):
    """Where a request stands."""

    RECEIVED = "received"
    ACKNOWLEDGED = "acknowledged"
    DONE = "done"
    REFUSED = "refused"
    CANCELLED = "cancelled"


OPEN: Final = frozenset({RequestState.RECEIVED, RequestState.ACKNOWLEDGED})

ACKNOWLEDGE_WORKING_DAYS: Final = 2
ANSWER_DAYS: Final[Mapping[RequestKind, int]] = {
    RequestKind.VIEW: 10,
    RequestKind.CORRECT: 10,
    RequestKind.COPY: 10,
    RequestKind.RESTRICT: 15,
    RequestKind.OBJECT: 15,
    RequestKind.WITHDRAW_CONSENT: 15,
    RequestKind.ERASE: 20,
}
"""Days in which a request is answered (Decree 356/2025); each can be extended once by as long."""
RESTRICTING: Final = frozenset({RequestKind.RESTRICT, RequestKind.OBJECT})
"""Carried out, they keep the household from every other system until they are lifted."""
_REMEMBERED: Final = timedelta(seconds=10)
LONGEST_REASON: Final = 1000
"""What a person is told of an extension or a refusal."""
REMIND_DAYS: Final = 3
"""A request whose due date is so near is reminded of."""

HOLIDAYS_BY_DAY: Final = frozenset({(1, 1), (4, 30), (5, 1), (9, 2)})
"""Public holidays by the solar calendar (Labour Code 2019, art. 112). Tết, the Hùng Kings' day, the second day at
2 September and days that are moved are announced each year and stand in the setting HOLIDAYS."""


class RequestNotFound(DomainError):
    """No request has this id in the area; params: id."""

    code = "request.not-found"


class RequestClosed(DomainError):
    """The request is closed; params: state."""

    code = "request.closed"


class RequestExtended(DomainError):
    """The time was extended once already."""

    code = "request.extended-already"


class RequestInvalid(DomainError):
    """What is asked cannot be read; params: reason."""

    code = "request.invalid"


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """Which days are worked on: not Saturday, not Sunday, not a public holiday."""

    holidays: frozenset[date] = frozenset()

    def worked(self, day: date) -> bool:
        """Whether the day is a working day."""
        return day.weekday() < 5 and (day.month, day.day) not in HOLIDAYS_BY_DAY and day not in self.holidays

    def after(self, day: date, count: int) -> date:
        """The ``count``-th working day after ``day``; the day itself does not count (Civil Code 2015, art. 147)."""
        while count:
            day += timedelta(days=1)
            count -= self.worked(day)
        return day

    def end_of(self, day: date, days: int) -> date:
        """The last day of a period of calendar days, moved from a day off to the next working day (art. 148)."""
        last = day + timedelta(days=days)
        return last if self.worked(last) else self.after(last, 1)


def read_holidays(text: str) -> frozenset[date]:
    """Days from a setting: ``2026-02-16,2026-02-17``. Raises ValueError."""
    return frozenset(date.fromisoformat(part.strip()) for part in text.split(",") if part.strip())


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done about a request."""

    at: datetime
    actor: str
    what: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class PersonRequest:
    """One request. ``person`` and ``text`` name people; both go when the person is erased."""

    id: str
    kind: RequestKind
    household: str
    commune: str
    received_on: date
    acknowledge_by: date
    answer_by: date
    state: RequestState
    received_by: str
    person: str | None = None
    text: str | None = None
    purpose: str | None = None
    """The purpose whose consent is withdrawn."""
    acknowledged_on: date | None = None
    extended_by: int = 0
    closed_on: date | None = None
    outcome: str | None = None
    lifted_on: date | None = None
    """The day from which a restriction no longer holds."""
    steps: tuple[Step, ...] = ()

    def reminder(self, today: date) -> str | None:
        """What is due today: "acknowledge" or "answer", with "-overdue" when the day is past; None for nothing."""
        if self.state not in OPEN:
            return None
        due = {"answer": self.answer_by}
        if self.state is RequestState.RECEIVED:
            due["acknowledge"] = self.acknowledge_by
        what, day = min(due.items(), key=lambda item: item[1])
        if day < today:
            return f"{what}-overdue"
        return what if day <= today + timedelta(days=REMIND_DAYS) else None


@dataclass(frozen=True, slots=True)
class RequestQuery:
    """Which requests a list asks for; the most urgent come first."""

    limit: int
    area: frozenset[str] | None = None
    household: str | None = None
    kind: RequestKind | None = None
    open_only: bool = False
    due_until: date | None = None
    after: tuple[str, str] | None = None
    """Answer date and id behind which the page starts."""


class RequestStore(Protocol):
    """Requests as storage keeps them."""

    def add_request(self, request: PersonRequest) -> None:
        """Keep a new request."""

    def request(self, request_id: str, area: frozenset[str] | None) -> PersonRequest | None:
        """One request of the area."""

    def requests(self, query: RequestQuery) -> list[PersonRequest]:
        """Requests in order of their answer date."""

    def replace_request(self, request: PersonRequest, expected: RequestState) -> bool:
        """Keep the request as it is now, if it still is in the expected state; answers whether it was."""

    def forget_person(self, household: str) -> None:
        """Remove what names people from all requests about a household."""

    def restricted(self) -> frozenset[str]:
        """The households with a restriction or an objection that was carried out and not lifted."""


class Households(Protocol):
    """What carrying out a request needs of the register."""

    def read(self, household_id: str, *, actor: Actor) -> Record:
        """The stored record. Raises HouseholdNotFound."""

    def withdraw_consent(self, household_id: str, purpose: str, *, actor: Actor) -> Any:
        """Withdraw the consent to a purpose, of a withdrawn household too."""


Erase = Callable[[str, Actor], None]
"""Removes a household's people from everything, leaving the log's chain."""


class PeopleRequests:
    """Receives, acknowledges, extends, refuses and carries out people's requests."""

    def __init__(
        self, store: RequestStore, households: Households, erase: Erase, clock: Clock, days: WorkingDays
    ) -> None:
        self._store = store
        self._households = households
        self._erase = erase
        self._clock = clock
        self._days = days
        self._restricted: tuple[datetime, frozenset[str]] | None = None

    def restricted(self) -> frozenset[str]:
        """Households whose data is not shared with other systems; looked up again every few seconds."""
        now = self._clock()
        if self._restricted is None or not now - _REMEMBERED <= self._restricted[0] <= now:
            self._restricted = (now, self._store.restricted())
        return self._restricted[1]

    def lift(self, request_id: str, *, actor: Actor) -> PersonRequest:
        """A restriction or an objection holds no longer. Raises RequestClosed where there is none to lift."""
        request = self.get(request_id, actor=actor)
        if request.kind not in RESTRICTING or request.state is not RequestState.DONE or request.lifted_on is not None:
            raise RequestClosed(state=str(request.state))
        changed = replace(request, lifted_on=vietnam_day(self._clock()))
        self._restricted = None
        return self._keep(changed, request, actor, "lifted")

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
        """Take a request in. Raises HouseholdNotFound, RequestInvalid."""
        now = self._clock()
        today = vietnam_day(now)
        record = self._households.read(household, actor=actor)
        day = received_on or today
        if day > today:
            raise RequestInvalid(pointer="/received_on", reason="future", known=f"≤ {today}")
        if kind is RequestKind.WITHDRAW_CONSENT and purpose not in _purposes_of(record):
            raise RequestInvalid(pointer="/purpose", reason="purpose", known=", ".join(sorted(_purposes_of(record))))
        request = PersonRequest(
            id=str(uuid.uuid4()),
            kind=kind,
            household=record["id"],
            commune=record["commune"],
            received_on=day,
            acknowledge_by=self._days.after(day, ACKNOWLEDGE_WORKING_DAYS),
            answer_by=self._days.end_of(day, ANSWER_DAYS[kind]),
            state=RequestState.RECEIVED,
            received_by=actor.name,
            person=person,
            text=text,
            purpose=purpose,
            steps=(Step(now, actor.name, "received"),),
        )
        self._store.add_request(request)
        return request

    def get(self, request_id: str, *, actor: Actor) -> PersonRequest:
        """One request of the area. Raises RequestNotFound."""
        request = self._store.request(request_id, actor.area)
        if request is None:
            raise RequestNotFound(id=request_id[:80])
        return request

    def page(self, query: RequestQuery) -> tuple[list[PersonRequest], tuple[str, str] | None]:
        """A page of requests, the most urgent first, and behind what the next one starts."""
        found = self._store.requests(replace(query, limit=query.limit + 1))
        if len(found) <= query.limit:
            return found, None
        last = found[query.limit - 1]
        return found[: query.limit], (last.answer_by.isoformat(), last.id)

    def acknowledge(self, request_id: str, *, actor: Actor) -> PersonRequest:
        """Tell the person that the request has come; done twice it changes nothing."""
        request = self._open(request_id, actor)
        if request.state is RequestState.ACKNOWLEDGED:
            return request
        changed = replace(request, state=RequestState.ACKNOWLEDGED, acknowledged_on=vietnam_day(self._clock()))
        return self._keep(changed, request, actor, "acknowledged")

    def extend(self, request_id: str, reason: object, *, actor: Actor) -> PersonRequest:
        """Take as long again, once. Raises ReasonRequired, ReasonInvalid, RequestExtended."""
        request = self._open(request_id, actor)
        if request.extended_by:
            raise RequestExtended()
        note = parse_reason(reason, LONGEST_REASON)
        more = ANSWER_DAYS[request.kind]
        changed = replace(request, extended_by=more, answer_by=self._days.end_of(request.received_on, 2 * more))
        return self._keep(changed, request, actor, "extended", note)

    def refuse(self, request_id: str, reason: object, *, actor: Actor) -> PersonRequest:
        """Refuse with a reason: a refusal is written and reasoned (Decree 278/2025). Raises ReasonRequired,
        ReasonInvalid."""
        request = self._open(request_id, actor)
        return self._close(request, RequestState.REFUSED, actor, parse_reason(reason, LONGEST_REASON))

    def cancel(self, request_id: str, *, actor: Actor) -> PersonRequest:
        """The person took the request back."""
        return self._close(self._open(request_id, actor), RequestState.CANCELLED, actor, None)

    def carry_out(self, request_id: str, outcome: str | None, *, actor: Actor) -> PersonRequest:
        """Do what was asked and close the request.

        A consent is withdrawn, a use restricted and a person erased by the register itself; viewing, correcting and
        copying are done by people, who say what they did. Raises HouseholdNotFound.
        """
        request = self._open(request_id, actor)
        self._restricted = None
        if request.kind is RequestKind.WITHDRAW_CONSENT:
            self._households.withdraw_consent(request.household, request.purpose or "", actor=actor)
        if request.kind is RequestKind.ERASE:
            self._erase(request.household, actor)
            self._store.forget_person(request.household)
            request = replace(request, person=None, text=None)
            outcome = None
        return self._close(request, RequestState.DONE, actor, outcome)

    def _open(self, request_id: str, actor: Actor) -> PersonRequest:
        request = self.get(request_id, actor=actor)
        if request.state not in OPEN:
            raise RequestClosed(state=str(request.state))
        return request

    def _close(self, request: PersonRequest, state: RequestState, actor: Actor, note: str | None) -> PersonRequest:
        changed = replace(request, state=state, closed_on=vietnam_day(self._clock()), outcome=note)
        return self._keep(changed, request, actor, str(state), note)

    def _keep(
        self, changed: PersonRequest, before: PersonRequest, actor: Actor, what: str, note: str | None = None
    ) -> PersonRequest:
        step = Step(self._clock(), actor.name, what, note)
        kept = replace(changed, steps=(*changed.steps, step))
        if not self._store.replace_request(kept, before.state):
            raise RequestClosed(state="changed")
        return kept


def _purposes_of(record: Mapping[str, Any]) -> set[str]:
    consents: Iterable[Mapping[str, Any]] = record.get("consents") or ()
    return {consent["purpose"] for consent in consents if "withdrawn_at" not in consent}
