"""Coverage: how much of each unit is registered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Response
from flask.views import MethodView
from marshmallow import ValidationError, fields, validate, validates_schema
from shapely.geometry.base import BaseGeometry

from service.access.gate import needs
from service.api.http.blueprint import Blueprint
from service.api.http.geojson import FeatureSchema, geojson_response
from service.api.http.parameters import Query, one_of, tolerance_in_metres, unit_code
from service.api.http.reader import reader
from service.api.http.resource import Beside, Resource, schema_of, written
from service.api.http.responses import resource_response
from service.api.http.services import actor, services
from service.api.http.tables import CsvQuery, csv_form, csv_response, workbook_response
from service.api.http.values import Day, count
from service.formats.geojson import GEOJSON, feature
from service.formats.tables import WORKBOOK
from service.reports.coverage import COUNTRY, CoverageReport
from service.reports.village_coverage import VILLAGE
from service.units.unit import LEVELS, Unit

blueprint = Blueprint("coverage", __name__, url_prefix="/v1", description="Coverage")


MAP_TOLERANCE_M = 200
"""Not visible on a map of the province that fits a screen; 130 communes are then some 150 kB."""


COVERAGE_LEVELS = (VILLAGE, *reversed(LEVELS), COUNTRY)
_UNIT_PATTERN = r"^([0-9]{2,5}|[*])$"
_UNIT_RANGE = "00…99999 | *"
_GEOGRAPHY = (
    "The units in force on this day, which lies between the day on which the list of units begins and today. Without "
    "it, today's units; of a level that has none today (districts), those of its last day. The response names the day. "
    "With several provinces, one whose list begins later has the units with which it begins."
)


class CoverageQuery(Query):
    """Which coverage to report."""

    level = fields.String(load_default="commune", validate=one_of([*COVERAGE_LEVELS]))
    unit = unit_code("Only with level=village, which needs it: the commune whose villages are reported.")
    geography = Day(metadata={"description": _GEOGRAPHY})
    as_of = Day(
        metadata={"description": "As it stood at the end of this day in Vietnam, at the latest today; without it, now."}
    )

    @validates_schema
    def _unit_with_its_level(self, items: dict[str, Any], **_: Any) -> None:
        if ("unit" in items) != (items["level"] == VILLAGE):
            raise ValidationError({"unit": ["unit-of-villages" if "unit" in items else "village-unit"]})


class CoverageMapQuery(CoverageQuery):
    """Which coverage to report as a map, and how exact its borders are."""

    tolerance = tolerance_in_metres(MAP_TOLERANCE_M)


class CoverageTableQuery(CoverageQuery, CsvQuery):
    """Which coverage to report, and how its CSV is written."""


class TrendQuery(Query):
    """Which unit's coverage to follow, from which day to which."""

    unit = fields.String(
        required=True,
        validate=validate.Regexp(_UNIT_PATTERN, error=_UNIT_RANGE),
        error_messages={"required": _UNIT_RANGE},
        metadata={"pattern": _UNIT_PATTERN, "description": 'The code of a unit, or "*" for all of the register.'},
    )
    from_ = Day(data_key="from", metadata={"description": "The first day; without it, 29 days before the last."})
    to = Day(metadata={"description": "The last day; without it, and where it is yet to come, today in Vietnam."})


class CoverageRowSchema(Resource):
    """The coverage of one unit; ``unit`` is null for households that no other row counts.

    Their former commune is not known, or its unit does not lie wholly in the account's area. The unit of a village is
    the id that it has in ``/v1/villages``; without one are households whose village is not in that list, or not clear.
    """

    unit = fields.String(attribute="code", required=True, allow_none=True)
    name = fields.String(required=True, allow_none=True)
    kind = fields.String(required=True, allow_none=True)
    expected = count(
        required=True,
        allow_none=True,
        metadata={
            "description": "The unit's own latest baseline, else the sum of those of the units that it consists of or "
            "came from; expected_on says of which day the latest is. Null where it is not known of a part. A merged "
            "unit with a newer baseline than those from which it came has another number in each geography."
        },
    )
    expected_source = fields.String(required=True, allow_none=True)
    expected_on = Day(required=True, allow_none=True)
    registered = count(required=True)
    standardized = count(required=True)
    digitized = count(required=True)
    verified = count(required=True)
    registered_pct = fields.Float(required=True, allow_none=True)
    standardized_pct = fields.Float(required=True, allow_none=True)
    digitized_pct = fields.Float(required=True, allow_none=True)
    successor_unknown = fields.Boolean(
        required=True,
        metadata={
            "description": "True for a unit that ended and of which the list of units does not say what took it over. "
            "In later geographies its households are in the row without a unit."
        },
    )


class CoverageTotalSchema(CoverageRowSchema):
    """The sum of all rows.

    Where ``units_with_baseline`` is less than ``units`` and there are no percentages, ``expected`` is the sum of the
    units with a baseline only. With percentages it is of all: of the parts of a commune that was split it can be known
    together though not of each.
    """

    units = count(required=True)
    units_with_baseline = count(required=True)


class ReportSchema(Resource):
    """What a report holds beside its rows."""

    level = fields.String(required=True, validate=validate.OneOf(COVERAGE_LEVELS))
    geography = Day(required=True)
    as_of = Day(required=True)
    total = fields.Nested(CoverageTotalSchema, required=True)


class CoverageSchema(ReportSchema):
    """Coverage by unit."""

    rows = fields.List(fields.Nested(CoverageRowSchema), required=True)


class CoverageFeatureSchema(FeatureSchema):
    """The coverage of one unit with its border."""

    properties = fields.Nested(CoverageRowSchema, required=True)


