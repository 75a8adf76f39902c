"""Signing in and out: POST /v1/token, one's own session, password and devices, and the published keys."""

from __future__ import annotations

from datetime import timedelta

from flask import Response
from flask.views import MethodView

from service.access.errors import (
    RequestForged,
)
from service.access.gate import needs, public
from service.api.http.audit_trail import write_trail
from service.api.http.blueprint import Blueprint
from service.api.http.bodies import parsed_body
from service.api.http.browser_session import (
    browser,
    forget_session_cookies,
    from_another_site,
)
from service.api.http.guard import guard
from service.api.http.responses import resource_response
from service.api.resources.grants import caller_of, own_session, requested_grant, sign_in_response
from service.api.resources.session_schemas import (
    BrowserSessionSchema,
    OwnSessionSchema,
    PasswordChangeSchema,
    PublishedKeysSchema,
    SessionListSchema,
    SignInSchema,
    TokenFormSchema,
    TokenRequestSchema,
    TokenSchema,
)
from service.principal import current_principal

SIGNED_IN = {"anyOf": [TokenSchema, BrowserSessionSchema]}
"""Tokens, or with cookies the account itself."""

blueprint = Blueprint("session", __name__, url_prefix="/v1", description="Signing in and out")


@blueprint.route("/token")
class Token(MethodView):
    """Signing in, or refreshing."""

    @public
    @blueprint.body(TokenRequestSchema, form=TokenFormSchema)
    @blueprint.response(200, SIGNED_IN)
    @blueprint.problems(400, 401, 403, 415, 422, 429)
    @blueprint.doc(operationId="token", summary="Sign in, or refresh")
    def post(self) -> Response:
        """By password, client credentials or refresh token; JSON or form-encoded (RFC 6749).

        A client may send its name and secret by HTTP Basic. ``scope`` may name scopes that the system has; another one
        is refused. The response says in ``scope`` what the token is good for. Problems also have the ``error`` of
        RFC 6749; their statuses are those of every other call, but 400 for another grant type or scope.

        With ``"cookie": true`` a browser gets HttpOnly cookies instead of tokens, which no script can read; its
        changing requests then carry ``X-CSRF-Token`` with the ``csrf_token`` of this response.
        """
        grant = requested_grant()
        return sign_in_response(grant, caller_of(grant))


@blueprint.route("/session")
class OwnSession(MethodView):
    """The session of the request."""

    @needs("session.own")
    @blueprint.response(200, OwnSessionSchema)
    @blueprint.problems(401)
    @blueprint.doc(operationId="own_session", summary="Who am I, and what may I do?")
    def get(self) -> Response:
        """The account; for a browser also the token that its changing requests carry."""
        return resource_response(OwnSessionSchema, own_session(current_principal()))

    @public
    @blueprint.body(SignInSchema)
    @blueprint.response(200, BrowserSessionSchema)
    @blueprint.problems(400, 401, 403, 415, 422, 429)
    @blueprint.doc(operationId="sign_in", summary="Sign a browser in")
    def post(self) -> Response:
        """The session is stored in HttpOnly cookies, which no script can read, and is refreshed until it ends."""
        if from_another_site():
            raise RequestForged()
        body = parsed_body(SignInSchema)
        return sign_in_response({**body, "grant_type": "password"}, browser())

    @needs("session.own")
    @blueprint.response(204)
    @blueprint.problems(401, 403)
    @blueprint.doc(operationId="sign_out", summary="Sign out")
    def delete(self) -> Response:
        """The session ends on the server and a browser's cookies are deleted. The device stays known."""
        who = current_principal()
        if who.session is not None:
            guard().sign_in.sign_out(who.session)
            guard().principals.forget()
        write_trail("signed-out", who)
        response = Response(status=204)
        forget_session_cookies(response)
        return response


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
        body = parsed_body(PasswordChangeSchema)
        who = current_principal()
        guard().rates.take(f"password:{who.account}", 10, timedelta(minutes=1))
        guard().accounts.change_own_password(who, body["old_password"], body["password"])
        guard().principals.forget()
        write_trail("password-changed", who)
        return Response(status=204)


@blueprint.route("/sessions")
class OwnSessions(MethodView):
    """One's own sessions."""

    @needs("session.own")
    @blueprint.response(200, SessionListSchema)
    @blueprint.problems(401)
    @blueprint.doc(operationId="own_sessions", summary="Where am I signed in?")
    def get(self) -> Response:
        """Every device with an active session, the last used first."""
        who = current_principal()
        found = guard().accounts.sessions(who.account)
        return resource_response(SessionListSchema, {"items": found})


@blueprint.route("/sessions/<session_id>")
class OneOwnSession(MethodView):
    """One of one's own sessions."""

    @needs("session.own")
    @blueprint.response(204)
    @blueprint.problems(401, 403, 404)
    @blueprint.doc(operationId="end_session", summary="Sign a device out")
    def delete(self, session_id: str) -> Response:
        """A lost phone is signed out from another device; at its next request it erases its data."""
        who = current_principal()
        guard().accounts.revoke_session(who.account, session_id, who)
        guard().principals.forget()
        write_trail("signed-out", who, about=session_id)
        return Response(status=204)


@blueprint.route("/jwks.json")
class PublishedKeys(MethodView):
    """The public keys of access tokens."""

    @public
    @blueprint.response(200, PublishedKeysSchema)
    @blueprint.doc(operationId="jwks", summary="The keys that access tokens are signed with")
    def get(self) -> Response:
        """A JSON Web Key Set (RFC 7517); a token's ``kid`` names its key."""
        response = resource_response(PublishedKeysSchema, guard().tokens.published_keys())
        response.headers["Cache-Control"] = "public, max-age=300"
        return response
