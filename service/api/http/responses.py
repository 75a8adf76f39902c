"""Making responses: JSON by orjson, a household with its revision as ETag."""

from __future__ import annotations

import hashlib

import orjson
from flask import Response, request

from service.api.http.reader import reader
from service.api.http.resource import Resource, written
from service.api.http.services import LANGUAGES, language
from service.households.ports import Written
from service.households.released import Released

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


def record_response(found: Released, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A household from the Reader, with its revision as ETag."""
    return json_response(found.record, status, {"ETag": entity_tag(found), **(headers or {})})


def validated(response: Response, cache: str = "private, no-cache") -> Response:
    """The response with a tag of its bytes, or 304 for a client that has them: for what is the same for every reader.

    A browser stores it and asks each time whether it is still the same, unless ``cache`` says for how long it is.
    """
    response.headers["Cache-Control"] = cache
    response.set_etag(hashlib.sha256(response.get_data()).hexdigest()[:32])
    return conditional(response)


def conditional(response: Response) -> Response:
    """The response, or 304 for a client whose If-None-Match has its entity tag.

    If-Match is about writes and is ignored: werkzeug would give the status 412 to a response that has the whole body.
    """
    response.make_conditional({name: value for name, value in request.environ.items() if name != "HTTP_IF_MATCH"})
    return response


def unless_known(response: Response) -> Response:
    """The response, or 304 for a client whose If-None-Match has its strong entity tag.

    A weak tag says no more than that the revision is the same, so it never leads to 304.
    """
    tag, strong = response.get_etag()[0], not response.get_etag()[1]
    if tag is not None and strong and request.if_none_match.contains(tag):
        return conditional(response)
    return response


def written_response(written: Written) -> Response:
    """201 with the address for a new household, 200 for a changed or an unchanged one."""
    found = reader().release_written(written)
    if not written.created:
        return record_response(found)
    return record_response(found, 201, {"Location": f"/v1/households/{found.record['id']}"})


def entity_tag(found: Released) -> str:
    """The revision as an entity tag (RFC 9110).

    It is strong where the response is the whole record, with texts of findings in the register's first language: these
    bytes alone belong to the revision. What a mask or a restriction leaves out, the codes of a newer list of units and
    another language change without a revision, so there the tag is weak.
    """
    record = found.record
    strong = found.whole and (language() == LANGUAGES[0] or not record.get("findings"))
    return f'"{record["revision"]}"' if strong else f'W/"{record["revision"]}"'


def wants(mimetype: str) -> bool:
    """Whether the request prefers ``mimetype`` to JSON."""
    best = request.accept_mimetypes.best_match(["application/json", mimetype], default="application/json")
    return best == mimetype
