"""People under the names of QCVN 109:2017/BTTTT, for exchange with the national population database.

Nothing sends such a file yet. The mapping stands here because the data dictionary promises these names, and the tests
hold the items of the schema to it.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from schemas.codelists import code_lists
from schemas.language import Code, Field, section_fields
from schemas.parsing import dump_value
from schemas.people import HeadSchema, MemberSchema


class NameParts(NamedTuple):
    """A Vietnamese name as QCVN 109:2017 splits it: family name, middle names, given name."""

    family: str
    middle: str
    given: str


def split_name(full_name: str) -> NameParts:
    """Split a name: the first word is the family name (Ho), the last the given name (Ten), the rest ChuDem.

    A name of one word is a given name. Joined with spaces, the parts are the name again.
    """
    words = full_name.split()
    if len(words) < 2:
        return NameParts("", "", full_name.strip())
    return NameParts(words[0], " ".join(words[1:-1]), words[-1])


def exchange_person(person: Mapping[str, Any]) -> dict[str, Any]:
    """Return a head or member (parsed or JSON form) under the element names of QCVN 109:2017.

    The name is split into Ho, ChuDem and Ten; codes become those of the exchange (sex: 1 male, 2 female, 0 unknown).
    What is absent stays absent, except sex, which becomes 0. The names of the parts of a name and the codes of sex are
    from the sources; the names of the other elements are defaults, to be agreed with the receiving agency.
    """
    exchanged: dict[str, Any] = {}
    for name, field in _exchanged_fields().items():
        value = person.get(name)
        element = field.item.exchange_name
        if name == "full_name" and value is not None:
            parts = split_name(value)
            exchanged[element] = {"Ho": parts.family, "ChuDem": parts.middle, "Ten": parts.given}
        elif name == "sex":
            exchanged[element] = _exchange_code(field, value or "unknown")
        elif value is not None:
            exchanged[element] = _exchange_code(field, dump_value(value))
    return exchanged


def _exchanged_fields() -> dict[str, Field]:
    fields = section_fields(MemberSchema) | section_fields(HeadSchema)
    return {name: field for name, field in fields.items() if field.item.exchange_name}


def _exchange_code(field: Field, value: Any) -> Any:
    """Return the exchange's own code where the list has one."""
    if not isinstance(field, Code):
        return value
    entry = code_lists()[field.list_name].get(value)
    return entry.extra.get("exchange_code", value) if entry else value
