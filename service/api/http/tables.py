"""Tables as downloads: CSV and XLSX in which no cell can run as a formula; every CSV has a twin as a workbook."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flask import Response
from marshmallow import fields

from schemas.derive.workbook import Sheet, workbook
from service.api.http.parameters import Query, one_of
from service.api.http.services import language, services
from service.formats.tables import BYTE_ORDER_MARK, WORKBOOK, CsvForm, csv_line


class CsvQuery(Query):
    """How a CSV is written."""

    separator = fields.String(
        load_default=",",
        validate=one_of([",", ";"]),
        metadata={"description": "What separates the cells. Excel in Vietnamese opens a CSV with `;` as a table."},
    )
    decimal = fields.String(
        load_default=".",
        validate=one_of([".", ","]),
        metadata={"description": "The sign before decimals. Excel in Vietnamese takes 12.5 for a date: `,` with `;`."},
    )


def csv_form(arguments: dict[str, Any]) -> CsvForm:
    """How a CSV was requested to be written."""
    return CsvForm(arguments["separator"], arguments["decimal"])


def csv_response(name: str, lines: Iterable[Sequence[object]], form: CsvForm) -> Response:
    """A table as CSV, under a file name."""
    return _download(BYTE_ORDER_MARK + "".join(csv_line(line, form) for line in lines), name, "text/csv")


def workbook_response(
    name: str, title: str, columns: Iterable[str], lines: Iterable[Sequence[object]], beside: Sequence[str] = ()
) -> Response:
    """A table as a workbook, under a file name: title and names of columns in the reader's language.

    ``beside`` are the headings of further columns, which are in that language already.
    """
    words = services().messages
    headings = [*(words.text(f"table.{column}", language()) for column in columns), *beside]
    sheet = Sheet(words.text(f"table.{title}", language()), headings, [*lines], numbers=True)
    return _download(workbook(sheet), name, WORKBOOK)


def _download(body: str | bytes, name: str, mimetype: str) -> Response:
    response = Response(body, mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
