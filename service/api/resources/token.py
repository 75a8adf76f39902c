"""Signing in and out: POST /v1/token, one's own session, password and devices, and the published keys."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, timedelta
from typing import Any

from flask import Response, request
from flask.views import MethodView

from service.access.account import Session
from service.access.errors import (
    GrantInvalid,
    RefreshFailed,
    RequestForged,
    SessionRevoked,
    SignInFailed,
    TooManyAttempts,
)
from service.access.gate import needs, public
from service.access.sign_in import Caller, SignedIn
from service.access.tokens import csrf_token
from service.api.http.audit_trail import note_about, report_revoked, write_trail
from service.api.http.blueprint import Blueprint, reference
from service.api.http.bodies import json_object
from service.api.http.browser_session import (
    REFRESH_COOKIE,
    browser,
    forget_session_cookies,
    from_another_site,
    set_session_cookies,
)
from service.api.http.guard import guard
from service.api.http.responses import json_response
from service.principal import Principal, current_principal, nobody
from service.roles import Permission

blueprint = Blueprint("session", __name__, url_prefix="/v1", description="Signing in and out")

FORM = "application/x-www-form-urlencoded"
_ITEMS = frozenset(
    {
        "grant_type",
        "username",
        "password",
        "client_id",
        "client_secret",
        "refresh_token",
        "scope",
        "device",
        "device_name",
        "cookie",
    }
)


@blueprint.route("/token")
class Token(MethodView):
    """Sign in, or go on."""

    @public
    @blueprint.json_body("TokenRequest")
    @blueprint.response(200, reference("Token"))
    @blueprint.problems(400, 401, 403, 415, 422, 429)
    @blueprint.doc(operationId="token", summary="Sign in, or refresh")
    def post(self) -> Response:
        """By password, client credentials or refresh token; JSON or form-encoded (RFC 6749).

        With ``"cookie": true`` a browser gets HttpOnly cookies instead of tokens, which no script can read; what it
        sends to change something then carries ``X-CSRF-Token`` with the ``csrf_token`` of this answer.
        """
        asked = _asked()
        return _signed_in(asked, _caller(asked))


def _signed_in(asked: dict[str, Any], caller: Caller) -> Response:
    limit = guard().settings.sign_ins_per_minute
    if limit:
        guard().rates.take(f"token:{caller.address}", limit, timedelta(minutes=1))
    try:
        signed_in = _granted(asked, caller)
    except (SignInFailed, TooManyAttempts, RefreshFailed) as error:
        write_trail(error.code.replace("access.", ""), nobody(), status=401)
        raise
    except SessionRevoked as error:
        report_revoked(error)
        raise
    who = guard().principals.of_token(signed_in.access_token)
    write_trail("signed-in" if asked["grant_type"] != "refresh_token" else "refreshed", who)
    return _cookie_answer(signed_in, who) if caller.by_cookie else _token_answer(signed_in, who)


def _asked() -> dict[str, Any]:
    """The request's items, all of them text but ``cookie``. Raises GrantInvalid, and what reading a body raises."""
    form = request.mimetype == FORM
    if form:
        request.max_content_length = 10_000
    asked: dict[str, Any] = request.form.to_dict() if form else json_object(items=_ITEMS)
    for name, value in asked.items():
        wanted = bool if name == "cookie" else str
        if name not in _ITEMS or not isinstance(value, wanted):
            raise GrantInvalid(pointer=f"/{name[:60]}", reason="item")
    _read_basic_credentials(asked)
    if "grant_type" not in asked:
        raise GrantInvalid(pointer="/grant_type", reason="grant")
    return asked


def _read_basic_credentials(asked: dict[str, Any]) -> None:
    """A client may send its id and secret in the Authorization header (RFC 6749, 2.3.1)."""
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise SignInFailed() from None
    asked.setdefault("client_id", client_id)
    asked.setdefault("client_secret", secret)


