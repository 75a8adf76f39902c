"""The current time, and the calendar day in Vietnam."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone

VIETNAM = timezone(timedelta(hours=7), "UTC+7")
"""Vietnam keeps UTC+7 all year (Decision 134/2002/QĐ-TTg)."""

Clock = Callable[[], datetime]
"""Returns the current time as an aware datetime in UTC, in whole milliseconds (the precision of BSON)."""


def system_clock() -> datetime:
    """Return the current time in UTC, truncated to milliseconds."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def vietnam_day(moment: datetime) -> date:
    """Return the calendar day of ``moment`` in Vietnam."""
    return moment.astimezone(VIETNAM).date()
