"""Open data: counts of households by commune that everybody may read, without any small one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import orjson
from flask import Response, request
from flask.views import MethodView
from marshmallow import fields
from werkzeug.exceptions import NotFound

from service.access.gate import public
from service.api.http.blueprint import Blueprint, reference
from service.api.http.guard import guard
from service.api.http.parameters import Query, one_of
from service.api.http.services import language, services
from service.api.http.tables import csv_response
from service.reports.open_data import DIMENSIONS, POVERTY

blueprint = Blueprint("open_data", __name__, url_prefix="/v1/open-data", description="Open data")

_COLUMNS = ("unit", "name", "code", "label", "households", "withheld", "edition", "source", "licence")
_MOST_A_MINUTE = 120
_KEPT_SECONDS = 3600
"""How long others may keep an answer: an edition lasts weeks."""


class OpenDataQuery(Query):
    """By what to count households."""

    by = fields.String(load_default=POVERTY, validate=one_of(list(DIMENSIONS)))


@blueprint.route("/households")
class OpenHouseholds(MethodView):
    """Households by commune."""

    @public
    @blueprint.query(OpenDataQuery)
    @blueprint.response(200, reference("OpenData"))
    @blueprint.problems(404, 422, 429, 503)
    @blueprint.doc(operationId="open_households", summary="Households by commune and ethnic group or poverty")
    def get(self, arguments: dict[str, Any]) -> Response:
        """Registered households that are not withdrawn, as of the day of the edition; without signing in.

        What is withheld is null with ``withheld: true``: each count from 1 to 4, and so many others that none of these
        can be computed from the totals. Communes whose own total would tell are counted together in a last row.
        """
        table = _table(arguments["by"])
        return _published(Response(orjson.dumps(table), mimetype="application/json"))


@blueprint.route("/households.csv")
class OpenHouseholdsTable(MethodView):
    """Households by commune as a table."""

    @public
    @blueprint.query(OpenDataQuery)
    @blueprint.response(200, {"type": "string"}, content_type="text/csv")
    @blueprint.problems(404, 422, 429, 503)
    @blueprint.doc(operationId="open_households_csv", summary="The same as CSV")
    def get(self, arguments: dict[str, Any]) -> Response:
        """A line for each cell and each total; a withheld number is empty."""
        table = _table(arguments["by"])
        name = f"households-by-{table['by']}-{table['edition']}.csv"
        return _published(csv_response(name, [_COLUMNS, *_lines(table)]))


def _table(by: str) -> dict[str, Any]:
    """Raises NotFound where no open data are published, and TooManyRequests."""
    if not services().settings.open_data_days:
        raise NotFound()
    guard().rates.take(f"open-data:{request.remote_addr}", _MOST_A_MINUTE, timedelta(minutes=1))
    table = services().open_data.table(by, language())
    messages = services().messages
    return {
        "title": messages.text("open-data.title", language()),
        "source": messages.text("open-data.source", language()),
        "licence": services().settings.open_data_licence,
        "note": messages.text("open-data.note", language(), least=table["least"]),
        **table,
    }


def _lines(table: dict[str, Any]) -> Iterator[list[Any]]:
    labels = {column["code"]: column["name"] for column in table["columns"]}
    common = [table["edition"], table["source"], table["licence"]]
    for row in [*table["rows"], {"unit": "total", "name": None, **table["total"]}]:
        for cell in row["cells"]:
            yield [row["unit"], row["name"], cell["code"], labels[cell["code"]], *_number(cell), *common]
        yield [row["unit"], row["name"], "total", None, *_number(row["total"]), *common]


def _number(cell: dict[str, Any]) -> list[Any]:
    return [cell["households"], "true" if cell["withheld"] else "false"]


def _published(answer: Response) -> Response:
    """An answer that everybody may keep for a while, and ask for again by its ETag."""
    answer.headers["Cache-Control"] = f"public, max-age={_KEPT_SECONDS}"
    answer.headers["Vary"] = "Accept-Language"
    answer.headers["Content-Language"] = language()
    answer.headers["Link"] = f'<{services().settings.open_data_licence}>; rel="license"'
    answer.set_etag(hashlib.sha256(answer.get_data()).hexdigest()[:32])
    answer.make_conditional(request)
    return answer