def _caller(asked: dict[str, Any]) -> Caller:
    by_cookie = asked.get("cookie", False) or (
        asked["grant_type"] == "refresh_token" and "refresh_token" not in asked and REFRESH_COOKIE in request.cookies
    )
    if by_cookie and (from_another_site() or request.mimetype == FORM):
        raise RequestForged()
    if by_cookie:
        return browser()
    secret = asked.get("device")
    name = asked.get("device_name") or request.headers.get("User-Agent", "")
    return Caller(request.remote_addr or "", secret[:200] if secret else None, name[:200])


def _granted(asked: dict[str, Any], caller: Caller) -> SignedIn:
    sign_in = guard().sign_in
    match asked["grant_type"]:
        case "password":
            return sign_in.by_password(_text(asked, "username"), _text(asked, "password"), caller)
        case "client_credentials":
            scopes = asked.get("scope", "").split()
            return sign_in.by_client_secret(_text(asked, "client_id"), _text(asked, "client_secret"), caller, scopes)
        case "refresh_token":
            token = request.cookies.get(REFRESH_COOKIE, "") if caller.by_cookie else _text(asked, "refresh_token")
            return sign_in.refresh(token, caller)
        case _:
            raise GrantInvalid(pointer="/grant_type", reason="grant")


def _text(asked: dict[str, Any], name: str) -> str:
    value = asked.get(name)
    if not isinstance(value, str) or not value:
        raise GrantInvalid(pointer=f"/{name}", reason="missing")
    return value


def _token_answer(signed_in: SignedIn, who: Principal) -> Response:
    body: dict[str, Any] = {
        "access_token": signed_in.access_token,
        "token_type": "Bearer",
        "expires_in": guard().tokens.lifetime_seconds,
        "account": own_account(who),
    }
    if signed_in.refresh_token is not None:
        body["refresh_token"] = signed_in.refresh_token
        body["refresh_expires_in"] = _seconds_until(signed_in.refresh_expires_at)
    if signed_in.claims.scopes:
        body["scope"] = " ".join(signed_in.claims.scopes)
    return json_response(body, headers={"Pragma": "no-cache"})


def _cookie_answer(signed_in: SignedIn, who: Principal) -> Response:
    body = {"token_type": "Cookie", "expires_in": guard().tokens.lifetime_seconds, **_session_of(who)}
    answer = json_response(body)
    set_session_cookies(answer, signed_in)
    return answer


def _session_of(who: Principal) -> dict[str, Any]:
    """One's own account; for a browser also the token that its changing requests may carry."""
    body = own_account(who)
    if who.by_cookie:
        body["csrf_token"] = csrf_token(guard().keys.secret("csrf"), who.session or "")
    return body


def _seconds_until(moment: datetime | None) -> int:
    return 0 if moment is None else max(0, int((moment - guard().clock()).total_seconds()))


def own_account(who: Principal) -> dict[str, Any]:
    """What somebody may know of themselves: the name, the role, where, and what they may do."""
    communes = who.area.communes()
    return {
        "id": who.account,
        "username": who.name,
        "role": None if who.role is None else str(who.role),
        "area": list(who.area.units),
        "communes": None if communes is None else sorted(communes),
        "sight": str(who.sight),
        "scopes": sorted(who.scopes),
        "permissions": sorted(str(permission) for permission in Permission if who.may(permission)),
        "must_change_password": who.must_change_password,
    }


