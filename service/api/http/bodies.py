"""Request bodies: size, content type and JSON text, then the schema."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from flask import Flask, Response, request
from gunicorn.http.errors import ParseException  # type: ignore[import-untyped]
from werkzeug.exceptions import RequestEntityTooLarge

from schemas.json_text import parse_json
from service.api.http.resource import Body, parsed
from service.api.http.services import services
from service.errors import (
    ContentEncodingUnsupported,
    ContentTypeUnsupported,
    PhotoTooLarge,
)
from service.people.jpeg import JPEG

JSON_TYPES = frozenset({"application/json"})
PATCH_TYPES = frozenset({"application/json", "application/merge-patch+json"})


UNREAD_BYTES = 20_000_000
UNREAD_SECONDS = 10.0
"""How much of a refused body is read, and for how long, so that its connection can be used again."""


def json_body(*, types: frozenset[str] = JSON_TYPES) -> object:
    """The request's JSON.

    Raises ContentTypeUnsupported, ContentEncodingUnsupported, JsonInvalid and werkzeug's RequestEntityTooLarge.
    """
    if request.mimetype not in types:
        raise ContentTypeUnsupported(sent=request.mimetype[:100] or "-", wanted=", ".join(sorted(types)))
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity"):
        raise ContentEncodingUnsupported(sent=encoding[:100])
    return parse_json(_whole_body(services().settings.record_bytes))


def _whole_body(most_bytes: int) -> bytes:
    """The body. Raises RequestEntityTooLarge, also for one that comes in chunks without a Content-Length."""
    chunked = request.content_length is None
    # werkzeug cuts such a body off at the limit without an error; one byte more shows that there was more.
    request.max_content_length = most_bytes + 1 if chunked else most_bytes
    body = request.get_data(cache=False)
    request.max_content_length = most_bytes
    if len(body) > most_bytes:
        raise RequestEntityTooLarge
    return body


def read_out_refused_bodies(app: Flask) -> None:
    """Read the body of a request that was refused unread before the response is sent.

    gunicorn closes a connection with an unread body, although it has announced keep-alive; a client that sends its
    next request on it gets no response.
    """

    @app.after_request
    def read_out(response: Response) -> Response:
        terminated = request.environ.get("wsgi.input_terminated", False)
        has_body = request.content_length or "Transfer-Encoding" in request.headers
        if response.status_code >= 400 and terminated and has_body:
            waiting, left, end = request.environ["wsgi.input"], UNREAD_BYTES, time.monotonic() + UNREAD_SECONDS
            with suppress(OSError, ParseException):  # the client has gone, or its chunks are broken
                while left > 0 and time.monotonic() < end and (part := waiting.read(8192)):
                    left -= len(part)
        return response


def parsed_body(kind: type[Body], *, optional: bool = False, otherwise: Mapping[str, Any] | None = None) -> Any:
    """The request's JSON object as the schema ``kind`` loads it; with ``optional``, no body is an empty object.

    ``otherwise`` has items for a body that lacks them. Raises what ``json_body`` raises, the error of the item that is
    refused, and SeveralRefused for several items.
    """
    absent = optional and not request.mimetype and not request.content_length
    body = {} if absent else json_body()
    return parsed(kind, {**(otherwise or {}), **body} if isinstance(body, dict) else body)


def photo_body() -> bytes:
    """The request's JPEG, not yet looked at. Raises ContentTypeUnsupported, PhotoTooLarge."""
    if request.mimetype != JPEG:
        raise ContentTypeUnsupported(sent=request.mimetype[:100] or "-", wanted=JPEG)
    most = services().settings.photo_bytes
    try:
        return _whole_body(most)
    except RequestEntityTooLarge:
        raise PhotoTooLarge(limit=most) from None


def read_past_the_body() -> None:
    """Read the rest of a body that is too large: many clients read no response before they have sent everything."""
    left, until = services().settings.body_bytes, time.monotonic() + UNREAD_SECONDS
    with suppress(OSError, ValueError, EOFError):
        while left > 0 and time.monotonic() < until:
            part = len(request.environ["wsgi.input"].read(min(left, 65_536)))
            if part == 0:
                return
            left -= part
