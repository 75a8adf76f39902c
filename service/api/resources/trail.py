"""The trail of access, for the auditor: who read or changed whose record, as JSON lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
from flask import Response
from flask.views import MethodView
from marshmallow import fields, validate

from service.access.gate import needs
from service.access.trail import TrailEntry, in_json
from service.api.http.blueprint import Blueprint
from service.api.http.guard import guard
from service.api.http.parameters import Query

blueprint = Blueprint("trail", __name__, url_prefix="/v1/trail", description="Who saw whose record")


def _moment(**options: Any) -> fields.AwareDateTime:
    errors = dict.fromkeys(("invalid", "invalid_awareness", "format"), "2026-11-23T00:00:00Z")
    return fields.AwareDateTime(format="iso", error_messages={**errors}, **options)


def _word(description: str) -> fields.String:
    return fields.String(validate=validate.Length(1, 200, error="1…200"), metadata={"description": description})


class TrailQuery(Query):
    """Which part of the trail is asked for."""

    from_ = _moment(data_key="from")
    to = _moment()
    household = _word("A household's id.")
    account = _word("An account's id or name.")
    address = _word("The address that the requests came from.")
    token = _word("The id of a token or of a session.")


@blueprint.route("")
class TrailLines(MethodView):
    """The trail, one entry a line."""

    @needs("trail.read")
    @blueprint.query(TrailQuery)
    @blueprint.response(200, {"type": "string"}, content_type="application/x-ndjson")
    @blueprint.problems(401, 403, 422)
    @blueprint.doc(operationId="trail", summary="Who saw or changed whose record")
    def get(self, arguments: dict[str, Any]) -> Response:
        """In order of time; for the monitoring centre, and for the report of a breach within 72 hours."""
        household = arguments.get("household")
        found = guard().trail.entries(
            since=arguments.get("from_"),
            until=arguments.get("to"),
            households=None if household is None else [household],
            account=arguments.get("account"),
            address=arguments.get("address"),
            token=arguments.get("token"),
        )
        answer = Response(_lines(found), mimetype="application/x-ndjson")
        answer.headers["Cache-Control"] = "no-store"
        return answer


def _lines(entries: Iterator[TrailEntry]) -> Iterator[bytes]:
    for entry in entries:
        yield orjson.dumps(in_json(entry), option=orjson.OPT_UTC_Z) + b"\n"
