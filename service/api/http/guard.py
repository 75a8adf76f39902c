"""The parts of access that the gate and the views use, stored with the app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast

from flask import Flask, current_app

from service.access.accounts import Accounts
from service.access.area_trail import AreaTrail
from service.access.keys import KeyFolder
from service.access.openid import OpenId
from service.access.ports import AuditTrail, Availability, RateLimiter
from service.access.principals import Principals
from service.access.sign_in import SignIn
from service.access.tokens import AccessTokens
from service.clock import Clock
from service.people.requests import PeopleRequests
from service.settings import Settings

_KEY: Final = "guard"


@dataclass(frozen=True, slots=True)
class Guard:
    """The parts of access, made once for each process by service/app.py."""

    settings: Settings
    clock: Clock
    keys: KeyFolder
    tokens: AccessTokens
    principals: Principals
    sign_in: SignIn
    accounts: Accounts
    rates: RateLimiter
    trail: AuditTrail
    area_trail: AreaTrail
    requests: PeopleRequests
    database: Availability
    openid: OpenId | None = None
    """The province's own provider, if there is one."""


def guard() -> Guard:
    """The guard of the current app."""
    return cast(Guard, current_app.extensions[_KEY])


def install_parts(app: Flask, parts: Guard) -> None:
    """Store the parts with the app."""
    app.extensions[_KEY] = parts
