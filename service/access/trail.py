"""Entries of the audit trail: who read or changed whose record, when and from where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from service.errors import DomainError

LEAST_STORED: Final = timedelta(days=366)
"""Access logs of a level-3 system are stored for at least 12 months (Decree 331/2026, TCVN 14423:2026)."""


UNDERWAY: Final = 0
"""The status of an entry that is stored before its response is ready. The response went out with 200 or 304, unless
another entry replaces this one: an entry that can no longer be corrected claims an access rather than hiding one."""


DAMAGED: Final = "damaged"
"""The action of an entry that is stored damaged; of its items those are left that can be read."""


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """One audit entry. ``households`` are the ids of the records that were shown or changed."""

    at: datetime
    action: str
    """The permission that was used, or what happened to an account ("signed-in", "sign-in-failed", …)."""
    account: str
    name: str
    role: str | None
    address: str
    token: str | None = None
    session: str | None = None
    request: str | None = None
    path: str = ""
    status: int = 200
    households: tuple[str, ...] = ()
    about: str | None = None
    """The account or request concerned, if it is not a household."""
    underway: str | None = None
    """The name of an entry that is stored before its response is ready."""
    instead_of: str | None = None
    """The name of the entry that this one replaces, because the response was another."""


@dataclass(slots=True)
class BegunEntry:
    """An entry that is being written."""

    entry: TrailEntry
    written: bool = False
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class TrailAnchor:
    """The number and hash of a lane's last batch, exported so that loss or tampering shows."""

    lane: str
    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class TrailFault:
    """A place where the trail was tampered with: the lane, the batch's number (0 for the lane itself), the reason."""

    lane: str
    number: int
    reason: str


class TrailBusy(DomainError):
    """Too many processes opened a lane of the trail at once; the request can be retried."""

    code = "trail.busy"


ONLY_WHERE_GIVEN: Final = ("underway", "instead_of")
"""Items of an entry that are stored only where they have a value, and never returned."""
