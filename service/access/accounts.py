"""Accounts and their sessions: making, changing and suspending, signing in, refreshing and signing out."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from schemas.text import fold
from service.access.account import ACTIVE, SUSPENDED, Account, Device, Session
from service.access.errors import (
    AccountInvalid,
    AccountNotFound,
    NotSignedIn,
    OwnAccount,
    RefreshFailed,
    SessionNotFound,
    SessionRevoked,
    SignInFailed,
)
from service.access.passwords import Passwords, new_password, require_strong
from service.access.ports import AccountStore, AttemptCounter
from service.access.tokens import (
    AccessClaims,
    AccessTokens,
    hashed_secret,
    new_secret,
    same,
    split_refresh_token,
)
from service.clock import Clock, vietnam_day
from service.errors import OutsideArea
from service.principal import Principal, principal
from service.roles import SCOPES, Role, Sight
from service.units.areas import area_of_units
from service.units.directory import UnitDirectory

# Why a session ended.
SIGNED_OUT: Final = "signed out"
REVOKED: Final = "revoked"
RESET: Final = "reset"
PASSWORD_CHANGED: Final = "password changed"  # noqa: S105 - a reason, no secret
USED_TWICE: Final = "refresh token used twice"
TOLD_TO_THE_DEVICE: Final = frozenset({REVOKED, SUSPENDED})
"""Somebody meant this device, or whoever holds it: it is told so, and erases what it keeps.

Not so with a password that was forgotten or changed, nor with a token that was used twice: the rightful phone may hold
records that were never sent.
"""

DEVICES_KEPT: Final = 20
USED_TOKENS_KEPT: Final = 50
_ADDRESS_FREE_ATTEMPTS: Final = 30
"""Wrong secrets of one address over all accounts before it is slowed down; an office shares one address."""
_FREE_ATTEMPTS: Final = 5
_SAME_MOMENT: Final = timedelta(seconds=30)
"""Two tabs of a browser may send the same refresh token within this time."""


Directory = Callable[[], UnitDirectory]


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What is asked for a new account; parsed by the API or by scripts/accounts."""

    username: str
    role: Role
    area: tuple[str, ...]
    area_as_of: date | None = None
    full_name: str | None = None
    sight: Sight | None = None
    scopes: tuple[str, ...] = ()
    password: str | None = None
    external: tuple[str, str] | None = None
    must_change_password: bool = True


@dataclass(frozen=True, slots=True)
class Handed:
    """An account with the secret that is shown once: a password for people, a client secret for systems."""

    account: Account
    password: str | None = None
    client_secret: str | None = None


