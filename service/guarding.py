"""Wires accounts, tokens, limits, the trail and people's requests on one store; called by the factory."""

from __future__ import annotations

from datetime import timedelta

from service.api.access import Guard
from service.registry.accounts import Accounts, Directory, Principals, SignIn
from service.registry.clock import Clock
from service.registry.erasure import Erasure
from service.registry.households import HouseholdRegister
from service.registry.requests import PeopleRequests, WorkingDays, read_holidays
from service.security.keys import KeyFolder, key_folder
from service.security.openid import OpenId, OpenIdClient
from service.security.passwords import Passwords
from service.security.tokens import AccessTokens
from service.settings import Settings, SettingsInvalid
from service.storage.accounts import MongoAccounts
from service.storage.rate_limits import Attempts, RateLimits
from service.storage.requests import MongoRequests
from service.storage.store import MongoStore
from service.storage.trail import Trail

NAME = "so-nong-ho"
"""Issuer and audience of tokens where the register has no public address."""


def _openid(settings: Settings, keys: KeyFolder, clock: Clock) -> OpenId | None:
    """The provider of the settings. Raises SettingsInvalid when the register's own address is not known."""
    if not settings.oidc_issuer:
        return None
    if not settings.public_address or not settings.oidc_client_id:
        raise SettingsInvalid("OIDC_ISSUER is set: set PUBLIC_ADDRESS and OIDC_CLIENT_ID too")
    client = OpenIdClient(
        settings.oidc_issuer,
        settings.oidc_client_id,
        settings.oidc_client_secret_file,
        f"{settings.public_address.rstrip('/')}/v1/openid/callback",
    )
    return OpenId(client, lambda: keys.secret("openid"), lambda: clock().timestamp())


def wire_guard(
    settings: Settings, clock: Clock, store: MongoStore, directory: Directory, households: HouseholdRegister
) -> Guard:
    """The parts of access. Reads no key and connects to nothing until the first request."""
    keys = key_folder(settings)
    issuer = settings.public_address or NAME
    tokens = AccessTokens(
        keys.signing_keys,
        issuer=issuer,
        audience=issuer,
        lifetime_seconds=settings.token_seconds,
        clock=lambda: clock().timestamp(),
    )
    accounts = MongoAccounts(store.database)
    passwords = Passwords()
    return Guard(
        settings=settings,
        clock=clock,
        keys=keys,
        tokens=tokens,
        principals=Principals(accounts, tokens, directory, clock),
        sign_in=SignIn(
            accounts,
            passwords,
            tokens,
            Attempts(store.database, clock),
            clock,
            idle=timedelta(days=settings.session_idle_days),
            longest=timedelta(days=settings.session_longest_days),
        ),
        accounts=Accounts(accounts, passwords, directory, clock),
        rates=RateLimits(store.database, clock),
        trail=Trail(store.database, clock, kept=timedelta(days=settings.trail_days)),
        requests=PeopleRequests(
            MongoRequests(store.database, store.encryption),
            households,
            Erasure(store, clock).erase,
            clock,
            WorkingDays(read_holidays(settings.holidays)),
        ),
        database=store,
        openid=_openid(settings, keys, clock),
    )
