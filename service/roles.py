"""Roles and permissions: the one table of who may do what, where, and how much of a person they see."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, StrEnum
from typing import Final


class Role(StrEnum):
    """The role of an account."""

    OFFICER = "officer"
    LEADER = "leader"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"
    SYSTEM = "system"
    AUDITOR = "auditor"


class Permission(StrEnum):
    """What an endpoint can require. Every endpoint declares exactly one, or that it is public."""

    HOUSEHOLDS_READ = "households.read"
    HOUSEHOLDS_SEARCH = "households.search"
    HOUSEHOLDS_HISTORY = "households.history"
    HOUSEHOLDS_WRITE = "households.write"
    HOUSEHOLDS_VERIFY = "households.verify"
    HOUSEHOLDS_TRANSFER = "households.transfer"
    HOUSEHOLDS_WITHDRAW = "households.withdraw"
    PHOTOS_READ = "photos.read"
    """Photos of papers: only for those who see persons."""
    PHOTOS_WRITE = "photos.write"
    PARCELS_CHECK = "parcels.check"
    PARCELS_SETTLE = "parcels.settle"
    COVERAGE_READ = "coverage.read"
    BASELINES_WRITE = "baselines.write"
    VILLAGES_WRITE = "villages.write"
    UNITS_READ = "units.read"
    CHANGES_READ = "changes.read"
    ACCOUNTS_MANAGE = "accounts.manage"
    REQUESTS_MANAGE = "requests.manage"
    TRAIL_READ = "trail.read"
    METRICS_READ = "metrics.read"
    REQUESTS_DECIDE = "requests.decide"
    """Carrying out an erasure: a different role from the one that takes the request in."""
    SESSION_OWN = "session.own"
    """One's own sessions and password: everybody who is signed in has it."""


class Reach(Enum):
    """Where a role has a permission: in the account's communes, which storage puts into every query, or everywhere."""

    OWN_AREA = "own area"
    EVERYWHERE = "everywhere"


class Sight(StrEnum):
    """How much of a person a reader sees."""

    PERSONAL = "personal"
    """Everything."""
    MASKED = "masked"
    """Names of people shortened, number and phone masked, the home's position to 100 m."""
    NOBODY = "nobody"
    """Land and production only."""


OWN_AREA: Final = Reach.OWN_AREA
EVERYWHERE: Final = Reach.EVERYWHERE


FOR_EVERYBODY: Final[Mapping[Permission, Reach]] = {
    Permission.UNITS_READ: EVERYWHERE,
    Permission.SESSION_OWN: EVERYWHERE,
}


_READER: Final[Mapping[Permission, Reach]] = {
    **FOR_EVERYBODY,
    Permission.HOUSEHOLDS_READ: OWN_AREA,
    Permission.HOUSEHOLDS_SEARCH: OWN_AREA,
    Permission.HOUSEHOLDS_HISTORY: OWN_AREA,
    Permission.COVERAGE_READ: OWN_AREA,
    Permission.CHANGES_READ: OWN_AREA,
}


