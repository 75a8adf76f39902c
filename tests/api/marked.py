"""A household made from the schema, in which each item has a unique value where its type allows one.

A response in which such a value stands reveals the item, whatever the item is. Items are named here only where rules
tie them together (a number to a year of birth, a boundary to its commune) or two households may not say the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import count
from typing import Any, Final

import orjson

from schemas.example import ExamplePlace, example_household
from schemas.household import HouseholdSchema
from schemas.language import (
    Code,
    Day,
    Field,
    Flag,
    Formatted,
    Item,
    Many,
    Moment,
    Number,
    One,
    Phone,
    Section,
    Text,
    Whole,
    YearMonthOrDay,
    section_fields,
)

_LETTERS: Final = "bcdfghjklmnpqrstvwxz"
_EXAMPLE: Final = orjson.dumps(example_household(ExamplePlace("16681", "16663", (105.66, 18.69), "040078001234")))
"""Documents that everybody may read contain it."""

LEFT_OUT: Final = frozenset(
    {
        "id",
        "agency",
        "commune",
        "commune_as_of",
        "consents.withdrawn_at",
        "former_commune",
        "head.national_id",
        "head.no_id_reason",
        "legal_basis",
        "location",
        "members.id",
        "members.national_id",
        "parcels.crs",
        "parcels.geometry",
        "parcels.id",
        "parcels.land_use",
        "parcels.unnumbered_reason",
    }
)
"""Items that a register without more data refuses, that exclude another item, or that are unique to a household."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A text that identifies an item in a response, and the readers from whom it is hidden."""

    item: str
    text: bytes
    is_masked: bool
    """Whether it is masked or hidden for readers who see people masked."""
    is_private: bool
    """Whether it is hidden from readers who see nobody."""


@cache
def marked() -> tuple[Mapping[str, Any], tuple[Mark, ...]]:
    """The body of a household, and the marks of its items; both are the same at each call."""
    marks: list[Mark] = []
    body = _section(HouseholdSchema, "", marks, count(1), masked=False, private=False)
    return body, tuple(mark for mark in marks if mark.text not in _EXAMPLE)


def _section(
    section: type[Section], path: str, marks: list[Mark], numbers: Iterator[int], *, masked: bool, private: bool
) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for name, field in section_fields(section).items():
        place = f"{path}{name}"
        if field.register_given or place in LEFT_OUT or name.endswith(("_scheme", "_version", "_unknown", "_commune")):
            continue
        hidden, personal = masked or field.item.mask != "shown", private or _is_personal(field.item)
        inner = field.inner if isinstance(field, Many) else field
        if isinstance(inner, One):
            value: Any = _section(inner.section, f"{place}.", marks, numbers, masked=hidden, private=personal)
        else:
            value, text = _value(inner, name, next(numbers))
            if isinstance(inner, Code) and isinstance(field, Many):
                text = f'"{name}":["{value}"'
            if text is not None:
                marks.append(Mark(place, text.encode(), hidden, personal))
        body[name] = [value] if isinstance(field, Many) else value
    return body


def _is_personal(item: Item) -> bool:
    return item.sensitivity != "plain"


def _value(field: Field, name: str, number: int) -> tuple[Any, str | None]:
    """A valid value of a field and the text that identifies it; None if other records can have the same value.

    No text consists of digits that could stand in a hash or an id by chance.
    """
    match field:
        case Phone():
            return (phone := f"09{71_234_567 + number:08d}"), phone[1:]
        case Flag():
            return True, None
        case Text():
            return (text := f"Zq{_word(number)} Xw"), text
        case Code():
            codes = sorted(field.codes() if not field.scheme else _default_codes(field), reverse=True)
            pairs = ((code, f'"{name}":"{code}"') for code in codes)
            return next((pair for pair in pairs if pair[1].encode() not in _EXAMPLE), (codes[-1], None))
        case Whole():
            least = int(field.least or 0)
            value = least + 1 if field.most < 1_000_000 else 900_000 + number
            return value, f'"{name}":{value}' if value > 900_000 else None
        case Number():
            return (share := round(1 + number * 0.00137, 5)), str(share)
        case Day() | YearMonthOrDay():
            return (day := (date(1951, 3, 7) + timedelta(days=31 * number)).isoformat()), day
        case Moment():
            return (moment := f"2026-11-19T{number % 24:02d}:{number % 60:02d}:{number % 59:02d}Z"), moment
        case Formatted():
            return (digits := str(181_000_000 + number * 7_919)), digits
    raise TypeError(type(field).__name__)


def _default_codes(field: Code) -> frozenset[str]:
    from schemas.codelists import code_lists

    return frozenset(entry.code for entry in code_lists()[field.lists()[None]])


def _word(number: int) -> str:
    letters = ""
    for _ in range(4):
        number, digit = divmod(number, len(_LETTERS))
        letters += _LETTERS[digit]
    return letters
