"""Tables that people hand in: what spreadsheets make of them is read alike, and the rest is refused with a way out."""

from __future__ import annotations

import csv
import io
import unicodedata
import zipfile
from contextlib import suppress
from datetime import date, datetime
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from service.formats import table_reading
from service.formats.table_reading import Table, TableUnreadable, read_table, read_text
from tests.examples import examples

COLUMNS = ("code", "name_vi", "source")
ROWS = (("00001", "Đặng Sơn – Hoà “Bình”", "Nghị quyết số 5; mục 2"), ("40", "Thành phố Vinh", ""))


def lines(separator: str = ",") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator="\r\n").writerows([COLUMNS, *ROWS])
    return text.getvalue()


def cells(table: Table) -> list[tuple[str, ...]]:
    assert (table.header, table.broken) == (COLUMNS, None)
    return [tuple(row.cells[column] for column in COLUMNS) for row in table.rows]


def windows_1258(text: str) -> bytes:
    """Text as Windows writes it: the letter with its hat or horn, then the tone as a sign of its own."""
    encoded = b""
    for sign in text:
        parts = unicodedata.normalize("NFD", sign)
        tone = "".join(part for part in parts if part in "\u0300\u0301\u0303\u0309\u0323")
        letter = unicodedata.normalize("NFC", parts.replace(tone, "")) if tone else sign
        encoded += (letter + tone).encode("cp1258")
    return encoded


def a_workbook(*rows: Any, name: str = "Sheet1") -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"default_date_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet(name)
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            sheet.write(number, column, value)
    book.close()
    return buffer.getvalue()


def refused(data: bytes) -> tuple[int, str]:
    with pytest.raises(TableUnreadable) as caught:
        read_table(data, COLUMNS)
    return caught.value.line, caught.value.reason


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1258"])
def test_every_encoding_and_separator_of_a_spreadsheet_is_read_alike(codec: str, separator: str) -> None:
    text = lines(separator)
    data = windows_1258(text) if codec == "cp1258" else text.encode(codec)
    table = read_table(data, COLUMNS)
    assert cells(table) == list(ROWS)
    assert [row.line for row in table.rows] == [2, 3]
    assert table.is_usual == (codec in ("utf-8", "utf-8-sig") and separator == ",")


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_the_line_that_names_the_separator_is_taken_by_its_word(mark: str) -> None:
    table = read_text(mark + "sep=|\r\n" + lines("|"), COLUMNS)
    assert cells(table) == list(ROWS)
    assert [row.line for row in table.rows] == [3, 4]


def test_the_separator_is_that_of_the_columns_whatever_the_cells_have_in_them() -> None:
    table = read_text("code;a, b, c, d;source\n1;x,y;z", ("code", "source"))
    assert (table.header, table.read_as) == (("code", "a, b, c, d", "source"), "UTF-8, separated by ;")


def test_a_workbook_is_read_with_numbers_and_days_as_csv_writes_them() -> None:
    rows = [COLUMNS, (40, 105.5, date(2025, 7, 1)), ("00001", "Vinh", None), (True, 7.0, datetime(2025, 7, 1, 8, 30))]  # noqa: DTZ001 - a workbook has no time zones
    assert cells(read_table(a_workbook(*rows), COLUMNS)) == [
        ("40", "105.5", "2025-07-01"),
        ("00001", "Vinh", ""),
        ("True", "7", "2025-07-01T08:30:00"),
    ]


def test_empty_lines_and_columns_are_what_a_spreadsheet_leaves_behind() -> None:
    table = read_text("\n,,,\ncode, name_vi ,source,,\n\n1,2,3,,\n ,,,,\n4,5\n", COLUMNS)
    assert [(row.line, row.cells, row.has_more) for row in table.rows] == [
        (5, {"code": "1", "name_vi": "2", "source": "3"}, False),
        (7, {"code": "4", "name_vi": "5"}, False),
    ]
    assert [row.has_more for row in read_text("code\n1,2\n3,\n", COLUMNS).rows] == [True, False]
    assert read_text("", COLUMNS) == Table((), (), "UTF-8, separated by ,")


def test_where_it_breaks_off_what_came_before_is_read() -> None:
    table = read_text('code,name_vi\n1,2\n3,"4', COLUMNS)
    assert [row.cells["code"] for row in table.rows] == ["1"]
    assert table.broken is not None
    assert (table.broken.line, table.broken.reason[:9]) == (3, "not CSV: ")


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        ("code,name_vi\n1,Hµ Néi\n".encode("cp1252"), 2, "no UTF-8"),  # TCVN3, as .VnTime shows it
        (b"code\n1\n\x81\xff", 3, "no UTF-8"),
        (b"code\n1\x00\n", 2, "file of bytes"),
        (b"\xff\xfec\x00o\x00\n\x00\x00\xd8", 2, "begins as UTF-16"),
        (b"\xef\xbb\xbfcode\n\xff", 2, "begins as UTF-8"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 1, "old form (.xls)"),
        (b"PK\x03\x04 and nothing", 1, "no workbook"),
    ],
    ids=["TCVN3", "bytes", "zeros", "UTF-16", "UTF-8", "xls", "zip"],
)
def test_what_is_no_table_is_refused_with_its_line_and_the_way_out(data: bytes, line: int, reason: str) -> None:
    at, why = refused(data)
    assert (at, reason in why, "CSV UTF-8 or as .xlsx" in why) == (line, True, True), why


def test_another_archive_and_an_enormous_workbook_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    assert "no workbook" in refused(archive.getvalue())[1]
    monkeypatch.setattr(table_reading, "MOST_BYTES", 100)
    assert "CSV UTF-8" in refused(a_workbook(COLUMNS))[1]


texts = st.text("aăâeêơưđĐạảãàáộừ ,;\t\"'\n0123456789", max_size=12)


@settings(max_examples=examples(150), deadline=None)
@given(rows=st.lists(st.tuples(texts, texts, texts), max_size=5), separator=st.sampled_from(",;\t"))
def test_what_is_written_is_read(rows: list[tuple[str, str, str]], separator: str) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator="\r\n").writerows([COLUMNS, *rows])
    filled = [row for row in rows if any(cell.strip() for cell in row)]
    for data in (text.getvalue().encode("utf-8"), text.getvalue().encode("utf-16"), windows_1258(text.getvalue())):
        assert cells(read_table(data, COLUMNS)) == filled


@settings(max_examples=examples(300), deadline=None)
@given(data=st.binary(max_size=80) | st.binary(max_size=40).map(lambda rest: b"PK\x03\x04" + rest))
def test_no_bytes_are_a_crash(data: bytes) -> None:
    with suppress(TableUnreadable):
        read_table(data, COLUMNS)
