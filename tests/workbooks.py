"""Workbooks as tests read them."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile

from openpyxl import load_workbook


def unpacked(body: bytes) -> bytes:
    """What a workbook says; any other body as it is."""
    if not body.startswith(b"PK"):
        return body
    with ZipFile(BytesIO(body)) as workbook:
        return b"".join(workbook.read(name) for name in workbook.namelist())


def rows_of(body: bytes) -> list[tuple[object, ...]]:
    """The rows of a workbook's first sheet, its headings first."""
    return list(load_workbook(BytesIO(body)).worksheets[0].iter_rows(values_only=True))
