"""What the gate, the sign-in and the tokens refuse, each with a stable code."""

from __future__ import annotations

from typing import Any

from service.errors import AccessError


class NotSignedIn(AccessError):
    """The request names no account."""

    code = "access.not-signed-in"


class PasswordChangeRequired(AccessError):
    """The password was set by somebody else; it is changed before anything else is done."""

    code = "access.password-change-required"


class TokenInvalid(AccessError):
    """The token is forged, malformed, from another issuer, for another audience or revoked."""

    code = "access.token-invalid"


class TokenExpired(TokenInvalid):
    """The token was good once; refresh it or sign in again."""

    code = "access.token-expired"


class SignInFailed(AccessError):
    """The name and the secret do not belong together (or the name is unknown: the answer is the same)."""

    code = "access.sign-in-failed"


class RefreshFailed(AccessError):
    """The refresh token is unknown, used before, revoked, expired or of another device; sign in again."""

    code = "access.refresh-failed"


class SessionRevoked(AccessError):
    """Somebody ended the session of this device from elsewhere; a phone that is told so erases what it keeps."""

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
    """The account or address asked too often; params: seconds."""

    code = "access.too-many-requests"


class RequestForged(AccessError):
    """A browser's request that changes something came without the session's own token (CSRF)."""

    code = "access.request-forged"


class PasswordWeak(AccessError):
    """The new password is too short, too long or too easily guessed; params: reason, least."""

    code = "account.password-weak"


class GrantInvalid(AccessError):
    """What was sent to sign in cannot be read; params: reason."""

    code = "access.grant-invalid"


class AccountNotFound(AccessError):
    """No account of the administrator's area has this id."""

    code = "account.not-found"


class UsernameTaken(AccessError):
    """Another account has this name already; params: username."""

    code = "account.username-taken"


class AccountInvalid(AccessError):
    """What is asked of an account contradicts itself; params: reason."""

    code = "account.invalid"


class OwnAccount(AccessError):
    """Nobody suspends their own account."""

    code = "account.own"


class SessionNotFound(AccessError):
    """The account has no such session."""

    code = "session.not-found"


class EndpointUndeclared(Exception):
    """An endpoint names no permission: the service must not start."""


class KeysMissing(Exception):
    """The service has no keys of its own, or others can read them: it must not start."""
