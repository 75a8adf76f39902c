"""Anchors: the last number and hash of each commune's log and each lane of the trail, signed and stored elsewhere.

A hash chain shows that nothing in it was changed or removed, but not that its end was cut off, nor that somebody who
controls the database has rebuilt all of it. Comparing it with anchors that were exported earlier does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from service.access.keys import KeyFolder
from service.access.tokens import ALGORITHM
from service.access.trail import TrailAnchor
from service.clock import system_clock
from service.storage.repositories import Repositories
from service.storage.trail.reading import TrailReader

TYPE = "anchors+jwt"
_LONGEST_FILE = 100_000_000


class AnchorInvalid(Exception):
    """The file was not written by --anchors, or was changed since then."""


def anchor_lines(store: Repositories, trail: TrailReader, keys: KeyFolder) -> Iterator[str]:
    """Yield the anchor of each commune's log and of each lane of the trail, one per line, and a signature over them."""
    digest = hashlib.sha256()
    for anchor in _anchors(store, trail):
        line = orjson.dumps(anchor).decode()
        digest.update(line.encode() + b"\n")
        yield line
    signing = keys.signing_keys()[-1]
    header = {"alg": ALGORITHM, "typ": TYPE, "kid": signing.kid}
    now = system_clock()
    content = {"sha256": digest.hexdigest(), "iat": int(now.timestamp())}
    token = jwt.encode(header, content, signing.key, algorithms=[ALGORITHM])
    public = {**signing.key.as_dict(private=False), "kid": signing.kid}
    yield orjson.dumps({"of": "signature", "at": now.isoformat(), "signature": token, "key": public}).decode()


def _anchors(store: Repositories, trail: TrailReader) -> Iterator[dict[str, Any]]:
    for anchor in sorted(store.states.now(), key=lambda one: one.commune):
        if anchor.offset:
            yield {"of": "log", "commune": anchor.commune, "offset": anchor.offset, "hash": anchor.hash}
    for lane in trail.anchors():
        yield {"of": "trail", "lane": lane.lane, "number": lane.number, "hash": lane.hash}


def read_anchors(text: bytes, keys: KeyFolder) -> tuple[list[dict[str, Any]], bool]:
    """Return the anchors of a file, and whether the key that signed them still belongs to the register.

    Raises AnchorInvalid if the file differs from what was signed.
    """
    lines = text.splitlines(keepends=True)
    try:
        *anchors, last = [orjson.loads(line) for line in lines]
        known = {key.kid: key.key for key in keys.signing_keys()}
        key = known.get(last["key"]["kid"])
        signed = jwt.decode(last["signature"], key or ECKey.import_key(last["key"]), algorithms=[ALGORITHM])
    except (ValueError, KeyError, TypeError, JoseError) as error:
        raise AnchorInvalid("this is no file that --anchors wrote, or its signature is not good") from error
    if len(text) > _LONGEST_FILE or signed.header.get("typ") != TYPE:
        raise AnchorInvalid("this is no file that --anchors wrote")
    if signed.claims.get("sha256") != hashlib.sha256(b"".join(lines[:-1])).hexdigest():
        raise AnchorInvalid("the anchors are not those that were signed")
    return anchors, key is not None


def held_against(store: Repositories, trail: TrailReader, anchors: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield every place where log or trail no longer contain what they did when the anchors were exported."""
    for anchor in anchors:
        if anchor["of"] == "log":
            found = store.log.hash_at(anchor["commune"], anchor["offset"])
            if found is None:
                yield f"commune {anchor['commune']}, offset {anchor['offset']}: missing; it was there before"
            elif found != anchor["hash"]:
                yield f"commune {anchor['commune']}, offset {anchor['offset']}: another one than before"
    lanes = [
        TrailAnchor(anchor["lane"], anchor["number"], anchor["hash"]) for anchor in anchors if anchor["of"] == "trail"
    ]
    for fault in trail.held_against(lanes):
        yield f"trail, lane {fault.lane}, batch {fault.number}: {fault.reason}"
