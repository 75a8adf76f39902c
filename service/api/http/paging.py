"""Responses that list something: their ``items``, and keyset paging by opaque cursors and the Link header.

Every list has one form, so that a client reads all of them with the same few lines. ``PageQuery`` and a ``PageSchema``
document a list that comes in pages, ``position`` reads where a page starts and ``page_response`` returns it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Response, request
from marshmallow import fields

from service.api.http.resource import Resource
from service.api.http.responses import resource_response
from service.errors import CursorInvalid

LONGEST_CURSOR = 20_000
_NO_FILTERS = ("cursor", "limit", "count", "crs")


class ListSchema(Resource):
    """A list that fits into one response. Each kind of list says what its ``items`` are."""

    items: fields.List[Any]


class PageSchema(ListSchema):
    """A page of a list that may be longer."""

    cursor = fields.String(required=True, allow_none=True, metadata={"description": "Null on the last page."})


def encode_cursor(value: object) -> str:
    """An opaque, URL-safe form of a position."""
    return base64.urlsafe_b64encode(orjson.dumps(value, option=orjson.OPT_UTC_Z)).rstrip(b"=").decode()


def _decode_cursor(text: str) -> Any:
    if len(text) > LONGEST_CURSOR:
        raise CursorInvalid()
    try:
        return orjson.loads(base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)))
    except (ValueError, binascii.Error):
        raise CursorInvalid() from None


def position(arguments: Mapping[str, Any], *kinds: type) -> tuple[Any, ...] | None:
    """The position after which the page starts, each of its parts of its kind; None for the first page.

    Raises CursorInvalid for a cursor that this register did not make, or made for another list or other filters.
    """
    if "cursor" not in arguments:
        return None
    parts = _decode_cursor(arguments["cursor"])
    if not isinstance(parts, list) or [type(part) for part in parts] != [str, *kinds] or parts[0] != _list_mark():
        raise CursorInvalid()
    return tuple(parts[1:])


def _list_mark() -> str:
    """The address and filters of the requested list, without what changes only how it is shown."""
    filters = sorted(each for each in request.args.items(multi=True) if each[0] not in _NO_FILTERS)
    return hashlib.blake2s(orjson.dumps([request.path, filters]), digest_size=6).hexdigest()


def page_response(
    kind: type[PageSchema], items: Sequence[object], last: Sequence[object] | None, **beside: object
) -> Response:
    """A page: ``last`` is the position of its last item if more follow, ``beside`` what the page has further."""
    cursor = None if last is None else encode_cursor([_list_mark(), *last])
    body = {"items": items, "cursor": cursor, **beside}
    return resource_response(kind, body, headers=next_link(cursor))


def next_link(cursor: str | None, parameter: str = "cursor") -> dict[str, str]:
    """The Link header to the next page (RFC 8288), whose address has the cursor; empty on the last."""
    if cursor is None:
        return {}
    arguments = [(name, value) for name, value in request.args.items(multi=True) if name != parameter]
    return {"Link": f'<{request.path}?{urlencode([*arguments, (parameter, cursor)])}>; rel="next"'}
