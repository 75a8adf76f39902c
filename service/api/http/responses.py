"""Making answers: JSON by orjson, records with their findings' messages, the revision as ETag."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from flask import Response, request

from service.api.http.access import note_households, restricted
from service.api.http.resource import Resource, written
from service.api.http.services import language, services
from service.errors import HouseholdNotFound
from service.households.changes import Record
from service.households.masking import seen
from service.households.ports import Written
from service.principal import current_principal

_JSON = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC


def json_response(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer. Nothing of the register is kept by caches on the way."""
    answer = Response(orjson.dumps(value, option=_JSON), status, mimetype="application/json")
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Vary"] = "Accept-Language"
    answer.headers.update(headers or {})
    return answer


def resource_response(
    kind: type[Resource], value: object, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """A resource as JSON, written by its schema ``kind``."""
    return json_response(written(kind, value), status, headers)


def record_response(record: Record, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A household with its revision as ETag."""
    return json_response(presented(record), status, {"ETag": entity_tag(record), **(headers or {})})


def written_response(written: Written) -> Response:
    """201 with the address for a new household, 200 for a changed or an unchanged one."""
    if not written.created:
        return record_response(written.record)
    return record_response(written.record, 201, {"Location": f"/v1/households/{written.record['id']}"})


def entity_tag(record: Record) -> str:
    """The revision as a strong entity tag (RFC 9110)."""
    return f'"{record["revision"]}"'


def presented(record: Record) -> Record:
    """The record as the reader may see it, each finding with its message in the reader's language.

    Whose record was shown is kept in the trail. Raises HouseholdNotFound for one that is not shared with the reader.
    """
    if record["id"] in restricted():
        raise HouseholdNotFound(id=record["id"])
    note_households([record["id"]])
    record = seen(record, current_principal().sight)
    findings = record.get("findings")
    if not findings:
        return record
    return {**record, "findings": [with_message(finding) for finding in findings]}


def with_message(finding: dict[str, Any]) -> dict[str, Any]:
    """A finding with its text."""
    return {**finding, "message": text_of(finding["code"], finding.get("details", {}))}


def text_of(code: str, details: Mapping[str, Any]) -> str:
    """The words of a code in the reader's language;
    a code of an older version that has no words any more is said as it is."""
    part = services()
    for catalogue in (part.messages, part.item_messages):
        if code in catalogue:
            return catalogue.text(code, language(), **details)
    return code


def wants(mimetype: str) -> bool:
    """Whether the request prefers ``mimetype`` to JSON."""
    best = request.accept_mimetypes.best_match(["application/json", mimetype], default="application/json")
    return best == mimetype
