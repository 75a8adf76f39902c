"""The geographies of a list of units: the spans of time in which the set of communes stays the same."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from service.units.directory import UnitDirectory


@lru_cache(maxsize=8)
def _days_of(directory: UnitDirectory) -> tuple[date, ...]:
    """The days on which the set of communes changes: found once for each list, since all coverage asks for them."""
    return tuple(directory.geographies())


def latest_geography(directory: UnitDirectory, level: str, today: date) -> date:
    """Return the first day of today's geography, or the last day of the last one before that had units of ``level``."""
    candidates = [day for day in reversed(_days_of(directory)) if day <= today]
    for number, first_day in enumerate(candidates):
        if directory.of_level(level, first_day):
            return candidates[number - 1] - timedelta(days=1) if number else first_day
    if candidates and directory.of_level(level, candidates[-1] - timedelta(days=1)):
        return candidates[-1] - timedelta(days=1)
    return today
