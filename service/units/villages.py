"""The villages of communes: each commune has a list of its own, and takes over those of the communes merged into it.

Villages have no national code, so the register gives each an id. Two villages of one commune can have the same name
where they come from different former communes; a household names its village by the name alone.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from schemas.text import spelling
from service.unit_names import UnitId
from service.units.directory import UnitDirectory

Key = tuple[UnitId | None, str]
"""Former commune and spelling of the name: no two villages of a commune have the same."""


@dataclass(frozen=True, slots=True)
class Village:
    """A village: the commune in which it lay before mergers, where that matters, and how many households it has, by
    which source and as of which day.
    """

    id: str
    name: str
    former: UnitId | None = None
    expected: int | None = None
    expected_source: str | None = None
    expected_on: date | None = None

    @property
    def key(self) -> Key:
        """What distinguishes it from the other villages of its commune."""
        return self.former, spelling(self.name)


@dataclass(frozen=True, slots=True)
class VillageList:
    """The villages of a commune. A list of revision 0 was never stored.

    ``taken_over`` are communes merged into this one whose villages the list already takes into account: they are in it,
    or somebody has removed them.
    """

    commune: UnitId
    villages: tuple[Village, ...] = ()
    revision: int = 0
    taken_over: frozenset[UnitId] = frozenset()
    updated_at: datetime | None = None


def list_of(
    commune: UnitId, directory: UnitDirectory, stored: Mapping[UnitId, VillageList], today: date
) -> VillageList:
    """Return the villages of a commune: its own list, and those of communes merged into it since it was stored.

    ``stored`` holds the lists of the commune and of ``lineage_of``. The parts of a commune that was split take over
    nothing, since nobody has entered yet which village lies in which part. The revision grows with any change.
    """
    own = stored.get(commune) or VillageList(commune)
    villages = {village.key: village for village in own.villages}
    ids = {village.id for village in own.villages}
    revision, updated_at = own.revision, own.updated_at
    for before in merged_into(commune, directory, today):
        if before in own.taken_over:
            continue
        carried = list_of(before, directory, stored, today)
        for village in carried.villages:
            moved = replace(village, former=village.former or before)
            if moved.id in ids:  # two parts of a commune that was split, merged again, can both have its villages
                moved = replace(moved, id=str(uuid.uuid5(uuid.UUID(moved.id), before)))
            ids.add(villages.setdefault(moved.key, moved).id)
        revision += carried.revision
        updated_at = max(filter(None, (updated_at, carried.updated_at)), default=None)
    return replace(own, villages=tuple(villages.values()), revision=revision, updated_at=updated_at)


def merged_into(commune: UnitId, directory: UnitDirectory, today: date) -> list[UnitId]:
    """Return the communes that were merged into a commune by ``today``, in order of their codes."""
    found = (each for validity in directory.validities_of(commune) for each in directory.successions_to(validity))
    merged = {each.before.identity: each.before for each in found if each.kind == "merged" and each.day <= today}
    return sorted(merged, key=lambda identity: (merged[identity].code, identity))


def lineage_of(commune: UnitId, directory: UnitDirectory) -> frozenset[UnitId]:
    """Return a commune and all communes from which it came: their lists can say something about its villages."""
    return _ancestors(commune, directory) | {commune}


def _ancestors(commune: UnitId, directory: UnitDirectory) -> frozenset[UnitId]:
    validities = directory.validities_of(commune)
    found = {before.identity for validity in validities for before in directory.ancestors_of(validity)}
    return frozenset(found - {commune})


class VillageFinder:
    """Finds the village of a list that a household means by a name."""

    def __init__(self, villages: VillageList, directory: UnitDirectory) -> None:
        self._commune = villages.commune
        self._directory = directory
        self._by_spelling: dict[str, list[Village]] = defaultdict(list)
        for village in villages.villages:
            self._by_spelling[spelling(village.name)].append(village)
        self._by_spelling.default_factory = None
        self._before: dict[UnitId, frozenset[UnitId]] = {}

    def find(self, spelled: str, commune: UnitId, former: UnitId | None) -> Village | None:
        """Return the village of this spelling; None where the list has none, or several and it is open which.

        ``commune`` is the one under which the household is stored, ``former`` its former commune, if that is known.
        """
        ranked = self._ranked(spelled, commune, former)
        best = ranked[min(ranked)] if ranked else []
        return best[0] if len(best) == 1 else None

    def names(self, spelled: str, commune: UnitId, former: UnitId | None) -> bool:
        """Whether the list has any village that a household can mean by this spelling."""
        return bool(self._ranked(spelled, commune, former))

    def _ranked(self, spelled: str, commune: UnitId, former: UnitId | None) -> dict[int, list[Village]]:
        """Return the villages that can be meant by how sure it is, the surest with the lowest number."""
        came_from = former or (commune if commune != self._commune else None)
        ranked: dict[int, list[Village]] = defaultdict(list)
        for village in self._by_spelling.get(spelled, ()):
            if (rank := self._rank(village.former, came_from)) is not None:
                ranked[rank].append(village)
        return ranked

    def _rank(self, of_village: UnitId | None, of_household: UnitId | None) -> int | None:
        """How sure it is that a village of one former commune is meant by a household of another; None: it is not."""
        if of_household is None:
            return 2
        if of_village is None:
            return 1 if of_household == self._commune else 2
        if of_village == of_household:
            return 0
        if of_household in self._ancestors_of(of_village):
            return 1
        return 2 if of_village in self._ancestors_of(of_household) else None

    def _ancestors_of(self, commune: UnitId) -> frozenset[UnitId]:
        if commune not in self._before:
            self._before[commune] = _ancestors(commune, self._directory)
        return self._before[commune]


def twice(villages: Iterable[Village], others: Iterable[Village]) -> Iterator[tuple[int, str]]:
    """Yield position and item of every village whose name in its former commune, or id, is that of one before it, or of
    one of the ``others``.
    """
    keys = {village.key for village in others}
    ids = {village.id for village in others}
    for position, village in enumerate(villages):
        if village.key in keys:
            yield position, "name"
        if village.id in ids:
            yield position, "id"
        keys.add(village.key)
        ids.add(village.id)
