"""What OAuth 2.0 adds: the `error` of a refused token request (RFC 6749), and which scope a system lacks (RFC 6750)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask import Response, g, request

from service.access.errors import GrantInvalid, RefreshFailed, ScopeInvalid, SignInFailed
from service.principal import current_principal
from service.roles import SCOPES, Role

TOKEN_ENDPOINT: Final = "session.Token"  # noqa: S105 - the name of a route
CLIENT_CREDENTIALS: Final = "client_credentials"
UNSUPPORTED: Final = "grant-unsupported"
"""The reason of GrantInvalid for an unknown grant type."""
_REALM: Final = 'realm="so-nong-ho"'
ERRORS: Final = (
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unsupported_grant_type",
    "invalid_scope",
    "temporarily_unavailable",
    "server_error",
)
_BY_CODE: Final = {RefreshFailed.code: "invalid_grant", ScopeInvalid.code: "invalid_scope"}


def token_error(status: int, code: str, params: Mapping[str, Any]) -> str | None:
    """The `error` of a problem of POST /v1/token, by which OAuth libraries tell problems apart (RFC 6749, 5.2).

    None for any other call.
    """
    if request.endpoint != TOKEN_ENDPOINT:
        return None
    if code == SignInFailed.code:
        return "invalid_client" if _is_of_a_client() else "invalid_grant"
    if code == GrantInvalid.code and params.get("reason") == UNSUPPORTED:
        return "unsupported_grant_type"
    if code in _BY_CODE:
        return _BY_CODE[code]
    if status in (429, 503):
        return "temporarily_unavailable"
    return "server_error" if status >= 500 else "invalid_request"


def challenge(response: Response) -> None:
    """Say in WWW-Authenticate how a client signs in, that its token is invalid, or which scope the token lacks."""
    if response.status_code == 401:
        basic = request.endpoint == TOKEN_ENDPOINT and request.headers.get("Authorization", "")[:6].lower() == "basic "
        response.headers.setdefault("WWW-Authenticate", f"{'Basic' if basic else 'Bearer'} {_REALM}{_fault_of_token()}")
    missing: str | None = g.get("permission_missing")
    if response.status_code != 403 or missing is None or current_principal().role is not Role.SYSTEM:
        return
    if scopes := scopes_with(missing):
        needed = f'Bearer {_REALM}, error="insufficient_scope", scope="{" ".join(scopes)}"'
        response.headers.setdefault("WWW-Authenticate", needed)


def scopes_with(permission: str) -> list[str]:
    """The scopes that give a system a permission, or are themselves what it lacks; none where no scope does."""
    return [scope for scope, permissions in SCOPES.items() if permission in permissions or permission == scope]


def _fault_of_token() -> str:
    """Say that the token is the fault, where one was sent: a library then fetches another (RFC 6750, 3.1)."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return ', error="invalid_token"' if scheme.lower() == "bearer" and token.strip() else ""


def _is_of_a_client() -> bool:
    return "Authorization" in request.headers or g.get("grant_type") == CLIENT_CREDENTIALS
