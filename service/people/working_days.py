"""Which days are worked on, and when a period of days ends (Civil Code 2015)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

HOLIDAYS_BY_DAY: Final = frozenset({(1, 1), (4, 30), (5, 1), (9, 2)})
"""Public holidays by the solar calendar (Labour Code 2019, art. 112), as month and day. Tết, the Hùng Kings' day, the
second day at 2 September and days that are moved are announced each year; they stand in the setting HOLIDAYS."""


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """Which days are worked on: not Saturday, not Sunday, not a public holiday."""

    holidays: frozenset[date] = frozenset()

    def worked(self, day: date) -> bool:
        """Whether the day is a working day."""
        return day.weekday() < 5 and (day.month, day.day) not in HOLIDAYS_BY_DAY and day not in self.holidays

    def after(self, day: date, count: int) -> date:
        """Return the ``count``-th working day after ``day``; the day itself does not count (art. 147)."""
        while count:
            day += timedelta(days=1)
            count -= self.worked(day)
        return day

    def end_of(self, day: date, days: int) -> date:
        """Return the last day of a period of calendar days; a day off moves to the next working day (art. 148)."""
        last = day + timedelta(days=days)
        return last if self.worked(last) else self.after(last, 1)


def read_holidays(text: str) -> frozenset[date]:
    """Parse the days of a setting: ``2026-02-16,2026-02-17``. Raises ValueError."""
    return frozenset(date.fromisoformat(part.strip()) for part in text.split(",") if part.strip())
