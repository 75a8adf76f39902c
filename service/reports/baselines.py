"""Baselines: how many farm households there are to register in a unit, by which source and as of which date."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from service.about import note_about
from service.actor import Actor
from service.clock import Clock, vietnam_day
from service.errors import BaselineInvalid, BaselineNotFound, CommuneOutsideArea, CoverageOutsideArea, UnitNotFound
from service.reports.days import oldest_baseline
from service.reports.ports import Baseline, BaselineStore
from service.units.areas import communes_of
from service.units.directory import UnitDirectory
from service.units.unit import Unit

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
    """Stores, lists and removes baselines."""

    def __init__(self, store: BaselineStore, directory: Callable[[], UnitDirectory], clock: Clock) -> None:
        self._store = store
        self._directory = directory
        self._clock = clock

    def put(self, baseline: Baseline, *, actor: Actor) -> NamedBaseline:
        """Store a baseline; its code is read as of its own date, so that former communes have theirs.

        Raises BaselineInvalid for a date to come or of more than ten years ago, CommuneUnknown, CommuneNotInForce,
        CommuneOutsideArea.
        """
        note_about(_in_the_trail("set", baseline.unit, baseline.date))
        now = self._clock()
        today = vietnam_day(now)
        oldest = oldest_baseline(today)
        if not oldest <= baseline.date <= today:
            span = {"first": oldest.isoformat(), "last": today.isoformat()}
            raise BaselineInvalid(pointer="/date", reason="baseline-span", **span)
        directory = self._directory()
        unit = directory.in_force(baseline.unit, baseline.date)
        if not self._lies_within(unit, directory, actor):
            raise CommuneOutsideArea(commune=unit.code)
        self._store.put_baseline(replace(baseline, identity=unit.identity), actor=actor.name, at=now)
        return _named(baseline, unit)

    def take_back(self, code: str, day: date, *, actor: Actor) -> None:
        """Remove the baseline of a code and a date, whenever it was stored: also one that would be refused today.

        Raises CommuneUnknown, CommuneOutsideArea, BaselineNotFound.
        """
        note_about(_in_the_trail("taken back", code, day))
        directory = self._directory()
        unit = directory.meant(code, day)
        if not self._lies_within(unit, directory, actor):
            raise CommuneOutsideArea(commune=code)
        if not self._store.remove_baseline(unit.identity, day):
            raise BaselineNotFound(unit=code, date=day.isoformat())

    def of(self, code: str, *, actor: Actor) -> list[NamedBaseline]:
        """Returns all baselines of the units that ever had a code and lie wholly in the actor's area, latest first.

        Each is named as its unit was on its date, under the code by which it can be replaced or removed: a unit that
        was recoded has those from before too. Raises UnitNotFound for a code that no unit ever had, CoverageOutsideArea
        where all its units lie elsewhere.
        """
        directory = self._directory()
        units = [unit for unit in directory if unit.code == code]
        if not units:
            raise UnitNotFound(code=code)
        inside = [unit for unit in units if self._lies_within(unit, directory, actor)]
        if not inside:
            raise CoverageOutsideArea(unit=code)
        identities = {unit.identity for unit in inside}
        found = [each for each in reversed(self._store.baselines(date.max)) if each.identity in identities]
        named = ((each, directory.known_on(each.identity, each.date)) for each in found)
        return [_named(each, unit) for each, unit in named if unit is not None]

    def _lies_within(self, unit: Unit, directory: UnitDirectory, actor: Actor) -> bool:
        """Whether every commune of today that took over any part of the unit lies in the actor's area."""
        if actor.area is None:
            return True
        communes = communes_of(unit, directory, vietnam_day(self._clock()))
        return bool(communes) and communes <= actor.area


def _named(baseline: Baseline, unit: Unit) -> NamedBaseline:
    return NamedBaseline(unit.code, unit.name, unit.kind, baseline.households, baseline.source, baseline.date)


def _in_the_trail(done: str, code: str, of: date) -> str:
    return f"baseline of {code[:20]} on {of} {done}"
