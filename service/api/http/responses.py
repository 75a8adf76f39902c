"""Making responses: JSON by orjson, a household with its revision as ETag."""

from __future__ import annotations

import orjson
from flask import Response, request

from service.api.http.reader import reader
from service.api.http.resource import Resource, written
from service.households.changes import Record
from service.households.ports import Written

_JSON = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC


def json_response(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON response. Caches on the way store nothing of the register."""
    response = Response(orjson.dumps(value, option=_JSON), status, mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Vary"] = "Accept-Language"
    response.headers.update(headers or {})
    return response


def resource_response(
    kind: type[Resource], value: object, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """A resource as JSON, written by its schema ``kind``."""
    return json_response(written(kind, value), status, headers)


def record_response(record: Record, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A household from the Reader, with its revision as ETag."""
    return json_response(record, status, {"ETag": entity_tag(record), **(headers or {})})


def written_response(written: Written) -> Response:
    """201 with the address for a new household, 200 for a changed or an unchanged one."""
    record = reader().released(written.record)
    if not written.created:
        return record_response(record)
    return record_response(record, 201, {"Location": f"/v1/households/{record['id']}"})


def entity_tag(record: Record) -> str:
    """The revision as a strong entity tag (RFC 9110)."""
    return f'"{record["revision"]}"'


def wants(mimetype: str) -> bool:
    """Whether the request prefers ``mimetype`` to JSON."""
    best = request.accept_mimetypes.best_match(["application/json", mimetype], default="application/json")
    return best == mimetype
