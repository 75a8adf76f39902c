"""What access needs from storage: accounts and sessions, limits on guessing and asking, the audit trail."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from service.access.account import Account, Device, Session
from service.access.trail import Begun, TrailEntry
from service.units.directory import UnitDirectory

Directory = Callable[[], UnitDirectory]
"""Returns the units as they are known now."""


class AccountStore(Protocol):
    """Accounts and sessions as storage keeps them."""

    def add_account(self, account: Account) -> None:
        """Keep a new account. Raises UsernameTaken."""

    def account(self, account_id: str) -> Account | None:
        """The account with this id."""

    def account_named(self, username: str) -> Account | None:
        """The account with this name, however its letters are written."""

    def account_of(self, issuer: str, subject: str) -> Account | None:
        """The account that belongs to an identity of an OpenID provider."""

    def accounts(self, *, after: str | None, limit: int) -> list[Account]:
        """Accounts in order of name, behind the name ``after``."""

    def change_account(self, account_id: str, items: Mapping[str, Any]) -> Account | None:
        """Set the named items of an account; answers it as it is then."""

    def remember_device(self, account_id: str, device: Device, *, keep: int) -> None:
        """Add the device to the account's, or bring it up to date; only the ``keep`` last ones stay."""

    def add_session(self, session: Session) -> None:
        """Keep a new session."""

    def session(self, session_id: str) -> Session | None:
        """The session with this id."""

    def rotate(
        self, session_id: str, *, spent: Sequence[str], successor: str, at: datetime, expires_at: datetime, keep: int
    ) -> bool:
        """Replace the good token by ``successor`` if it still is the first of ``spent``; answers whether it was."""

    def revoke(self, session_id: str, *, because: str, at: datetime) -> bool:
        """Revoke a session; answers whether it was good until then."""

    def revoke_all(self, account_id: str, *, because: str, at: datetime, but: str | None = None) -> int:
        """Revoke all sessions of an account (but one); answers how many."""

    def told(self, session_id: str, *, at: datetime) -> bool:
        """Remember that the device learned of its session's end; answers whether for the first time."""

    def sessions_of(self, account_id: str) -> list[Session]:
        """The good sessions of an account, the last used first."""


class AttemptCounter(Protocol):
    """Slows down guessing (service/storage/rate_limits.py)."""

    def begin(self, keys: Iterable[tuple[str, int]]) -> None:
        """Count an attempt under each key, given with how many are free. Raises TooManyAttempts."""

    def succeeded(self, key: str) -> None:
        """Forget the attempts of a key."""

    def take_back(self, key: str) -> None:
        """Take back one attempt of a shared key."""


class RateLimiter(Protocol):
    """Lets at most so many requests of one key through in each window of time."""

    def take(self, key: str, limit: int, per: timedelta) -> None:
        """Let one request of ``key`` through. Raises TooManyRequests with the seconds until the next window."""


class AuditTrail(Protocol):
    """Stores and finds audit entries."""

    def write(self, entry: TrailEntry) -> None:
        """Add an entry; it is stored when this returns. Raises StoreUnavailable."""

    def begin(self, entry: TrailEntry) -> Begun:
        """Hand an entry over, to be written while its response is made. ``finish`` waits for it."""

    def finish(self, begun: Begun) -> None:
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


class Availability(Protocol):
    """Whether the database is known to be away."""

    def require_available(self) -> None:
        """Raise StoreUnavailable at once when it is: nobody waits for it anew."""

    def waited_in_vain(self) -> None:
        """Note that a request waited for the database without success; later ones fail at once until it is found."""
