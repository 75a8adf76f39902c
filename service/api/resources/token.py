"""Signing in and out: POST /v1/token, one's own session, password and devices, and the published keys."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, timedelta
from typing import Any

from flask import Response, request
from flask.views import MethodView

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
from service.api.http.blueprint import Blueprint
from service.api.http.bodies import parsed_body
from service.api.http.browser_session import (
    REFRESH_COOKIE,
    browser,
    forget_session_cookies,
    from_another_site,
    set_session_cookies,
)
from service.api.http.guard import guard
from service.api.http.resource import BodyRefused, parsed, written
from service.api.http.responses import json_response, resource_response
from service.api.resources.session_schemas import (
    OwnAccountSchema,
    OwnSessionSchema,
    PasswordChangeSchema,
    SessionListSchema,
    SignInSchema,
    TokenFormSchema,
    TokenRequestSchema,
    TokenSchema,
)
from service.principal import Principal, current_principal, nobody

blueprint = Blueprint("session", __name__, url_prefix="/v1", description="Signing in and out")

FORM = "application/x-www-form-urlencoded"


@blueprint.route("/token")
class Token(MethodView):
    """Sign in, or go on."""

    @public
    @blueprint.body(TokenRequestSchema)
    @blueprint.response(200, TokenSchema)
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
    asked: dict[str, Any] = parsed(TokenFormSchema, request.form.to_dict()) if form else parsed_body(TokenRequestSchema)
    _read_basic_credentials(asked)
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
            username, password = _given(asked, "username", "password")
            return sign_in.by_password(username, password, caller)
        case "client_credentials":
            scopes = asked.get("scope", "").split()
            client_id, secret = _given(asked, "client_id", "client_secret")
            return sign_in.by_client_secret(client_id, secret, caller, scopes)
        case _:
            token = request.cookies.get(REFRESH_COOKIE, "") if caller.by_cookie else _given(asked, "refresh_token")[0]
            return sign_in.refresh(token, caller)


def _given(asked: dict[str, Any], *names: str) -> tuple[str, ...]:
    """The items that this kind of grant needs. Raises GrantInvalid, BodyRefused."""
    missing = [GrantInvalid(pointer=f"/{name}", reason="missing") for name in names if not asked.get(name)]
    if len(missing) > 1:
        raise BodyRefused(missing)
    if missing:
        raise missing[0]
    return tuple(asked[name] for name in names)


def _token_answer(signed_in: SignedIn, who: Principal) -> Response:
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


def _cookie_answer(signed_in: SignedIn, who: Principal) -> Response:
    body = {"token_type": "Cookie", "expires_in": guard().tokens.lifetime_seconds, **_session_of(who)}
    answer = json_response(body)
    set_session_cookies(answer, signed_in)
    return answer


def _session_of(who: Principal) -> dict[str, Any]:
    """One's own account; for a browser also the token that its changing requests may carry."""
    body = written(OwnAccountSchema, who)
    if who.by_cookie:
        body["csrf_token"] = csrf_token(guard().keys.secret("csrf"), who.session or "")
    return body


def _seconds_until(moment: datetime | None) -> int:
    return 0 if moment is None else max(0, int((moment - guard().clock()).total_seconds()))


@blueprint.route("/session")
class OwnSession(MethodView):
    """The session that the request belongs to."""

    @needs("session.own")
    @blueprint.response(200, OwnSessionSchema)
    @blueprint.problems(401)
    @blueprint.doc(operationId="own_session", summary="Who am I, and what may I do?")
    def get(self) -> Response:
        """The account; for a browser also the token that its changing requests carry."""
        return json_response(_session_of(current_principal()))

    @public
    @blueprint.body(SignInSchema)
    @blueprint.response(200, OwnSessionSchema)
    @blueprint.problems(400, 401, 403, 415, 422, 429)
    @blueprint.doc(operationId="sign_in", summary="Sign a browser in")
    def post(self) -> Response:
        """The session lies in HttpOnly cookies, which no script can read, and goes on by itself until it ends."""
        if from_another_site():
            raise RequestForged()
        asked = parsed_body(SignInSchema)
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
    @blueprint.body(PasswordChangeSchema)
    @blueprint.response(204)
    @blueprint.problems(400, 401, 403, 415, 422, 429)
    @blueprint.doc(operationId="change_password", summary="Change one's own password")
    def put(self) -> Response:
        """All other sessions of the account end."""
        asked = parsed_body(PasswordChangeSchema)
        who = current_principal()
        guard().rates.take(f"password:{who.account}", 10, timedelta(minutes=1))
        guard().accounts.change_own_password(who, asked["old_password"], asked["password"])
        guard().principals.forget()
        write_trail("password-changed", who)
        return Response(status=204)


@blueprint.route("/sessions")
class OwnSessions(MethodView):
    """Where one is signed in."""

    @needs("session.own")
    @blueprint.response(200, SessionListSchema)
    @blueprint.problems(401)
    @blueprint.doc(operationId="own_sessions", summary="Where am I signed in?")
    def get(self) -> Response:
        """Every device with a session that is good now, the last used first."""
        who = current_principal()
        found = guard().accounts.sessions(who.account)
        return resource_response(SessionListSchema, {"sessions": found})


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
