"""Access tokens (signed, short-lived) and secrets, which are shown once and stored only as hashes."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from service.access.errors import TokenExpired, TokenInvalid
from service.access.keys import SigningKey

ALGORITHM: Final = "ES256"
TOKEN_TYPE: Final = "at+jwt"  # noqa: S105 - RFC 9068's name of the type
_LONGEST_TOKEN: Final = 4096
_MOST_CACHED: Final = 4096


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """The content of an access token; everything else about the account is looked up when the token is used."""

    account: str
    session: str | None
    token_id: str
    expires_at: int
    scopes: tuple[str, ...]
    by_cookie: bool


class AccessTokens:
    """Issue and verify access tokens of one issuer.

    `load_keys` returns the signing keys, oldest first. They are loaded again when a token names an unknown key, at most
    every few seconds, so that all workers follow a rotation without a restart.
    """

    def __init__(
        self,
        load_keys: Callable[[], tuple[SigningKey, ...]],
        *,
        issuer: str,
        audience: str,
        lifetime_seconds: int = 600,
        clock: Callable[[], float] = time.time,
        refresh_seconds: float = 30.0,
    ) -> None:
        self._load_keys = load_keys
        self._issuer = issuer
        self._audience = audience
        self.lifetime_seconds = lifetime_seconds
        self._clock = clock
        self._refresh_seconds = refresh_seconds
        self._lock = threading.Lock()
        self._keys: tuple[SigningKey, ...] = ()
        self._loaded_at = float("-inf")
        self._cached: dict[str, AccessClaims] = {}

    def issue(
        self, account: str, *, session: str | None = None, scopes: tuple[str, ...] = (), by_cookie: bool = False
    ) -> tuple[str, AccessClaims]:
        """Return a new token for an account, and its claims."""
        self._refresh()
        now = int(self._clock())
        claims = AccessClaims(account, session, str(uuid.uuid4()), now + self.lifetime_seconds, scopes, by_cookie)
        content: dict[str, Any] = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": account,
            "iat": now,
            "exp": claims.expires_at,
            "jti": claims.token_id,
        }
        if session is not None:
            content["sid"] = session
        if scopes:
            content["scope"] = " ".join(scopes)
        if by_cookie:
            content["cookie"] = True
        signing = self._keys[-1]
        header = {"alg": ALGORITHM, "typ": TOKEN_TYPE, "kid": signing.kid}
        return jwt.encode(header, content, signing.key, algorithms=[ALGORITHM]), claims

    def read(self, token: str) -> AccessClaims:
        """Return the claims of a token. Raises TokenExpired or TokenInvalid.

        Verified claims are cached; of a cached token only the expiry is checked, until a key is removed.
        """
        self._refresh()
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
        claims = self._cached.get(digest)
        if claims is None:
            claims = self._verified(token)
            if len(self._cached) >= _MOST_CACHED:
                self._cached.clear()
            self._cached[digest] = claims
        if claims.expires_at <= self._clock():
            raise TokenExpired()
        return claims

    def published_keys(self) -> dict[str, list[dict[str, Any]]]:
        """Return the public keys as a JSON Web Key Set (RFC 7517)."""
        self._refresh()
        return {
            "keys": [
                {**one.key.as_dict(private=False), "kid": one.kid, "use": "sig", "alg": ALGORITHM} for one in self._keys
            ]
        }

    def _verified(self, token: str) -> AccessClaims:
        if len(token) > _LONGEST_TOKEN:
            raise TokenInvalid()
        key = self._key_named(_kid_of(token))
        try:
            content = jwt.decode(token, key, algorithms=[ALGORITHM]).claims
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise TokenInvalid() from error
        return self._parsed(content)

    def _parsed(self, content: dict[str, Any]) -> AccessClaims:
        account, token_id, expires_at = content.get("sub"), content.get("jti"), content.get("exp")
        session, scope = content.get("sid"), content.get("scope", "")
        for_us = content.get("iss") == self._issuer and content.get("aud") == self._audience
        if not (
            for_us
            and isinstance(account, str)
            and isinstance(token_id, str)
            and isinstance(expires_at, int)
            and (session is None or isinstance(session, str))
            and isinstance(scope, str)
        ):
            raise TokenInvalid()
        return AccessClaims(account, session, token_id, expires_at, tuple(scope.split()), content.get("cookie") is True)

    def _key_named(self, kid: str) -> ECKey:
        for attempt in (1, 2):
            for one in self._keys:
                if one.kid == kid:
                    return one.key
            if attempt == 1:
                self._refresh(at_most_every=2.0)
        raise TokenInvalid()

    def _refresh(self, at_most_every: float | None = None) -> None:
        pause = self._refresh_seconds if at_most_every is None else at_most_every
        if time.monotonic() - self._loaded_at < pause:
            return
        with self._lock:
            if time.monotonic() - self._loaded_at < pause:
                return
            keys = self._load_keys()
            if {one.kid for one in self._keys} - {one.kid for one in keys}:
                self._cached.clear()  # a key was removed: what it signed is no longer valid
            self._keys = keys
            self._loaded_at = time.monotonic()


def _kid_of(token: str) -> str:
    """Return the key's name in a token's header. Raises TokenInvalid for anything but a signed token."""
    try:
        encoded = token.split(".", maxsplit=1)[0]
        header = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    except (ValueError, binascii.Error) as error:
        raise TokenInvalid() from error
    if not isinstance(header, dict) or header.get("alg") != ALGORITHM or header.get("typ") != TOKEN_TYPE:
        raise TokenInvalid()
    kid = header.get("kid")
    if not isinstance(kid, str):
        raise TokenInvalid()
    return kid


# Secrets that are shown once ----------------------------------------------------------------------------------------


def new_secret() -> str:
    """Return 256 random bits as text for addresses, headers and cookies."""
    return secrets.token_urlsafe(32)


def hashed_secret(secret: str) -> str:
    """Return the hash to store of a random secret. SHA-256 is enough, because 256 random bits cannot be guessed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def same(one: str, other: str) -> bool:
    """Whether two texts are equal, compared in constant time."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))


def split_refresh_token(token: str) -> tuple[str, str] | None:
    """Split a refresh token into the session's id and the secret. Returns None for anything else."""
    session, dot, secret = token.partition(".")
    if not dot or len(token) > 200 or not session or not secret or not token.isascii():
        return None
    return session, secret


def csrf_token(secret: bytes, session: str) -> str:
    """Return the token that a page sends beside its cookie, bound to the session."""
    return hmac.new(secret, f"csrf:{session}".encode(), hashlib.sha256).hexdigest()
