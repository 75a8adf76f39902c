"""Roles and permissions: the one table of who may do what, where, and how much of a person they see."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    pass


class Role(StrEnum):
    """What somebody is to the register."""

    OFFICER = "officer"
    LEADER = "leader"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"
    SYSTEM = "system"
    AUDITOR = "auditor"


class Permission(StrEnum):
    """What an endpoint can ask for; every endpoint names exactly one, or says that it is public."""

    HOUSEHOLDS_READ = "households.read"
    HOUSEHOLDS_SEARCH = "households.search"
    HOUSEHOLDS_HISTORY = "households.history"
    HOUSEHOLDS_WRITE = "households.write"
    HOUSEHOLDS_VERIFY = "households.verify"
    HOUSEHOLDS_TRANSFER = "households.transfer"
    HOUSEHOLDS_WITHDRAW = "households.withdraw"
    PHOTOS_READ = "photos.read"
    """Photos of papers: only with sight of persons."""
    PHOTOS_WRITE = "photos.write"
    PARCELS_CHECK = "parcels.check"
    PARCELS_SETTLE = "parcels.settle"
    COVERAGE_READ = "coverage.read"
    BASELINES_WRITE = "baselines.write"
    UNITS_READ = "units.read"
    CHANGES_READ = "changes.read"
    IMPORTS_WRITE = "imports.write"
    EXPORTS_READ = "exports.read"
    ACCOUNTS_MANAGE = "accounts.manage"
    REQUESTS_MANAGE = "requests.manage"
    TRAIL_READ = "trail.read"
    METRICS_READ = "metrics.read"
    SCHEMA_READ = "schema.read"
    REQUESTS_DECIDE = "requests.decide"
    """Carrying out an erasure: not by the one who took the request in."""
    SESSION_OWN = "session.own"
    """One's own sessions and password: everybody who is signed in holds it."""


class Reach(Enum):
    """Where a role holds a permission."""

    OWN_AREA = "own area"
    EVERYWHERE = "everywhere"


class Sight(StrEnum):
    """How much of a person a reader sees."""

    PERSONAL = "personal"
    """All of it."""
    MASKED = "masked"
    """Names of heads shortened, number and phone masked, the home's position to 100 m."""
    NOBODY = "nobody"
    """Land and production only."""


OWN_AREA: Final = Reach.OWN_AREA


EVERYWHERE: Final = Reach.EVERYWHERE


_EVERYBODY: Final[Mapping[Permission, Reach]] = {
    Permission.UNITS_READ: EVERYWHERE,
    Permission.SCHEMA_READ: EVERYWHERE,
    Permission.SESSION_OWN: EVERYWHERE,
}


_READER: Final[Mapping[Permission, Reach]] = {
    **_EVERYBODY,
    Permission.HOUSEHOLDS_READ: OWN_AREA,
    Permission.HOUSEHOLDS_SEARCH: OWN_AREA,
    Permission.HOUSEHOLDS_HISTORY: OWN_AREA,
    Permission.COVERAGE_READ: OWN_AREA,
    Permission.CHANGES_READ: OWN_AREA,
    Permission.EXPORTS_READ: OWN_AREA,
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
        Permission.IMPORTS_WRITE: OWN_AREA,
        Permission.REQUESTS_MANAGE: OWN_AREA,
    },
    Role.LEADER: {
        **_READER,
        Permission.PHOTOS_READ: OWN_AREA,
        Permission.HOUSEHOLDS_VERIFY: OWN_AREA,
        Permission.HOUSEHOLDS_TRANSFER: OWN_AREA,
        Permission.HOUSEHOLDS_WITHDRAW: OWN_AREA,
        Permission.PARCELS_CHECK: OWN_AREA,
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
        Permission.IMPORTS_WRITE: OWN_AREA,
        Permission.REQUESTS_MANAGE: OWN_AREA,
        Permission.REQUESTS_DECIDE: OWN_AREA,
    },
    Role.ADMINISTRATOR: {
        **_EVERYBODY,
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
        **_EVERYBODY,
        Permission.CHANGES_READ: OWN_AREA,
        Permission.TRAIL_READ: EVERYWHERE,
        Permission.METRICS_READ: EVERYWHERE,
    },
}
"""Role → permission → where. The test that walks every endpoint holds the service's answers to this table."""


SCOPES: Final[Mapping[str, frozenset[Permission]]] = {
    "coverage:read": frozenset({Permission.COVERAGE_READ}),
    "records:read": frozenset(
        {
            Permission.HOUSEHOLDS_READ,
            Permission.HOUSEHOLDS_SEARCH,
            Permission.HOUSEHOLDS_HISTORY,
            Permission.EXPORTS_READ,
        }
    ),
    "personal:read": frozenset({Permission.PHOTOS_READ}),
    "changes:read": frozenset({Permission.CHANGES_READ}),
    "metrics:read": frozenset({Permission.METRICS_READ}),
}
"""What a machine client's scope lets it ask for; `personal:read` adds sight, and of permissions only that to photos."""


SIGHT_BY_ROLE: Final[Mapping[Role, Sight]] = {
    Role.OFFICER: Sight.PERSONAL,
    Role.LEADER: Sight.PERSONAL,
    Role.SUPERVISOR: Sight.PERSONAL,
    Role.ADMINISTRATOR: Sight.MASKED,
    Role.SYSTEM: Sight.NOBODY,
    Role.AUDITOR: Sight.NOBODY,
}
"""What a role sees of persons unless its account says less (or a system's scopes say more)."""


NEEDS_ALL_OF_PERSONS: Final = frozenset(
    {
        Permission.HOUSEHOLDS_WRITE,
        Permission.PHOTOS_WRITE,
        Permission.IMPORTS_WRITE,
        Permission.REQUESTS_MANAGE,
        Permission.REQUESTS_DECIDE,
    }
)
"""What nobody holds who sees persons masked: who writes a record back writes back what they were shown, and requests
name people and hand over copies of all that is kept of them."""
