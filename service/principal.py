"""Who sends a request: an account with the permissions of its role, or the register itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from service.area import Area
from service.errors import PermissionMissing
from service.roles import (
    FOR_EVERYBODY,
    SCOPES,
    SIGHT_BY_ROLE,
    TABLE,
    Permission,
    Reach,
    Role,
    Sight,
    needs_more_sight,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Principal:
    """An account with its role, area and scopes, or the register itself (`role` None)."""

    account: str
    """The account's id; it never changes."""
    name: str
    """The name in the log and the audit trail."""
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
        """Whether the principal has the permission, at least somewhere."""
        return self.role is None or Permission(permission) in self.granted

    @property
    def sees_somebody(self) -> bool:
        """Whether any part of a person is shown; who is shown nobody leaves no household in the audit trail."""
        return self.sight is not Sight.NOBODY

    def require(self, permission: Permission | str) -> None:
        """Raise `PermissionMissing` unless the principal has the permission."""
        if not self.may(permission):
            raise PermissionMissing(permission=str(permission))

    def area_for(self, permission: Permission | str) -> Area:
        """Return where the principal has the permission. Raises `PermissionMissing` if nowhere."""
        self.require(permission)
        if self.role is None or self.granted[Permission(permission)] is Reach.EVERYWHERE:
            return Area.whole()
        return self.area


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
    """Make a principal with the permissions of its role; a system has only those of its scopes.

    `sight` can only reduce what the role sees; a system's sight follows from its scopes alone.
    """
    held = frozenset(scopes)
    granted = TABLE[role]
    if role is Role.SYSTEM:
        requested = frozenset[Permission]().union(*(SCOPES[scope] for scope in held if scope in SCOPES))
        granted = {one: reach for one, reach in granted.items() if one in requested or one in FOR_EVERYBODY}
        seen = Sight.PERSONAL if "personal:read" in held else Sight.NOBODY
    else:
        seen = _lesser(SIGHT_BY_ROLE[role], sight)
    if hidden := needs_more_sight(seen):
        granted = {one: reach for one, reach in granted.items() if one not in hidden}
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


def sights_for(role: Role) -> tuple[Sight, ...]:
    """What an account of the role can be limited to; none of a system, whose sight follows from its scopes."""
    return () if role is Role.SYSTEM else _SIGHTS[: _SIGHTS.index(SIGHT_BY_ROLE[role]) + 1]


def _lesser(usual: Sight, own: Sight | None) -> Sight:
    return usual if own is None else _SIGHTS[min(_SIGHTS.index(usual), _SIGHTS.index(own))]


_SIGHTS: Final = (Sight.NOBODY, Sight.MASKED, Sight.PERSONAL)
"""From the least to the most."""


def register_itself(name: str = "register") -> Principal:
    """Return the principal of scripts and of the demonstration, which may do everything."""
    return Principal(account=name, name=name, role=None, area=Area.whole(), sight=Sight.PERSONAL)


def nobody() -> Principal:
    """Return the principal of somebody who has not signed in: without permissions, sight or area."""
    return Principal(account="", name="anonymous", role=Role.SYSTEM, area=Area.of(()))


_asking: ContextVar[Principal | None] = ContextVar("principal", default=None)


def current_principal() -> Principal:
    """Return the current principal: by default the register itself in a script, nobody in a process that serves."""
    return _asking.get() or _outside[0]


_outside: Final[list[Principal]] = [register_itself()]


def default_to_nobody() -> None:
    """Make nobody the default principal of this process; called once by a process that serves requests.

    Otherwise a response that is still being streamed after its request has ended would fall back to the register.
    """
    _outside[0] = nobody()


@contextmanager
def asking(who: Principal) -> Iterator[Principal]:
    """Run a block with `who` as the current principal."""
    token = _asking.set(who)
    try:
        yield who
    finally:
        _asking.reset(token)
