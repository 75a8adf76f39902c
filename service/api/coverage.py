"""Coverage and baselines: how much of each unit is registered."""

from __future__ import annotations

import csv
import io
from typing import Any

from flask import Response
from flask.views import MethodView

from service.api.answers import json_answer
from service.api.blueprint import Blueprint, reference
from service.api.bodies import json_body
from service.api.queries import CoverageQuery, TrendQuery
from service.api.services import actor, services
from service.security.gate import needs

blueprint = Blueprint("coverage", __name__, url_prefix="/v1", description="Coverage and baselines")


def _report(arguments: dict[str, Any]) -> dict[str, Any]:
    area = actor("coverage.read").area
    return services().coverage.report(arguments["level"], arguments.get("geography"), arguments.get("as_of"), area)


@blueprint.route("/coverage")
class Coverage(MethodView):
    """Coverage by unit."""

    @needs("coverage.read")
    @blueprint.query(CoverageQuery)
    @blueprint.response(200, reference("Coverage"))
    @blueprint.problems(422)
    @blueprint.doc(operationId="coverage", summary="Coverage by unit")
    def get(self, arguments: dict[str, Any]) -> Response:
        """Every unit in force on ``geography`` has a row, those with nothing registered too."""
        return json_answer(_report(arguments))


@blueprint.route("/coverage.csv")
class CoverageTable(MethodView):
    """Coverage by unit as a table."""

    @needs("coverage.read")
    @blueprint.query(CoverageQuery)
    @blueprint.response(200, {"type": "string"}, content_type="text/csv")
    @blueprint.problems(422)
    @blueprint.doc(operationId="coverage_csv", summary="Coverage by unit as CSV")
    def get(self, arguments: dict[str, Any]) -> Response:
        """The rows of the JSON, one a line, and the total last; UTF-8 with the mark that spreadsheets look for."""
        report = _report(arguments)
        name = f"coverage-{report['level']}-{report['as_of']}.csv"
        answer = Response("\ufeff" + _csv(report), mimetype="text/csv")
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        answer.headers["Cache-Control"] = "no-store"
        return answer


@blueprint.route("/coverage/trend")
class Trend(MethodView):
    """Coverage day by day."""

    @needs("coverage.read")
    @blueprint.query(TrendQuery)
    @blueprint.response(200, reference("Trend"))
    @blueprint.problems(404, 422)
    @blueprint.doc(operationId="coverage_trend", summary="Coverage of a unit day by day")
    def get(self, arguments: dict[str, Any]) -> Response:
        """The last 30 days unless ``from`` and ``to`` say otherwise."""
        area = actor("coverage.read").area
        trend = services().coverage.trend(arguments["unit"], arguments.get("from_"), arguments.get("to"), area)
        return json_answer(trend)


@blueprint.route("/baselines/<code>")
class OneBaseline(MethodView):
    """How many farm households there are to register in a commune."""

    @needs("baselines.write")
    @blueprint.json_body("Baseline")
    @blueprint.response(200, reference("Baseline"))
    @blueprint.problems(400, 413, 415, 422)
    @blueprint.doc(operationId="put_baseline", summary="Set a baseline")
    def put(self, code: str) -> Response:
        """The code is read as of the baseline's date; one of the same date is replaced."""
        return json_answer(services().baselines.put(code, json_body(), actor=actor("baselines.write")))

    @needs("coverage.read")
    @blueprint.response(200, reference("BaselineList"))
    @blueprint.problems(404)
    @blueprint.doc(operationId="get_baselines", summary="The baselines of a unit")
    def get(self, code: str) -> Response:
        """All of them, latest first."""
        return json_answer({"baselines": services().baselines.of(code)})


def _csv(report: dict[str, Any]) -> str:
    table = io.StringIO()
    columns = list(report["rows"][0]) if report["rows"] else list(report["total"])
    writer = csv.DictWriter(table, columns, extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    for row in report["rows"]:
        writer.writerow({name: _cell(value) for name, value in row.items()})
    writer.writerow({name: _cell(value) for name, value in report["total"].items()} | {"unit": "total"})
    return table.getvalue()


def _cell(value: object) -> object:
    """A text that a spreadsheet would run as a formula gets an apostrophe before it (OWASP, CSV injection)."""
    if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"}:
        return "'" + value
    return value
