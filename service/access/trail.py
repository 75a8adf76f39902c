"""Entries of the audit trail: who read or changed whose record, when and from where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from service.errors import DomainError

LEAST_KEPT: Final = timedelta(days=366)
"""Logs of access to a level-3 system are kept 12 months at least (Decree 331/2026, TCVN 14423:2026)."""


UNDERWAY: Final = 0
"""The status of an entry that was stored before its answer was there. The answer went out with 200 or 304, unless
another entry stands in its stead: one that cannot be corrected any more says too much rather than too little."""


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """One access. ``households`` are the ids of the records that were shown or changed."""

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
    """The account or request that was touched, where it is no household."""
    underway: str | None = None
    """A name of its own for an entry that was stored before its answer was there."""
    instead_of: str | None = None
    """The entry of that name in whose stead this one stands: something else went out."""


@dataclass(slots=True)
class Begun:
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
    """A place where the trail is not what was written: the lane, the batch's number (0 for the lane itself), why."""

    lane: str
    number: int
    reason: str


class TrailBusy(DomainError):
    """Too many processes opened a lane of the trail at once; the request can be tried again."""

    code = "store.contention"


ONLY_WHERE_GIVEN: Final = ("underway", "instead_of")
"""Items of an entry that are stored only where they have a value, and never returned."""
