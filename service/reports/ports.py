"""What the reports need from storage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from service.reports.small_cells import Cell
from service.unit_names import NO_IDENTITY, UnitId


@dataclass(frozen=True, slots=True)
class Baseline:
    """How many farm households a unit had on ``date`` by ``source``.

    ``unit`` is its code on that date. ``identity`` is empty before the code was read.
    """

    unit: str
    households: int
    source: str
    date: date
    identity: UnitId = NO_IDENTITY


class BaselineStore(Protocol):
    """Baselines by unit and date."""

    def put_baseline(self, baseline: Baseline, *, actor: str, at: datetime) -> None:
        """Store a baseline; one of the same identity and date is replaced."""

    def remove_baseline(self, unit: UnitId, day: date) -> bool:
        """Remove the baseline of a unit and a date; returns whether there was one."""

    def baselines(self, until: date) -> list[Baseline]:
        """All baselines dated ``until`` or before, in order of date."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many households of a commune have an ethnic group (in a scheme of codes) and a poverty class."""

    commune: str
    scheme: str | None
    group: str | None
    poverty: str | None
    households: int


@dataclass(frozen=True, slots=True)
class Publication:
    """What is published of a province from ``made_at`` on: by dimension, a table's cells and totals.

    None is withheld.
    """

    made_at: datetime
    tables: Mapping[str, Mapping[Cell, int | None]]
    gathered: frozenset[str]
    """Communes of which nothing is shown but their sum, in the row OTHER."""


@dataclass(frozen=True, slots=True)
class Publications:
    """The publications of all provinces, made together: each has its own totals and withholds counts independently."""

    made_at: datetime
    by_province: Mapping[str, Publication]


@dataclass(frozen=True, slots=True)
class VillageCount:
    """The counts of the households of a commune that name a village, by their former commune.

    ``village`` is the spelling of its name.
    """

    commune: UnitId
    former: str | None
    village: str | None
    counts: Mapping[str, int]


class VillageCounts(Protocol):
    """Households counted by village."""

    def by_village(self, communes: Iterable[UnitId]) -> list[VillageCount]:
        """Households that are not withdrawn, of these communes, by former commune and village."""


class OpenDataStore(Protocol):
    """Counts, and the publications made of them."""

    def count(self, by: Mapping[str, str]) -> list[Count]:
        """Households that are not withdrawn, by commune and by these items, each under its name in a Count.

        Items that were not requested are None in every Count.
        """

    def publications(self) -> Publications | None:
        """The last publications."""

    def put_publications(self, publications: Publications) -> None:
        """Store publications in place of the last, and release the lease."""

    def lease(self, now: datetime, until: datetime) -> bool:
        """Take the lease to make the next publications; returns False while another worker holds it."""

    def release(self) -> None:
        """Release the lease without a publication; another worker may make them."""
