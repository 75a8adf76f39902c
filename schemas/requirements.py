"""What a record lacks for the next stage, by what the items of the schema say they are required for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from schemas.errors import Path, pointer
from schemas.household import HouseholdSchema
from schemas.language import Field, Many, One, Section, Stage, section_fields


@dataclass(frozen=True, slots=True)
class Missing:
    """An item that is absent and mandatory for the stage `for_`."""

    pointer: str
    for_: Literal["standardized", "digitized"]


def missing_items(content: Mapping[str, Any]) -> list[Missing]:
    """Return what is missing for "standardized" and "digitized", in the order of the definition.

    Works on parsed content and on the JSON form: only presence is checked, values were checked by parsing.
    """
    return [
        Missing(pointer(path), stage)
        for path, field, stage in _gaps(HouseholdSchema, content, ())
        if stage == "standardized" or stage == "digitized"
    ]


def registration_gaps(content: Mapping[str, Any]) -> list[tuple[Path, str]]:
    """Return the absent items that registration needs and that another item can replace, as (path, other item)."""
    return [
        (path, field.item.required_unless)
        for path, field, stage in _gaps(HouseholdSchema, content, (), alternatives=True)
        if stage == "registered" and field is not None and field.item.required_unless
    ]


def _gaps(
    section: type[Section], content: Mapping[str, Any], path: Path, *, alternatives: bool = False
) -> Iterator[tuple[Path, Field | None, Stage]]:
    for name, field, inner in _what_matters(section, alternatives=alternatives):
        value = content.get(name)
        if value is None or value == []:
            required = field.item.required_for
            if required and not (field.item.required_unless and content.get(field.item.required_unless) is not None):
                yield (*path, name), field, required
        elif inner is None:
            continue
        elif isinstance(value, dict):
            yield from _gaps(inner, value, (*path, name), alternatives=alternatives)
        elif isinstance(value, list):
            for index, element in enumerate(value):
                if isinstance(element, dict):
                    yield from _gaps(inner, element, (*path, name, index), alternatives=alternatives)
    for stage, names in section.one_of:
        if not any(content.get(name) for name in names):
            yield (*path, names[0]), None, stage


@cache
def _what_matters(section: type[Section], *, alternatives: bool) -> tuple[tuple[str, Field, type[Section] | None], ...]:
    """Return the items that are mandatory for some stage or hold such items: (name, field, the section inside).

    With `alternatives` only those that registration needs and that another item can replace.
    """
    matters = []
    for name, field in section_fields(section).items():
        part = field.inner if isinstance(field, Many) else field
        inner = (
            part.section if isinstance(part, One) and _what_matters(part.section, alternatives=alternatives) else None
        )
        item = field.item
        wanted = item.required_for == "registered" and item.required_unless if alternatives else item.required_for
        if wanted or inner:
            matters.append((name, field, inner))
    return tuple(matters)
