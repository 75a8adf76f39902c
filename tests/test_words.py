"""What people read: texts in their own words, not in those of the API."""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import schemas
import service
from schemas.household import HouseholdSchema
from schemas.language import Field, section_fields, section_of

FOLDERS = (Path(schemas.__file__).parent / "messages", Path(service.__file__).parent / "messages")
ROOT = Path(service.__file__).parents[1]
FORM = ROOT / "form" / "src" / "messages"
API_WORD = re.compile(r"[A-Za-z]+(?:_[A-Za-z0-9]+)+")
FOR_PROGRAMS = {"access.grant-invalid", "access.token-expired", "villages.invalid"}
"""Errors that only programs get: what they are to send has no other name."""


def texts() -> Iterator[tuple[str, str]]:
    """Code and text of every message to people: of the register, and of the form's screens."""
    for folder in FOLDERS:
        for file in folder.glob("*.toml"):
            for code, text in tomllib.loads(file.read_text(encoding="utf-8")).items():
                yield from ((code, each) for each in (text.values() if isinstance(text, dict) else (text,)))
    for file in FORM.glob("*.ts"):
        yield from re.findall(r"^\s*'([^']+)':\s*(.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)


def items(section: type[schemas.language.Section] = HouseholdSchema) -> Iterator[Field]:
    for field in section_fields(section).values():
        yield field
        if (inner := section_of(field)) is not None:
            yield from items(inner)


def test_no_text_to_people_has_a_word_of_the_api() -> None:
    found = {code: API_WORD.findall(re.sub(r"\{[^}]*\}", "", text)) for code, text in texts()}
    assert {code for code, words in found.items() if words} <= FOR_PROGRAMS
    assert len(found) > 500, "the texts were not found"


def test_what_people_are_asked_to_fill_in_is_called_as_in_the_form() -> None:
    labels = {label for field in items() for label in (field.item.label_vi, field.item.label_en)}
    asked = r"(?:đánh dấu|tick|ở mục|ghi mục|give|as) “([^”{]+)”"
    named = {name for code, text in texts() for name in re.findall(asked, text)}
    assert len(named) >= 6
    assert named <= labels


RETIRED = {
    r"số phiên bản|bản hiện tại là": "lần sửa",
    r"dự kiến": "cần đăng ký",
    r"phạm vi của bạn": "địa bàn của bạn",
    r"\bđỉnh\b": "góc",
    r"(?<!phiên )bản ghi\b": "hồ sơ",
    r"phiếu(?! giấy| đo\b| đồng ý)": "hồ sơ, phiếu giấy or phiếu đo",
    r"phiên làm việc": "phiên đăng nhập",
    r"(?:người|cán bộ|báo|hoặc) quản trị(?! viên)": "quản trị viên",
    r"hệ thống(?! (?:của (?:các )?bộ|khác|này có: ))": "sổ (hệ thống is a client that is a program)",
    r"(?<!, )thiết bị": "máy",
    r"(?:có|mất|cần) mạng": "sóng",
    r"ranh giới (?:của )?(?:các |một |mỗi |từng )?(?:xã|phường|huyện|tỉnh|đơn vị|\{commune\}|\{unit\})|tệp ranh giới": (
        "địa giới (ranh giới is a parcel's)"
    ),
    r"\bmục (?:này\?|trước)|\{count\} mục chờ": "the name of the list",
    r"\bthẻ khác": "tab (thẻ is the identity card)",
    r"mở sổ|cài sổ|bản mới của sổ|phần này của sổ|về biểu mẫu": "ứng dụng (sổ is the register)",
    r"cảnh báo của sổ": "lưu ý của sổ",
    r"dấu vết": "nhật ký truy cập",
    r"sổ nhật ký": "nhật ký (sổ is the register)",
    r"rút (?:hồ sơ|khỏi sổ|hộ)": "đưa ra khỏi sổ",
    r"bảng mã": "danh mục",
    r"lãnh đạo (?:xã )?xác nhận|xác nhận (?:hồ sơ|hộ)\b": "xác minh",
}
"""Vietnamese words for what has another name, and that name (docs/glossary.md)."""


def retired_in(text: str) -> set[str]:
    return {word for word in RETIRED if re.search(word, text, re.IGNORECASE)}


def paragraphs() -> Iterator[str]:
    """The paragraphs of all documents in Vietnamese, each on one line."""
    for folder in (ROOT, ROOT / "docs"):
        for file in folder.glob("*.vi.md"):
            yield from (" ".join(each.split()) for each in file.read_text(encoding="utf-8").split("\n\n"))


def list_codes() -> Iterator[str]:
    """The Vietnamese names of all list codes."""
    for file in (ROOT / "schemas" / "codelists").glob("*.csv"):
        with file.open(encoding="utf-8", newline="") as lines:
            yield from (row.get("name_vi") or "" for row in csv.DictReader(lines))


def test_no_vietnamese_text_has_a_retired_word() -> None:
    labels = (f"{field.item.label_vi} {field.item.hint_vi}" for field in items())
    documents, codes = [*paragraphs()], [*list_codes()]
    assert len(documents) > 40
    assert len(codes) > 400
    read = [text for _, text in texts()] + [*labels, *documents, *codes]
    assert {text: words for text in read if (words := retired_in(text))} == {}


def test_a_retired_vietnamese_word_is_noticed() -> None:
    assert retired_in("Giờ ghi trong phiếu") == {r"phiếu(?! giấy| đo\b| đồng ý)"}
    assert retired_in("Số phiếu giấy, phiếu đo VN-2000") == set()
    assert len(retired_in("Báo quản trị: bản ghi có đỉnh")) == 3
    wrong = ["Ranh giới của xã", "ranh giới {unit}", "Hệ thống chưa lưu", "dấu vết kiểm tra", "cuối sổ nhật ký"]
    wrong += ["Đã rút khỏi sổ", "các bảng mã", "lãnh đạo xã xác nhận", "Xác nhận hồ sơ"]
    assert [len(retired_in(text)) for text in wrong] == [1] * len(wrong)
    right = (
        "Địa giới xã; ranh giới của thửa; hệ thống của các bộ; Hệ thống này có: {held}; Đã xác nhận thửa nằm ngoài xã"
    )
    assert retired_in(right) == set()