class Accounts:
    """What an administrator does with accounts, and everybody with their own password."""

    def __init__(self, store: AccountStore, passwords: Passwords, directory: Directory, clock: Clock) -> None:
        self._store = store
        self._passwords = passwords
        self._directory = directory
        self._clock = clock

    def create(self, new: NewAccount, by: Principal) -> Handed:
        """Make an account within the maker's area.

        Without a password one is made and must be changed at the first sign-in. Raises UsernameTaken, AccountInvalid,
        OutsideArea, PasswordWeak, CommuneUnknown, CommuneNotInForce.
        """
        now = self._clock()
        area = self._read_area(new.area, new.area_as_of, vietnam_day(now))
        self._require_within(area, by)
        if new.role is Role.SYSTEM:
            unknown = sorted(set(new.scopes) - set(SCOPES))
            if unknown or not new.scopes:
                raise AccountInvalid(pointer="/scopes", reason="scopes", known=", ".join(SCOPES))
        elif new.scopes:
            raise AccountInvalid(pointer="/scopes", reason="scopes-of-systems", known=", ".join(SCOPES))
        account = Account(
            id=str(uuid.uuid4()),
            username=new.username,
            role=new.role,
            area=area,
            created_at=now,
            created_by=by.name,
            full_name=new.full_name,
            sight=new.sight,
            scopes=tuple(new.scopes),
            external=new.external,
        )
        handed = self._with_secret(account, new)
        self._store.add_account(handed.account)
        return handed

    def _with_secret(self, account: Account, new: NewAccount) -> Handed:
        if new.role is Role.SYSTEM:
            secret = new_secret()
            return Handed(replace(account, secret_hash=hashed_secret(secret)), client_secret=secret)
        if new.password is not None:
            require_strong(new.password, new.username)
            hashed = self._passwords.hashed(new.password)
            return Handed(replace(account, password_hash=hashed, must_change_password=new.must_change_password))
        if new.external is not None:
            return Handed(account)
        password = new_password()
        hashed = self._passwords.hashed(password)
        return Handed(
            replace(account, password_hash=hashed, must_change_password=new.must_change_password), password=password
        )

    def get(self, account_id: str, by: Principal) -> Account:
        """An account of the administrator's area. Raises AccountNotFound."""
        account = self._store.account(account_id)
        if account is None or not self._within(account.area, by):
            raise AccountNotFound(account=account_id[:80])
        return account

    def page(self, by: Principal, *, after: str | None, limit: int) -> tuple[list[Account], str | None]:
        """Accounts of the administrator's area in order of name, and behind which name the next page starts."""
        found: list[Account] = []
        while True:
            batch = self._store.accounts(after=after, limit=limit + 1)
            for account in batch:
                if self._within(account.area, by):
                    found.append(account)
                after = account.username
                if len(found) > limit:
                    return found[:limit], found[limit - 1].username
            if len(batch) <= limit:
                return found, None

    def change(
        self,
        account_id: str,
        by: Principal,
        *,
        full_name: str | None = None,
        area: Sequence[str] | None = None,
        area_as_of: date | None = None,
        sight: Sight | None = None,
        scopes: Sequence[str] | None = None,
    ) -> Account:
        """Change what was given. The role stays what it is: another role is another account."""
        account = self.get(account_id, by)
        items: dict[str, Any] = {"updated_at": self._clock()}
        if full_name is not None:
            items["full_name"] = full_name
        if sight is not None:
            items["sight"] = sight
        if area is not None:
            named = self._read_area(area, area_as_of, vietnam_day(self._clock()))
            self._require_within(named, by)
            items["area"] = named
        if scopes is not None:
            if account.role is not Role.SYSTEM or set(scopes) - set(SCOPES):
                raise AccountInvalid(pointer="/scopes", reason="scopes", known=", ".join(SCOPES))
            items["scopes"] = tuple(scopes)
        return self._changed(account_id, items)

    def suspend(self, account_id: str, by: Principal) -> Account:
        """Shut an account and end all its sessions. Nobody suspends themselves."""
        self.get(account_id, by)
        if account_id == by.account:
            raise OwnAccount()
        now = self._clock()
        account = self._changed(account_id, {"state": SUSPENDED, "updated_at": now})
        self._store.revoke_all(account_id, because=SUSPENDED, at=now)
        return account

    def resume(self, account_id: str, by: Principal) -> Account:
        """Open a suspended account again."""
        self.get(account_id, by)
        return self._changed(account_id, {"state": ACTIVE, "updated_at": self._clock()})

    def reset(self, account_id: str, by: Principal) -> Handed:
        """Give an account a new secret, ending all its sessions; the old one is good no longer."""
        account = self.get(account_id, by)
        now = self._clock()
        self._store.revoke_all(account_id, because=RESET, at=now)
        if account.role is Role.SYSTEM:
            secret = new_secret()
            changed = self._changed(account_id, {"secret_hash": hashed_secret(secret), "updated_at": now})
            return Handed(changed, client_secret=secret)
        password = new_password()
        items = {"password_hash": self._passwords.hashed(password), "must_change_password": True, "updated_at": now}
        return Handed(self._changed(account_id, items), password=password)

    def change_own_password(self, by: Principal, old: str, new: str) -> None:
        """Change one's own password; all other sessions end. Raises SignInFailed, PasswordWeak."""
        account = self._store.account(by.account)
        if account is None or not self._passwords.matches(account.password_hash, old):
            raise SignInFailed(pointer="/old_password")
        require_strong(new, account.username)
        now = self._clock()
        items = {"password_hash": self._passwords.hashed(new), "must_change_password": False, "updated_at": now}
        self._changed(account.id, items)
        self._store.revoke_all(account.id, because=PASSWORD_CHANGED, at=now, but=by.session)

    def sessions(self, account_id: str) -> list[Session]:
        """The account's sessions that are good now."""
        return self._store.sessions_of(account_id)

    def revoke_session(self, account_id: str, session_id: str, by: Principal) -> None:
        """End one session of an account: one's own, or as an administrator. Raises SessionNotFound, AccountNotFound.

        Ending the session that one asks with is signing out; any other is a device that its holder no longer has.
        """
        if account_id != by.account:
            self.get(account_id, by)
        session = self._store.session(session_id)
        if session is None or session.account != account_id:
            raise SessionNotFound(session=session_id[:80])
        self._store.revoke(session_id, because=SIGNED_OUT if session_id == by.session else REVOKED, at=self._clock())

    def _changed(self, account_id: str, items: Mapping[str, Any]) -> Account:
        account = self._store.change_account(account_id, items)
        if account is None:
            raise AccountNotFound(account=account_id[:80])
        return account

    def _read_area(self, units: Sequence[str], as_of: date | None, today: date) -> tuple[tuple[str, date], ...]:
        """The codes, each with a day on which it has a meaning: the one named, else today, else its last one."""
        directory = self._directory()
        named: list[tuple[str, date]] = []
        for code in units:
            day = as_of or _meaning_of(code, directory, today)
            directory.in_force(code, min(day, today))
            named.append((code, day))
        if not named:
            raise AccountInvalid(pointer="/area", reason="area", known='["16681"]')
        return tuple(named)

    def _require_within(self, area: Iterable[tuple[str, date]], by: Principal) -> None:
        if not self._within(area, by):
            raise OutsideArea(pointer="/area", commune=", ".join(code for code, _ in area))

    def _within(self, area: Iterable[tuple[str, date]], by: Principal) -> bool:
        return by.area.holds(area_of_units(area, self._directory(), vietnam_day(self._clock())))


