"""What is wrong with a record: errors, which refuse it, and findings, which do not."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

Path = tuple[str | int, ...]


def pointer(path: Sequence[str | int]) -> str:
    """Return the JSON pointer (RFC 6901) of a path of keys and indexes."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


@dataclass(frozen=True)
class Problem:
    """One problem of one value, before its place is known. `code` is a key of the messages."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ItemError:
    """One problem at one place of a record."""

    pointer: str
    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


#: How severe rules and findings are.
SEVERITIES: Final = ("error", "warning", "information")
#: In place of its severity, of a finding about which a supervisor has decided.
SETTLED: Final = "settled"


@dataclass(frozen=True)
class Finding:
    """A problem that does not refuse the record. `severity` is one of SEVERITIES, or SETTLED."""

    code: str
    severity: str
    pointer: str
    params: Mapping[str, Any] = field(default_factory=dict)


#: The item that the pointer of a finding leads to.
THE_ITEM: Final = "the item"
#: What somebody wrote freely, which may name people. No item has this name, so only readers who see people see it.
FREE_TEXT: Final = "free text"


TEXT: Final[Mapping[str, Any]] = {"type": "string"}
NUMBER: Final[Mapping[str, Any]] = {"type": "number"}
MOMENT: Final[Mapping[str, Any]] = {"type": "string", "format": "date-time"}


@dataclass(frozen=True)
class Detail:
    """A member of a finding's details: the items that it repeats or is computed from, and its JSON Schema.

    A member that reveals nothing (a limit, the name of a reference system) names no item.
    """

    items: Sequence[str]
    shape: Mapping[str, Any] = field(default_factory=lambda: TEXT)


@dataclass(frozen=True)
class Reveals:
    """What the details of a finding can reveal; declared beside its code by what makes it.

    `members` has each member of the details by its name; one inside another is named `settled.by`. Who does not see all
    items (as `parcels.geometry`) of a member does not see it. A member, or a code, that is declared nowhere is shown
    only to readers who see people.
    """

    members: Mapping[str, Detail] = field(default_factory=dict)
    #: The items of other households that the finding itself reveals; who does not see them does not see the finding.
    of_others: Sequence[str] = ()


#: Of a finding without details.
NO_DETAILS: Final = Reveals()


def details(names: Iterable[str], items: Sequence[str], shape: Mapping[str, Any] = TEXT) -> dict[str, Detail]:
    """Return members of details that reveal the same items and have the same JSON Schema."""
    return dict.fromkeys(names, Detail(items, shape))


def shapes_of(revealed: Iterable[Reveals]) -> dict[str, Any]:
    """Return the JSON Schema of every member that details can have, by its name and in its order."""
    found: dict[str, Any] = {}
    for each in revealed:
        for path, detail in each.members.items():
            name, _, inner = path.partition(".")
            if inner:
                found.setdefault(name, {"type": "object", "properties": {}})["properties"][inner] = detail.shape
            else:
                found[name] = _either(found.get(name, detail.shape), detail.shape)
    return dict(sorted(found.items()))


def _either(one: Mapping[str, Any], other: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the JSON Schema of a member that has one of two types, depending on the finding."""
    if one == other:
        return one
    types = [one["type"]] if isinstance(one["type"], str) else one["type"]
    return {"type": sorted({*types, other["type"]})}


class RecordInvalid(Exception):
    """A record is refused; `errors` lists everything that is wrong with it, in the order of the places.

    `sent` names the items, at the top of the record, that the writer sent in this request; None where all was sent.
    What is wrong with any other item is about the stored record, that of `household`, and leaves the register by the
    Reader. A refusal that says nothing of what was sent is about a stored record.
    """

    code = "record.invalid"

    def __init__(
        self, errors: Sequence[ItemError], sent: Collection[str] | None = (), household: str | None = None
    ) -> None:
        super().__init__("; ".join(f"{error.pointer or '/'}: {error.code}" for error in errors[:5]))
        self.errors = tuple(errors)
        self.sent = sent
        self.household = household

    def is_about_sent(self, error: ItemError) -> bool:
        """Return whether one of the errors is about an item that the writer sent."""
        return self.sent is None or error.pointer.partition("/")[2].partition("/")[0] in self.sent


@contextmanager
def sent_items(sent: Collection[str] | None, household: str | None = None) -> Iterator[None]:
    """Let what is refused inside say which items the writer sent, and which household is stored, as `RecordInvalid`."""
    try:
        yield
    except RecordInvalid as refused:
        raise RecordInvalid(refused.errors, sent, household) from None


class JsonInvalid(Exception):
    """A text is not JSON that the register accepts; `code` is a key of the messages."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params
