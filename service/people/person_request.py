"""A person's request about their own data as a value: its kinds, states and due dates (Law 91/2025)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from service.errors import DomainError


class RequestKind(StrEnum):
    """What a person may request of the register (Law 91/2025/QH15; Decree 356/2025)."""

    VIEW = "view"
    CORRECT = "correct"
    COPY = "copy"
    RESTRICT = "restrict"
    OBJECT = "object"
    WITHDRAW_CONSENT = "withdraw-consent"
    ERASE = "erase"


class RequestState(StrEnum):
    """How far a request has come."""

    RECEIVED = "received"
    ACKNOWLEDGED = "acknowledged"
    DONE = "done"
    REFUSED = "refused"
    CANCELLED = "cancelled"


OPEN: Final = frozenset({RequestState.RECEIVED, RequestState.ACKNOWLEDGED})
RESTRICTING: Final = frozenset({RequestKind.RESTRICT, RequestKind.OBJECT})
"""Once carried out, they hide the household from every other system until they are lifted."""

FIRST_DAY: Final = date(2026, 1, 1)
"""Law 91/2025 is in force from this day; earlier requests have no due dates."""

ACKNOWLEDGE_WORKING_DAYS: Final = 2
REPLY_DAYS: Final[Mapping[RequestKind, int]] = {
    RequestKind.VIEW: 10,
    RequestKind.CORRECT: 10,
    RequestKind.COPY: 10,
    RequestKind.RESTRICT: 15,
    RequestKind.OBJECT: 15,
    RequestKind.WITHDRAW_CONSENT: 15,
    RequestKind.ERASE: 20,
}
"""Days within which a request is decided (Decree 356/2025); each can be extended once by the same number of days."""
REMIND_DAYS: Final = 3
"""Days before the due date on which a reminder appears."""


class RequestNotFound(DomainError):
    """No request of the area has this id; params: id."""

    code = "request.not-found"


class RequestClosed(DomainError):
    """The request is closed; params: state."""

    code = "request.closed"


class RequestChanged(Exception):
    """The request was changed since it was read; it is read and changed again."""


class RequestExtended(DomainError):
    """The time was extended once already."""

    code = "request.extended-already"


class RequestInvalid(DomainError):
    """An item of the request is not valid; params: reason, known (what is accepted)."""

    code = "request.invalid"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done about a request."""

    at: datetime
    actor: str
    what: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class PersonRequest:
    """One request. ``person`` and ``text`` name people; both are removed when the person is erased."""

    id: str
    kind: RequestKind
    household: str
    commune: str
    received_on: date
    acknowledge_by: date
    reply_by: date
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
    """The day from which a restriction is no longer in force."""
    steps: tuple[Step, ...] = ()
    revision: int = 1
    """Rises with every change: the optimistic lock of the request."""
    damaged: bool = False
    """Whether the texts are missing because the stored ones are damaged."""

    @property
    def restricts(self) -> bool:
        """Whether it hides the household from other systems now."""
        return self.kind in RESTRICTING and self.state is RequestState.DONE and self.lifted_on is None

    def reminder(self, today: date) -> str | None:
        """Return what is due: "acknowledge" or "reply", with "-overdue" after the due date; None for nothing."""
        if self.state not in OPEN:
            return None
        due = {"reply": self.reply_by}
        if self.state is RequestState.RECEIVED:
            due["acknowledge"] = self.acknowledge_by
        what, day = min(due.items(), key=lambda item: item[1])
        if day < today:
            return f"{what}-overdue"
        return what if day <= today + timedelta(days=REMIND_DAYS) else None


@dataclass(frozen=True, slots=True)
class RequestQuery:
    """Which requests a list is to hold; the most urgent come first."""

    limit: int
    household: str | None = None
    kind: RequestKind | None = None
    open_only: bool = False
    due_until: date | None = None
    after: tuple[str, str] | None = None
    """Due date and id of the last request of the page before."""
