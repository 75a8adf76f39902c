"""The gate in Flask: who asks, whether they may, what the trail keeps of it, and the headers of every answer.

Before a view is called, the endpoint's declared permission is asked of whoever the token or the cookie names. After it,
one entry of the trail is stored with the households whose people were shown; only then the answer goes out.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final, cast

import structlog
from flask import Flask, Response, current_app, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from service.access.accounts import Accounts, Caller, Principals, SignedIn, SignIn
from service.access.errors import (
    NotSignedIn,
    PasswordChangeRequired,
    RefreshFailed,
    RequestForged,
    SessionRevoked,
    TokenExpired,
    TokenInvalid,
)
from service.access.gate import declared_on, require_declared
from service.access.keys import KeyFolder
from service.access.openid import OpenId
from service.access.ports import AuditTrail, Availability, RateLimiter
from service.access.tokens import AccessTokens, csrf_token, same
from service.access.trail import UNDERWAY, Begun, TrailEntry
from service.clock import Clock
from service.errors import DomainError
from service.people.requests import PeopleRequests
from service.principal import Principal, asking, current_principal, nobody, serve_strangers
from service.roles import Permission, Sight
from service.settings import Settings

ACCESS_COOKIE: Final = "__Host-so-nong-ho-access"
REFRESH_COOKIE: Final = "__Host-so-nong-ho-session"
DEVICE_COOKIE: Final = "__Host-so-nong-ho-device"
CSRF_HEADER: Final = "X-CSRF-Token"
OWN_PAGE_HEADER: Final = "X-Requested-With"
DEVICE_COOKIE_SECONDS: Final = 400 * 24 * 3600
"""As long as browsers keep a cookie; a device that is known is never kept out by somebody else's guessing."""
REQUEST_ID: Final = "X-Request-Id"
_KEY: Final = "guard"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_MOST_HEADER: Final = 64
_HOUSEHOLD_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MINUTE: Final = timedelta(minutes=1)

_TRACED: Final = frozenset(
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


@dataclass(frozen=True, slots=True)
class Guard:
    """The parts of access, made once for each process by service/app.py."""

    settings: Settings
    clock: Clock
    keys: KeyFolder
    tokens: AccessTokens
    principals: Principals
    sign_in: SignIn
    accounts: Accounts
    rates: RateLimiter
    trail: AuditTrail
    requests: PeopleRequests
    database: Availability
    openid: OpenId | None = None
    """The province's own provider, where there is one."""


def guard() -> Guard:
    """The guard of the current app."""
    return cast(Guard, current_app.extensions[_KEY])


def check_every_endpoint_is_declared(app: Flask) -> None:
    """Raise EndpointUndeclared when any endpoint of the app names no permission and is not public.

    Called once, after every blueprint is registered. HEAD answers as GET does, OPTIONS says nothing about records.
    """
    require_declared(_endpoints(app))


def declared_permissions(app: Flask) -> Iterator[tuple[str, str, str | None]]:
    """Address (with its places in braces), method and permission of every endpoint; None for a public one."""
    for rule, method, view in _endpoints(app):
        declared = declared_on(view, method)
        address = re.sub(r"<(?:[^:>]+:)?([^>]+)>", r"{\1}", rule)
        yield address, method, None if declared is None or declared.permission is None else str(declared.permission)


def _endpoints(app: Flask) -> Iterator[tuple[str, str, Callable[..., Any]]]:
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule.rule, method, view


def install_guard(app: Flask, parts: Guard) -> None:
    """Put the gate before every view. Raises EndpointUndeclared; called after every blueprint is registered."""
    check_every_endpoint_is_declared(app)
    serve_strangers()
    app.extensions[_KEY] = parts
    proxies = parts.settings.proxies
    if proxies:
        # Only as many hops are believed as the operator says stand before us; by default none is.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]
    app.before_request(_name_request)
    app.before_request(_ask)
    app.after_request(_keep_in_trail)
    app.after_request(_put_headers)
    app.teardown_request(_leave)


# Before ---------------------------------------------------------------------------------------------------------


def _name_request() -> None:
    """Give the request an id: the one that a proxy gave it, if it is an id, else a new one."""
    given = request.headers.get(REQUEST_ID, "")
    usable = 8 <= len(given) <= _MOST_HEADER and all(sign.isalnum() or sign in "-_" for sign in given)
    g.request_id = given if usable and given.isascii() else uuid.uuid4().hex
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request=g.request_id)


