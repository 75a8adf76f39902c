"""The audit trail, for the auditor: who read or changed whose record, as JSON lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
from flask import Response
from flask.views import MethodView
from marshmallow import fields, validate

from service.access.gate import needs
from service.access.trail import TrailEntry
from service.api.http.blueprint import LINES, Blueprint
from service.api.http.guard import guard
from service.api.http.parameters import Query
from service.api.http.resource import Resource, written
from service.api.http.values import Moment, WholeNumber
from service.principal import current_principal

blueprint = Blueprint("trail", __name__, url_prefix="/v1/trail", description="Who saw whose record")


def _word(description: str) -> fields.String:
    return fields.String(validate=validate.Length(1, 200, error="1…200"), metadata={"description": description})


class TrailQuery(Query):
    """Which part of the trail is requested."""

    from_ = Moment(data_key="from")
    to = Moment()
    household = _word("A household's id.")
    account = _word("An account's id or name.")
    address = _word("The address that the requests came from.")
    token = _word("The id of a token or of a session.")


class TrailEntrySchema(Resource):
    """An audit entry: who read or changed whose record, when and from where. One line of an export."""

    at = Moment(required=True)
    action = fields.String(required=True)
    account = fields.String(required=True)
    name = fields.String(required=True)
    role = fields.String(required=True, allow_none=True)
    address = fields.String(required=True)
    token = fields.String(required=True, allow_none=True)
    session = fields.String(required=True, allow_none=True)
    request = fields.String(required=True, allow_none=True)
    path = fields.String(required=True)
    status = WholeNumber(required=True)
    households = fields.List(fields.String(), required=True)
    about = fields.String(required=True, allow_none=True)


@blueprint.route("")
class TrailLines(MethodView):
    """The trail, one entry a line."""

    @needs("trail.read")
    @blueprint.query(TrailQuery)
    @blueprint.file(LINES, "One TrailEntry a line.")
    @blueprint.problems(401, 403, 422)
    @blueprint.doc(operationId="trail", summary="Who saw or changed whose record")
    def get(self, arguments: dict[str, Any]) -> Response:
        """In order of time; for the monitoring centre, and for the report of a breach within 72 hours.

        An auditor reads what accounts of the own area did, and what anybody did with its households; of entries that
        name other households too, these are left out. Failed sign-ins under unknown names belong to no area.
        """
        found = guard().area_trail.entries(
            current_principal(),
            since=arguments.get("from_"),
            until=arguments.get("to"),
            household=arguments.get("household"),
            account=arguments.get("account"),
            address=arguments.get("address"),
            token=arguments.get("token"),
        )
        response = Response(_lines(found), mimetype=LINES)
        response.headers["Cache-Control"] = "no-store"
        return response


def _lines(entries: Iterator[TrailEntry]) -> Iterator[bytes]:
    for entry in entries:
        yield orjson.dumps(written(TrailEntrySchema, entry), option=orjson.OPT_UTC_Z) + b"\n"
