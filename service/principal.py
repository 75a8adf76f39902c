"""Who is asking: an account with what the table of roles grants it, or the register itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from service.area import Area
from service.errors import PermissionMissing
from service.roles import _EVERYBODY, NEEDS_ALL_OF_PERSONS, SCOPES, SIGHT_BY_ROLE, TABLE, Permission, Reach, Role, Sight

if TYPE_CHECKING:
    from collections.abc import Iterator


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