def _meaning_of(code: str, directory: UnitDirectory, today: date) -> date:
    """Today when the code has a meaning today, else the last day on which it had one."""
    last = today
    for unit in directory:
        if unit.code == code:
            if unit.in_force_on(today):
                return today
            last = unit.valid_to or today
    return last


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a sign-in comes from: its address, and the device's secret and name where it has them."""

    address: str
    device_secret: str | None = None
    device_name: str = ""
    by_cookie: bool = False


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a sign-in hands out; the refresh token and a new device's secret are shown only here."""

    account: Account
    access_token: str
    claims: AccessClaims
    refresh_token: str | None = None
    refresh_expires_at: datetime | None = None
    device_secret: str | None = None


class SignIn:
    """Password, client credentials, an OpenID identity or a refresh token in; an access token out."""

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

        A device that the account has signed in from before is counted by itself, so that guessing elsewhere, even from
        the same address, never keeps it out.
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
        """Sign a system in, with all its scopes or those it asks for. Raises SignInFailed and TooManyAttempts."""
        own, shared = f"from:{fold(client_id)[:200]}:{caller.address}", f"address:{caller.address}"
        self._attempts.begin([(own, _FREE_ATTEMPTS), (shared, _ADDRESS_FREE_ATTEMPTS)])
        account = self._store.account_named(client_id)
        known = account.secret_hash if account is not None and account.state == ACTIVE else None
        if not same(hashed_secret(client_secret), known or hashed_secret("")) or known is None or account is None:
            raise SignInFailed()
        self._attempts.succeeded(own)
        self._attempts.take_back(shared)
        asked = tuple(scopes) or account.scopes
        token, claims = self._tokens.issue(account.id, scopes=tuple(s for s in account.scopes if s in asked))
        return SignedIn(account, token, claims)

    def by_identity(self, issuer: str, subject: str, caller: Caller) -> SignedIn:
        """Sign in whom the province's OpenID provider vouched for. Raises SignInFailed for an unknown identity."""
        account = self._store.account_of(issuer, subject)
        if account is None or account.state != ACTIVE:
            raise SignInFailed()
        return self.begin_session(account, caller)

    def begin_session(self, account: Account, caller: Caller) -> SignedIn:
        """Open a session on the caller's device; a browser without a device's secret gets one."""
        now = self._clock()
        device_secret = caller.device_secret
        made = None
        if device_secret is None and caller.by_cookie:
            device_secret = made = new_secret()
        device_hash = None if device_secret is None else hashed_secret(device_secret)
        if device_hash is not None:
            self._store.remember_device(
                account.id, Device(device_hash, caller.device_name[:200], now), keep=DEVICES_KEPT
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
        """A new access token and a new refresh token for the current one. Raises RefreshFailed and SessionRevoked.

        A token that was replaced before is a copy in other hands: its whole session ends. A browser, whose cookie only
        its own device holds, may send the one before the current once more: its answer was lost, or two pages asked at
        once. Whoever then comes with the token in between ends the session.
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
        self._store.revoke(session.id, because=USED_TWICE, at=now)
        raise RefreshFailed()

    def _require_good(self, session: Session, presented: str, caller: Caller, now: datetime) -> None:
        """Raise RefreshFailed unless the session is good, in time, and on the device that it was begun on.

        Raises SessionRevoked where somebody ended it; only to its own device, and only to one of its own tokens.
        """
        device_hash = None if caller.device_secret is None else hashed_secret(caller.device_secret)
        other_device = session.device_hash is not None and device_hash != session.device_hash
        if other_device or session.by_cookie != caller.by_cookie:
            raise RefreshFailed()
        if session.revoked_at is not None and presented in (session.current, *session.used):
            _tell(session)
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
            keep=USED_TOKENS_KEPT,
        )
        if not rotated:
            # Somebody else replaced the same token at this very moment.
            if not session.by_cookie:
                self._store.revoke(session.id, because=USED_TWICE, at=now)
                raise RefreshFailed()
            token, claims = self._tokens.issue(account.id, session=session.id, by_cookie=True)
            return SignedIn(account, token, claims)
        token, claims = self._tokens.issue(account.id, session=session.id, by_cookie=session.by_cookie)
        return SignedIn(account, token, claims, f"{session.id}.{secret}", expires_at)

    def sign_out(self, session_id: str) -> None:
        """End a session."""
        self._store.revoke(session_id, because=SIGNED_OUT, at=self._clock())

    def told(self, session_id: str) -> bool:
        """Remember that a device learned of its session's end; answers whether for the first time."""
        return self._store.told(session_id, at=self._clock())


def _tell(session: Session) -> None:
    """Raise SessionRevoked where somebody ended the session, as long as it is kept."""
    if session.revoked_because in TOLD_TO_THE_DEVICE:
        raise SessionRevoked(session=session.id, account=session.account)


@dataclass(slots=True)
class _Remembered:
    principal: Principal
    until: datetime


@dataclass(slots=True)
class Principals:
    """Who an access token stands for.

    Account and session are looked up again every few seconds, so that a suspended account or a session that was signed
    out is shut out everywhere within ``remembered``.
    """

    store: AccountStore
    tokens: AccessTokens
    directory: Directory
    clock: Clock
    remembered: timedelta = timedelta(seconds=5)
    _known: dict[str, _Remembered] = field(default_factory=dict)

    def of_token(self, token: str) -> Principal:
        """The principal of an access token. Raises TokenInvalid, TokenExpired, NotSignedIn, SessionRevoked."""
        claims = self.tokens.read(token)
        now = self.clock()
        known = self._known.get(claims.token_id)
        if known is not None and known.until > now:
            return known.principal
        found = self._looked_up(claims)
        if len(self._known) > 10_000:
            self._known.clear()
        self._known[claims.token_id] = _Remembered(found, now + self.remembered)
        return found

    def forget(self) -> None:
        """Look everything up again at the next request: an account was changed by this very process."""
        self._known.clear()

    def _looked_up(self, claims: AccessClaims) -> Principal:
        if claims.session is not None:
            session = self.store.session(claims.session)
            if session is not None:
                _tell(session)
            if session is None or session.revoked_at is not None:
                raise NotSignedIn()
        account = self.store.account(claims.account)
        if account is None or account.state != ACTIVE:
            raise NotSignedIn()
        return principal(
            account.id,
            account.username,
            account.role,
            area_of_units(account.area, self.directory(), vietnam_day(self.clock())),
            scopes=[scope for scope in account.scopes if scope in claims.scopes],
            sight=account.sight,
            token_id=claims.token_id,
            session=claims.session,
            must_change_password=account.must_change_password,
            by_cookie=claims.by_cookie,
        )
