"""What form a stored household has: of which JSON type each item is, and which items every record has.

It is checked where a document is read, so that nothing behind it meets a record that was damaged. Only what programs
rely on is checked: the rules of the schema may have been others when the record was stored. Items that are sealed at
rest are left out, since their ciphertext is authenticated.

The check is made for each record of a page, so msgspec makes it: of each section it has a structure of types, made from
the section's fields. The objects that it builds from a record are thrown away.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from functools import cache, partial
from types import GenericAlias
from typing import Annotated, Any, Final, Literal, NamedTuple

import msgspec

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

Check = Callable[[Any], bool]
"""Returns whether a value has the form that a stored one has."""

_NUMBER: Final = float
"""The type of every number, since msgspec accepts whole ones as well."""


class _Item(NamedTuple):
    """An item of an object that is checked."""

    name: str
    type: Any
    """The type that msgspec checks."""
    required: bool
    is_moment: bool = False
    """Whether it is the text of a moment. BSON dates are excluded before msgspec, which would accept them as well."""


@cache
def stored_form(read: frozenset[str] | None = None) -> Check:
    """Return the check of a stored household; ``read`` are the paths (`parcels.id`) that were read, if not all were.

    One of an earlier version of the schema need not have what has become mandatory since.
    """
    current = _check(_section(HouseholdSchema, "", read))
    if read is not None:
        return current
    earlier = _check(_section(HouseholdSchema, "", None, current=False))

    def fits(record: Any) -> bool:
        version = record.get("schema_version") if type(record) is dict else None
        return (earlier if type(version) is str and version in MIGRATIONS else current)(record)

    return fits


@cache
def stored_items_form() -> Check:
    """Return the check of some top-level items of a household, of any version, each of which may also be None."""
    some = _check(_section(HouseholdSchema, "", None, current=False, whole=False))
    return lambda items: type(items) is dict and some({name: v for name, v in items.items() if v is not None})


def _check(form: Any) -> Check:
    """Return the check of a type. Subclasses of Python's types, such as the database's numbers, are what these are."""
    # A time of the database is no text, so that msgspec must not read one from it.
    convert = partial(msgspec.convert, type=form, builtin_types=(datetime,))

    def fits(value: Any) -> bool:
        try:
            convert(value)
        except msgspec.ValidationError:
            return False
        return True

    return fits


def _section(
    section: type[Section], way: str, read: frozenset[str] | None, *, current: bool = True, whole: bool = True
) -> Any:
    """Return the type of an object that a section describes.

    Items are required only of the ``whole`` object: those that the ``current`` version, or the first one, requires.
    """
    items: list[_Item] = []
    for name, field in section_fields(section).items():
        path = way + name
        if field.item.at_rest != "plain" or not _is_read(path, read):
            continue
        required = whole and _is_missed(field, current)
        is_moment = isinstance(field, Moment) and not field.is_stored_as_time
        items.append(_Item(name, _type_of(field, path, read, current), required, is_moment))
    return _object(items)


def _object(items: Collection[_Item]) -> Any:
    """Return the type of an object with these items. It may have any others."""
    names = {f"item_{index}": item.name for index, item in enumerate(items)}  # a name can be a word of Python
    moments = [attribute for attribute, item in zip(names, items, strict=True) if item.is_moment]

    def check_moments(structure: Any) -> None:
        for attribute in moments:
            text = getattr(structure, attribute)
            if text is not None and not _is_moment(text):
                raise ValueError

    fields = [
        (attribute, item.type) if item.required else (attribute, item.type, None)
        for attribute, item in zip(names, items, strict=True)
    ]
    return msgspec.defstruct(
        "Object",
        fields,
        namespace={"__post_init__": check_moments} if moments else None,
        rename=names,
        kw_only=True,
        gc=False,
    )


def _is_read(path: str, read: frozenset[str] | None) -> bool:
    """Whether an item, or something inside it, was read."""
    return (
        read is None or path in read or any(each.startswith(f"{path}.") or path.startswith(f"{each}.") for each in read)
    )


def _is_missed(field: Field, current: bool) -> bool:
    """Whether a record of the current version, or else one of any version, has this item."""
    if current:
        return field.required or field.item.stored_since is not None
    return field.item.stored_since == FIRST_VERSION


def _type_of(field: Field, path: str, read: frozenset[str] | None, current: bool) -> Any:
    match field:
        case One():
            return _section(field.section, f"{path}.", read, current=current)
        case Many():
            return _list_of(_type_of(field.inner, path, read, current))
        case Geometry():
            return _geometry(field.kinds)
        case Given():
            return _given(field.form)
        case Day():
            return date
        case Moment():
            return datetime if field.is_stored_as_time else str
        case Number():
            return _NUMBER
        case Flag():
            return bool
    return str


def _list_of(inner: Any) -> Any:
    return GenericAlias(list, (inner,))


def _geometry(kinds: Collection[str]) -> Any:
    """Return the type of a geometry. Its coordinates are those that the database's own index accepted."""
    one_of: Any = Literal
    some = Annotated[list[Any], msgspec.Meta(min_length=1)]
    return _object([_Item("type", one_of[tuple(kinds)], required=True), _Item("coordinates", some, required=True)])


def _given(form: Mapping[str, Any]) -> Any:
    """Return the type of an item that the register adds, from its JSON Schema."""
    match form["type"]:
        case "array":
            return _list_of(_given(_named(form["items"])))
        case "object":
            required = form.get("required", ())
            properties = form.get("properties", {})
            return _object([_Item(name, _given(_named(each)), name in required) for name, each in properties.items()])
    return {"string": str, "number": _NUMBER, "integer": _NUMBER, "boolean": bool}[form["type"]]


def _named(form: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the shape that a reference names. Details of findings are any object, since they may hold ciphertext."""
    name = form.get("$ref")
    return form if name is None else {"type": "object"} if name == "FindingDetails" else PARTS[name]


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
