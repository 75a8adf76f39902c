"""How an endpoint declares its permission; service/roles.py has the table of who holds it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from service.access.errors import EndpointUndeclared
from service.roles import Permission

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
    """Declare that an endpoint needs no account."""
    setattr(view, _MARK, _PUBLIC)
    return view


@dataclass(frozen=True, slots=True)
class Declared:
    """The declaration of an endpoint: a permission, or None for a public one."""

    permission: Permission | None


def declared_on(view: Callable[..., Any], method: str) -> Declared | None:
    """Return what the view declares for an HTTP method; None if nothing.

    A declaration on a view class's method comes before one on the class, and that before one on the view.
    """
    view_class = getattr(view, "view_class", None)
    name = "get" if method == "HEAD" else method.lower()
    for holder in (getattr(view_class, name, None), view_class, view):
        mark = getattr(holder, _MARK, None)
        if mark is not None:
            return Declared(None if mark == _PUBLIC else Permission(mark))
    return None


def require_declared(endpoints: Iterable[tuple[str, str, Callable[..., Any]]]) -> None:
    """Raise `EndpointUndeclared` with all endpoints (name, method, view) that declare no permission."""
    missing = [f"{method} {name}" for name, method, view in endpoints if declared_on(view, method) is None]
    if missing:
        raise EndpointUndeclared("these endpoints name no permission: " + ", ".join(sorted(missing)))
