"""Baselines: how many farm households there are to register in a unit, by which source and as of which date."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from schemas.text import normalize
from service.actor import Actor
from service.clock import Clock, vietnam_day
from service.errors import BaselineInvalid, UnitNotFound
from service.reports.ports import Baseline, BaselineStore
from service.units.directory import Unit, UnitDirectory

MOST_HOUSEHOLDS = 50_000_000
LONGEST_SOURCE = 300


class Baselines:
    """Takes and answers baselines."""

    def __init__(self, store: BaselineStore, directory: Callable[[], UnitDirectory], clock: Clock) -> None:
        self._store = store
        self._directory = directory
        self._clock = clock

    def put(self, code: str, body: object, *, actor: Actor) -> dict[str, Any]:
        """Keep a baseline; the code is read as of the baseline's own date, so former communes have theirs.

        Raises BaselineInvalid, CommuneUnknown, CommuneNotInForce, CommuneOutsideArea.
        """
        now = self._clock()
        baseline = _parse(code, body, today=vietnam_day(now))
        directory = self._directory()
        unit = directory.in_force(code, baseline.date)
        self._require(unit, directory, actor)
        self._store.put_baseline(baseline, actor=actor.name, at=now)
        return _in_json(baseline, unit)

    def of(self, code: str) -> list[dict[str, Any]]:
        """All baselines of a code, latest first. Raises UnitNotFound for a code that no unit ever had."""
        directory = self._directory()
        if not any(unit.code == code for unit in directory):
            raise UnitNotFound(code=code)
        found = [each for each in self._store.baselines(date.max) if each.unit == code]
        return [_in_json(each, directory.meant(code, each.date)) for each in reversed(found)]

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


def _parse(code: str, body: object, *, today: date) -> Baseline:
    if not isinstance(body, dict):
        raise BaselineInvalid(pointer="", reason="object")
    for name in body:
        if name not in {"households", "source", "date"}:
            raise BaselineInvalid(pointer=f"/{name}", reason="unknown")
    households = body.get("households")
    if not isinstance(households, int) or isinstance(households, bool) or not 0 <= households <= MOST_HOUSEHOLDS:
        raise BaselineInvalid(pointer="/households", reason="households")
    source = body.get("source")
    if not isinstance(source, str) or not 0 < len(normalize(source)) <= LONGEST_SOURCE:
        raise BaselineInvalid(pointer="/source", reason="source")
    text = body.get("date")
    try:
        on = date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        on = None
    if on is None or on.isoformat() != text:
        raise BaselineInvalid(pointer="/date", reason="date")
    if on > today:
        raise BaselineInvalid(pointer="/date", reason="future")
    return Baseline(code, households, normalize(source), on)


def _in_json(baseline: Baseline, unit: Unit) -> dict[str, Any]:
    return {
        "unit": baseline.unit,
        "name": unit.name,
        "kind": unit.kind,
        "households": baseline.households,
        "source": baseline.source,
        "date": baseline.date.isoformat(),
    }
