"""One administrative unit during one of its validities, and how one follows another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from service.unit_names import NO_IDENTITY, UnitCode, UnitId

LEVELS = ("province", "district", "commune")

SuccessionKind = Literal["merged", "split", "renamed", "moved", "recoded"]


@dataclass(frozen=True, slots=True)
class Part:
    """One of the units into which a unit was split, and which share of its households (0 to 1) it has, if known."""

    code: UnitCode
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """One validity of one administrative unit.

    ``name`` is without the kind ("Thành Vinh", kind "phường"). ``valid_from`` and ``valid_to`` are both inclusive;
    None is an unknown beginning, or no end yet. ``successor`` is the code that the unit has, or was merged into, from
    the day after ``valid_to``; a unit that was split has ``parts`` instead. Longitude and latitude (WGS84 degrees) are
    a point inside the unit. ``identity`` says which validities are the same unit; it is empty until the register
    (or a directory of a list that is not loaded) has given it.
    """

    code: UnitCode
    name: str
    kind: str
    level: str
    parent: UnitCode | None
    valid_from: date | None
    valid_to: date | None
    successor: UnitCode | None
    longitude: float | None
    latitude: float | None
    source: str
    name_en: str
    parts: tuple[Part, ...] = ()
    identity: UnitId = NO_IDENTITY

    def in_force_on(self, on: date) -> bool:
        """Whether the unit is in force on the day ``on``."""
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on <= self.valid_to)

    @property
    def day_after(self) -> date | None:
        """The first day on which the unit is no longer in force; None while it has no end."""
        return None if self.valid_to is None else self.valid_to + timedelta(days=1)

    @property
    def begins(self) -> date:
        """The first day, for comparisons: the earliest possible one where it is not known."""
        return self.valid_from or date.min

    @property
    def key(self) -> tuple[str, UnitCode, date | None]:
        """Distinguishes this validity from all others of a list."""
        return self.level, self.code, self.valid_from

    @property
    def heirs(self) -> tuple[Part, ...]:
        """The codes that follow on the day after the end: the successor, or the parts."""
        return (Part(self.successor),) if self.successor is not None else self.parts

    @property
    def following_codes(self) -> list[UnitCode]:
        """The codes of ``heirs``."""
        return [part.code for part in self.heirs]


@dataclass(frozen=True, slots=True)
class Succession:
    """One line of the table of successions: from ``day`` on, the households of one unit belong to another.

    A merger has several lines to one unit, a split several lines from one unit, with the ``share`` of each part where
    that is known. A unit that was renamed, moved under another parent or given another code stays the same unit.
    """

    before: Unit
    after: Unit
    day: date
    kind: SuccessionKind
    share: float | None = None


def is_above(unit: Unit, candidates: Iterable[Unit]) -> bool:
    """Whether one of ``candidates`` is of a higher level and valid at some point during the unit's validity."""
    return any(
        LEVELS.index(each.level) < LEVELS.index(unit.level)
        and (each.valid_to is None or unit.begins <= each.valid_to)
        and (unit.valid_to is None or each.begins <= unit.valid_to)
        for each in candidates
    )
