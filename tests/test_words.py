"""What people read: texts in their own words, not in those of the API."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import schemas
import service
from schemas.household import HouseholdSchema
from schemas.language import Field, section_fields, section_of

FOLDERS = (Path(schemas.__file__).parent / "messages", Path(service.__file__).parent / "messages")
FORM = Path(service.__file__).parents[1] / "form" / "src" / "messages"
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
