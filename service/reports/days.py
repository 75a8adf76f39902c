"""Which days a report can be about: what lies before the list of units or after today is refused, never invented."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from service.errors import QueryInvalid

LONGEST_TREND_DAYS: Final = 1100
"""About three years; a longer trend is requested in parts."""

_TREND_DAYS: Final = 30
"""How many days a trend has whose first day is not named."""

_OLDEST_BASELINE_YEARS: Final = 10


def require_known_geography(geography: date, since: date, today: date) -> None:
    """Raise QueryInvalid for a day before the list of units begins, or one to come."""
    if not since <= geography <= today:
        span = {"first": since.isoformat(), "last": today.isoformat()}
        raise QueryInvalid(pointer="/geography", name="geography", reason="geography-span", **span)


def require_past(as_of: date, today: date) -> None:
    """Raise QueryInvalid for a day to come, of which nobody knows how the register will stand at its end."""
    if as_of > today:
        raise QueryInvalid(pointer="/as_of", name="as_of", reason="as-of-span", last=today.isoformat())


def trend_span(first: date | None, last: date | None, today: date) -> tuple[date, date]:
    """Return the first and the last day of a trend: the last 30 days where they are not named.

    A last day to come counts as today. Raises QueryInvalid, which names both days, for an empty or too long span.
    """
    last = today if last is None else min(last, today)
    first = last - min(timedelta(days=_TREND_DAYS - 1), last - date.min) if first is None else first
    if not 0 <= (last - first).days < LONGEST_TREND_DAYS:
        span = {"first": first.isoformat(), "last": last.isoformat(), "today": today.isoformat()}
        raise QueryInvalid(pointer="/from", name="from", reason="trend-span", most=LONGEST_TREND_DAYS, **span)
    return first, last


def oldest_baseline(today: date) -> date:
    """Return the earliest day that a baseline can have: ten years back."""
    first_of_month = today.replace(year=today.year - _OLDEST_BASELINE_YEARS, day=1)
    return first_of_month + timedelta(days=today.day - 1)
