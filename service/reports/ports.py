"""What the reports need from storage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Baseline:
    """How many farm households a unit had on ``date`` by ``source``."""

    unit: str
    households: int
    source: str
    date: date


class BaselineStore(Protocol):
    """Baselines by unit and date."""

    def put_baseline(self, baseline: Baseline, *, actor: str, at: datetime) -> None:
        """Keep a baseline; one of the same unit and date is replaced."""

    def baselines(self, until: date) -> list[Baseline]:
        """All baselines dated ``until`` or before, in order of date."""
