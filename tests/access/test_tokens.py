"""Access tokens: forged, expired, unsigned and foreign ones are refused; a key rotation needs no restart."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from service.access.errors import TokenExpired, TokenInvalid
from service.access.keys import KeyFolder
from service.access.tokens import AccessTokens, hashed_secret, new_secret, split_refresh_token


@pytest.fixture
def keys(tmp_path: Path) -> KeyFolder:
    folder = KeyFolder(tmp_path / "keys")
    folder.make()
    return folder


@pytest.fixture
def tokens(keys: KeyFolder) -> AccessTokens:
    return AccessTokens(keys.signing_keys, issuer="so-nong-ho", audience="so-nong-ho", refresh_seconds=0.0)


def encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def decoded(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    def part(text: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return found

    head, body, _ = token.split(".")
    return part(head), part(body)


def test_a_token_says_who_it_was_issued_to(tokens: AccessTokens) -> None:
    token, issued = tokens.issue("account-1", session="family-1", scopes=("coverage:read",), by_cookie=True)
    assert tokens.read(token) == issued
    assert tokens.read(token) == issued


def test_an_expired_token_is_refused(keys: KeyFolder) -> None:
    moment = [1_000_000.0]
    tokens = AccessTokens(keys.signing_keys, issuer="i", audience="a", lifetime_seconds=60, clock=lambda: moment[0])
    token, _ = tokens.issue("account-1")
    tokens.read(token)
    moment[0] += 61
    with pytest.raises(TokenExpired):
        tokens.read(token)


def test_changed_claims_break_the_signature(tokens: AccessTokens) -> None:
    token, _ = tokens.issue("officer")
    head, body = decoded(token)
    forged = ".".join([encoded(head), encoded({**body, "sub": "administrator"}), token.split(".")[2]])
    with pytest.raises(TokenInvalid):
        tokens.read(forged)


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "RS256"])
def test_another_algorithm_is_refused_before_any_key_is_used(tokens: AccessTokens, algorithm: str) -> None:
    head, body = decoded(tokens.issue("officer")[0])
    for signature in ("", "AAAA"):
        with pytest.raises(TokenInvalid):
            tokens.read(".".join([encoded({**head, "alg": algorithm}), encoded(body), signature]))


def test_the_public_key_cannot_be_used_as_a_shared_secret(tokens: AccessTokens) -> None:
    token, _ = tokens.issue("officer")
    head, body = decoded(token)
    public = json.dumps(tokens.published_keys()["keys"][0])
    forged = jwt.encode({**head, "alg": "HS256"}, body, OctKey.import_key(public), algorithms=["HS256"])
    with pytest.raises(TokenInvalid):
        tokens.read(forged)


def test_a_token_signed_by_somebody_elses_key_is_refused(tokens: AccessTokens) -> None:
    head, body = decoded(tokens.issue("officer")[0])
    stranger = ECKey.generate_key("P-256", private=True)
    with pytest.raises(TokenInvalid):
        tokens.read(jwt.encode(head, body, stranger, algorithms=["ES256"]))


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "jti", "exp"])
def test_a_token_of_another_issuer_or_without_a_claim_is_refused(
    keys: KeyFolder, tokens: AccessTokens, claim: str
) -> None:
    head, body = decoded(tokens.issue("officer")[0])
    signing = keys.signing_keys()[-1].key
    for changed in ({**body, claim: "somebody else's" if claim in {"iss", "aud"} else None}, without(body, claim)):
        with pytest.raises(TokenInvalid):
            tokens.read(jwt.encode(head, changed, signing, algorithms=["ES256"]))


def without(body: dict[str, Any], claim: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != claim}


@pytest.mark.parametrize("nonsense", ["", ".", "..", "a.b.c", "é.é.é", "x" * 10_000, '{"alg":"ES256"}', "\ud800.a.b"])
def test_nonsense_is_refused_and_never_fails(tokens: AccessTokens, nonsense: str) -> None:
    with pytest.raises(TokenInvalid):
        tokens.read(nonsense)


def test_a_rotation_is_followed_and_old_tokens_stay_good_until_their_key_is_removed(
    keys: KeyFolder, tokens: AccessTokens
) -> None:
    before, _ = tokens.issue("officer")
    new_kid = keys.add_signing_key()
    after, _ = tokens.issue("officer")
    assert decoded(after)[0]["kid"] == new_kid
    tokens.read(before)
    keys.remove_signing_key(decoded(before)[0]["kid"])
    with pytest.raises(TokenInvalid):
        tokens.read(before)
    tokens.read(after)


def test_the_published_keys_hold_no_private_half(tokens: AccessTokens) -> None:
    (published,) = tokens.published_keys()["keys"]
    assert published["alg"] == "ES256"
    assert "d" not in published


def test_a_secret_is_stored_as_a_hash() -> None:
    secret = new_secret()
    assert hashed_secret(secret) != secret
    assert split_refresh_token(f"family.{secret}") == ("family", secret)
    assert split_refresh_token("no-dot") is None
    assert split_refresh_token("x." + "y" * 500) is None
