"""Baselines: how many farm households there are to register in a unit, by which source and as of which date."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from service.actor import Actor
from service.clock import Clock, vietnam_day
from service.errors import BaselineInvalid, UnitNotFound
from service.reports.ports import Baseline, BaselineStore
from service.units.directory import Unit, UnitDirectory

MOST_HOUSEHOLDS: Final = 50_000_000
LONGEST_SOURCE: Final = 300


@dataclass(frozen=True, slots=True)
class NamedBaseline:
    """A baseline with name and kind of the unit that its code stood for on its date."""

    unit: str
    name: str
    kind: str
    households: int
    source: str
    date: date


class Baselines:
    """Stores and lists baselines."""

    def __init__(self, store: BaselineStore, directory: Callable[[], UnitDirectory], clock: Clock) -> None:
        self._store = store
        self._directory = directory
        self._clock = clock

    def put(self, baseline: Baseline, *, actor: Actor) -> NamedBaseline:
        """Store a baseline; its code is read as of its own date, so that former communes have theirs.

        Raises BaselineInvalid for a date to come, CommuneUnknown, CommuneNotInForce, CommuneOutsideArea.
        """
        now = self._clock()
        if baseline.date > vietnam_day(now):
            raise BaselineInvalid(pointer="/date", reason="future")
        directory = self._directory()
        unit = directory.in_force(baseline.unit, baseline.date)
        self._require(unit, directory, actor)
        self._store.put_baseline(baseline, actor=actor.name, at=now)
        return _named(baseline, unit)

    def of(self, code: str) -> list[NamedBaseline]:
        """Returns all baselines of a code, latest first. Raises UnitNotFound for a code that no unit ever had."""
        directory = self._directory()
        if not any(unit.code == code for unit in directory):
            raise UnitNotFound(code=code)
        found = [each for each in self._store.baselines(date.max) if each.unit == code]
        return [_named(each, directory.meant(code, each.date)) for each in reversed(found)]

    def _require(self, unit: Unit, directory: UnitDirectory, actor: Actor) -> None:
        """Raise CommuneOutsideArea unless every commune of the unit lies in the actor's area."""
        if actor.area is None:
            return
        today = vietnam_day(self._clock())
        parts = [unit] if unit.level == "commune" else [each for each in directory if _lies_in(each, unit, directory)]
        for part in parts:
            read_on = today if part.in_force_on(today) else part.valid_to or today
            actor.require(directory.resolve_commune(part.code, read_on, today).commune.code)


def _lies_in(commune: Unit, unit: Unit, directory: UnitDirectory) -> bool:
    if commune.level != "commune":
        return False
    district = directory.district_of(commune)
    return unit.code in {commune.parent, None if district is None else district.parent}


def _named(baseline: Baseline, unit: Unit) -> NamedBaseline:
    return NamedBaseline(baseline.unit, unit.name, unit.kind, baseline.households, baseline.source, baseline.date)
