"""Sign-in by the province's own OpenID provider (OIDC_ISSUER)."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask.views import MethodView
from marshmallow import EXCLUDE, fields
from werkzeug.exceptions import NotFound

from service.access.errors import SignInFailed
from service.access.gate import public
from service.access.openid import STATE_SECONDS, OpenId
from service.api.http.audit_trail import write_trail
from service.api.http.blueprint import Blueprint
from service.api.http.browser_session import browser, set_session_cookies
from service.api.http.guard import guard
from service.api.http.parameters import Query
from service.principal import nobody

blueprint = Blueprint("openid", __name__, url_prefix="/v1/openid", description="Sign-in by an OpenID provider")

COOKIE = "__Host-so-nong-ho-openid"


class CallbackQuery(Query):
    """What the provider sends back with the browser."""

    class Meta:
        unknown = EXCLUDE  # RFC 6749, 4.1.2: a provider may add parameters of its own

    code = fields.String(load_default="")
    state = fields.String(load_default="")


def _provider() -> OpenId:
    """Return the provider. Raises NotFound if none is configured."""
    provider = guard().openid
    if provider is None:
        raise NotFound()
    return provider


@blueprint.route("/start")
class Start(MethodView):
    """The redirect to the provider."""

    @public
    @blueprint.response(303)
    @blueprint.problems(404, 503)
    @blueprint.doc(operationId="openid_start", summary="Sign in at the province's OpenID provider")
    def get(self) -> Response:
        """Redirects the browser to the provider; a cookie proves that the same browser comes back."""
        begun = _provider().begin()
        response = Response(status=303, headers={"Location": begun.address, "Cache-Control": "no-store"})
        # Lax, because the redirect back is a navigation from the provider's site.
        response.set_cookie(COOKIE, begun.cookie, max_age=STATE_SECONDS, secure=True, httponly=True, samesite="Lax")
        return response


@blueprint.route("/callback")
class Callback(MethodView):
    """The redirect back from the provider."""

    @public
    @blueprint.query(CallbackQuery)
    @blueprint.response(303)
    @blueprint.problems(401, 404, 422, 503)
    @blueprint.doc(operationId="openid_callback", summary="Return from the OpenID provider")
    def get(self, arguments: dict[str, Any]) -> Response:
        """Signs in the identity that the provider confirms, if an account has it (``external``)."""
        cookie = request.cookies.get(COOKIE, "")
        try:
            issuer, subject = _provider().finish(cookie, arguments["state"], arguments["code"])
            signed_in = guard().sign_in.by_identity(issuer, subject, browser())
        except SignInFailed:
            write_trail("sign-in-failed", nobody(), status=401)
            raise
        write_trail("signed-in", guard().principals.of_token(signed_in.access_token))
        response = Response(status=303, headers={"Location": "/", "Cache-Control": "no-store"})
        set_session_cookies(response, signed_in)
        response.delete_cookie(COOKIE, secure=True, httponly=True, samesite="Lax")
        return response
