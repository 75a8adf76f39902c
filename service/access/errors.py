"""Errors of the gate, of sign-in and of accounts, each with a stable code."""

from __future__ import annotations

from typing import Any

from service.errors import AccessError


class NotSignedIn(AccessError):
    """The request carries no credentials."""

    code = "access.not-signed-in"


class PasswordChangeRequired(AccessError):
    """The password was set by somebody else and must be changed first."""

    code = "access.password-change-required"


class TokenInvalid(AccessError):
    """The token is forged, malformed, from another issuer, for another audience or revoked."""

    code = "access.token-invalid"


class TokenExpired(TokenInvalid):
    """The token has expired; refresh it or sign in again."""

    code = "access.token-expired"


class SignInFailed(AccessError):
    """Name and secret do not match, or the name is unknown: the response is the same."""

    code = "access.sign-in-failed"


class RefreshFailed(AccessError):
    """The refresh token is unknown, used before, revoked, expired or of another device; sign in again."""

    code = "access.refresh-failed"


class SessionRevoked(AccessError):
    """Somebody ended this device's session from elsewhere; a phone to which this is reported erases its data."""

    code = "session.revoked"

    def __init__(self, *, session: str, account: str) -> None:
        super().__init__()
        self.session = session
        self.account = account


class TooManyAttempts(AccessError):
    """Wait before the next attempt; params: seconds."""

    code = "access.too-many-attempts"

    def __init__(self, *, seconds: int, **params: Any) -> None:
        super().__init__(seconds=seconds, **params)
        self.seconds = seconds


class TooManyRequests(TooManyAttempts):
    """The account or address sent too many requests; params: seconds."""

    code = "access.too-many-requests"


class RequestForged(AccessError):
    """A browser's changing request lacks proof that one of our own pages sent it (CSRF)."""

    code = "access.request-forged"


class PasswordWeak(AccessError):
    """The new password is too short, too long or too easily guessed; params: reason, least."""

    code = "account.password-weak"


class GrantInvalid(AccessError):
    """The sign-in request is not valid; params: reason."""

    code = "access.grant-invalid"


class CredentialsInvalid(AccessError):
    """A browser's sign-in or a change of password lacks an item, or it is no text; params: name, needed."""

    code = "access.credentials-invalid"


class ScopeInvalid(AccessError):
    """Scopes were requested that there are not, or that the account does not have; params: scopes, held."""

    code = "access.scope-invalid"


class AccountNotFound(AccessError):
    """No account of the administrator's area has this id."""

    code = "account.not-found"


class UsernameTaken(AccessError):
    """Another account has this name already; params: username."""

    code = "account.username-taken"


class AccountInvalid(AccessError):
    """An item of an account is not valid; params: reason, known (what is accepted)."""

    code = "account.invalid"


class OwnAccount(AccessError):
    """An administrator tried to suspend their own account."""

    code = "account.own"


class SessionNotFound(AccessError):
    """The account has no such session."""

    code = "session.not-found"


class EndpointUndeclared(Exception):
    """An endpoint declares no permission: the service must not start."""


class KeysMissing(Exception):
    """The service has no keys of its own, or other users can read them: it must not start."""
