"""Baselines: how many farm households there are to register in a unit."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView
from marshmallow import fields, validate

from service.access.gate import needs
from service.api.http.blueprint import Blueprint
from service.api.http.bodies import parsed_body
from service.api.http.paging import ListSchema
from service.api.http.parameters import Query
from service.api.http.resource import Body, FreeText, refusal, without_zero_bytes
from service.api.http.responses import resource_response
from service.api.http.services import actor, services
from service.api.http.values import Day, WholeNumber
from service.errors import BaselineInvalid
from service.reports.baselines import LONGEST_SOURCE, MOST_HOUSEHOLDS
from service.reports.ports import Baseline

blueprint = Blueprint("baselines", __name__, url_prefix="/v1/baselines", description="Baselines")


class BaselineSchema(Body):
    """A baseline of a unit. Its code is in the address."""

    refused_with = BaselineInvalid

    unit = fields.String(dump_only=True)
    name = fields.String(dump_only=True)
    kind = fields.String(dump_only=True)
    households = WholeNumber(
        required=True, validate=validate.Range(0, MOST_HOUSEHOLDS), metadata=refusal(reason="households")
    )
    source = FreeText(
        required=True,
        validate=[validate.Length(1, LONGEST_SOURCE), without_zero_bytes],
        metadata=refusal(reason="source"),
    )
    date = Day(required=True, metadata=refusal(reason="date"))


class BaselineListSchema(ListSchema):
    """The baselines of one code."""

    items = fields.List(fields.Nested(BaselineSchema), required=True)


class BaselineDayQuery(Query):
    """Which of a code's baselines."""

    date = Day(required=True, metadata={"description": "The date that the baseline was set for."})


@blueprint.route("/<code>")
class OneBaseline(MethodView):
    """How many farm households there are to register in a commune."""

    @needs("baselines.write")
    @blueprint.body(BaselineSchema)
    @blueprint.response(200, BaselineSchema)
    @blueprint.problems(400, 413, 415, 422)
    @blueprint.doc(operationId="put_baseline", summary="Set a baseline")
    def put(self, code: str) -> Response:
        """The code is read as of the baseline's date; one of the same date is replaced.

        The date is at most ten years back, and not after today in Vietnam.
        """
        baseline = Baseline(code, **parsed_body(BaselineSchema))
        return resource_response(BaselineSchema, services().baselines.put(baseline, actor=actor("baselines.write")))

    @needs("coverage.read")
    @blueprint.response(200, BaselineListSchema)
    @blueprint.problems(403, 404)
    @blueprint.doc(operationId="get_baselines", summary="The baselines of a unit")
    def get(self, code: str) -> Response:
        """All of them, latest first; only of a unit that lies wholly in the account's area."""
        found = services().baselines.of(code, actor=actor("coverage.read"))
        return resource_response(BaselineListSchema, {"items": found})

    @needs("baselines.write")
    @blueprint.query(BaselineDayQuery)
    @blueprint.response(204)
    @blueprint.problems(403, 404, 422)
    @blueprint.doc(operationId="delete_baseline", summary="Take a baseline back")
    def delete(self, arguments: dict[str, Any], code: str) -> Response:
        """The baseline of that date is removed; coverage then uses the one before it. The audit trail notes it."""
        services().baselines.take_back(code, arguments["date"], actor=actor("baselines.write"))
        return Response(status=204)
