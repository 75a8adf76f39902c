"""What a rule is, and what the rules of every theme share."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any

from schemas.errors import Path, Reveals

VIETNAM = timezone(timedelta(hours=7))

REGISTER_BEGAN = date(2025, 1, 1)
"""No household was captured for this register before; a clock that says so has lost its date."""

Content = Mapping[str, Any]
Trouble = tuple[Path, str, Mapping[str, Any]]


@dataclass(frozen=True)
class Rule:
    """A rule: the codes that it can report, "error" or "warning", and what finds trouble in parsed content."""

    codes: tuple[str, ...]
    severity: str
    find: Callable[[Content, date], Iterator[Trouble]]
    #: The name of the check by which the phone form applies it while somebody types; None where only the register does.
    check: str | None = None
    #: What the details of its findings reveal, of a rule that warns.
    reveals: Reveals | None = None

    @property
    def summary(self) -> str:
        """The rule in one line."""
        return (self.find.__doc__ or "").strip().splitlines()[0]


def record_day(content: Content, today: date) -> date:
    """Return the day whose code lists apply to a record: `commune_as_of`, else `captured_at` in Vietnam, else today.

    A `captured_at` from before the register began decides nothing.
    """
    as_of = content.get("commune_as_of")
    if isinstance(as_of, date):
        return as_of
    captured = content.get("captured_at")
    day = captured.astimezone(VIETNAM).date() if isinstance(captured, datetime) else today
    return today if day < REGISTER_BEGAN else day


def elements(content: Content, name: str) -> list[Any]:
    """Return the elements of a list in the content, none where there is no list."""
    value = content.get(name)
    return value if isinstance(value, list) else []
