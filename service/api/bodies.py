"""Reading request bodies: size, content type and JSON text, before any schema."""

from __future__ import annotations

from typing import Any

from flask import request

from schemas.json_text import parse_json
from service.api.services import services
from service.errors import BodyNotAnObject, ContentTypeUnsupported

JSON_TYPES = frozenset({"application/json"})
PATCH_TYPES = frozenset({"application/json", "application/merge-patch+json"})


def json_body(*, types: frozenset[str] = JSON_TYPES, most_bytes: int | None = None) -> object:
    """The request's JSON. Raises ContentTypeUnsupported (415), JsonInvalid (400) and werkzeug's RequestEntityTooLarge (413)."""
    if request.mimetype not in types:
        raise ContentTypeUnsupported(given=request.mimetype[:100] or "-", wanted=", ".join(sorted(types)))
    request.max_content_length = services().settings.record_bytes if most_bytes is None else most_bytes
    return parse_json(request.get_data(cache=False))


def json_object(*, types: frozenset[str] = JSON_TYPES) -> dict[str, Any]:
    """As ``json_body``, for requests whose body must be an object. Raises BodyNotAnObject."""
    body = json_body(types=types)
    if not isinstance(body, dict):
        raise BodyNotAnObject(pointer="")
    return body


def optional_json_object() -> dict[str, Any]:
    """As ``json_object``; a request without a body is an empty object."""
    if not request.mimetype and not request.content_length:
        return {}
    return json_object()
