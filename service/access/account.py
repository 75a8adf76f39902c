"""Accounts and sessions as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from service.roles import Role, Sight

ACTIVE: Final = "active"


SUSPENDED: Final = "suspended"


@dataclass(frozen=True, slots=True)
class Device:
    """A device that an account signed in from: the hash of its secret, and what it calls itself."""

    secret_hash: str
    name: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody, or some system, known to the register. ``area`` are unit codes, each with the day it was meant on."""

    id: str
    username: str
    role: Role
    area: tuple[tuple[str, date], ...]
    created_at: datetime
    created_by: str
    full_name: str | None = None
    sight: Sight | None = None
    state: str = ACTIVE
    password_hash: str | None = None
    must_change_password: bool = False
    secret_hash: str | None = None
    scopes: tuple[str, ...] = ()
    external: tuple[str, str] | None = None
    """Issuer and subject at the province's own OpenID provider."""
    devices: tuple[Device, ...] = ()
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in on one device: a family of refresh tokens of which only the newest is good."""

    id: str
    account: str
    current: str
    """Hash of the refresh token that is good now."""
    created_at: datetime
    used_at: datetime
    expires_at: datetime
    used: tuple[str, ...] = ()
    """Hashes of the tokens that were good before, oldest first."""
    device_hash: str | None = None
    device_name: str = ""
    address: str = ""
    by_cookie: bool = False
    revoked_at: datetime | None = None
    revoked_because: str | None = None
    told_at: datetime | None = None
    """When the device first learned that somebody had ended its session."""