TABLE: Final[Mapping[Role, Mapping[Permission, Reach]]] = {
    Role.OFFICER: {
        **_READER,
        Permission.PHOTOS_READ: OWN_AREA,
        Permission.PHOTOS_WRITE: OWN_AREA,
        Permission.HOUSEHOLDS_WRITE: OWN_AREA,
        Permission.HOUSEHOLDS_TRANSFER: OWN_AREA,
        Permission.HOUSEHOLDS_WITHDRAW: OWN_AREA,
        Permission.PARCELS_CHECK: OWN_AREA,
        Permission.REQUESTS_MANAGE: OWN_AREA,
    },
    Role.LEADER: {
        **_READER,
        Permission.PHOTOS_READ: OWN_AREA,
        Permission.HOUSEHOLDS_VERIFY: OWN_AREA,
        Permission.HOUSEHOLDS_TRANSFER: OWN_AREA,
        Permission.HOUSEHOLDS_WITHDRAW: OWN_AREA,
        Permission.PARCELS_CHECK: OWN_AREA,
        Permission.VILLAGES_WRITE: OWN_AREA,
        Permission.REQUESTS_MANAGE: OWN_AREA,
        Permission.REQUESTS_DECIDE: OWN_AREA,
    },
    Role.SUPERVISOR: {
        **_READER,
        Permission.PHOTOS_READ: OWN_AREA,
        Permission.HOUSEHOLDS_TRANSFER: OWN_AREA,
        Permission.HOUSEHOLDS_WITHDRAW: OWN_AREA,
        Permission.PARCELS_CHECK: OWN_AREA,
        Permission.PARCELS_SETTLE: OWN_AREA,
        Permission.BASELINES_WRITE: OWN_AREA,
        Permission.VILLAGES_WRITE: OWN_AREA,
        Permission.REQUESTS_MANAGE: OWN_AREA,
        Permission.REQUESTS_DECIDE: OWN_AREA,
    },
    Role.ADMINISTRATOR: {
        **FOR_EVERYBODY,
        Permission.COVERAGE_READ: OWN_AREA,
        Permission.BASELINES_WRITE: OWN_AREA,
        Permission.ACCOUNTS_MANAGE: OWN_AREA,
        Permission.METRICS_READ: EVERYWHERE,
    },
    Role.SYSTEM: {
        **_READER,
        Permission.PHOTOS_READ: OWN_AREA,
        Permission.METRICS_READ: EVERYWHERE,
    },
    Role.AUDITOR: {
        **FOR_EVERYBODY,
        Permission.CHANGES_READ: OWN_AREA,
        Permission.TRAIL_READ: OWN_AREA,
        Permission.METRICS_READ: EVERYWHERE,
    },
}
"""Role → permission → where; a role has no other permission. A test compares every endpoint with this table."""


SCOPES: Final[Mapping[str, frozenset[Permission]]] = {
    "coverage:read": frozenset({Permission.COVERAGE_READ}),
    "records:read": frozenset(
        {
            Permission.HOUSEHOLDS_READ,
            Permission.HOUSEHOLDS_SEARCH,
            Permission.HOUSEHOLDS_HISTORY,
        }
    ),
    "personal:read": frozenset({Permission.PHOTOS_READ}),
    "changes:read": frozenset({Permission.CHANGES_READ}),
    "metrics:read": frozenset({Permission.METRICS_READ}),
}
"""The permissions of a system's scopes. `personal:read` also lets it see persons."""


SIGHT_BY_ROLE: Final[Mapping[Role, Sight]] = {
    Role.OFFICER: Sight.PERSONAL,
    Role.LEADER: Sight.PERSONAL,
    Role.SUPERVISOR: Sight.PERSONAL,
    Role.ADMINISTRATOR: Sight.MASKED,
    Role.SYSTEM: Sight.NOBODY,
    Role.AUDITOR: Sight.NOBODY,
}
"""What a role sees of persons, unless the account is limited to less or a system's scopes grant more."""


NEEDS_ALL_OF_PERSONS: Final = frozenset(
    {
        Permission.HOUSEHOLDS_WRITE,
        Permission.PHOTOS_WRITE,
        Permission.REQUESTS_MANAGE,
        Permission.REQUESTS_DECIDE,
    }
)
"""Permissions that only those have who see persons in full: who writes a record back writes what they were shown, and
people's requests name people and carry copies of everything stored about them."""


NEEDS_BOUNDARIES: Final = frozenset({Permission.PARCELS_SETTLE})
"""Permissions that only those have who see boundaries, masked or in full: who sees no overlaps would find out by trying
to settle them where they are."""


def needs_more_sight(sight: Sight) -> frozenset[Permission]:
    """Return the permissions that an account with this sight does not have, whatever its role."""
    if sight is Sight.PERSONAL:
        return frozenset()
    return NEEDS_ALL_OF_PERSONS if sight is Sight.MASKED else NEEDS_ALL_OF_PERSONS | NEEDS_BOUNDARIES
