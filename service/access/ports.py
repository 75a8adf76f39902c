"""What access needs from storage: accounts and sessions, limits on guessing and asking, the audit trail."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from service.access.account import Account, DamagedAccount, Device, Session
from service.access.trail import BegunEntry, TrailEntry
from service.units.directory import UnitDirectory

Directory = Callable[[], UnitDirectory]
"""Returns the current list of units."""


class AccountStore(Protocol):
    """Stores accounts and sessions."""

    def add_account(self, account: Account) -> None:
        """Store a new account. Raises UsernameTaken."""

    def account(self, account_id: str) -> Account | None:
        """Return the account with this id."""

    def account_named(self, username: str) -> Account | None:
        """Return the account with this name, ignoring case and diacritics."""

    def account_of(self, issuer: str, subject: str) -> Account | None:
        """Return the account with this identity at an OpenID provider."""

    def accounts(self, *, after: str | None, limit: int) -> list[Account]:
        """Return accounts in order of name, after the name ``after``; those that are stored damaged are left out."""

    def damaged_accounts(self) -> list[DamagedAccount]:
        """Return the accounts that are stored damaged."""

    def change_account(self, account_id: str, items: Mapping[str, Any]) -> Account | None:
        """Set these items of an account. Returns the changed account."""

    def remember_device(self, account_id: str, device: Device, *, keep: int) -> None:
        """Add the device to the account's or update it; only the ``keep`` latest ones stay."""

    def add_session(self, session: Session) -> None:
        """Store a new session."""

    def session(self, session_id: str) -> Session | None:
        """Return the session with this id."""

    def rotate(
        self, session_id: str, *, spent: Sequence[str], successor: str, at: datetime, expires_at: datetime, keep: int
    ) -> bool:
        """Replace the valid token by ``successor`` if it still is the first of ``spent``. Returns whether it was."""

    def revoke(self, session_id: str, *, because: str, at: datetime) -> bool:
        """Revoke a session. Returns whether it was active."""

    def revoke_all(self, account_id: str, *, because: str, at: datetime, but: str | None = None) -> int:
        """Revoke all sessions of an account (except ``but``). Returns how many."""

    def note_reported(self, session_id: str, *, at: datetime) -> bool:
        """Note that the end of its session was reported to the device. Returns whether for the first time."""

    def sessions_of(self, account_id: str) -> list[Session]:
        """Return the active sessions of an account, the last used first."""


class AttemptCounter(Protocol):
    """Slows down guessing of secrets (service/storage/rate_limits.py)."""

    def begin(self, keys: Iterable[tuple[str, int]]) -> None:
        """Count an attempt under each key, given with its number of free attempts. Raises TooManyAttempts."""

    def succeeded(self, key: str) -> None:
        """Forget the attempts of a key."""

    def take_back(self, key: str) -> None:
        """Take back one attempt of a shared key."""


class RateLimiter(Protocol):
    """Limits the requests of one key in each time window."""

    def take(self, key: str, limit: int, per: timedelta) -> None:
        """Count one request of ``key``. Raises TooManyRequests with the seconds until the next window."""


class AuditTrail(Protocol):
    """Stores and finds audit entries."""

    def write(self, entry: TrailEntry) -> None:
        """Add an entry; it is stored when this returns. Raises StoreUnavailable."""

    def begin(self, entry: TrailEntry) -> BegunEntry:
        """Queue an entry, to be written while its response is made. ``finish`` waits for it."""

    def finish(self, begun: BegunEntry) -> None:
        """Wait for an entry; it is stored when this returns. Raises StoreUnavailable."""

    def entries(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        households: Sequence[str] | None = None,
        account: str | None = None,
        address: str | None = None,
        token: str | None = None,
    ) -> Iterator[TrailEntry]:
        """Entries that match all conditions, in order of time."""


class HouseholdCommunes(Protocol):
    """Knows where households are now."""

    def communes_of(self, household_ids: Iterable[str]) -> dict[str, str]:
        """Return the stored commune of each of the households that are there, of those erased where they were."""


class Availability(Protocol):
    """Knows whether the database is unavailable."""

    def require_available(self) -> None:
        """Raise StoreUnavailable at once if it is unavailable, so that no request waits for it again."""

    def note_timeout(self) -> None:
        """Note that a request timed out waiting for the database; later ones fail at once until it is found."""
