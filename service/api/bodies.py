"""Reading request bodies: size, content type and JSON text, before any schema."""

from __future__ import annotations

from typing import Any

from flask import request

from schemas.errors import pointer
from schemas.json_text import parse_json
from service.api.services import services
from service.errors import BodyNotAnObject, BodyUnknownItem, ContentTypeUnsupported

JSON_TYPES = frozenset({"application/json"})
PATCH_TYPES = frozenset({"application/json", "application/merge-patch+json"})


def json_body(*, types: frozenset[str] = JSON_TYPES, most_bytes: int | None = None) -> object:
    """The request's JSON. Raises ContentTypeUnsupported, JsonInvalid and werkzeug's RequestEntityTooLarge."""
    if request.mimetype not in types:
        raise ContentTypeUnsupported(given=request.mimetype[:100] or "-", wanted=", ".join(sorted(types)))
    request.max_content_length = services().settings.record_bytes if most_bytes is None else most_bytes
    return parse_json(request.get_data(cache=False))


def json_object(*, items: frozenset[str] | None = None) -> dict[str, Any]:
    """As ``json_body``, for a body that is an object, of just these items. Raises BodyNotAnObject, BodyUnknownItem."""
    body = json_body()
    if not isinstance(body, dict):
        raise BodyNotAnObject(pointer="")
    for name in body:
        if items is not None and name not in items:
            raise BodyUnknownItem(pointer=pointer((name,)), name=name[:60])
    return body


def optional_json_object(*, items: frozenset[str]) -> dict[str, Any]:
    """As ``json_object``; a request without a body is an empty object."""
    if not request.mimetype and not request.content_length:
        return {}
    return json_object(items=items)
