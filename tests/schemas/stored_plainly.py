"""A plain Python check of stored households, item by item, with which `schemas.stored` must agree."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from schemas.given import PARTS
from schemas.household import HouseholdSchema
from schemas.language import (
    Day,
    Field,
    Flag,
    Geometry,
    Given,
    Many,
    Moment,
    Number,
    One,
    Section,
    section_fields,
)
from schemas.versions import FIRST_VERSION, MIGRATIONS

OF_THE_DATABASE = ("created_at", "updated_at")


def has_stored_form(record: Any, read: frozenset[str] | None = None) -> bool:
    """Whether a value is a stored household, or the part of one that was read."""
    earlier = read is None and isinstance(record, dict) and record.get("schema_version") in list(MIGRATIONS)
    return _is_section(record, HouseholdSchema, "", read, current=not earlier)


def are_stored_items(items: Any) -> bool:
    """Whether a value is some items of a household, each of which may also be None."""
    if not isinstance(items, dict):
        return False
    given = {name: value for name, value in items.items() if value is not None}
    return _is_section(given, HouseholdSchema, "", None, current=False, whole=False)


def _is_section(
    value: Any,
    section: type[Section],
    way: str,
    read: frozenset[str] | None,
    *,
    current: bool,
    whole: bool = True,
) -> bool:
    if not isinstance(value, dict):
        return False
    for name, field in section_fields(section).items():
        path = way + name
        if field.item.at_rest != "plain" or not _was_read(path, read):
            continue
        if name in value:
            if not _is_item(value[name], field, path, read, current):
                return False
        elif whole and (field.item.stored_since == FIRST_VERSION or (current and _is_mandatory(field))):
            return False
    return True


def _is_mandatory(field: Field) -> bool:
    return field.required or field.item.stored_since is not None


def _was_read(path: str, read: frozenset[str] | None) -> bool:
    if read is None:
        return True
    steps = path.split(".")
    return any(steps[: len(each)] == each[: len(steps)] for each in (one.split(".") for one in read))


def _is_item(value: Any, field: Field, path: str, read: frozenset[str] | None, current: bool) -> bool:
    match field:
        case One():
            return _is_section(value, field.section, f"{path}.", read, current=current)
        case Many():
            return isinstance(value, list) and all(_is_item(each, field.inner, path, read, current) for each in value)
        case Given():
            return _is_given(value, field.form)
        case Geometry():
            if not isinstance(value, dict) or value.get("type") not in list(field.kinds):
                return False
            return isinstance(value.get("coordinates"), list) and value["coordinates"] != []
        case Moment() if path in OF_THE_DATABASE:
            return isinstance(value, datetime)
        case Moment():
            return isinstance(value, str) and _zone_of(value) is not None
        case Day():
            return isinstance(value, str) and _day(value) is not None
        case Number():
            return _is_number(value)
        case Flag():
            return isinstance(value, bool)
    return isinstance(value, str)


def _is_given(value: Any, form: Mapping[str, Any]) -> bool:
    match form["type"]:
        case "array":
            return isinstance(value, list) and all(_is_given(each, _named(form["items"])) for each in value)
        case "object":
            if not isinstance(value, dict) or not set(form.get("required", ())) <= value.keys():
                return False
            known = {name: each for name, each in form.get("properties", {}).items() if name in value}
            return all(_is_given(value[name], _named(each)) for name, each in known.items())
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
    return _is_number(value)


def _named(form: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in form:
        return form
    return {"type": "object"} if form["$ref"] == "FindingDetails" else PARTS[form["$ref"]]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text else None


def _zone_of(text: str) -> Any:
    try:
        return datetime.fromisoformat(text).tzinfo
    except ValueError:
        return None
