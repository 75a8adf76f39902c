"""The one reader of tables that people hand in: CSV as spreadsheets of any language save it, or a workbook.

What a spreadsheet decides on its own is recognized: encoding (UTF-8, UTF-16, Windows-1258), separator (comma,
semicolon, tab), the line ``sep=;``, and empty lines. The rest is refused with the line and the way out.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import product
from typing import Final
from xml.etree.ElementTree import ParseError

import openpyxl

SEPARATORS: Final = (",", ";", "\t")
MOST_BYTES: Final = 200_000_000
"""Of a workbook, unpacked: a small file can hold far more than memory."""

WAY_OUT: Final = "save it as CSV UTF-8 or as .xlsx"
_ZIP, _OLD_WORKBOOK = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_BYTE_ORDER_MARKS: Final = (
    (b"\xef\xbb\xbf", "utf-8", "UTF-8"),
    (b"\xff\xfe", "utf-16", "UTF-16"),
    (b"\xfe\xff", "utf-16", "UTF-16"),
)
_OF_DAMAGE = (zipfile.BadZipFile, ParseError, KeyError, ValueError, TypeError, IndexError, AttributeError, OSError)
"""What openpyxl raises about a file that is no workbook, or a damaged one."""
_VOWELS, _TONES = "aăâeêioôơuưy", ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
_LETTERS = {unicodedata.normalize("NFC", vowel + tone) for vowel, tone in product(_VOWELS, _TONES)} | {"đ"}
_VIETNAMESE = frozenset("".join(_LETTERS) + "".join(_LETTERS).upper() + "–—‘’“”…°²³×½«»·\u00a0")
_SEPARATOR_LINE = re.compile(r"\ufeff?sep=(.)\r?\n", re.IGNORECASE)


class TableUnreadable(Exception):
    """A file that cannot be read as a table, or not from this line on; ``reason`` says what to do about it."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a line by their column, and whether it has more cells than there are columns."""

    line: int
    cells: dict[str, str]
    has_more: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table that was read. Where it breaks off, ``broken`` says at which line and why."""

    header: tuple[str, ...]
    rows: tuple[Row, ...]
    read_as: str
    """Encoding and separator, as an operator should see them."""
    broken: TableUnreadable | None = None

    @property
    def is_usual(self) -> bool:
        """Whether it is what a program writes, about which there is nothing to say."""
        return self.read_as == _described("UTF-8", ",")


def read_table(data: bytes, columns: Collection[str]) -> Table:
    """Read a file. ``columns`` are those that it can have; by them the separator is recognized.

    Raises TableUnreadable.
    """
    if data.startswith(_ZIP):
        return _workbook(data)
    if data.startswith(_OLD_WORKBOOK):
        raise TableUnreadable(1, f"a workbook of the old form (.xls): {WAY_OUT}")
    text, encoding = _decoded(data)
    return read_text(text, columns, encoding)


def read_text(text: str, columns: Collection[str], encoding: str = "UTF-8") -> Table:
    """Read a table that is decoded already. Raises TableUnreadable."""
    text = text.removeprefix("\ufeff")
    if "\0" in text:
        raise TableUnreadable(_line_of(text, text.index("\0")), f"no table, but a file of bytes: {WAY_OUT}")
    declared = _SEPARATOR_LINE.match(text)
    text = text[declared.end() :] if declared else text
    separator = declared[1] if declared else _separator_of(text, columns)
    return _parsed(text, separator, encoding, skipped=1 if declared else 0)


def _parsed(text: str, separator: str, encoding: str, skipped: int) -> Table:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    lines: list[tuple[int, list[str]]] = []
    broken = None
    try:
        lines.extend((reader.line_num + skipped, cells) for cells in reader)
    except csv.Error as error:
        broken = TableUnreadable(reader.line_num + skipped, f"not CSV: {error}")
    return _table(lines, _described(encoding, separator), broken)


def _table(lines: Iterable[tuple[int, list[str]]], read_as: str, broken: TableUnreadable | None = None) -> Table:
    filled = ((line, cells) for line, cells in lines if any(cell.strip() for cell in cells))
    _, first = next(filled, (1, []))
    header = tuple(name.strip() for name in first)
    while header and not header[-1]:
        header = header[:-1]
    rows = tuple(
        Row(line, dict(zip(header, cells, strict=False)), any(cell.strip() for cell in cells[len(header) :]))
        for line, cells in filled
    )
    return Table(header, rows, read_as, broken)


def _described(encoding: str, separator: str) -> str:
    return f"{encoding}, separated by {'tabs' if separator == chr(9) else separator}"


def _separator_of(text: str, columns: Collection[str]) -> str:
    """Return the separator by which the first line has most of the columns."""
    first = text.lstrip("\r\n").partition("\n")[0]
    return max(SEPARATORS, key=lambda each: sum(name.strip().strip('"') in columns for name in first.split(each)))


def _line_of(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


# Encodings -------------------------------------------------------------------------------------------------------


def _decoded(data: bytes) -> tuple[str, str]:
    """Return the text of a file and the name of its encoding. Raises TableUnreadable."""
    for mark, codec, name in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _decoded_as(data, codec, name), name
    if unmarked := _utf_16_without_mark(data):
        return _decoded_as(data, unmarked, "UTF-16"), "UTF-16"
    try:
        return data.decode("utf-8"), "UTF-8"
    except UnicodeDecodeError as error:
        if (text := _windows_1258(data)) is not None:
            return text, "Windows-1258"
        line = data.count(b"\n", 0, error.start) + 1
        reason = (
            f"the byte {data[error.start]:#04x} is no UTF-8, and the file is not Vietnamese in Windows-1258 either: "
            f"{WAY_OUT}. Text in fonts such as .VnTime (TCVN3) or VNI has to be converted to Unicode first"
        )
        raise TableUnreadable(line, reason) from None


def _decoded_as(data: bytes, codec: str, name: str) -> str:
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(codec, "ignore")
        raise TableUnreadable(before.count("\n") + 1, f"it begins as {name}, but is none here: {WAY_OUT}") from None


def _utf_16_without_mark(data: bytes) -> str | None:
    """Return the codec of UTF-16 without its mark: at the beginning, most of every other byte are zero."""
    beginning = data[:64]
    for codec, zeros, letters in (
        ("utf-16-le", beginning[1::2], beginning[::2]),
        ("utf-16-be", beginning[::2], beginning[1::2]),
    ):
        if 2 * zeros.count(0) > len(zeros) and all(letters):
            return codec
    return None


def _windows_1258(data: bytes) -> str | None:
    """Return text in Windows-1258 with composed letters; None where it would not be Vietnamese.

    Nearly every file can be decoded so. A text in another encoding then has letters or signs that nobody writes here.
    """
    try:
        text = unicodedata.normalize("NFC", data.decode("cp1258"))
    except UnicodeDecodeError:
        return None
    return text if all(sign.isascii() or sign in _VIETNAMESE for sign in text) else None


# Workbooks -------------------------------------------------------------------------------------------------------


def _workbook(data: bytes) -> Table:
    """Read the first sheet of a workbook. Raises TableUnreadable."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(each.file_size for each in archive.infolist())
        if unpacked > MOST_BYTES:
            raise TableUnreadable(
                1, f"a workbook of {unpacked:,} bytes: save only the sheet with the table, as CSV UTF-8"
            )
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        lines = list(_lines_of(book.worksheets[0].iter_rows(values_only=True)))
    except _OF_DAMAGE:
        raise TableUnreadable(1, f"no workbook that can be read: {WAY_OUT}") from None
    return _table(lines, "a workbook")


def _lines_of(rows: Iterable[Iterable[object]]) -> Iterator[tuple[int, list[str]]]:
    for line, cells in enumerate(rows, 1):
        yield line, [_text_of(cell) for cell in cells]


def _text_of(cell: object) -> str:
    """Return a cell as it is written in CSV: a number without decimals where it has none, a day as YYYY-MM-DD."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
