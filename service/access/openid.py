"""Sign-in by the province's own OpenID provider: discovery, authorization code with PKCE, id token validation."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from service.access.errors import SignInFailed
from service.access.keys import read_private
from service.errors import DomainError

ALGORITHMS: Final = ["RS256", "ES256", "PS256", "EdDSA"]
STATE_SECONDS: Final = 600
_TIMEOUT_SECONDS: Final = 10
_MOST_BYTES: Final = 1_000_000
_DISCOVERY_SECONDS: Final = 3600
_CLOCK_SECONDS: Final = 60
"""How far the provider's clock may differ from ours."""


class ProviderUnavailable(DomainError):
    """The OpenID provider does not respond, or not according to the standard."""

    code = "access.provider-unavailable"


@dataclass(frozen=True, slots=True)
class SignInBegun:
    """A sign-in that has begun: the address to send the browser to, and its cookie until it comes back."""

    address: str
    cookie: str


@dataclass(frozen=True, slots=True)
class OpenIdClient:
    """The register as a client of the provider."""

    issuer: str
    client_id: str
    client_secret_file: str
    callback: str


class OpenId:
    """Begin and finish sign-ins at one provider. The provider is contacted at the first sign-in."""

    def __init__(
        self, client: OpenIdClient, secret: Callable[[], bytes], clock: Callable[[], float] = time.time
    ) -> None:
        self._client = client
        self._secret = secret
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, Any] | None = None
        self._known_until = 0.0

    def begin(self) -> SignInBegun:
        """Return where to send the browser (OpenID Connect Core, 3.1.2.1; RFC 7636). Raises ProviderUnavailable."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        parameters = {
            "response_type": "code",
            "client_id": self._client.client_id,
            "redirect_uri": self._client.callback,
            "scope": "openid",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        address = f"{self._provider()['authorization_endpoint']}?{urllib.parse.urlencode(parameters)}"
        pending = {"state": state, "nonce": nonce, "verifier": verifier, "until": self._clock() + STATE_SECONDS}
        return SignInBegun(address, self._signed(pending))

    def finish(self, cookie: str, state: str, code: str) -> tuple[str, str]:
        """Return issuer and subject of the identity. Raises SignInFailed unless this browser began the sign-in."""
        pending = self._opened(cookie)
        if not hmac.compare_digest(pending["state"].encode(), state.encode("utf-8", "surrogatepass")):
            raise SignInFailed()
        parameters = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._client.callback,
            "client_id": self._client.client_id,
            "code_verifier": pending["verifier"],
        }
        if self._client.client_secret_file:
            parameters["client_secret"] = read_private(Path(self._client.client_secret_file)).decode().strip()
        response = _fetch(self._provider()["token_endpoint"], urllib.parse.urlencode(parameters).encode())
        token = response.get("id_token")
        if not isinstance(token, str):
            raise SignInFailed()
        return self._client.issuer, self._subject(token, pending["nonce"])

    def _subject(self, token: str, nonce: str) -> str:
        """Return the subject of an id token (OpenID Connect Core, 3.1.3.7). Raises SignInFailed."""
        keys = KeySet.import_key_set(_fetch(self._provider()["jwks_uri"]))  # type: ignore[arg-type]  # checked within
        try:
            claims = jwt.decode(token, keys, algorithms=ALGORITHMS).claims
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise SignInFailed() from error
        audience = claims.get("aud")
        named = audience if isinstance(audience, list) else [audience]
        # With several audiences, azp names the client that the token was issued to.
        ours = self._client.client_id in named and (len(named) == 1 or claims.get("azp") == self._client.client_id)
        expires, subject = claims.get("exp"), claims.get("sub")
        in_time = isinstance(expires, int | float) and expires + _CLOCK_SECONDS > self._clock()
        for_us = claims.get("iss") == self._client.issuer and claims.get("nonce") == nonce
        if not (ours and in_time and for_us and isinstance(subject, str) and subject):
            raise SignInFailed()
        return subject

    def _provider(self) -> dict[str, Any]:
        with self._lock:
            if self._known is None or self._known_until < self._clock():
                found = _fetch(f"{self._client.issuer.rstrip('/')}/.well-known/openid-configuration")
                needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
                if found.get("issuer") != self._client.issuer or not all(isinstance(found.get(n), str) for n in needed):
                    raise ProviderUnavailable()
                self._known, self._known_until = found, self._clock() + _DISCOVERY_SECONDS
            return self._known

    def _signed(self, pending: dict[str, Any]) -> str:
        body = base64.urlsafe_b64encode(json.dumps(pending).encode()).decode()
        return f"{body}.{self._mark(body)}"

    def _opened(self, cookie: str) -> dict[str, Any]:
        body, _, mark = cookie.partition(".")
        if not hmac.compare_digest(mark.encode("utf-8", "surrogatepass"), self._mark(body).encode()):
            raise SignInFailed()
        pending: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body))
        if pending["until"] < self._clock():
            raise SignInFailed()
        return pending

    def _mark(self, body: str) -> str:
        return hmac.new(self._secret(), body.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def _fetch(address: str, body: bytes | None = None) -> dict[str, Any]:
    """Fetch a JSON object from the provider, over TLS or from this machine.

    Raises ProviderUnavailable, SignInFailed (4xx).
    """
    parts = urllib.parse.urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1", "localhost"}):
        raise ProviderUnavailable()
    request = urllib.request.Request(address, data=body, headers={"Accept": "application/json"})  # noqa: S310
    try:
        with _OPENER.open(request, timeout=_TIMEOUT_SECONDS) as response:
            found = json.loads(response.read(_MOST_BYTES))
    except urllib.error.HTTPError as error:
        if error.code in {400, 401, 403} and body is not None:
            raise SignInFailed() from error
        raise ProviderUnavailable() from error
    except (OSError, ValueError) as error:
        raise ProviderUnavailable() from error
    if not isinstance(found, dict):
        raise ProviderUnavailable()
    return found


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follow no redirect: a token request goes to the address of the discovery document only."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_OPENER: Final = urllib.request.build_opener(_NoRedirect)