@blueprint.route("/session")
class OwnSession(MethodView):
    """The session that the request belongs to."""

    @needs("session.own")
    @blueprint.response(200, reference("OwnSession"))
    @blueprint.problems(401)
    @blueprint.doc(operationId="own_session", summary="Who am I, and what may I do?")
    def get(self) -> Response:
        """The account; for a browser also the token that its changing requests carry."""
        return json_response(_session_of(current_principal()))

    @public
    @blueprint.json_body("SignIn")
    @blueprint.response(200, reference("OwnSession"))
    @blueprint.problems(400, 401, 403, 415, 422, 429)
    @blueprint.doc(operationId="sign_in", summary="Sign a browser in")
    def post(self) -> Response:
        """The session lies in HttpOnly cookies, which no script can read, and goes on by itself until it ends."""
        if from_another_site():
            raise RequestForged()
        asked = json_object(items=frozenset({"username", "password"}))
        return _signed_in({**asked, "grant_type": "password"}, browser())

    @needs("session.own")
    @blueprint.response(204)
    @blueprint.problems(401, 403)
    @blueprint.doc(operationId="sign_out", summary="Sign out")
    def delete(self) -> Response:
        """The session ends on the server; a browser's cookies go. The device stays known."""
        who = current_principal()
        if who.session is not None:
            guard().sign_in.sign_out(who.session)
            guard().principals.forget()
        write_trail("signed-out", who)
        answer = Response(status=204)
        forget_session_cookies(answer)
        return answer


@blueprint.route("/session/password")
class OwnPassword(MethodView):
    """One's own password."""

    @needs("session.own")
    @blueprint.json_body("PasswordChange")
    @blueprint.response(204)
    @blueprint.problems(400, 401, 403, 415, 422, 429)
    @blueprint.doc(operationId="change_password", summary="Change one's own password")
    def put(self) -> Response:
        """All other sessions of the account end."""
        asked = json_object(items=frozenset({"old_password", "password"}))
        who = current_principal()
        guard().rates.take(f"password:{who.account}", 10, timedelta(minutes=1))
        guard().accounts.change_own_password(who, _text(asked, "old_password"), _text(asked, "password"))
        guard().principals.forget()
        write_trail("password-changed", who)
        return Response(status=204)


@blueprint.route("/sessions")
class OwnSessions(MethodView):
    """Where one is signed in."""

    @needs("session.own")
    @blueprint.response(200, reference("SessionList"))
    @blueprint.problems(401)
    @blueprint.doc(operationId="own_sessions", summary="Where am I signed in?")
    def get(self) -> Response:
        """Every device with a session that is good now, the last used first."""
        who = current_principal()
        found = guard().accounts.sessions(who.account)
        return json_response({"sessions": [session_in_json(session, who.session) for session in found]})


@blueprint.route("/sessions/<session_id>")
class OneOwnSession(MethodView):
    """One of one's own sessions."""

    @needs("session.own")
    @blueprint.response(204)
    @blueprint.problems(401, 403, 404)
    @blueprint.doc(operationId="end_session", summary="Sign a device out")
    def delete(self, session_id: str) -> Response:
        """A lost phone is signed out from any other device; at its next contact it erases what it keeps."""
        who = current_principal()
        guard().accounts.revoke_session(who.account, session_id, who)
        guard().principals.forget()
        note_about(session_id)
        write_trail("signed-out", who, about=session_id)
        return Response(status=204)


def session_in_json(session: Session, own: str | None) -> dict[str, Any]:
    """A session as its owner, or an administrator, sees it."""
    return {
        "id": session.id,
        "device": session.device_name,
        "address": session.address,
        "browser": session.by_cookie,
        "created_at": session.created_at,
        "used_at": session.used_at,
        "expires_at": session.expires_at,
        "current": session.id == own,
    }


@blueprint.route("/jwks.json")
class PublishedKeys(MethodView):
    """The public halves of the keys that sign access tokens."""

    @public
    @blueprint.response(200, {"type": "object"})
    @blueprint.doc(operationId="jwks", summary="The keys that access tokens are signed with")
    def get(self) -> Response:
        """A JSON Web Key Set (RFC 7517); a token's ``kid`` names its key."""
        answer = json_response(guard().tokens.published_keys())
        answer.headers["Cache-Control"] = "public, max-age=300"
        return answer
