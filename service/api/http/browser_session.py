"""A browser's session: its cookies, and the proof that one of our own pages sent a request (CSRF)."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from flask import Response, g, request

from service.access.errors import NotSignedIn, RefreshFailed, RequestForged, TokenExpired, TokenInvalid
from service.access.sign_in import Caller, SignedIn
from service.access.tokens import csrf_token, same
from service.api.http.guard import guard
from service.principal import Principal

ACCESS_COOKIE: Final = "__Host-so-nong-ho-access"
REFRESH_COOKIE: Final = "__Host-so-nong-ho-session"
DEVICE_COOKIE: Final = "__Host-so-nong-ho-device"
CSRF_HEADER: Final = "X-CSRF-Token"
OWN_PAGE_HEADER: Final = "X-Requested-With"
DEVICE_COOKIE_SECONDS: Final = 400 * 24 * 3600
"""As long as browsers keep a cookie, so that guessing from elsewhere never locks a known device out."""


def principal_of_cookies() -> Principal:
    """Return the principal of a browser's cookies; an expired access token is refreshed within the request.

    So a page needs to know nothing of tokens: it is signed in until the session ends.
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
    """Return the browser that sends the request: its address, and its device's secret, if any."""
    secret = request.cookies.get(DEVICE_COOKIE)
    name = request.headers.get("User-Agent", "")[:200]
    return Caller(request.remote_addr or "", secret[:200] if secret else None, name, by_cookie=True)


def require_own_page(principal: Principal) -> None:
    """Raise RequestForged unless one of our own pages sent the request.

    The proof is the session's CSRF token, which only our page can read, or a header that another site's page cannot
    send without a preflight request (CORS is closed), together with the browser's own statement of the page's origin.
    """
    sent = request.headers.get(CSRF_HEADER)
    if sent is not None:
        proven = same(sent, csrf_token(guard().keys.secret("csrf"), principal.session or ""))
    else:
        proven = OWN_PAGE_HEADER in request.headers and _states_own_origin()
    if not proven or from_another_site():
        raise RequestForged()


def _states_own_origin() -> bool:
    """Whether the browser states that the page is of this origin, by headers that a page cannot set."""
    return (
        request.headers.get("Sec-Fetch-Site") == "same-origin"
        or request.headers.get("Origin", "").partition("://")[2] == request.host
    )


def from_another_site() -> bool:
    """Whether the browser states that a page of another site sent the request (Fetch Metadata, Origin)."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        return True
    origin = request.headers.get("Origin")
    return origin is not None and origin.partition("://")[2] != request.host


def set_session_cookies(response: Response, signed_in: SignedIn) -> None:
    """Set a session's cookies: HttpOnly, so that no script reads a token; Strict, so that no other site sends it."""
    _set_cookie(response, ACCESS_COOKIE, signed_in.access_token, guard().tokens.lifetime_seconds)
    if signed_in.refresh_token is not None and signed_in.refresh_expires_at is not None:
        lasting = signed_in.refresh_expires_at - guard().clock()
        _set_cookie(response, REFRESH_COOKIE, signed_in.refresh_token, max(0, int(lasting.total_seconds())))
    if signed_in.device_secret is not None:
        _set_cookie(response, DEVICE_COOKIE, signed_in.device_secret, DEVICE_COOKIE_SECONDS)


def forget_session_cookies(response: Response) -> None:
    """Delete the cookies of a session; the device stays known."""
    for name in (ACCESS_COOKIE, REFRESH_COOKIE):
        response.delete_cookie(name, secure=True, httponly=True, samesite="Strict")


def _set_cookie(response: Response, name: str, value: str, seconds: int) -> None:
    response.set_cookie(name, value, max_age=seconds, path="/", secure=True, httponly=True, samesite="Strict")


def renew_cookies(response: Response) -> None:
    """Set the cookies of a session that was refreshed in this request; remove those of one that has ended."""
    if "signed_in" in g:
        set_session_cookies(response, g.signed_in)
    elif "signed_out" in g:
        forget_session_cookies(response)
