"""Days are days in Vietnam."""

from __future__ import annotations

from datetime import UTC, date, datetime

from service.clock import system_clock, vietnam_day


def test_the_day_begins_at_five_in_the_afternoon_of_utc() -> None:
    assert vietnam_day(datetime(2026, 11, 23, 16, 59, 59, 999_000, tzinfo=UTC)) == date(2026, 11, 23)
    assert vietnam_day(datetime(2026, 11, 23, 17, 0, tzinfo=UTC)) == date(2026, 11, 24)


def test_the_clock_returns_whole_milliseconds_in_utc() -> None:
    now = system_clock()
    assert now.tzinfo is UTC
    assert now.microsecond % 1000 == 0
