"""How the items are protected, read from what they say of themselves. Nothing else keeps a list of them."""

from collections.abc import Iterator

from schemas.household import HouseholdSchema
from schemas.language import AtRest, Formatted, Many, Section, Text, section_fields, section_of


def sealed_items(section: type[Section] = HouseholdSchema) -> dict[str, AtRest]:
    """Return the items that are encrypted at rest, by their path: `head.phone`, `members[].phone`.

    A section or list that is sealed itself is one item: it is encrypted as a whole. Raises TypeError for an item whose
    ciphertext cannot be searched though it claims so.
    """
    return dict(_sealed(section, ""))


def register_given_items(section: type[Section] = HouseholdSchema) -> frozenset[str]:
    """Return the names of a section's items that the register sets; in a request they are ignored."""
    return frozenset(name for name, field in section_fields(section).items() if field.register_given)


def _sealed(section: type[Section], path: str) -> Iterator[tuple[str, AtRest]]:
    for name, field in section_fields(section).items():
        at_rest = field.item.at_rest
        inner = section_of(field)
        if at_rest == "sealed_searchable" and not isinstance(field, (Text, Formatted)):
            raise TypeError(f"{path}{name}: only sealed text can be queried by equality")
        if at_rest != "plain":
            yield path + name, at_rest
        elif inner is not None:
            yield from _sealed(inner, f"{path}{name}[]." if isinstance(field, Many) else f"{path}{name}.")
