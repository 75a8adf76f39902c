"""The one gate: what each role may do and in which area, and the mark by which an endpoint names its permission.

The table below is the whole of it. A role without a permission in the table does not hold it. `Reach` says where it
holds it: OWN_AREA means that the storage puts the account's communes into the query itself; EVERYWHERE means that the
answer is about no particular place (or must be whole to be checked, as the trail must).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from service.access.errors import EndpointUndeclared
from service.roles import Permission

if TYPE_CHECKING:
    pass


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
