"""Audit entries of requests: who saw or changed whose record. An entry is stored before its response goes out."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from flask import Response, current_app, g, request

from service.access.errors import SessionRevoked
from service.access.trail import UNDERWAY, BegunEntry, TrailEntry
from service.api.http.guard import guard
from service.errors import DomainError
from service.principal import Principal, current_principal, nobody
from service.roles import Permission

_HOUSEHOLD_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})

_ONLY_WHEN_SHOWN: Final = frozenset(
    {
        Permission.HOUSEHOLDS_READ,
        Permission.HOUSEHOLDS_SEARCH,
        Permission.HOUSEHOLDS_HISTORY,
        Permission.PARCELS_CHECK,
        Permission.COVERAGE_READ,
        Permission.UNITS_READ,
        Permission.CHANGES_READ,
        Permission.METRICS_READ,
        Permission.SESSION_OWN,
    }
)
"""Permissions whose use is stored in the trail only if a household was shown. The use of any other always is."""


def take_about(about: str) -> None:
    """Remember what the request is about, for its entry; the rooms say it (`service.about`)."""
    g.about = about


def note_households(household_ids: Iterable[str]) -> None:
    """Remember whose records the response shows; only the Reader of the request calls this.

    While a response is being streamed its entry is stored already: each note is stored as an entry of its own, before
    what it is about goes out. Raises StoreUnavailable, which ends the stream.
    """
    if g.get("entry_is_stored"):
        if shown := tuple(dict.fromkeys(household_ids)):
            write_trail(str(g.permission), g.principal, households=shown, about=g.get("about"))
        return
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
) -> None:
    """Store an audit entry now: for signing in, and for responses that are still being streamed."""
    guard().trail.write(_entry(action, principal, households=tuple(households), about=about, status=status))


def _entry(action: str, principal: Principal, **items: Any) -> TrailEntry:
    """Return an entry about the current request."""
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
    """Begin to store the entry of a read while the household is read, if the address names the household."""
    household = (request.view_args or {}).get("household_id", "")
    expected = permission is Permission.HOUSEHOLDS_READ and request.method in _READING
    if not (expected and principal.sees_somebody and _HOUSEHOLD_ID.fullmatch(household)):
        return
    entry = _entry(str(permission), principal, households=(household,), status=UNDERWAY, underway=uuid.uuid4().hex)
    g.begun = guard().trail.begin(entry)


def _finish_entry(status: int, shown: Iterable[str]) -> bool:
    """Wait for the entry that was begun. Returns whether it is still accurate. Raises StoreUnavailable."""
    begun: BegunEntry = g.begun
    guard().trail.finish(begun)
    return status in {200, 304} and tuple(shown) == begun.entry.households


def report_revoked(error: SessionRevoked) -> None:
    """Store in the trail that its session's end is reported to a device, and its address: once for each device."""
    if guard().sign_in.note_reported(error.session):
        holder = replace(nobody(), account=error.account, session=error.session)
        write_trail("revoked-device-notified", holder, about=error.session, status=401)


def store_entry(response: Response) -> Response:
    """Store who saw or changed what. A response whose entry cannot be stored does not go out."""
    g.entry_is_stored = True
    permission: Permission | None = g.get("permission")
    shown = g.get("households", {})
    refused = response.status_code in {401, 403}
    principal = current_principal()
    begun: BegunEntry | None = g.get("begun")
    noted = shown or permission not in _ONLY_WHEN_SHOWN or refused or begun is not None
    too_many = response.status_code == 429
    if permission is None or not noted or not principal.account or too_many:
        # Requests without an account, or above the rate limit, must not fill the trail.
        return response
    if response.status_code == 503:
        guard().database.note_timeout()
    try:
        if begun is not None and _finish_entry(response.status_code, shown):
            return response
        instead_of = None if begun is None else begun.entry.underway
        more = {"households": tuple(shown), "about": g.get("about"), "instead_of": instead_of}
        guard().trail.write(_entry(str(permission), principal, status=response.status_code, **more))
    except DomainError as error:
        if response.status_code < 500:
            return current_app.make_response(current_app.handle_user_exception(error))
    return response
