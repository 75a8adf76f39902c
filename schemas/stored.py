"""What form a stored household has: of which JSON type each item is, and which items every record has.

It is checked where a document is read, so that nothing behind it meets a record that was damaged. Only what programs
rely on is checked: the rules of the schema may have been others when the record was stored. Items that are sealed at
rest are left out, since their ciphertext is authenticated.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from functools import cache, lru_cache
from typing import Any, Final

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
    Whole,
    section_fields,
)
from schemas.versions import FIRST_VERSION, MIGRATIONS

Check = Callable[[Any], bool]
"""Returns whether a value has the form that a stored one has."""

_KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "text": (str,),
    "boolean": (bool,),
    "number": (float, int),
    "whole": (int, float),
    "moment": (datetime,),
    "object": (dict,),
    "array": (list,),
}


@cache
def stored_form(read: frozenset[str] | None = None) -> Check:
    """Return the check of a stored household; ``read`` are the paths (`parcels.id`) that were read, if not all were.

    One of an earlier version of the schema need not have what has become mandatory since.
    """
    current = _section(HouseholdSchema, "", read)
    if read is not None:
        return current
    earlier = _section(HouseholdSchema, "", None, current=False)

    def fits(record: Any) -> bool:
        version = record.get("schema_version") if record.__class__ is dict else None
        return (earlier if version.__class__ is str and version in MIGRATIONS else current)(record)

    return fits


@cache
def stored_items_form() -> Check:
    """Return the check of some top-level items of a household, of any version, each of which may also be None."""
    some = _section(HouseholdSchema, "", None, current=False, whole=False)
    return lambda items: items.__class__ is dict and some({name: v for name, v in items.items() if v is not None})


def _section(
    section: type[Section], way: str, read: frozenset[str] | None, *, current: bool = True, whole: bool = True
) -> Check:
    """Return the check of an object: the types of its plain values in one loop, then what is inside.

    Items are missed only of the ``whole`` object: those that the ``current`` version makes mandatory, or the first did.
    """
    types: dict[str, tuple[type, ...]] = {}
    inside: dict[str, Check] = {}
    required: set[str] = set()
    for name, field in section_fields(section).items():
        path = way + name
        if field.item.at_rest != "plain" or not _is_read(path, read):
            continue
        if whole and _is_missed(field, current):
            required.add(name)
        if (check := _inside(field, path, read, current)) is not None:
            inside[name] = check
        else:
            types[name] = _KINDS[_kind(field)]
    return _object(types, inside, frozenset(required))


def _object(types: Mapping[str, tuple[type, ...]], inside: Mapping[str, Check], required: frozenset[str]) -> Check:
    """Return the check of an object. It is made for each record that is read, so it compares classes and no more.

    The first class of an item decides nearly always; numbers of the database are subclasses of Python's.
    """
    usual_of, check_of = {name: wanted[0] for name, wanted in types.items()}.get, inside.get
    names = tuple(required)

    def fits(value: Any) -> bool:
        if type(value) is not dict:
            return False
        for name in names:
            if name not in value:
                return False
        for name, each in value.items():
            usual = usual_of(name)
            if usual is type(each):
                continue
            if usual is not None:
                if not _is_one_of(each, types[name]):
                    return False
            elif (check := check_of(name)) is not None and not check(each):
                return False
        return True

    return fits


def _is_one_of(value: Any, types: tuple[type, ...]) -> bool:
    return isinstance(value, types) and (value.__class__ is not bool or bool in types)


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


def _kind(field: Field) -> str:
    if isinstance(field, Moment):
        return "moment" if field.is_stored_as_time else "text"
    if isinstance(field, Whole):
        return "whole"
    if isinstance(field, Number):
        return "number"
    return "boolean" if isinstance(field, Flag) else "text"


def _inside(field: Field, path: str, read: frozenset[str] | None, current: bool) -> Check | None:
    """Return the check of a value that is more than a type; None for the others."""
    match field:
        case One():
            return _section(field.section, f"{path}.", read, current=current)
        case Many():
            inner = _inside(field.inner, path, read, current) or _of_type(_KINDS[_kind(field.inner)])
            return _every(inner)
        case Geometry():
            return _geometry(frozenset(field.kinds))
        case Given():
            return _given(field.form)
        case Day():
            return _is_day
        case Moment() if not field.is_stored_as_time:
            return _is_moment
    return None


def _of_type(types: tuple[type, ...]) -> Check:
    return lambda value: _is_one_of(value, types)


def _every(inner: Check) -> Check:
    return lambda value: value.__class__ is list and (not value or all(map(inner, value)))


def _geometry(kinds: Collection[str]) -> Check:
    """Return the check of a geometry. Its coordinates are those that the database's own index accepted."""
    return lambda value: (
        value.__class__ is dict
        and isinstance(value.get("type"), str)
        and value["type"] in kinds
        and value.get("coordinates").__class__ is list
        and bool(value["coordinates"])
    )


def _given(form: Mapping[str, Any]) -> Check:
    """Return the check of what the register itself adds, from its JSON Schema."""
    match form["type"]:
        case "array":
            return _every(_given(_named(form["items"])))
        case "object":
            properties = {name: _named(each) for name, each in form.get("properties", {}).items()}
            inside = {name: _given(each) for name, each in properties.items() if each["type"] in ("object", "array")}
            types = {
                name: _of_json(each) for name, each in properties.items() if each["type"] not in ("object", "array")
            }
            return _object(types, inside, frozenset(form.get("required", ())))
    return _of_type(_of_json(form))


def _named(form: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the shape that a reference names. Details of findings are any object, since they may hold ciphertext."""
    name = form.get("$ref")
    return form if name is None else {"type": "object"} if name == "FindingDetails" else PARTS[name]


def _of_json(form: Mapping[str, Any]) -> tuple[type, ...]:
    return {"string": (str,), "number": (float, int), "integer": (int, float), "boolean": (bool,)}[form["type"]]


@lru_cache(maxsize=4096)
def _day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_day(value: Any) -> bool:
    return isinstance(value, str) and _day(value)


def _is_moment(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False
