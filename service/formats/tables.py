"""CSV lines for spreadsheets, in which no cell can run as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

BYTE_ORDER_MARK = "\ufeff"
"""By which spreadsheets know UTF-8."""


_FORMULA_SIGNS = frozenset("=+-@\t\r\n＝＋－＠")
"""What makes a cell a formula in some spreadsheet, full-width signs in some of East Asia too (OWASP)."""


def csv_line(cells: Iterable[object]) -> str:
    """Returns a line of CSV. A text that would run as a formula gets an apostrophe before it (OWASP, CSV injection)."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow([_harmless(cell) for cell in cells])
    return text.getvalue()


def _harmless(cell: object) -> object:
    if not isinstance(cell, str):
        return cell
    first = {cell[:1], cell.strip()[:1]}  # some programs skip leading space
    return "'" + cell if first & _FORMULA_SIGNS else cell
