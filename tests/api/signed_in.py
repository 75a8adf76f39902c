"""A client that is signed in: each request is made by an account of the role whose work it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.access.account import Account
from service.access.errors import UsernameTaken
from service.api.http.guard import Guard
from service.app import register_of
from service.roles import Role
from service.units.areas import unit_meant
from tests.builders import TODAY

_WORK: tuple[tuple[str, str, Role], ...] = (
    ("POST", r"/(verify|return)$", Role.LEADER),
    ("POST", r"^/v1/parcels/[^/]+/settle$", Role.SUPERVISOR),
    ("PUT", r"^/v1/baselines/", Role.SUPERVISOR),
    ("DELETE", r"^/v1/baselines/", Role.SUPERVISOR),
    ("PUT", r"^/v1/villages/", Role.LEADER),
    ("GET", r"^/metrics$", Role.ADMINISTRATOR),
    ("", r"^/v1/accounts", Role.ADMINISTRATOR),
    ("", r"^/v1/trail", Role.AUDITOR),
    ("POST", r"^/v1/requests/[^/]+/carry-out$", Role.LEADER),
)
"""Whose work a request is, by method and path; everything else is an officer's.

A route of another role needs a row: without it, it gets 403.
"""


class SignedInClient(FlaskClient):
    """Sends with every request the token of an account of the province, in the role whose work the request is.

    A request that brings an Authorization header of its own (also an empty one) is left as it is.
    """

    def open(self, *args: Any, **options: Any) -> TestResponse:
        """Make the request."""
        headers = dict(options.pop("headers", None) or {})
        if "Authorization" not in headers and args and isinstance(args[0], str):
            role = role_for(options.get("method", "GET").upper(), args[0].partition("?")[0])
            headers["Authorization"] = f"Bearer {token_of(self.application, role)}"
        if headers.get("Authorization") == "":
            del headers["Authorization"]
        return super().open(*args, headers=headers, **options)


def role_for(method: str, path: str) -> Role:
    """The role whose work a request is."""
    for wanted, pattern, role in _WORK:
        if wanted in ("", method) and re.search(pattern, path):
            return role
    return Role.OFFICER


def token_of(app: Any, role: Role, *units: str, scopes: tuple[str, ...] = (), name: str = "") -> str:
    """A fresh token of an account with this role in these units (the province without any), made when it is missing."""
    guard = cast(Guard, app.extensions["guard"])
    username = name or "-".join(["test", role, *units, *scopes])
    register = register_of(app)
    directory = register.units.directory()
    codes = units or (register.province.code,)
    account = Account(
        id=f"account-{username}",
        username=username,
        role=role,
        area=tuple(unit_meant(code, TODAY, directory, TODAY) for code in codes),
        created_at=guard.clock(),
        created_by="tests",
        scopes=scopes,
    )
    add: Callable[[Account], None] = guard.principals.store.add_account
    with suppress(UsernameTaken):
        add(account)
    token, _ = guard.tokens.issue(account.id, scopes=scopes)
    return token
