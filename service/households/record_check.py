"""What the records of a file would get from the register, without a database: stage, what is missing, errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

from schemas.errors import Finding, ItemError, JsonInvalid, RecordInvalid
from schemas.json_lines import lines_by_pointer
from schemas.json_text import parse_json
from schemas.language import Stage
from schemas.parsing import parse_household
from schemas.requirements import missing_items
from service.errors import DomainError
from service.households.registration import prepare
from service.households.times import end_of
from service.units.directory import UnitDirectory

MOST_BYTES_OF_A_LINE = 8_000_000


@dataclass(frozen=True, slots=True)
class Fault:
    """An error and the line of the file that it stands on."""

    line: int
    error: ItemError


@dataclass(slots=True)
class Checked:
    """What one record of the file would get; with `faults` it would be refused and has no stage."""

    line: int
    stage: Stage | None = None
    missing: list[dict[str, str]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def check_file(path: Path, directory: UnitDirectory, today: date) -> Iterator[Checked]:
    """Check each record of a file: one JSON object, a list of them, or NDJSON (one object a line, read line by line).

    What depends on other households (boundaries that overlap, a personal number that is registered elsewhere) is not
    checked; a personal number that stands twice in the file is. Raises OSError.
    """
    numbers: dict[str, int] = {}
    for line, text in _texts(path):
        yield _check(line, text, directory, today, numbers)


def _texts(path: Path) -> Iterator[tuple[int, bytes]]:
    """Each record's text with the line that it begins on."""
    with path.open("rb") as file:
        first = file.readline(MOST_BYTES_OF_A_LINE)
        rest = file.read(1)
    if not rest or not _is_object(first):
        whole = path.read_bytes()
        yield from _elements(whole) if whole.lstrip().startswith(b"[") else [(1, whole)]
        return
    with path.open("rb") as file:
        for number, text in enumerate(file, start=1):
            if text.strip():
                yield number, text.rstrip(b"\r\n")


def _is_object(text: bytes) -> bool:
    try:
        return isinstance(parse_json(text), dict)
    except JsonInvalid:
        return False


def _elements(whole: bytes) -> Iterator[tuple[int, bytes]]:
    """The elements of a JSON list; a list that cannot be read is returned whole, so that its error is reported."""
    try:
        text = whole.decode("utf-8-sig")
        json.loads(text)
    except (ValueError, RecursionError):
        yield 1, whole
        return
    decoder, position = json.JSONDecoder(), text.index("[") + 1
    while True:
        while text[position] in " \t\r\n,":
            position += 1
        if text[position] == "]":
            return
        _, end = decoder.raw_decode(text, position)
        yield text.count("\n", 0, position) + 1, text[position:end].encode()
        position = end


def _check(line: int, text: bytes, directory: UnitDirectory, today: date, numbers: dict[str, int]) -> Checked:
    checked = Checked(line)
    try:
        data = parse_json(text)
    except JsonInvalid as refused:
        place = line + int(refused.params.get("line", 1)) - 1
        parameters = refused.params | ({"line": place} if "line" in refused.params else {})
        checked.faults.append(Fault(place, ItemError("", refused.code, parameters)))
        return checked
    try:
        content = parse_household(data, today=today)
        errors = _numbers_again(content, line, numbers)
        prepared = prepare(content, str(uuid4()), directory=directory, now=end_of(today))
        checked.stage = prepared.given["stage"]
        checked.missing = prepared.given["missing"]
        checked.findings = [
            Finding(each["code"], each["severity"], each["pointer"], each["details"])
            for each in prepared.given["findings"]
        ]
    except RecordInvalid as refused:
        errors = list(refused.errors)
    except DomainError as refused:
        errors = [ItemError(refused.pointer or "", refused.code, refused.params)]
    if errors:
        lines = lines_by_pointer(text.decode("utf-8-sig"), line)
        checked.stage = None
        checked.faults = [Fault(_line_of(error.pointer, lines), error) for error in errors]
        if isinstance(data, dict):
            checked.missing = [{"pointer": each.pointer, "for": each.for_} for each in missing_items(data)]
    return checked


def _line_of(pointer: str, lines: dict[str, int]) -> int:
    """The line of an item, or of the nearest object around it that is there."""
    while pointer not in lines:
        pointer = pointer.rpartition("/")[0]
    return lines[pointer]


def _numbers_again(content: dict[str, Any], line: int, numbers: dict[str, int]) -> list[ItemError]:
    errors = []
    people = [("/head", content["head"])]
    people += [(f"/members/{index}", member) for index, member in enumerate(content.get("members", []))]
    for pointer, person in people:
        number = person.get("national_id")
        if number is None:
            continue
        first = numbers.setdefault(number, line)
        if first != line:
            errors.append(ItemError(f"{pointer}/national_id", "national-id.in-earlier-line", {"line": first}))
    return errors
