"""How the items are protected, read from what they say of themselves. Nothing else keeps a list of them."""

from collections.abc import Iterable, Iterator
from functools import cache

from schemas.household import HouseholdSchema
from schemas.language import OPEN, AtRest, Field, Formatted, Given, Many, Section, Text, section_fields, section_of


def sealed_items(section: type[Section] = HouseholdSchema) -> dict[str, AtRest]:
    """Return the items that are encrypted at rest, by their path: `head.phone`, `members[].phone`.

    A section or list that is sealed itself is one item: it is encrypted as a whole. A fact (`derived.area_m2`) is
    sealed where an item that it is computed from is. Raises TypeError for an item whose ciphertext cannot be searched
    though it claims so.
    """
    return dict(_sealed(section, ""))


@cache
def plain_at_rest(path: str) -> bool:
    """Return whether an item, named as `parcels.geometry`, lies in the database in clear; else no index may repeat it.

    Of an item that is not in the schema the answer is no.
    """
    return all(field is not None and field.item.at_rest == "plain" for field in _way_to(path))


def require_open(paths: Iterable[str]) -> None:
    """Raise TypeError unless the schema says of each item that it is plain, shown and not encrypted."""
    for path in paths:
        for field in _way_to(path):
            if field is None or (field.item.sensitivity, field.item.mask, field.item.at_rest) != _OPEN:
                raise TypeError(f"{path}: the register itself works by this item, so it has to be declared OPEN")


def register_given_items(section: type[Section] = HouseholdSchema) -> frozenset[str]:
    """Return the names of a section's items that the register sets; in a request they are ignored."""
    return frozenset(name for name, field in section_fields(section).items() if field.register_given)


def always_stored_items(section: type[Section] = HouseholdSchema) -> frozenset[str]:
    """Return the names of the section's items that are in every stored record of the current version."""
    return frozenset(name for name, field in section_fields(section).items() if field.item.stored_since is not None)


_OPEN = (OPEN["sensitivity"], OPEN["mask"], OPEN["at_rest"])


def _way_to(path: str) -> Iterator[Field | None]:
    """Yield the fields from the household to an item; None for one that is not there."""
    section: type[Section] | None = HouseholdSchema
    for name in path.split("."):
        field = None if section is None else section_fields(section).get(name)
        yield field
        section = None if field is None else section_of(field)


def _sealed(section: type[Section], path: str) -> Iterator[tuple[str, AtRest]]:
    for name, field in section_fields(section).items():
        at_rest = field.item.at_rest
        inner = section_of(field)
        if at_rest == "sealed_searchable" and not isinstance(field, (Text, Formatted)):
            raise TypeError(f"{path}{name}: only sealed text can be queried by equality")
        if at_rest != "plain":
            yield path + name, at_rest
        elif isinstance(field, Given) and field.computed_from is not None:
            for fact, sources in field.computed_from.items():
                if not all(map(plain_at_rest, sources)):
                    yield f"{path}{name}.{fact}", "sealed"
        elif inner is not None:
            yield from _sealed(inner, f"{path}{name}[]." if isinstance(field, Many) else f"{path}{name}.")