def _ask() -> None:
    """Find out who asks and whether the table lets them. Raises what service/access/errors.py names."""
    g.stack = ExitStack()
    g.stack.enter_context(asking(nobody()))
    if request.url_rule is None or request.endpoint is None or request.method == "OPTIONS":
        return
    declared = declared_on(current_app.view_functions[request.endpoint], request.method)
    if declared is None or declared.permission is None:
        return
    g.permission = declared.permission
    guard().database.require_available()
    try:
        principal = _principal()
    except SessionRevoked as error:
        note_told(error)
        raise
    g.stack.enter_context(asking(principal))
    limit = guard().settings.requests_per_minute
    if limit:
        guard().rates.take(f"account:{principal.account}", limit, _MINUTE)
    principal.require(declared.permission)
    if principal.must_change_password and declared.permission is not Permission.SESSION_OWN:
        raise PasswordChangeRequired()
    _begin_trail(principal, declared.permission)


def _principal() -> Principal:
    """Whoever the request's token names: in the Authorization header, else in the browser's cookie."""
    parts = guard()
    header = request.headers.get("Authorization", "")
    if header:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise TokenInvalid()
        principal = parts.principals.of_token(token.strip())
        if principal.by_cookie:
            raise TokenInvalid()
        return principal
    principal = _principal_of_cookies()
    if request.method not in _SAFE:
        _require_own_page(principal)
    return principal


def _principal_of_cookies() -> Principal:
    """Whoever a browser's cookies name; when the short token has run out, the session goes on with a new one.

    So that a page asks nothing of tokens: it is signed in until the session ends.
    """
    parts = guard()
    token = request.cookies.get(ACCESS_COOKIE)
    if token:
        with suppress(TokenExpired):
            principal = parts.principals.of_token(token)
            if not principal.by_cookie:
                raise TokenInvalid()
            return principal
    lasting = request.cookies.get(REFRESH_COOKIE)
    if not lasting:
        raise NotSignedIn()
    try:
        signed_in = parts.sign_in.refresh(lasting, browser())
    except RefreshFailed:
        g.signed_out = True
        raise NotSignedIn() from None
    g.signed_in = signed_in
    return parts.principals.of_token(signed_in.access_token)


def browser() -> Caller:
    """The browser that asks: its address, and its device's secret where it has one."""
    secret = request.cookies.get(DEVICE_COOKIE)
    name = request.headers.get("User-Agent", "")[:200]
    return Caller(request.remote_addr or "", secret[:200] if secret else None, name, by_cookie=True)


def _require_own_page(principal: Principal) -> None:
    """Raise RequestForged unless a page of ours sent this.

    It proves so by the session's own token, which only it can read, or by a header that no other site's page can send
    without being asked first (CORS is closed), together with the browser's word on where the page is from.
    """
    given = request.headers.get(CSRF_HEADER)
    if given is not None:
        proven = same(given, csrf_token(guard().keys.secret("csrf"), principal.session or ""))
    else:
        proven = OWN_PAGE_HEADER in request.headers and _browser_vouches()
    if not proven or from_another_site():
        raise RequestForged()


def _browser_vouches() -> bool:
    """Whether the browser itself says that the page is of this very origin: a page cannot set these headers."""
    return (
        request.headers.get("Sec-Fetch-Site") == "same-origin"
        or request.headers.get("Origin", "").partition("://")[2] == request.host
    )


