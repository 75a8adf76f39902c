"""Compressing responses, with the entity tags of what is compressed here or by a proxy."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterable, Iterator
from typing import Final

from flask import Flask, Response, g, request

LEAST_BYTES: Final = 1024
"""Below, compressing costs more than it saves."""
_LEVEL: Final = 1
"""A fifth of the size remains; level 6 takes three times as long for a sixth."""
_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS
"""Makes zlib write the header and the end of a gzip file."""
_CODING: Final = "gzip"
_TEXTS: Final = frozenset({"application/json", "application/javascript", "application/yaml", "image/svg+xml"})
_TAG_HEADERS: Final = ("If-Match", "If-None-Match")
_CODING_IN_TAG: Final = re.compile(r'[-:;+](?:x-)?(?:gzip|zstd|br|deflate)(?=")', re.IGNORECASE)
"""What a server or a proxy adds to the tag of what it compressed: Caddy "3-gzip" and "3-zstd", Apache "3-gzip" and
"3;gzip", Flask-Compress "3:br"."""


def compress_responses(app: Flask) -> None:
    """Compress whatever is longer than a kilobyte for clients that accept it, and know the tags of it again.

    Called before anything else that looks at requests or responses: the first to be registered sees a request first
    and a response last.
    """
    app.before_request(_read_tags)
    app.after_request(_compressed)


def _read_tags() -> None:
    """Read entity tags without the coding that was added to them: for the register they are the same."""
    g.sent_tags = request.headers.get("If-None-Match", "")
    for header in _TAG_HEADERS:
        if (sent := request.headers.get(header)) is not None:
            request.environ[f"HTTP_{header.upper().replace('-', '_')}"] = _CODING_IN_TAG.sub("", sent)


def _compressed(response: Response) -> Response:
    if not _is_text(response):
        return response
    response.vary.add("Accept-Encoding")
    if response.status_code == 304:
        _name_coding(response, f'{response.headers.get("ETag", "").rstrip(chr(34))}-{_CODING}"' in g.sent_tags)
        return response
    if "Content-Encoding" not in response.headers and request.accept_encodings[_CODING] > 0:
        _compress(response)
    _name_coding(response, response.headers.get("Content-Encoding") == _CODING)
    return response


def _is_text(response: Response) -> bool:
    kind = response.mimetype or ""
    return response.status_code == 304 or kind.startswith("text/") or kind.endswith("+json") or kind in _TEXTS


def _compress(response: Response) -> None:
    if response.is_streamed:
        response.response = _packed(response.response)
        response.headers.pop("Content-Length", None)
    elif len(body := response.get_data()) >= LEAST_BYTES:
        response.set_data(gzip.compress(body, _LEVEL, mtime=0))
    else:
        return
    response.headers["Content-Encoding"] = _CODING


def _packed(parts: Iterable[str | bytes]) -> Iterator[bytes]:
    """The parts compressed, passed on as soon as enough has gathered: a line alone would compress badly."""
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
    try:
        for part in parts:
            if packed := compressor.compress(part.encode() if isinstance(part, str) else part):
                yield packed
        yield compressor.flush()
    finally:
        if (close := getattr(parts, "close", None)) is not None:
            close()


def _name_coding(response: Response, is_coded: bool) -> None:
    """Give a compressed body a strong tag of its own, since it is another representation (RFC 9110, 8.8.3.3).

    The tag of a response to a write names the record, not the bytes of this response, so it stays.
    """
    tag, weak = response.get_etag()
    if is_coded and tag is not None and not weak and request.method in ("GET", "HEAD"):
        response.set_etag(f"{tag}-{_CODING}")
