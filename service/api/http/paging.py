"""Keyset paging: opaque cursors and the Link header."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import orjson
from flask import request
from marshmallow import fields

from service.api.http.resource import Resource
from service.errors import CursorInvalid

LONGEST_CURSOR = 20_000


class PageSchema(Resource):
    """A page of a list; each kind of list adds its rows."""

    cursor = fields.String(required=True, allow_none=True, metadata={"description": "Null on the last page."})


def encode_cursor(value: object) -> str:
    """An opaque, URL-safe form of a position."""
    return base64.urlsafe_b64encode(orjson.dumps(value, option=orjson.OPT_UTC_Z)).rstrip(b"=").decode()


def decode_cursor(text: str, pointer: str = "/cursor") -> Any:
    """The position that a cursor stands for. Raises CursorInvalid for one that this register did not make.

    ``pointer`` names the query parameter that the cursor was given in.
    """
    if len(text) > LONGEST_CURSOR:
        raise CursorInvalid(pointer=pointer)
    try:
        return orjson.loads(base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)))
    except (ValueError, binascii.Error):
        raise CursorInvalid(pointer=pointer) from None


def decode_position(cursor: str, *kinds: type) -> list[Any]:
    """The parts, each of its kind, of the position that a list's cursor stands for. Raises CursorInvalid."""
    position = decode_cursor(cursor)
    if not isinstance(position, list) or [type(part) for part in position] != list(kinds):
        raise CursorInvalid(pointer="/cursor")
    return position


def next_link(cursor: str | None) -> Mapping[str, str]:
    """The Link header to the next page (RFC 8288); empty on the last."""
    if cursor is None:
        return {}
    arguments = [(name, value) for name, value in request.args.items(multi=True) if name != "cursor"]
    return {"Link": f'<{request.path}?{urlencode([*arguments, ("cursor", cursor)])}>; rel="next"'}
