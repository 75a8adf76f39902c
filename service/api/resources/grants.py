"""Exchanging a grant (password, client credentials, refresh token) for tokens or cookies."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, timedelta
from typing import Any

from flask import Response, g, request

from service.access.errors import (
    GrantInvalid,
    RefreshFailed,
    RequestForged,
    SessionRevoked,
    SignInFailed,
    TooManyAttempts,
)
from service.access.sign_in import Caller, SignedIn, require_scopes
from service.access.tokens import csrf_token
from service.api.http.audit_trail import report_revoked, write_trail
from service.api.http.blueprint import FORM
from service.api.http.bodies import json_body
from service.api.http.browser_session import REFRESH_COOKIE, browser, from_another_site, set_session_cookies
from service.api.http.guard import guard
from service.api.http.resource import Beside, parsed
from service.api.http.responses import resource_response
from service.api.resources.session_schemas import (
    GRANT_TYPES,
    LONGEST_DEVICE,
    BrowserSessionSchema,
    TokenRequestSchema,
    TokenSchema,
    grant_lacks,
    unsupported,
)
from service.principal import Principal, nobody


def sign_in_response(body: dict[str, Any], caller: Caller) -> Response:
    """Sign in by a grant, store the audit entry and return the tokens, as JSON or as cookies."""
    limit = guard().settings.sign_ins_per_minute
    if limit:
        guard().rates.take(f"token:{caller.address}", limit, timedelta(minutes=1))
    try:
        signed_in = _granted(body, caller)
    except (SignInFailed, TooManyAttempts, RefreshFailed) as error:
        write_trail(error.code.replace("access.", ""), nobody(), status=401)
        raise
    except SessionRevoked as error:
        report_revoked(error)
        raise
    who = guard().principals.of_token(signed_in.access_token)
    write_trail("signed-in" if body["grant_type"] != "refresh_token" else "refreshed", who)
    return _cookie_response(signed_in, who) if caller.by_cookie else _token_response(signed_in, who)


def requested_grant() -> dict[str, Any]:
    """Return the grant of the request, from JSON or a form. Raises GrantInvalid, and what reading a body raises."""
    form = request.mimetype == FORM
    if form:
        request.max_content_length = 10_000
        repeated = [name for name, values in request.form.lists() if len(values) > 1]
        if repeated:
            raise GrantInvalid(pointer=f"/{repeated[0]}", reason="repeated")  # RFC 6749, 3.2
    sent: object = request.form.to_dict() if form else json_body()
    if isinstance(sent, dict):
        if isinstance(grant_type := sent.get("grant_type"), str) and grant_type not in GRANT_TYPES:
            raise unsupported()  # before its other items, which belong to that type
        sent = {**sent, **_basic_credentials(sent)}
    grant: dict[str, Any] = parsed(TokenRequestSchema, sent)
    return grant


def _basic_credentials(body: dict[str, Any]) -> dict[str, str]:
    """Return client id and secret from the Authorization header, if they are there (RFC 6749, 2.3.1).

    Raises SignInFailed, and GrantInvalid for a client that names itself in two ways (RFC 6749, 2.3).
    """
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise SignInFailed() from None
    if "client_secret" in body or body.get("client_id", client_id) != client_id:
        raise GrantInvalid(pointer="/client_secret" if "client_secret" in body else "/client_id", reason="named-twice")
    return {"client_id": client_id, "client_secret": secret}


def caller_of(body: dict[str, Any]) -> Caller:
    """Return the client that sends the grant. Raises RequestForged for a browser on a page of another site."""
    by_cookie = body.get("cookie", False) or (
        body["grant_type"] == "refresh_token" and "refresh_token" not in body and REFRESH_COOKIE in request.cookies
    )
    if by_cookie and (from_another_site() or request.mimetype == FORM):
        raise RequestForged()
    if by_cookie:
        return browser()
    secret = body.get("device")
    name = body.get("device_name") or request.headers.get("User-Agent", "")[:LONGEST_DEVICE]
    return Caller(request.remote_addr or "", secret or None, name)


def _granted(body: dict[str, Any], caller: Caller) -> SignedIn:
    sign_in = guard().sign_in
    g.grant_type = body["grant_type"]
    match body["grant_type"]:
        case "password":
            require_scopes(body.get("scope", "").split(), ())  # a person's role decides, not scopes
            return sign_in.by_password(body["username"], body["password"], caller)
        case "client_credentials":
            scopes = body.get("scope", "").split()
            return sign_in.by_client_secret(body["client_id"], body["client_secret"], caller, scopes)
        case _:
            require_scopes(body.get("scope", "").split(), ())  # only people have refresh tokens
            token = request.cookies.get(REFRESH_COOKIE, "") if caller.by_cookie else body.get("refresh_token", "")
            if not token and not caller.by_cookie:
                raise grant_lacks("refresh_token")
            return sign_in.refresh(token, caller)


def _token_response(signed_in: SignedIn, who: Principal) -> Response:
    body: dict[str, Any] = {
        "access_token": signed_in.access_token,
        "token_type": "Bearer",
        "expires_in": guard().tokens.lifetime_seconds,
        "account": who,
    }
    if signed_in.refresh_token is not None:
        body["refresh_token"] = signed_in.refresh_token
        body["refresh_expires_in"] = _seconds_until(signed_in.refresh_expires_at)
    if signed_in.claims.scopes:
        body["scope"] = " ".join(signed_in.claims.scopes)
    return resource_response(TokenSchema, body, headers={"Pragma": "no-cache"})


def _cookie_response(signed_in: SignedIn, who: Principal) -> Response:
    session = Beside(own_session(who), token_type="Cookie", expires_in=guard().tokens.lifetime_seconds)  # noqa: S106
    response = resource_response(BrowserSessionSchema, session)
    set_session_cookies(response, signed_in)
    return response


def own_session(who: Principal) -> Beside:
    """Return what OwnSessionSchema writes: for a browser with the token that its changing requests may carry."""
    token = csrf_token(guard().keys.secret("csrf"), who.session or "") if who.by_cookie else None
    return Beside(who, csrf_token=token)


def _seconds_until(moment: datetime | None) -> int:
    return 0 if moment is None else max(0, int((moment - guard().clock()).total_seconds()))
