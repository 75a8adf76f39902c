"""Workbooks (XLSX) of plain tables; equal content gives equal bytes.

This is not in service/formats/, since the XLSForm and the data dictionary are derived here, and
schemas/ may not import service/.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

import xlsxwriter

#: A workbook states when it was made; a fixed day keeps the bytes equal.
_MADE = datetime(2026, 1, 1)  # noqa: DTZ001 - the format has no time zones


@dataclass(frozen=True)
class Sheet:
    """A table: a name, a row of headings, rows of text; with ``numbers``, numbers are stored as numbers."""

    name: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Any]]
    numbers: bool = False


def workbook(*sheets: Sheet) -> bytes:
    """Return the workbook of these tables. Headings are bold and frozen; text is never read as a formula."""
    buffer = BytesIO()
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    )
    book.set_properties({"created": _MADE})
    heading = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    cell = book.add_format({"text_wrap": True, "valign": "top"})
    for sheet in sheets:
        page = book.add_worksheet(sheet.name)
        page.freeze_panes(1, 0)
        for column, name in enumerate(sheet.headings):
            page.write_string(0, column, name, heading)
            longest = max((len(str(row[column])) for row in sheet.rows), default=0)
            page.set_column(column, column, min(60, max(len(name), longest, 8)) + 1)
        for number, row in enumerate(sheet.rows, start=1):
            for column, value in enumerate(row):
                if sheet.numbers and type(value) in (int, float):
                    page.write_number(number, column, value, cell)
                elif value not in ("", None):
                    page.write_string(number, column, str(value), cell)
        if sheet.rows:
            page.autofilter(0, 0, len(sheet.rows), len(sheet.headings) - 1)
    book.close()
    return buffer.getvalue()
