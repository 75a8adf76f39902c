"""Tables as downloads: CSV and XLSX in which no cell can run as a formula."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flask import Response

from schemas.derive.workbook import Sheet, workbook
from service.formats.tables import BYTE_ORDER_MARK, WORKBOOK, csv_line


def csv_response(name: str, lines: Iterable[Sequence[object]]) -> Response:
    """A table as CSV, under a file name."""
    return _download(BYTE_ORDER_MARK + "".join(csv_line(line) for line in lines), name, "text/csv")


def workbook_response(name: str, sheet: Sheet) -> Response:
    """A table as a workbook, under a file name."""
    return _download(workbook(sheet), name, WORKBOOK)


def _download(body: str | bytes, name: str, mimetype: str) -> Response:
    response = Response(body, mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
