"""What time it is, and which day that is in Vietnam."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone

VIETNAM = timezone(timedelta(hours=7), "UTC+7")
"""Vietnam keeps UTC+7 all year (Decision 134/2002/QĐ-TTg)."""

Clock = Callable[[], datetime]
"""Answers the present moment as an aware datetime in UTC, in whole milliseconds (what BSON keeps)."""


def system_clock() -> datetime:
    """The present moment in UTC, cut to milliseconds."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def vietnam_day(moment: datetime) -> date:
    """The calendar day that ``moment`` falls on in Vietnam."""
    return moment.astimezone(VIETNAM).date()
