"""CSV lines for spreadsheets, in which no cell can run as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

BYTE_ORDER_MARK = "\ufeff"
"""The byte order mark, by which spreadsheets recognize UTF-8."""


_FORMULA_SIGNS = frozenset("=+-@\t\r\n＝＋－＠")
"""What makes a cell a formula in some spreadsheet, full-width signs in some of East Asia too (OWASP)."""


@dataclass(frozen=True, slots=True)
class CsvForm:
    """How a CSV is written: what separates cells, and the sign before decimals.

    Excel takes both from the language of Windows: in Vietnamese, ``;`` and a comma.
    """

    separator: str = ","
    decimal: str = "."


PLAIN: Final = CsvForm()


def csv_line(cells: Iterable[object], form: CsvForm = PLAIN) -> str:
    """Returns a line of CSV. A text that would run as a formula gets an apostrophe before it (OWASP, CSV injection)."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=form.separator, lineterminator="\r\n")
    writer.writerow([_harmless(cell, form.decimal) for cell in cells])
    return text.getvalue()


def _harmless(cell: object, decimal: str) -> object:
    if not isinstance(cell, str):
        return repr(cell).replace(".", decimal) if isinstance(cell, float) and decimal != "." else cell
    first = {cell[:1], cell.strip()[:1]}  # some programs skip leading space
    return "'" + cell if first & _FORMULA_SIGNS else cell
