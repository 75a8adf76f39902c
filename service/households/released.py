"""What a Reader releases, as values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from shapely.geometry.base import BaseGeometry

from service.households.changes import Record
from service.households.parcel_checks import NeighbouringBoundary
from service.households.ports import DamagedEntry


@dataclass(frozen=True, slots=True)
class Released:
    """A record as it leaves, and whether it is all of the record as it is stored but for the texts of findings."""

    record: Record
    whole: bool


@dataclass(frozen=True, slots=True)
class ReleasedCheck:
    """What a reader is shown of a checked boundary: findings with their texts, and the boundaries around."""

    measured_area_m2: float | None
    findings: list[dict[str, Any]]
    proposal: BaseGeometry | None
    neighbours: list[NeighbouringBoundary]
    more_neighbours: bool
    """Whether some were left out."""


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """A page of a household's history; ``next_before`` is None on the last page."""

    entries: list[dict[str, Any]]
    next_before: tuple[int, str] | None
    damaged: Sequence[DamagedEntry] = ()
    """The entries that belong on this page, but cannot be read."""


@dataclass(frozen=True, slots=True)
class FeedPage:
    """A part of the feed; ``damaged`` as in a HistoryPage."""

    entries: list[dict[str, Any]]
    more: bool
    damaged: Sequence[DamagedEntry] = ()

    def offsets(self) -> Iterator[tuple[str, int]]:
        """Log and offset of every entry that was read."""
        yield from ((entry["log"], entry["offset"]) for entry in self.entries)
        yield from ((entry.log, entry.offset) for entry in self.damaged)


@dataclass(frozen=True, slots=True)
class WholeHousehold:
    """A household's record, and all that ever happened to it, newest first."""

    record: Record
    history: Iterator[dict[str, Any]]
