"""What is wrong with a record: errors, which refuse it, and findings, which do not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

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


@dataclass(frozen=True)
class Finding:
    """A problem that does not refuse the record. `severity` is "warning" or "information"."""

    code: str
    severity: str
    pointer: str
    params: Mapping[str, Any] = field(default_factory=dict)


class RecordInvalid(Exception):
    """A record is refused; `errors` lists everything that is wrong with it, in the order of the places."""

    code = "record.invalid"

    def __init__(self, errors: Sequence[ItemError]) -> None:
        super().__init__("; ".join(f"{error.pointer or '/'}: {error.code}" for error in errors[:5]))
        self.errors = tuple(errors)


class JsonInvalid(Exception):
    """A text is not JSON that the register accepts; `code` is a key of the messages."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params
