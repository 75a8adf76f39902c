"""Signing in, refreshing and signing out: the sessions of accounts."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from schemas.text import fold
from service.access.account import ACTIVE, Account, Device, Session, SessionEnd, require_not_revoked
from service.access.errors import RefreshFailed, ScopeInvalid, SignInFailed
from service.access.passwords import Passwords
from service.access.ports import AccountStore, AttemptCounter
from service.access.tokens import AccessClaims, AccessTokens, hashed_secret, new_secret, same, split_refresh_token
from service.clock import Clock

DEVICES_STORED: Final = 20
USED_TOKENS_STORED: Final = 50
_ADDRESS_FREE_ATTEMPTS: Final = 30
"""Wrong secrets of one address over all accounts before it is slowed down; an office shares one address."""
_FREE_ATTEMPTS: Final = 5
_SAME_MOMENT: Final = timedelta(seconds=30)
"""Two tabs of a browser may send the same refresh token within this time."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The client of a sign-in: its address, and its device's secret and name, if any."""

    address: str
    device_secret: str | None = None
    device_name: str = ""
    by_cookie: bool = False


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The result of a sign-in; the refresh token and a new device's secret are shown only here."""

    account: Account
    access_token: str
    claims: AccessClaims
    refresh_token: str | None = None
    refresh_expires_at: datetime | None = None
    device_secret: str | None = None


