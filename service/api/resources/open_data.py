"""Open data: counts of households by commune that everybody may read, without any small one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from flask import Response, request
from flask.views import MethodView
from marshmallow import fields, validate
from werkzeug.exceptions import NotFound

from service.access.gate import public
from service.api.http.blueprint import LICENCE_HEADER, Blueprint
from service.api.http.guard import guard
from service.api.http.parameters import Query, one_of, unit_code
from service.api.http.resource import Beside, Resource
from service.api.http.responses import resource_response, validated
from service.api.http.services import language, services
from service.api.http.tables import CsvQuery, csv_form, csv_response, workbook_response
from service.api.http.values import Day, count
from service.formats.tables import WORKBOOK
from service.province import Province, known_provinces, read_province
from service.reports.open_data import DIMENSIONS, POVERTY, OpenDataTable, PublishedCount, TableTotal

blueprint = Blueprint("open_data", __name__, url_prefix="/v1/open-data", description="Open data")

_COLUMNS = ("unit", "name", "code", "label", "households", "withheld", "published_on", "source", "licence")
_MOST_A_MINUTE = 120
_CACHE_SECONDS = 3600
"""How long anybody may cache a response: a publication lasts weeks."""


class OpenDataNumberSchema(Resource):
    """A published count."""

    households = count(required=True, allow_none=True, metadata={"description": "Null where it is withheld."})
    withheld = fields.Boolean(required=True)


class OpenDataCellSchema(OpenDataNumberSchema):
    """The count of one column of a row."""

    code = fields.String(required=True)


class OpenDataTotalSchema(Resource):
    """The cells of a row, and its total."""

    cells = fields.List(fields.Nested(OpenDataCellSchema), required=True)
    total = fields.Nested(OpenDataNumberSchema, required=True)


class OpenDataRowSchema(OpenDataTotalSchema):
    """The row of a commune."""

    unit = fields.String(
        required=True, allow_none=True, metadata={"description": "Null for the communes not shown one by one."}
    )
    name = fields.String(required=True)


class OpenDataColumnSchema(Resource):
    """A group that is counted."""

    code = fields.String(required=True)
    name = fields.String(required=True)


class OpenDataSchema(Resource):
    """A table of a publication, with the notes that every use of it must carry."""

    by = fields.String(required=True, validate=validate.OneOf(DIMENSIONS))
    province = fields.String(required=True, metadata={"description": "The province whose communes are counted."})
    published_on = Day(required=True)
    next_published_on = Day(required=True)
    least = count(required=True, metadata={"description": "Smaller counts are withheld."})
    columns = fields.List(fields.Nested(OpenDataColumnSchema), required=True)
    rows = fields.List(fields.Nested(OpenDataRowSchema), required=True)
    total = fields.Nested(OpenDataTotalSchema, required=True)

    title = fields.String(required=True)
    source = fields.String(required=True)
    agency = fields.String(
        required=True, metadata={"description": "Identifier of the agency that publishes it (QCVN 102:2016/BTTTT)."}
    )
    licence = fields.String(required=True)
    note = fields.String(required=True)


class OpenDataQuery(Query):
    """By what to count households."""

    by = fields.String(load_default=POVERTY, validate=one_of(list(DIMENSIONS)))
    province = unit_code("The province whose communes are counted; without it, the one that the register is run for.")


class OpenDataTableQuery(OpenDataQuery, CsvQuery):
    """By what to count households, and how the CSV is written."""


@blueprint.route("/households")
class OpenHouseholds(MethodView):
    """Households by commune."""

    @public
    @blueprint.query(OpenDataQuery)
    @blueprint.response(200, OpenDataSchema, headers=LICENCE_HEADER)
    @blueprint.validated
    @blueprint.problems(404, 422, 429, 503)
    @blueprint.doc(operationId="open_households", summary="Households by commune and ethnic group or poverty")
    def get(self, arguments: dict[str, Any]) -> Response:
        """Registered households that are not withdrawn, as of the day of the publication; without signing in.

        What is withheld is null with ``withheld: true``: each count from 1 to 4, and so many others that none of these
        can be computed from the totals. Communes whose own total would reveal a withheld count are counted together in
        a last row.
        """
        table = _table(arguments)
        return _published(resource_response(OpenDataSchema, Beside(table, **_about(table))), table)


@blueprint.route("/households.csv")
class OpenHouseholdsTable(MethodView):
    """Households by commune as a table."""

    @public
    @blueprint.query(OpenDataTableQuery)
    @blueprint.file("text/csv", headers=LICENCE_HEADER)
    @blueprint.validated
    @blueprint.problems(404, 422, 429, 503)
    @blueprint.doc(operationId="open_households_csv", summary="The same as CSV")
    def get(self, arguments: dict[str, Any]) -> Response:
        """A line for each cell and each total; a withheld number is empty."""
        table = _table(arguments)
        return _published(csv_response(f"{_name(table)}.csv", [_COLUMNS, *_lines(table)], csv_form(arguments)), table)


@blueprint.route("/households.xlsx")
class OpenHouseholdsWorkbook(MethodView):
    """Households by commune as a workbook."""

    @public
    @blueprint.query(OpenDataQuery)
    @blueprint.file(WORKBOOK, headers=LICENCE_HEADER)
    @blueprint.validated
    @blueprint.problems(404, 422, 429, 503)
    @blueprint.doc(operationId="open_households_xlsx", summary="The same as a workbook")
    def get(self, arguments: dict[str, Any]) -> Response:
        """The same table with headings in the reader's language."""
        table = _table(arguments)
        return _published(workbook_response(f"{_name(table)}.xlsx", "open_data", _COLUMNS, _lines(table)), table)


