"""To which part of a commune that was split a household belongs by its village."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from schemas.text import spelling
from service.clock import vietnam_day
from service.households.changes import Record
from service.households.places import known_identity
from service.unit_names import UnitId
from service.units.directory import UnitDirectory
from service.units.ports import VillageStore
from service.units.unit import Unit
from service.units.villages import VillageFinder, lineage_of, list_of


class PartVillages:
    """Finds the one part whose list names a household's village. Each list is read once, when it is first needed."""

    def __init__(self, store: VillageStore, directory: UnitDirectory, today: date) -> None:
        self._store = store
        self._directory = directory
        self._today = today
        self._finders: dict[tuple[UnitId, date], VillageFinder | None] = {}

    def part_of(self, record: Record, whole: Unit, parts: Iterable[Unit]) -> Unit | None:
        """Return the only part with a list that names the household's village; None where there is none, or several.

        ``whole`` is the last validity of the commune that was split. What a part has stored before that day says
        nothing: a commune that was there already can have a village of the same name.
        """
        spelled = spelling(record.get("village") or "")
        if not spelled or whole.day_after is None:
            return None
        commune = known_identity(record, self._directory)
        former = self._directory.former_of(commune, record.get("former_commune"))
        came_from = None if former is None else former.identity
        finders = [(part, self._finder(part.identity, whole.day_after)) for part in parts]
        naming = [part for part, finder in finders if finder is not None and finder.names(spelled, commune, came_from)]
        return naming[0] if len(naming) == 1 else None

    def _finder(self, part: UnitId, since: date) -> VillageFinder | None:
        """The villages of a part; None where its list was not written since that day."""
        if (part, since) not in self._finders:
            stored = self._store.lists_of(lineage_of(part, self._directory))
            villages = list_of(part, self._directory, stored, self._today)
            written = villages.updated_at is not None and vietnam_day(villages.updated_at) >= since
            self._finders[part, since] = VillageFinder(villages, self._directory) if written else None
        return self._finders[part, since]
