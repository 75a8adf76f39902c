"""Accounts and sessions as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from service.access.errors import SessionRevoked
from service.roles import Role, Sight
from service.unit_names import UnitId

ACTIVE: Final = "active"
SUSPENDED: Final = "suspended"


class SessionEnd(StrEnum):
    """Why a session ended."""

    SIGNED_OUT = "signed out"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    RESET = "reset"
    PASSWORD_CHANGED = "password changed"  # noqa: S105 - a reason, not a secret
    USED_TWICE = "refresh token used twice"


REPORTED_TO_DEVICE: Final = frozenset({SessionEnd.REVOKED, SessionEnd.SUSPENDED})
"""Somebody ended the session because of this device or its holder; the device learns it and erases its data.

A forgotten or changed password, or a refresh token that was used twice, is not reported: the owner's phone may hold
records that were never sent.
"""


@dataclass(frozen=True, slots=True)
class Device:
    """A device that an account signed in from: the hash of its secret, and its name."""

    secret_hash: str
    name: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Account:
    """A person or a system with access. ``area`` holds identities of units, or WHOLE_REGISTER alone."""

    id: str
    username: str
    role: Role
    area: tuple[UnitId, ...]
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
class DamagedAccount:
    """An account that is stored damaged: only its id is sure, and its area where that can be read."""

    id: str
    area: tuple[UnitId, ...] | None


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in on one device: a family of refresh tokens of which only the newest is valid."""

    id: str
    account: str
    current: str
    """Hash of the refresh token that is valid now."""
    created_at: datetime
    used_at: datetime
    expires_at: datetime
    used: tuple[str, ...] = ()
    """Hashes of the earlier tokens, oldest first."""
    device_hash: str | None = None
    device_name: str = ""
    address: str = ""
    by_cookie: bool = False
    revoked_at: datetime | None = None
    revoked_because: str | None = None
    reported_at: datetime | None = None
    """When it was first reported to the device that somebody had ended its session."""


def require_not_revoked(session: Session) -> None:
    """Raise SessionRevoked if somebody ended the session and its device is to erase its data."""
    if session.revoked_because in REPORTED_TO_DEVICE:
        raise SessionRevoked(session=session.id, account=session.account)
