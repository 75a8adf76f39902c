"""The one gate: what each role may do and in which area, and the mark by which an endpoint names its permission.

The table below is the whole of it. A role without a permission in the table does not hold it. `Reach` says where it
holds it: OWN_AREA means that the storage puts the account's communes into the query itself; EVERYWHERE means that the
answer is about no particular place (or must be whole to be checked, as the trail must).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any, Final, TypeVar

from service.security.errors import EndpointUndeclared, OutsideArea, PermissionMissing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.registry.units import Unit, UnitDirectory


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


@dataclass(frozen=True, slots=True)
class Area:
    """Where an account may act: communes in force today, or the whole register (`None`)."""

    _communes: frozenset[str] | None = None
    units: tuple[str, ...] = ()
    """The codes that the account was given, as they were given."""

    @classmethod
    def whole(cls) -> Area:
        """Everything that the register holds."""
        return cls(None)

    @classmethod
    def of(cls, communes: Iterable[str], units: Iterable[str] = ()) -> Area:
        """Just these communes in force today."""
        return cls(frozenset(communes), tuple(units))

    @classmethod
    def resolve(cls, units: Iterable[tuple[str, date]], directory: UnitDirectory, today: date) -> Area:
        """The area of `units`, each a code and the day on which the code was meant, in today's communes.

        A former commune or district is covered by every commune of today that took over any of it.
        With a commune go the codes under which its households still stand, where a newer list of units made it of
        others. The province is the whole register. Raises CommuneUnknown as the directory does, and CommuneNotInForce
        for a commune that ended without a successor.
        """
        named = tuple(units)
        found: set[str] = set()
        for code, as_of in named:
            unit = directory.meant(code, min(as_of, today))
            if unit.level == "province":
                return cls(None, tuple(code for code, _ in named))
            found.update(_communes_covering(unit, directory, today))
        return cls(frozenset(found), tuple(code for code, _ in named))

    def communes(self) -> frozenset[str] | None:
        """The communes to put into a query; `None` means no restriction."""
        return self._communes

    def covers(self, commune: str | None) -> bool:
        """Whether a commune in force today lies inside."""
        return self._communes is None or (commune is not None and commune in self._communes)

    def holds(self, other: Area) -> bool:
        """Whether all of another area lies inside this one."""
        if self._communes is None:
            return True
        return other._communes is not None and other._communes <= self._communes

    def narrowed(self, communes: Iterable[str]) -> frozenset[str]:
        """Those of `communes` that lie inside."""
        asked = frozenset(communes)
        return asked if self._communes is None else asked & self._communes


def _communes_covering(unit: Unit, directory: UnitDirectory, today: date) -> Iterator[str]:
    """The communes in force today that took over any of a commune or a district."""
    if unit.level == "commune":
        within = [unit]
    else:
        within = [each for each in directory if each.level == "commune" and directory.district_of(each) == unit]
    for commune in within:
        read_on = today if commune.in_force_on(today) else commune.valid_to or today
        yield from directory.stored_codes(directory.resolve_commune(commune.code, read_on, today).commune)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking: an account with its role, area and scopes, or the register itself (`role` None)."""

    account: str
    """The account's id; it stays when the account is renamed."""
    name: str
    """What the log and the trail call it."""
    role: Role | None
    area: Area
    scopes: frozenset[str] = frozenset()
    sight: Sight = Sight.NOBODY
    token_id: str | None = None
    session: str | None = None
    """The family of refresh tokens that the access token came from."""
    must_change_password: bool = False
    by_cookie: bool = False
    granted: Mapping[Permission, Reach] = field(default_factory=dict, compare=False, repr=False)

    def may(self, permission: Permission | str) -> bool:
        """Whether the table gives this principal the permission, somewhere."""
        return self.role is None or Permission(permission) in self.granted

    def require(self, permission: Permission | str) -> None:
        """Raise `PermissionMissing` unless the table gives the permission."""
        if not self.may(permission):
            raise PermissionMissing(permission=str(permission))

    def area_for(self, permission: Permission | str) -> Area:
        """Where the permission holds; raises `PermissionMissing` when it holds nowhere."""
        self.require(permission)
        if self.role is None or self.granted[Permission(permission)] is Reach.EVERYWHERE:
            return Area.whole()
        return self.area

    def require_commune(self, commune: str | None) -> None:
        """Raise `OutsideArea` unless the commune, in force today, lies in the principal's area."""
        if not self.area.covers(commune):
            raise OutsideArea(commune=commune)


