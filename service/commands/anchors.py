"""Anchors: where log and trail stand today, signed, to be kept elsewhere; and whether they still hold what they held.

A chain shows that nothing in it was changed or taken out, but not that its end was cut off and its head rewritten, nor
that somebody who holds the database has made it anew. A copy of its heads that lies in another place does.
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
from service.access.trail import TrailHead
from service.clock import Clock, system_clock
from service.storage.store import MongoStore
from service.storage.trail import Trail

TYPE = "heads+jwt"
_LONGEST_FILE = 100_000_000


class AnchorInvalid(Exception):
    """The file is none that --heads wrote, or was changed since."""


def anchor_lines(store: MongoStore, trail: Trail, keys: KeyFolder, clock: Clock = system_clock) -> Iterator[str]:
    """The head of each commune's log and of each lane of the trail, one a line, and a signature over them."""
    digest = hashlib.sha256()
    for head in _heads(store, trail):
        line = orjson.dumps(head).decode()
        digest.update(line.encode() + b"\n")
        yield line
    signing = keys.signing_keys()[-1]
    header = {"alg": ALGORITHM, "typ": TYPE, "kid": signing.kid}
    content = {"sha256": digest.hexdigest(), "iat": int(clock().timestamp())}
    token = jwt.encode(header, content, signing.key, algorithms=[ALGORITHM])
    public = {**signing.key.as_dict(private=False), "kid": signing.kid}
    yield orjson.dumps({"of": "signature", "at": clock().isoformat(), "signature": token, "key": public}).decode()


def _heads(store: MongoStore, trail: Trail) -> Iterator[dict[str, Any]]:
    for head in sorted(store.heads(), key=lambda one: one.commune):
        if head.offset:
            yield {"of": "log", "commune": head.commune, "offset": head.offset, "hash": head.hash}
    for lane in trail.heads():
        yield {"of": "trail", "lane": lane.lane, "number": lane.number, "hash": lane.hash}


def read_anchors(text: bytes, keys: KeyFolder) -> tuple[list[dict[str, Any]], bool]:
    """The heads of a file, and whether the key that signed them is one of the register's own still.

    Raises AnchorInvalid for anything that is not as it was signed.
    """
    lines = text.splitlines(keepends=True)
    try:
        *heads, last = [orjson.loads(line) for line in lines]
        known = {key.kid: key.key for key in keys.signing_keys()}
        key = known.get(last["key"]["kid"])
        signed = jwt.decode(last["signature"], key or ECKey.import_key(last["key"]), algorithms=[ALGORITHM])
    except (ValueError, KeyError, TypeError, JoseError) as error:
        raise AnchorInvalid("this is no file that --heads wrote, or its signature is not good") from error
    if len(text) > _LONGEST_FILE or signed.header.get("typ") != TYPE:
        raise AnchorInvalid("this is no file that --heads wrote")
    if signed.claims.get("sha256") != hashlib.sha256(b"".join(lines[:-1])).hexdigest():
        raise AnchorInvalid("the heads are not those that were signed")
    return heads, key is not None


def held_against(store: MongoStore, trail: Trail, heads: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Every place where log or trail no longer hold what they held when the heads were written down."""
    for head in heads:
        if head["of"] == "log":
            found = store.hash_at(head["commune"], head["offset"])
            if found is None:
                yield f"commune {head['commune']}, offset {head['offset']}: missing; it was there before"
            elif found != head["hash"]:
                yield f"commune {head['commune']}, offset {head['offset']}: another one than before"
    lanes = [TrailHead(head["lane"], head["number"], head["hash"]) for head in heads if head["of"] == "trail"]
    for fault in trail.held_against(lanes):
        yield f"trail, lane {fault.lane}, batch {fault.number}: {fault.reason}"
