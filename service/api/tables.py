"""Tables for spreadsheets: CSV and XLSX in which no cell can run as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime

import xlsxwriter
from flask import Response

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BYTE_ORDER_MARK = "\ufeff"
"""What spreadsheets look for to read UTF-8."""

_FORMULA_SIGNS = frozenset("=+-@\t\r")


def csv_line(cells: Iterable[object]) -> str:
    """One line of CSV. A text that would run as a formula gets an apostrophe before it (OWASP, CSV injection)."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow([_harmless(cell) for cell in cells])
    return text.getvalue()


def csv_answer(name: str, lines: Iterable[Sequence[object]]) -> Response:
    """A table as CSV, with its name for saving."""
    return _download(BYTE_ORDER_MARK + "".join(csv_line(line) for line in lines), name, "text/csv")


def workbook_answer(name: str, title: str, lines: Iterable[Sequence[object]], made: datetime) -> Response:
    """A table as a workbook: the first line bold and in sight, numbers as numbers, texts never as formulas."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    )
    book.set_properties({"created": made.replace(tzinfo=None)})
    sheet = book.add_worksheet(title)
    sheet.freeze_panes(1, 0)
    heading, body = book.add_format({"bold": True, "text_wrap": True, "valign": "top"}), book.add_format()
    widths: dict[int, int] = {}
    for row, line in enumerate(lines):
        for column, cell in enumerate(line):
            widths[column] = max(widths.get(column, 8), min(40, len(str(cell or "")) + 2))
            if cell is not None:
                sheet.write(row, column, cell, body if row else heading)
    for column, width in widths.items():
        sheet.set_column(column, column, width)
    book.close()
    return _download(buffer.getvalue(), name, WORKBOOK)


def _download(body: str | bytes, name: str, mimetype: str) -> Response:
    answer = Response(body, mimetype=mimetype)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _harmless(cell: object) -> object:
    return "'" + cell if isinstance(cell, str) and cell[:1] in _FORMULA_SIGNS else cell
