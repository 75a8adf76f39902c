"""Rules about codes: a code belongs to its scheme and was in force on the record's day."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from schemas.codelists import CodeList, code_lists
from schemas.errors import Path
from schemas.household import HouseholdSchema
from schemas.land import ParcelSchema
from schemas.language import Code, Many, One, Section, section_fields
from schemas.rules.rule import Content, Trouble, record_day


def current_land_use(scheme: str | None, code: str) -> str:
    """Return the code of Circular 08/2024 for a land-use code of `scheme` (None: the current scheme).

    Of Circular 27/2018, BHK and NHK have become HNK, and LUN has become LUK.
    Raises KeyError for a code that is not in the scheme.
    """
    field = section_fields(ParcelSchema)["land_use"]
    entry = code_lists()[field.lists()[scheme]].get(code) if isinstance(field, Code) else None
    if entry is None:
        raise KeyError(code)
    return entry.extra["current_code"]


#: Stands in a finding for a code that must not be repeated there.
_NOT_REPEATED = "•"


@dataclass(frozen=True)
class CodePlace:
    """A place in the definition that holds codes; the step "*" stands for each element of a list."""

    steps: tuple[str, ...]
    scheme_item: str | None
    #: The list of each scheme; None is the scheme of a record that names none.
    lists: Mapping[str | None, CodeList]
    #: Whether a finding, which is stored readable and shown to every reader, may repeat the code.
    repeated: bool = True


@cache
def _code_places() -> tuple[CodePlace, ...]:
    def walk(section: type[Section], path: tuple[str, ...], repeated: bool) -> Iterator[CodePlace]:
        for name, field in section_fields(section).items():
            item = field.item
            is_open = repeated and item.mask == "shown" and item.at_rest == "plain"
            inner: Any = field
            here = (*path, name)
            if isinstance(field, Many):
                inner, here = field.inner, (*here, "*")
            if isinstance(inner, One):
                yield from walk(inner.section, here, is_open)
            elif isinstance(inner, Code) and not field.register_given:
                lists = {scheme: code_lists()[each] for scheme, each in inner.lists().items()}
                yield CodePlace(here, inner.scheme, lists, is_open)

    return tuple(walk(HouseholdSchema, (), repeated=True))


@cache
def _places_with_scheme() -> tuple[CodePlace, ...]:
    return tuple(place for place in _code_places() if place.scheme_item)


@cache
def places_with_days() -> tuple[CodePlace, ...]:
    """Return the places whose lists hold codes that are not in force on every day."""
    return tuple(place for place in _code_places() if any(each.dated_codes for each in place.lists.values()))


def _found(content: Any, steps: tuple[str, ...], path: Path = ()) -> Iterator[tuple[Path, Content | None, Any]]:
    """Yield each value at a place: its path, the object that it stands in, the value."""
    if not steps:
        yield path, None, content
        return
    step, rest = steps[0], steps[1:]
    if step == "*":
        for index, element in enumerate(content):
            yield from _found(element, rest, (*path, index))
    elif isinstance(content, dict) and (value := content.get(step)) is not None:
        if rest:
            yield from _found(value, rest, (*path, step))
        else:
            yield (*path, step), content, value


def code_in_its_scheme(content: Content, _: date) -> Iterator[Trouble]:
    """A code belongs to the scheme that the record names for it, or to the default scheme."""
    for place in _places_with_scheme():
        for path, parent, code in _found(content, place.steps):
            codes = place.lists.get((parent or {}).get(str(place.scheme_item)))
            if codes is not None and code not in codes.codes:
                yield path, "code.not-in-scheme", {"value": code, "scheme_item": place.scheme_item, "list": codes.name}


def _codes_of_the_day(content: Content, today: date) -> Iterator[tuple[Path, str, date | None, date | None]]:
    """Yield the codes that are not in force on the record's day, with the first and last day on which they are."""
    day = record_day(content, today)
    for place in places_with_days():
        for path, parent, code in _found(content, place.steps):
            codes = place.lists.get((parent or {}).get(place.scheme_item) if place.scheme_item else None)
            if codes is None or code not in codes.dated_codes:
                continue
            entry = codes.get(code)
            if entry and codes.get(code, day) is None:
                yield path, code if place.repeated else _NOT_REPEATED, entry.valid_from, entry.valid_to


def code_in_force(content: Content, today: date) -> Iterator[Trouble]:
    """A code was not withdrawn before the record's day and is not from a list that is still to come into force."""
    day = record_day(content, today)
    for path, code, valid_from, valid_to in _codes_of_the_day(content, today):
        if valid_to is not None and valid_to < day:
            yield path, "code.withdrawn", {"value": code, "until": valid_to.isoformat()}
        elif valid_from is not None and valid_from > max(day, today):
            yield path, "code.not-yet-in-force", {"value": code, "from": valid_from.isoformat()}


def code_newer_than_record(content: Content, today: date) -> Iterator[Trouble]:
    """A code that came into force after the record's day was probably chosen when the record was recoded."""
    day = record_day(content, today)
    for path, code, valid_from, valid_to in _codes_of_the_day(content, today):
        if not (valid_to is not None and valid_to < day) and valid_from is not None and day < valid_from <= today:
            yield path, "code.newer-than-record", {"value": code, "from": valid_from.isoformat()}
