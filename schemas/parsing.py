"""Conversion of a household from its JSON form to parsed content, with every error at once, and back."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from marshmallow import ValidationError
from shapely.geometry.base import BaseGeometry

from schemas import rules
from schemas.compiled import read_household
from schemas.errors import ItemError, Path, Problem, RecordInvalid, pointer
from schemas.geometry import geometry_json
from schemas.household import HouseholdSchema
from schemas.land_uses import state_main_uses
from schemas.language import One, loader, section_fields
from schemas.partial_date import PartialDate

#: Nobody corrects a record with more errors than this item by item.
MOST_ERRORS = 1000
_PLAIN = frozenset({str, float, int, bool})


def parse_household(data: object, *, today: date, without: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Parse the JSON form of a household into content.

    Items that the register sets are ignored; optional items that are absent stay absent, except what follows from a
    parcel's list of uses (`schemas/land_uses.py`). `today` is the day in
    Vietnam, `without` the codes of rules that are not applied. Raises RecordInvalid with every error at once.
    """
    content = read_household(data)
    errors: list[ItemError] = []
    if content is None:
        content, errors = explain_household(data)
    refused = {error.pointer for error in errors}
    # Rules add nothing about a value that was refused already.
    found = rules.errors(content, today=today)
    errors += [error for error in found if error.pointer not in refused and error.code not in without]
    if errors:
        raise RecordInvalid(_bounded(errors))
    state_main_uses(content)
    return content


def explain_household(data: object) -> tuple[dict[str, Any], list[ItemError]]:
    """Parse with marshmallow; return what can be read of a household, and the errors of its items (rules apart)."""
    try:
        content: dict[str, Any] = loader(HouseholdSchema).load(data)  # type: ignore[arg-type]
    except ValidationError as error:
        read = error.valid_data if isinstance(error.valid_data, dict) else {}
        for name, field in section_fields(HouseholdSchema).items():
            # marshmallow leaves out an object of which nothing could be read; what it lacks must still be reported.
            if isinstance(field, One) and isinstance(data, Mapping) and isinstance(data.get(name), dict):
                read.setdefault(name, {})
        return read, list(_item_errors((), error.messages))
    return content, []


def dump_household(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON form of parsed content: JSON types only; `parse_household` reads the same content from it."""
    form: dict[str, Any] = dump_value(dict(content))
    return form


def dump_time(moment: datetime) -> str:
    """Return a time with zone as the register writes it: UTC, to the second, `2026-11-20T02:11:09Z`."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def dump_value(value: Any) -> Any:
    """Return the JSON form of one parsed value with everything inside it."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is dict:
        # Most values are plain: comparing the type costs less than a call.
        return {name: each if type(each) in _PLAIN else dump_value(each) for name, each in value.items()}
    if kind is list:
        return [each if type(each) in _PLAIN else dump_value(each) for each in value]
    if kind is PartialDate:
        return str(value)
    if isinstance(value, BaseGeometry):
        return geometry_json(value)
    if isinstance(value, datetime):
        return dump_time(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"content holds no {kind.__name__}")


def _item_errors(path: Path, messages: Any) -> Iterator[ItemError]:
    if isinstance(messages, dict):
        for step, inner in messages.items():
            # marshmallow puts errors of the object itself under "_schema"; an item of that name is unknown anyway.
            yield from _item_errors(path if step == "_schema" else (*path, step), inner)
        return
    for problem in messages:
        if isinstance(problem, Problem):
            params = problem.params
            if problem.code == "item.unknown" and "item" not in params:
                params = {"item": str(path[-1])[:60] if path else "_schema"}
            yield ItemError(pointer(path), problem.code, params)
        else:
            raise TypeError(f"an error without a code at {pointer(path)}: {problem!r}")


def _bounded(errors: list[ItemError]) -> list[ItemError]:
    if len(errors) <= MOST_ERRORS:
        return errors
    return [*errors[:MOST_ERRORS], ItemError("", "record.more-errors", {"shown": MOST_ERRORS, "count": len(errors)})]
