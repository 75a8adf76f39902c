"""What a record lacks for the next stage, by what the items of the schema say they are required for."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from schemas.errors import Path, pointer
from schemas.household import HouseholdSchema
from schemas.language import Many, One, Section, Stage, section_fields


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
        for path, stage, _ in _gaps(HouseholdSchema, content)
        if stage == "standardized" or stage == "digitized"
    ]


def registration_gaps(content: Mapping[str, Any]) -> list[tuple[Path, str]]:
    """Return the absent items that registration needs and that another item can replace, as (path, other item)."""
    return [
        (path, other)
        for path, stage, other in _gaps(HouseholdSchema, content, alternatives=True)
        if stage == "registered" and other
    ]


_Gap = tuple[Path, Stage, str | None]
"""The path of an absent item, the stage that it is mandatory for, and the item that can replace it."""


@dataclass(frozen=True, slots=True)
class _Matter:
    """What of a section is mandatory for some stage: items, and of which items there must be one.

    Of each item its name, the stage, the item that can replace it, and what is mandatory inside it.
    """

    items: tuple[tuple[str, Stage | None, str | None, "_Matter | None"], ...]
    one_of: tuple[tuple[Stage, tuple[str, ...]], ...]


def _gaps(section: type[Section], content: Mapping[str, Any], *, alternatives: bool = False) -> list[_Gap]:
    gaps: list[_Gap] = []
    _add_gaps(gaps, _what_matters(section, alternatives=alternatives), content, ())
    return gaps


def _add_gaps(gaps: list[_Gap], matter: _Matter, content: Mapping[str, Any], path: Path) -> None:
    """Add what an object lacks. It is called for each object of each record, so it makes no generators."""
    for name, required, other, inner in matter.items:
        value = content.get(name)
        if value is None or value == []:
            if required and not (other and content.get(other) is not None):
                gaps.append(((*path, name), required, other))
        elif inner is None:
            continue
        elif isinstance(value, dict):
            _add_gaps(gaps, inner, value, (*path, name))
        elif isinstance(value, list):
            for index, element in enumerate(value):
                if isinstance(element, dict):
                    _add_gaps(gaps, inner, element, (*path, name, index))
    for stage, names in matter.one_of:
        if not any(map(content.get, names)):
            gaps.append(((*path, names[0]), stage, None))


@cache
def _what_matters(section: type[Section], *, alternatives: bool) -> _Matter:
    """Return the items that are mandatory for some stage or hold such items.

    With `alternatives` only those that registration needs and that another item can replace.
    """
    matters = []
    for name, field in section_fields(section).items():
        part = field.inner if isinstance(field, Many) else field
        inner = _what_matters(part.section, alternatives=alternatives) if isinstance(part, One) else None
        if inner is not None and not inner.items:
            inner = None
        item = field.item
        wanted = item.required_for == "registered" and item.required_unless if alternatives else item.required_for
        if wanted or inner:
            matters.append((name, item.required_for, item.required_unless, inner))
    return _Matter(tuple(matters), tuple(section.one_of))
