"""GeoJSON (RFC 7946): features, and the answer that carries them, compressed for phones in the hills."""

from __future__ import annotations

import gzip
import hashlib
from typing import Any

import orjson
from flask import Response, request

from service.formats.geojson import GEOJSON

KEEP_AN_HOUR = "private, max-age=3600"
"""For public facts behind the sign-in: a browser keeps them, a proxy does not."""

_GEOMETRY = {"anyOf": [{"$ref": "#/components/schemas/Boundary"}, {"type": "null"}]}


def geojson_response(value: dict[str, Any], cache: str = "no-store") -> Response:
    """A GeoJSON answer; one that may be kept has an ETag, and whoever has it already is answered 304."""
    body = orjson.dumps(value)
    tag = hashlib.sha256(body).hexdigest()[:32]
    packed = bool(request.accept_encodings["gzip"] > 0)
    answer = Response(gzip.compress(body, 6, mtime=0) if packed else body, mimetype=GEOJSON)
    if packed:
        answer.headers["Content-Encoding"] = "gzip"
    answer.headers["Vary"] = "Accept-Encoding"
    answer.headers["Cache-Control"] = cache
    if cache != "no-store":
        # A compressed body is another representation, so it has a tag of its own (RFC 9110, 8.8.3.3).
        answer.set_etag(f"{tag}-gzip" if packed else tag)
        answer.make_conditional(request)
    return answer


def feature_component(properties: dict[str, Any]) -> dict[str, Any]:
    """The schema of a Feature with these properties, for openapi.yaml."""
    described = {"type": "object", "properties": properties, "required": list(properties)}
    return {
        "type": "object",
        "properties": {
            "type": {"enum": ["Feature"]},
            "id": {"type": "string"},
            "geometry": _GEOMETRY,
            "properties": described,
        },
        "required": ["type", "geometry", "properties"],
    }
