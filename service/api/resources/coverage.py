"""Coverage and baselines: how much of each unit is registered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from flask import Response
from flask.views import MethodView
from shapely.geometry.base import BaseGeometry

from schemas.derive.workbook import Sheet
from service.access.gate import needs
from service.api.http.blueprint import Blueprint, reference
from service.api.http.bodies import json_body
from service.api.http.geojson import geojson_response
from service.api.http.parameters import Query, day, tolerance_in_metres, unit_code, unit_level
from service.api.http.responses import json_response
from service.api.http.services import actor, language, services
from service.api.http.tables import csv_response, workbook_response
from service.formats.geojson import GEOJSON, feature
from service.formats.tables import WORKBOOK

blueprint = Blueprint("coverage", __name__, url_prefix="/v1", description="Coverage and baselines")


MAP_TOLERANCE_M = 200
"""Not visible on a map of the province that fits a screen; 130 communes are then some 150 kB."""


class CoverageQuery(Query):
    """Which coverage to report."""

    level = unit_level(load_default="commune")
    geography = day(metadata={"description": "The units in force on this day; without it, today's."})
    as_of = day(metadata={"description": "As it stood at the end of this day in Vietnam; without it, now."})


class CoverageMapQuery(CoverageQuery):
    """Which coverage to report as a map, and how exact its boundaries are."""

    tolerance = tolerance_in_metres(MAP_TOLERANCE_M)


class TrendQuery(Query):
    """Which unit's coverage to follow, from which day to which."""

    unit = unit_code(required=True)
    from_ = day(data_key="from")
    to = day()


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
        return json_response(_report(arguments))


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
        return csv_response(f"{_name(report)}.csv", [_columns(report), *_lines(report)])


@blueprint.route("/coverage.xlsx")
class CoverageWorkbook(MethodView):
    """Coverage by unit as a workbook."""

    @needs("coverage.read")
    @blueprint.query(CoverageQuery)
    @blueprint.response(200, {"type": "string", "format": "binary"}, content_type=WORKBOOK)
    @blueprint.problems(422)
    @blueprint.doc(operationId="coverage_xlsx", summary="Coverage by unit as a workbook")
    def get(self, arguments: dict[str, Any]) -> Response:
        """The same table with headings in the reader's language."""
        report = _report(arguments)
        messages = services().messages
        headings = [messages.text(f"table.{column}", language()) for column in _columns(report)]
        title = messages.text("table.coverage", language())
        return workbook_response(f"{_name(report)}.xlsx", Sheet(title, headings, [*_lines(report)], numbers=True))


@blueprint.route("/coverage.geojson")
class CoverageMap(MethodView):
    """Coverage by unit as a map."""

    @needs("coverage.read")
    @blueprint.query(CoverageMapQuery)
    @blueprint.response(200, reference("CoverageMap"), content_type=GEOJSON)
    @blueprint.problems(422)
    @blueprint.doc(operationId="coverage_geojson", summary="Coverage by unit as GeoJSON")
    def get(self, arguments: dict[str, Any]) -> Response:
        """The rows of the JSON, each a Feature with the boundary of its unit, simplified to ``tolerance`` metres.

        Without a boundary the geometry is null: none is loaded, or the unit of before a merger is not made up of whole
        communes of today.
        """
        report = _report(arguments)
        directory, geography = services().units.directory(), date.fromisoformat(report["geography"])
        units = {unit.code: unit for unit in directory.of_level(report["level"], geography)}

        def drawn(code: str | None) -> BaseGeometry | None:
            unit = None if code is None else units.get(code)
            return None if unit is None else services().unit_borders.border(unit, arguments["tolerance"])

        features = [feature(row["unit"], drawn(row["unit"]), row) for row in report.pop("rows")]
        return geojson_response({"type": "FeatureCollection", **report, "features": features})


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
        return json_response(trend)


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
        return json_response(services().baselines.put(code, json_body(), actor=actor("baselines.write")))

    @needs("coverage.read")
    @blueprint.response(200, reference("BaselineList"))
    @blueprint.problems(404)
    @blueprint.doc(operationId="get_baselines", summary="The baselines of a unit")
    def get(self, code: str) -> Response:
        """All of them, latest first."""
        return json_response({"baselines": services().baselines.of(code)})


def _name(report: dict[str, Any]) -> str:
    return f"coverage-{report['level']}-{report['as_of']}"


def _columns(report: dict[str, Any]) -> list[str]:
    total = {"units", "units_with_baseline"}
    return [name for name in report["total"] if name not in total]


def _lines(report: dict[str, Any]) -> Iterator[list[Any]]:
    """The rows in the order of the columns, and the total."""
    columns = _columns(report)
    for row in report["rows"]:
        yield [row[column] for column in columns]
    yield [{**report["total"], "unit": "total"}[column] for column in columns]