def principal(
    account: str,
    name: str,
    role: Role,
    area: Area,
    *,
    scopes: Iterable[str] = (),
    sight: Sight | None = None,
    token_id: str | None = None,
    session: str | None = None,
    must_change_password: bool = False,
    by_cookie: bool = False,
) -> Principal:
    """A principal with what the table grants its role (for a system: what its scopes leave of it).

    `sight` can only lessen what the role sees; a system's sight comes from its scopes alone.
    """
    held = frozenset(scopes)
    granted = TABLE[role]
    if role is Role.SYSTEM:
        asked = frozenset[Permission]().union(*(SCOPES[scope] for scope in held if scope in SCOPES))
        granted = {one: reach for one, reach in granted.items() if one in asked or one in _EVERYBODY}
        seen = Sight.PERSONAL if "personal:read" in held else Sight.NOBODY
    else:
        seen = _lesser(SIGHT_BY_ROLE[role], sight)
    if seen is not Sight.PERSONAL:
        granted = {one: reach for one, reach in granted.items() if one not in NEEDS_ALL_OF_PERSONS}
    return Principal(
        account=account,
        name=name,
        role=role,
        area=area,
        scopes=held,
        sight=seen,
        token_id=token_id,
        session=session,
        must_change_password=must_change_password,
        by_cookie=by_cookie,
        granted=granted,
    )


def _lesser(usual: Sight, asked: Sight | None) -> Sight:
    order = (Sight.NOBODY, Sight.MASKED, Sight.PERSONAL)
    return usual if asked is None else order[min(order.index(usual), order.index(asked))]


def register_itself(name: str = "register") -> Principal:
    """The register acting on its own: scripts, the demonstration, and every caller while access is switched off."""
    return Principal(account=name, name=name, role=None, area=Area.whole(), sight=Sight.PERSONAL)


def nobody() -> Principal:
    """Somebody who has not signed in: holds nothing, sees nobody, is nowhere."""
    return Principal(account="", name="anonymous", role=Role.SYSTEM, area=Area.of(()))


_asking: ContextVar[Principal | None] = ContextVar("principal", default=None)


def current_principal() -> Principal:
    """Who is asking now. In a script it is the register itself; in a process that serves requests, nobody."""
    return _asking.get() or _outside[0]


_outside: Final[list[Principal]] = [register_itself()]


def serve_strangers() -> None:
    """From now on, whoever is not named in this process is nobody: said once by a process that serves requests.

    So that an answer which is still being streamed when its request has ended cannot fall back to the register itself.
    """
    _outside[0] = nobody()


@contextmanager
def asking(who: Principal) -> Iterator[Principal]:
    """Run a block as `who`."""
    token = _asking.set(who)
    try:
        yield who
    finally:
        _asking.reset(token)


# The mark that an endpoint carries ------------------------------------------------------------------------------

_MARK: Final = "permission_needed"
_PUBLIC: Final = "public"

View = TypeVar("View", bound=Callable[..., Any])


def needs(permission: Permission | str) -> Callable[[View], View]:
    """Declare the permission of an endpoint: `@needs("households.write")` on a view or on a method of a view class.

    An unknown permission raises ValueError where the endpoint is declared.
    """
    named = Permission(permission)

    def mark(view: View) -> View:
        setattr(view, _MARK, named)
        return view

    return mark


def public(view: View) -> View:
    """Declare that an endpoint asks for no account."""
    setattr(view, _MARK, _PUBLIC)
    return view


@dataclass(frozen=True, slots=True)
class Declared:
    """What an endpoint declared: a permission, or None for a public one."""

    permission: Permission | None


def declared_on(view: Callable[..., Any], method: str) -> Declared | None:
    """What the view declared for one HTTP method; None when it declared nothing.

    A view class's method is asked first, then the class, then the view itself.
    """
    view_class = getattr(view, "view_class", None)
    name = "get" if method == "HEAD" else method.lower()
    for holder in (getattr(view_class, name, None), view_class, view):
        mark = getattr(holder, _MARK, None)
        if mark is not None:
            return Declared(None if mark == _PUBLIC else Permission(mark))
    return None


def require_declared(endpoints: Iterable[tuple[str, str, Callable[..., Any]]]) -> None:
    """Raise `EndpointUndeclared` naming every endpoint (name, method, view) that declared no permission."""
    missing = [f"{method} {name}" for name, method, view in endpoints if declared_on(view, method) is None]
    if missing:
        raise EndpointUndeclared("these endpoints name no permission: " + ", ".join(sorted(missing)))
