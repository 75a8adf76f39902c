"""Which principal an access token stands for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from service.access.account import ACTIVE, Account, require_not_revoked
from service.access.errors import NotSignedIn
from service.access.ports import AccountStore, Directory
from service.access.tokens import AccessClaims, AccessTokens
from service.area import Area
from service.clock import Clock, vietnam_day
from service.principal import Principal, principal
from service.unit_names import UnitId
from service.units.areas import area_of_units, named_unit

_log = structlog.get_logger("service.access")


@dataclass(slots=True)
class _Cached:
    principal: Principal
    until: datetime


@dataclass(slots=True)
class Principals:
    """Find the principal of an access token.

    Account and session are cached for ``cached_for``, so that a suspended account or an ended session loses access in
    every worker within that time.
    """

    store: AccountStore
    tokens: AccessTokens
    directory: Directory
    clock: Clock
    cached_for: timedelta = timedelta(seconds=5)
    _known: dict[str, _Cached] = field(default_factory=dict)
    _reported: dict[str, tuple[UnitId, ...]] = field(default_factory=dict)
    """By account, the units of its area that were last logged as ended."""

    def of_token(self, token: str) -> Principal:
        """Return the principal of an access token. Raises TokenInvalid, TokenExpired, NotSignedIn, SessionRevoked."""
        claims = self.tokens.read(token)
        now = self.clock()
        known = self._known.get(claims.token_id)
        if known is not None and known.until > now:
            return known.principal
        found = self._looked_up(claims)
        if len(self._known) > 10_000:
            self._known.clear()
        self._known[claims.token_id] = _Cached(found, now + self.cached_for)
        return found

    def forget(self) -> None:
        """Clear the cache, because this process has changed an account."""
        self._known.clear()

    def _looked_up(self, claims: AccessClaims) -> Principal:
        if claims.session is not None:
            session = self.store.session(claims.session)
            if session is not None:
                require_not_revoked(session)
            if session is None or session.revoked_at is not None:
                raise NotSignedIn()
        account = self.store.account(claims.account)
        if account is None or account.state != ACTIVE:
            raise NotSignedIn()
        return principal(
            account.id,
            account.username,
            account.role,
            self._area_of(account),
            scopes=[scope for scope in account.scopes if scope in claims.scopes],
            sight=account.sight,
            token_id=claims.token_id,
            session=claims.session,
            must_change_password=account.must_change_password,
            by_cookie=claims.by_cookie,
        )

    def _area_of(self, account: Account) -> Area:
        """Return the account's area; units in it that cover nothing any more are logged, once in each process."""
        directory, today = self.directory(), vietnam_day(self.clock())
        area = area_of_units(account.area, directory, today)
        if area.ended != self._reported.get(account.id, ()):
            self._reported[account.id] = area.ended
            if area.ended:
                codes = [named_unit(unit, directory, today)[0] for unit in area.ended]
                _log.warning("codes of an account's area cover nothing", account=account.username, codes=codes)
        return area