def from_another_site() -> bool:
    """Whether the browser says that a page of another site sent this request (Fetch Metadata, Origin)."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        return True
    origin = request.headers.get("Origin")
    return origin is not None and origin.partition("://")[2] != request.host


def set_session_cookies(answer: Response, signed_in: SignedIn) -> None:
    """Give a browser its session: HttpOnly, so that no script reads a token; Strict, so that no other site sends it."""
    _set_cookie(answer, ACCESS_COOKIE, signed_in.access_token, guard().tokens.lifetime_seconds)
    if signed_in.refresh_token is not None and signed_in.refresh_expires_at is not None:
        lasting = signed_in.refresh_expires_at - guard().clock()
        _set_cookie(answer, REFRESH_COOKIE, signed_in.refresh_token, max(0, int(lasting.total_seconds())))
    if signed_in.device_secret is not None:
        _set_cookie(answer, DEVICE_COOKIE, signed_in.device_secret, DEVICE_COOKIE_SECONDS)


def forget_session_cookies(answer: Response) -> None:
    """Take a browser's session away; its device stays known."""
    for name in (ACCESS_COOKIE, REFRESH_COOKIE):
        answer.delete_cookie(name, secure=True, httponly=True, samesite="Strict")


def _set_cookie(answer: Response, name: str, value: str, seconds: int) -> None:
    answer.set_cookie(name, value, max_age=seconds, path="/", secure=True, httponly=True, samesite="Strict")


# The trail ------------------------------------------------------------------------------------------------------


def note_about(about: str) -> None:
    """Remember which account or request was touched."""
    g.about = about


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


def _begin_trail(principal: Principal, permission: Permission) -> None:
    """Have the entry of a read written while the household is read, where the address says which one it will be."""
    household = (request.view_args or {}).get("household_id", "")
    expected = permission is Permission.HOUSEHOLDS_READ and request.method in _SAFE
    if not (expected and principal.sight is not Sight.NOBODY and _HOUSEHOLD_ID.fullmatch(household)):
        return
    entry = _entry(str(permission), principal, households=(household,), status=UNDERWAY, underway=uuid.uuid4().hex)
    g.begun = guard().trail.begin(entry)


def _settle_trail(status: int, shown: Iterable[str]) -> bool:
    """Wait for the entry that was begun; answers whether it says what happened. Raises StoreUnavailable."""
    begun: Begun = g.begun
    guard().trail.finish(begun)
    return status in {200, 304} and tuple(shown) == begun.entry.households


def note_told(error: SessionRevoked) -> None:
    """Store in the trail that a device learned of its session's end, and from which address: once for each device."""
    if guard().sign_in.told(error.session):
        holder = replace(nobody(), account=error.account, session=error.session)
        write_trail("revoked-device-told", holder, about=error.session, status=401)


def _keep_in_trail(answer: Response) -> Response:
    """Store who saw or changed what; an answer that cannot be kept in the trail does not go out."""
    permission: Permission | None = g.get("permission")
    shown = g.get("households", {})
    refused = answer.status_code in {401, 403}
    principal = current_principal()
    begun: Begun | None = g.get("begun")
    told = shown or permission in _TRACED or refused or begun is not None
    too_many = answer.status_code == 429
    if permission is None or not told or not principal.account or too_many:  # nobody fills the trail by asking
        return answer
    if answer.status_code == 503:
        guard().database.waited_in_vain()
    try:
        if begun is not None and _settle_trail(answer.status_code, shown):
            return answer
        instead_of = None if begun is None else begun.entry.underway
        more = {"households": tuple(shown), "about": g.get("about"), "instead_of": instead_of}
        guard().trail.write(_entry(str(permission), principal, status=answer.status_code, **more))
    except DomainError as error:
        if answer.status_code < 500:
            return current_app.make_response(current_app.handle_user_exception(error))
    return answer


# After ----------------------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def _put_headers(answer: Response) -> Response:
    """The headers that keep a browser strict; a page may set a Content-Security-Policy of its own."""
    for name, value in _HEADERS.items():
        answer.headers.setdefault(name, value)
    if request.is_secure:
        answer.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    if "request_id" in g:
        answer.headers[REQUEST_ID] = g.request_id
    if "signed_in" in g:
        set_session_cookies(answer, g.signed_in)
    elif "signed_out" in g:
        forget_session_cookies(answer)
    if answer.status_code == 401:
        answer.headers.setdefault("WWW-Authenticate", 'Bearer realm="so-nong-ho"')
    return answer


def _leave(_: BaseException | None) -> None:
    if "stack" in g:
        g.pop("stack").close()
