"""Times that a client's clock gave: one that is ahead becomes now, one that cannot be right is reported.

What was sent is stored in the finding, so that the same write sent again is recognized and nothing is lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from schemas.errors import MOMENT, NO_DETAILS, THE_ITEM, Finding, ItemError, RecordInvalid, Reveals, details, pointer
from schemas.parsing import dump_value
from schemas.rules.rule import REGISTER_BEGAN
from service.clock import VIETNAM, vietnam_day
from service.households.changes import Record

AHEAD: Final = "time.ahead"
IMPLAUSIBLE: Final = "time.implausible"
REVEALED: Final = {AHEAD: Reveals(details(("sent",), (THE_ITEM,), MOMENT)), IMPLAUSIBLE: NO_DETAILS}
"""What the findings about times reveal."""
MOST_AHEAD: Final = timedelta(days=1)
"""A wrong time zone or day puts a clock ahead by this much; more cannot be a clock's error."""
OLDEST: Final = timedelta(days=366)
"""A new record is not older."""

_Key = tuple[str, str]
"""The name of an item, and its value as it is written."""


@dataclass(frozen=True, slots=True)
class Timed:
    """Content with corrected times, and what there is to report about them."""

    content: dict[str, Any]
    findings: tuple[Finding, ...]
    captured_is_right: bool
    """Whether the day of ``captured_at`` may decide what a commune's code means."""


def corrected(content: Mapping[str, Any], now: datetime, known: Record | None) -> Timed:
    """Set times that are ahead of ``now`` by a day at most to it; report them, and those that cannot be right.

    ``known`` is the stored record: a time that it has already was checked when it was stored. Raises RecordInvalid for
    times further ahead.
    """
    content = dict(content)
    if known is not None and "captured_at" not in content and "captured_at" in known:
        content["captured_at"] = datetime.fromisoformat(known["captured_at"])
    earlier = _CheckedBefore.of(known)
    findings: list[Finding] = []
    errors: list[ItemError] = []
    for path, holder, name in _times_in(content):
        sent = holder[name]
        if (stored := earlier.stored_for(name, sent)) is not None:
            holder[name] = stored
        elif isinstance(sent, datetime) and sent > now + MOST_AHEAD:
            errors.append(ItemError(pointer(path), "time.future"))
            continue
        elif _is_ahead(sent, now):
            holder[name] = now.replace(microsecond=0) if isinstance(sent, datetime) else vietnam_day(now)
        if (before := earlier.sent_as(name, holder[name])) is not None:
            findings.append(Finding(AHEAD, "information", pointer(path), {"sent": before}))
        elif holder[name] != sent:
            findings.append(Finding(AHEAD, "information", pointer(path), {"sent": dump_value(sent)}))
        elif isinstance(sent, datetime) and earlier.implausible(name, sent, vietnam_day(now)):
            findings.append(Finding(IMPLAUSIBLE, "warning", pointer(path)))
    if errors:
        raise RecordInvalid(errors)
    wrong = any(each.code == IMPLAUSIBLE and each.pointer == "/captured_at" for each in findings)
    return Timed(content, tuple(findings), not wrong)


def end_of(day: date) -> datetime:
    """The last moment of a day in Vietnam: now, where only the day is known."""
    return datetime.combine(day, time.max, VIETNAM)


@dataclass(frozen=True, slots=True)
class _CheckedBefore:
    """What was decided about the times of the stored record."""

    is_new: bool
    sent: dict[_Key, str] = field(default_factory=dict)
    """What was sent, by what is stored in its place."""
    stored: dict[_Key, str] = field(default_factory=dict)
    """What is stored, by what was sent."""
    doubted: frozenset[_Key] = frozenset()
    accepted: frozenset[_Key] = frozenset()

    @classmethod
    def of(cls, known: Record | None) -> _CheckedBefore:
        """Read it from the stored record and its findings."""
        if known is None:
            return cls(is_new=True)
        values = {pointer(path): (name, str(holder[name])) for path, holder, name in _times_in(known, copied=False)}
        sent, stored, doubted = {}, {}, set()
        for finding in known.get("findings", ()):
            key = values.get(finding["pointer"])
            if key is None:
                continue
            if finding["code"] == AHEAD:
                sent[key] = finding["details"]["sent"]
                stored[key[0], sent[key]] = key[1]
            elif finding["code"] == IMPLAUSIBLE:
                doubted.add(key)
        return cls(False, sent, stored, frozenset(doubted), frozenset(values.values()))

    def stored_for(self, name: str, sent: date) -> date | None:
        """What was stored in the place of this same value, when it was sent before."""
        text = self.stored.get((name, dump_value(sent))) if self.stored else None
        return None if text is None else type(sent).fromisoformat(text)

    def sent_as(self, name: str, value: date) -> str | None:
        """What was sent, where this value is stored in its place."""
        return self.sent.get((name, dump_value(value))) if self.sent else None

    def implausible(self, name: str, moment: datetime, today: date) -> bool:
        """Whether it lies before the register began, or more than a year before a record that is new."""
        if self.accepted:
            key = name, dump_value(moment)
            if key in self.doubted or key in self.accepted:
                return key in self.doubted
        day = vietnam_day(moment)
        return day < REGISTER_BEGAN or (day < today - OLDEST and (self.is_new or name == "captured_at"))


def _is_ahead(value: date, now: datetime) -> bool:
    return value > now if isinstance(value, datetime) else value > vietnam_day(now)


def _times_in(
    content: dict[str, Any], *, copied: bool = True
) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any], str]]:
    """The times that a client's clock gives: path, what holds it, and its name; ``copied`` before they are changed."""
    for name in ("captured_at", "commune_as_of", "poverty_date"):
        if content.get(name) is not None:
            yield (name,), content, name
    consents = content.get("consents")
    if not consents:
        return
    if copied:
        consents = content["consents"] = [dict(consent) for consent in consents]
    for index, consent in enumerate(consents):
        for name in ("granted_at", "withdrawn_at"):
            if consent.get(name) is not None:
                yield ("consents", index, name), consent, name