def _name(table: OpenDataTable) -> str:
    return f"households-{table.province}-by-{table.by}-{table.published_on}"


def _table(arguments: dict[str, Any]) -> OpenDataTable:
    """Raises NotFound where no open data are published, TooManyRequests, QueryInvalid for an unknown province."""
    if not services().settings.open_data_days:
        raise NotFound()
    guard().rates.take(f"open-data:{request.remote_addr}", _MOST_A_MINUTE, timedelta(minutes=1))
    province = arguments.get("province", services().province.code)
    return services().open_data.table(arguments["by"], language(), province)


def _publisher(province: str) -> Province:
    """The province as its file describes it; one that comes without a file is published by the register's own."""
    own = services().province
    return read_province(province) if province != own.code and province in known_provinces() else own


def _about(table: OpenDataTable) -> dict[str, str]:
    """The notes that every use of a table must carry."""
    messages, publisher = services().messages, _publisher(table.province)
    return {
        "title": messages.text("open-data.title", language()),
        "source": publisher.open_data.name.in_language(language()),
        "agency": publisher.agency,
        "licence": publisher.open_data.licence,
        "note": messages.text("open-data.note", language(), least=table.least),
    }


def _lines(table: OpenDataTable) -> Iterator[list[Any]]:
    labels = {column.code: column.name for column in table.columns}
    about = _about(table)
    common = [table.published_on, about["source"], about["licence"]]
    totals: list[tuple[str | None, str | None, TableTotal]] = [(row.unit, row.name, row) for row in table.rows]
    for unit, name, row in [*totals, ("total", None, table.total)]:
        for cell in row.cells:
            yield [unit, name, cell.code, labels[cell.code], *_number(cell), *common]
        yield [unit, name, "total", None, *_number(row.total), *common]


def _number(number: PublishedCount) -> list[Any]:
    return [number.households, "true" if number.withheld else "false"]


def _published(response: Response, table: OpenDataTable) -> Response:
    """A response that anybody may cache for a while, and validate by its ETag."""
    response.headers["Vary"] = "Accept-Language"
    response.headers["Content-Language"] = language()
    response.headers["Link"] = f'<{_publisher(table.province).open_data.licence}>; rel="license"'
    return validated(response, f"public, max-age={_CACHE_SECONDS}")