class CoverageMapSchema(ReportSchema):
    """Coverage by unit as a GeoJSON FeatureCollection."""

    type = fields.String(required=True, validate=validate.OneOf(["FeatureCollection"]))
    features = fields.List(fields.Nested(CoverageFeatureSchema), required=True)


class TrendDaySchema(Resource):
    """The counts of one day."""

    date = Day(required=True)
    registered = count(required=True)
    standardized = count(required=True)
    digitized = count(required=True)
    verified = count(required=True)


class TrendSchema(Resource):
    """The counts of a unit day by day."""

    unit = fields.String(required=True)
    from_ = Day(data_key="from", attribute="first", required=True)
    to = Day(attribute="last", required=True)
    days = fields.List(fields.Nested(TrendDaySchema), required=True)


_COLUMNS = tuple(schema_of(CoverageRowSchema).fields)


def _report(arguments: dict[str, Any]) -> CoverageReport:
    unit = arguments.get("unit")
    if unit is not None:
        return services().village_coverage.report(unit, arguments.get("geography"), arguments.get("as_of"), reader())
    area = actor("coverage.read").area
    return services().coverage.report(arguments["level"], arguments.get("geography"), arguments.get("as_of"), area=area)


@blueprint.route("/coverage")
class Coverage(MethodView):
    """Coverage by unit."""

    @needs("coverage.read")
    @blueprint.query(CoverageQuery)
    @blueprint.response(200, CoverageSchema)
    @blueprint.problems(403, 422)
    @blueprint.doc(operationId="coverage", summary="Coverage by unit")
    def get(self, arguments: dict[str, Any]) -> Response:
        """Every unit in force on ``geography`` has a row, those with nothing registered too.

        Rows are the units that lie wholly in the account's area, each with its true numbers; what the area's communes
        count in other units is in the row without a unit. The level ``country`` has one row, ``*``, for everything that
        the register holds. Where no unit of the level lies wholly in the area the response is 403.

        ``level=village&unit=`` has a row for each village of a commune in ``/v1/villages``, and one for the households
        of any other village. The code is read as of ``geography``: that of a former commune means the villages that
        came from it. Households are counted when it is asked for, so ``as_of`` can only be today; readers who are not
        shown a household's village get 403.
        """
        return resource_response(CoverageSchema, _report(arguments))


@blueprint.route("/coverage.csv")
class CoverageTable(MethodView):
    """Coverage by unit as a table."""

    @needs("coverage.read")
    @blueprint.query(CoverageTableQuery)
    @blueprint.file("text/csv")
    @blueprint.problems(403, 422)
    @blueprint.doc(operationId="coverage_csv", summary="Coverage by unit as CSV")
    def get(self, arguments: dict[str, Any]) -> Response:
        """The rows of the JSON, one a line, and the total last; UTF-8 with the mark that spreadsheets look for."""
        report = _report(arguments)
        return csv_response(f"{_name(report)}.csv", [_COLUMNS, *_lines(report)], csv_form(arguments))


@blueprint.route("/coverage.xlsx")
class CoverageWorkbook(MethodView):
    """Coverage by unit as a workbook."""

    @needs("coverage.read")
    @blueprint.query(CoverageQuery)
    @blueprint.file(WORKBOOK)
    @blueprint.problems(403, 422)
    @blueprint.doc(operationId="coverage_xlsx", summary="Coverage by unit as a workbook")
    def get(self, arguments: dict[str, Any]) -> Response:
        """The same table with headings in the reader's language."""
        report = _report(arguments)
        return workbook_response(f"{_name(report)}.xlsx", "coverage", _COLUMNS, _lines(report))


@blueprint.route("/coverage.geojson")
class CoverageMap(MethodView):
    """Coverage by unit as a map."""

    @needs("coverage.read")
    @blueprint.query(CoverageMapQuery)
    @blueprint.response(200, CoverageMapSchema, content_type=GEOJSON)
    @blueprint.problems(403, 422)
    @blueprint.doc(operationId="coverage_geojson", summary="Coverage by unit as GeoJSON")
    def get(self, arguments: dict[str, Any]) -> Response:
        """The rows of the JSON, each a Feature with the border of its unit, simplified to ``tolerance`` metres.

        Without a border the geometry is null: none is loaded, or the unit of before a merger is not made up of whole
        communes of today.
        """
        report = _report(arguments)

        def border(unit: Unit | None) -> BaseGeometry | None:
            return None if unit is None else services().unit_borders.border(unit, arguments["tolerance"])

        features = [feature(row.code, border(row.unit), row) for row in report.rows]
        return geojson_response(CoverageMapSchema, Beside(report, type="FeatureCollection", features=features))


@blueprint.route("/coverage/trend")
class Trend(MethodView):
    """Coverage day by day."""

    @needs("coverage.read")
    @blueprint.query(TrendQuery)
    @blueprint.response(200, TrendSchema)
    @blueprint.problems(403, 404, 422)
    @blueprint.doc(operationId="coverage_trend", summary="Coverage of a unit day by day")
    def get(self, arguments: dict[str, Any]) -> Response:
        """The last 30 days unless ``from`` and ``to`` say otherwise; only of a unit that lies wholly in the area.

        At most 1,100 days, both ends included.
        """
        area = actor("coverage.read").area
        trend = services().coverage.trend(arguments["unit"], arguments.get("from_"), arguments.get("to"), area=area)
        return resource_response(TrendSchema, trend)


def _name(report: CoverageReport) -> str:
    return f"coverage-{report.level}-{report.as_of}"


def _lines(report: CoverageReport) -> Iterator[list[Any]]:
    """The rows in the order of the columns, and the total."""
    for row in report.rows:
        yield [*written(CoverageRowSchema, row).values()]
    yield [*(written(CoverageRowSchema, report.total) | {"unit": "total"}).values()]
