"""Audit entries of requests: who saw or changed whose record. An entry is stored before its response goes out."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from flask import Response, current_app, g, request

from service.access.errors import SessionRevoked
from service.access.trail import UNDERWAY, Begun, TrailEntry
from service.api.http.guard import guard
from service.errors import DomainError
from service.principal import Principal, current_principal, nobody
from service.roles import Permission, Sight

_HOUSEHOLD_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})

_ALWAYS_NOTED: Final = frozenset(
    {
        Permission.HOUSEHOLDS_WRITE,
        Permission.HOUSEHOLDS_VERIFY,
        Permission.HOUSEHOLDS_TRANSFER,
        Permission.HOUSEHOLDS_WITHDRAW,
        Permission.PHOTOS_READ,
        Permission.PHOTOS_WRITE,
        Permission.PARCELS_SETTLE,
        Permission.BASELINES_WRITE,
        Permission.IMPORTS_WRITE,
        Permission.EXPORTS_READ,
        Permission.ACCOUNTS_MANAGE,
        Permission.REQUESTS_MANAGE,
        Permission.REQUESTS_DECIDE,
        Permission.TRAIL_READ,
    }
)
"""What is kept in the trail even when no household was shown."""


def note_about(about: str) -> None:
    """Remember which account or request was touched."""
    g.about = about


def note_households(household_ids: Iterable[str]) -> None:
    """Remember whose records the response shows; only the Reader of the request says so."""
    if "households" not in g:
        g.households = {}
    g.households.update(dict.fromkeys(household_ids))


def write_trail(
    action: str,
    principal: Principal,
    *,
    households: Iterable[str] = (),
    about: str | None = None,
    status: int = 200,
    address: str | None = None,
    request_id: str | None = None,
) -> None:
    """Store one entry of the trail now: for signing in, and for answers that are still being streamed."""
    entry = _entry(action, principal, households=tuple(households), about=about, status=status)
    if address is not None:
        entry = replace(entry, address=address)
    if request_id is not None:
        entry = replace(entry, request=request_id)
    guard().trail.write(entry)


def _entry(action: str, principal: Principal, **items: Any) -> TrailEntry:
    """An entry about the request that is being answered."""
    return TrailEntry(
        at=guard().clock(),
        action=action,
        account=principal.account,
        name=principal.name,
        role=None if principal.role is None else str(principal.role),
        address=request.remote_addr or "",
        token=principal.token_id,
        session=principal.session,
        request=g.get("request_id"),
        path=request.path[:200],
        **items,
    )


def begin_entry(principal: Principal, permission: Permission) -> None:
    """Have the entry of a read written while the household is read, where the address says which one it will be."""
    household = (request.view_args or {}).get("household_id", "")
    expected = permission is Permission.HOUSEHOLDS_READ and request.method in _READING
    if not (expected and principal.sight is not Sight.NOBODY and _HOUSEHOLD_ID.fullmatch(household)):
        return
    entry = _entry(str(permission), principal, households=(household,), status=UNDERWAY, underway=uuid.uuid4().hex)
    g.begun = guard().trail.begin(entry)


def _finish_entry(status: int, shown: Iterable[str]) -> bool:
    """Wait for the entry that was begun; answers whether it says what happened. Raises StoreUnavailable."""
    begun: Begun = g.begun
    guard().trail.finish(begun)
    return status in {200, 304} and tuple(shown) == begun.entry.households


def report_revoked(error: SessionRevoked) -> None:
    """Store in the trail that a device learned of its session's end, and from which address: once for each device."""
    if guard().sign_in.told(error.session):
        holder = replace(nobody(), account=error.account, session=error.session)
        write_trail("revoked-device-told", holder, about=error.session, status=401)


def store_entry(answer: Response) -> Response:
    """Store who saw or changed what; an answer that cannot be kept in the trail does not go out."""
    permission: Permission | None = g.get("permission")
    shown = g.get("households", {})
    refused = answer.status_code in {401, 403}
    principal = current_principal()
    begun: Begun | None = g.get("begun")
    told = shown or permission in _ALWAYS_NOTED or refused or begun is not None
    too_many = answer.status_code == 429
    if permission is None or not told or not principal.account or too_many:  # nobody fills the trail by asking
        return answer
    if answer.status_code == 503:
        guard().database.waited_in_vain()
    try:
        if begun is not None and _finish_entry(answer.status_code, shown):
            return answer
        instead_of = None if begun is None else begun.entry.underway
        more = {"households": tuple(shown), "about": g.get("about"), "instead_of": instead_of}
        guard().trail.write(_entry(str(permission), principal, status=answer.status_code, **more))
    except DomainError as error:
        if answer.status_code < 500:
            return current_app.make_response(current_app.handle_user_exception(error))
    return answer