class SignIn:
    """Exchange a password, client credentials, an OpenID identity or a refresh token for an access token."""

    def __init__(
        self,
        store: AccountStore,
        passwords: Passwords,
        tokens: AccessTokens,
        attempts: AttemptCounter,
        clock: Clock,
        *,
        idle: timedelta = timedelta(days=45),
        longest: timedelta = timedelta(days=180),
    ) -> None:
        self._store = store
        self._passwords = passwords
        self._tokens = tokens
        self._attempts = attempts
        self._clock = clock
        self._idle = idle
        self._longest = longest

    def by_password(self, username: str, password: str, caller: Caller) -> SignedIn:
        """Sign a person in. Raises SignInFailed (the same for an unknown name) and TooManyAttempts.

        Attempts from a device that the account has signed in from before are counted separately, so that guessing
        elsewhere, even from the same address, never locks it out.
        """
        account = self._store.account_named(username)
        device_hash = None if caller.device_secret is None else hashed_secret(caller.device_secret)
        known_device = (
            account is not None
            and device_hash is not None
            and any(d.secret_hash == device_hash for d in account.devices)
        )
        name = fold(username)[:200]
        own = f"device:{name}:{device_hash}" if known_device else f"from:{name}:{caller.address}"
        shared = None if known_device else f"address:{caller.address}"
        self._attempts.begin(
            [(own, _FREE_ATTEMPTS), *([(shared, _ADDRESS_FREE_ATTEMPTS)] if shared is not None else [])]
        )
        stored = account.password_hash if account is not None and account.state == ACTIVE else None
        if not self._passwords.matches(stored, password) or account is None or stored is None:
            raise SignInFailed()
        self._attempts.succeeded(own)
        if shared is not None:
            self._attempts.take_back(shared)
        if self._passwords.outdated(stored):
            self._store.change_account(account.id, {"password_hash": self._passwords.hashed(password)})
        return self.begin_session(account, caller)

    def by_client_secret(
        self, client_id: str, client_secret: str, caller: Caller, scopes: Sequence[str] = ()
    ) -> SignedIn:
        """Sign a system in, with all its scopes or those requested.

        Raises SignInFailed, TooManyAttempts, and ScopeInvalid for a scope that the system does not have.
        """
        own, shared = f"from:{fold(client_id)[:200]}:{caller.address}", f"address:{caller.address}"
        self._attempts.begin([(own, _FREE_ATTEMPTS), (shared, _ADDRESS_FREE_ATTEMPTS)])
        account = self._store.account_named(client_id)
        known = account.secret_hash if account is not None and account.state == ACTIVE else None
        if not same(hashed_secret(client_secret), known or hashed_secret("")) or known is None or account is None:
            raise SignInFailed()
        self._attempts.succeeded(own)
        self._attempts.take_back(shared)
        require_scopes(scopes, account.scopes)
        requested = tuple(scopes) or account.scopes
        token, claims = self._tokens.issue(account.id, scopes=tuple(s for s in account.scopes if s in requested))
        return SignedIn(account, token, claims)

    def by_identity(self, issuer: str, subject: str, caller: Caller) -> SignedIn:
        """Sign in an identity that the OpenID provider has confirmed. Raises SignInFailed if no account has it."""
        account = self._store.account_of(issuer, subject)
        if account is None or account.state != ACTIVE:
            raise SignInFailed()
        return self.begin_session(account, caller)

    def begin_session(self, account: Account, caller: Caller) -> SignedIn:
        """Begin a session on the caller's device; a browser without a device secret gets one."""
        now = self._clock()
        device_secret = caller.device_secret
        made = None
        if device_secret is None and caller.by_cookie:
            device_secret = made = new_secret()
        device_hash = None if device_secret is None else hashed_secret(device_secret)
        if device_hash is not None:
            self._store.remember_device(
                account.id, Device(device_hash, caller.device_name[:200], now), keep=DEVICES_STORED
            )
        session_id, secret = str(uuid.uuid4()), new_secret()
        session = Session(
            id=session_id,
            account=account.id,
            current=hashed_secret(secret),
            created_at=now,
            used_at=now,
            expires_at=now + self._idle,
            device_hash=device_hash,
            device_name=caller.device_name[:200],
            address=caller.address,
            by_cookie=caller.by_cookie,
        )
        self._store.add_session(session)
        token, claims = self._tokens.issue(account.id, session=session_id, by_cookie=caller.by_cookie)
        return SignedIn(account, token, claims, f"{session_id}.{secret}", session.expires_at, made)

    def refresh(self, refresh_token: str, caller: Caller) -> SignedIn:
        """Exchange the current refresh token for a new one and an access token. Raises RefreshFailed, SessionRevoked.

        A token that was already replaced has been copied: its whole session ends. A browser, whose cookie only its own
        device holds, may send the token before the current one once more, because a response was lost or two pages
        refreshed at once. A request that then sends the token in between ends the session.
        """
        parts = split_refresh_token(refresh_token)
        session = None if parts is None else self._store.session(parts[0])
        if parts is None or session is None:
            raise RefreshFailed()
        now = self._clock()
        presented = hashed_secret(parts[1])
        self._require_good(session, presented, caller, now)
        account = self._store.account(session.account)
        if account is None or account.state != ACTIVE:
            raise RefreshFailed()
        if same(presented, session.current):
            return self._rotated(session, account, (presented,), now)
        if presented not in session.used:
            raise RefreshFailed()
        if session.by_cookie and presented == session.used[-1]:
            if now - session.used_at <= _SAME_MOMENT:
                token, claims = self._tokens.issue(account.id, session=session.id, by_cookie=True)
                return SignedIn(account, token, claims)
            return self._rotated(session, account, (session.current, presented), now)
        self._store.revoke(session.id, because=SessionEnd.USED_TWICE, at=now)
        raise RefreshFailed()

    def _require_good(self, session: Session, presented: str, caller: Caller, now: datetime) -> None:
        """Raise RefreshFailed unless the session is active, not expired, and used on the device that it began on.

        Raises SessionRevoked if somebody ended it; only for its own device, and only for one of its own tokens.
        """
        device_hash = None if caller.device_secret is None else hashed_secret(caller.device_secret)
        other_device = session.device_hash is not None and device_hash != session.device_hash
        if other_device or session.by_cookie != caller.by_cookie:
            raise RefreshFailed()
        if session.revoked_at is not None and presented in (session.current, *session.used):
            require_not_revoked(session)
        if session.revoked_at is not None or session.expires_at <= now:
            raise RefreshFailed()

    def _rotated(self, session: Session, account: Account, spent: tuple[str, ...], now: datetime) -> SignedIn:
        secret = new_secret()
        expires_at = min(now + self._idle, session.created_at + self._longest)
        rotated = self._store.rotate(
            session.id,
            spent=spent,
            successor=hashed_secret(secret),
            at=now,
            expires_at=expires_at,
            keep=USED_TOKENS_STORED,
        )
        if not rotated:
            # Another request has just replaced the same token.
            if not session.by_cookie:
                self._store.revoke(session.id, because=SessionEnd.USED_TWICE, at=now)
                raise RefreshFailed()
            token, claims = self._tokens.issue(account.id, session=session.id, by_cookie=True)
            return SignedIn(account, token, claims)
        token, claims = self._tokens.issue(account.id, session=session.id, by_cookie=session.by_cookie)
        return SignedIn(account, token, claims, f"{session.id}.{secret}", expires_at)

    def sign_out(self, session_id: str) -> None:
        """End a session."""
        self._store.revoke(session_id, because=SessionEnd.SIGNED_OUT, at=self._clock())

    def note_reported(self, session_id: str) -> bool:
        """Note that the end of its session was reported to the device. Returns whether for the first time."""
        return self._store.note_reported(session_id, at=self._clock())


def require_scopes(requested: Iterable[str], held: Iterable[str]) -> None:
    """Raise ScopeInvalid if scopes are requested that the account does not have (RFC 6749, 3.3).

    A token with less than was requested would fail only later, at the first call that needs the rest.
    """
    held = sorted(held)
    if missing := sorted(set(requested).difference(held)):
        raise ScopeInvalid(pointer="/scope", scopes=" ".join(missing)[:200], held=" ".join(held) or "-")
