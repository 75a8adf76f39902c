"""Lists of villages as they are read and written: by a commune's code of a day, and each list as a whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

import uuid_utils

from service.about import note_about
from service.actor import Actor
from service.area import Communes
from service.clock import Clock, vietnam_day
from service.errors import (
    CommuneOutsideArea,
    CommuneSuccessorUnknown,
    CommuneUnknown,
    CoverageOutsideArea,
    FormerCommuneMismatch,
    PreconditionRequired,
    UnitNotFound,
)
from service.unit_names import UnitCode, UnitId
from service.units.directory import UnitDirectory, not_in_force
from service.units.errors import VillagesInvalid, VillagesStale
from service.units.ports import VillageStore
from service.units.unit import Unit
from service.units.villages import Village, VillageList, lineage_of, list_of, merged_into, twice

MOST_VILLAGES: Final = 500
"""A commune of several former ones has about a hundred."""


@dataclass(frozen=True, slots=True)
class NamedVillage:
    """A village as it is sent and shown: its former commune by a code, its id only where it has one already."""

    name: str
    id: str | None = None
    former_commune: str | None = None
    expected: int | None = None
    expected_source: str | None = None
    expected_on: date | None = None


@dataclass(frozen=True, slots=True)
class CommuneVillages:
    """The villages of a commune of today; with ``former_commune`` only those that it has from that one."""

    commune: UnitCode
    former_commune: UnitCode | None
    name: str
    kind: str
    revision: int
    updated_at: datetime | None
    villages: tuple[NamedVillage, ...]


@dataclass(frozen=True, slots=True)
class Meant:
    """What a code of a day means for lists of villages.

    ``commune`` has the list: the commune in force today, or one that was split, which takes no list any more.
    ``lineage`` is the former commune that was named, with those before it; None where the commune itself was.
    """

    commune: Unit
    named: Unit
    in_force: bool
    lineage: frozenset[UnitId] | None

    def concerns(self, village: Village) -> bool:
        """Whether a village of the commune's list is one of those that were named."""
        return self.lineage is None or village.former in self.lineage


def meant_by(code: str, as_of: date | None, directory: UnitDirectory, today: date) -> Meant:
    """Read a commune's code as of a day, by default today, and follow it to the commune that has its villages now.

    Raises UnitNotFound for a code that no commune ever had, CommuneNotInForce for one of another time, and
    CommuneSuccessorUnknown for one whose successor no list names.
    """
    day = today if as_of is None else min(as_of, today)
    try:
        named = directory.in_force(code, day)
    except CommuneUnknown:
        raise UnitNotFound(code=code[:20], on=day.isoformat()) from None
    if named.level != "commune":
        raise UnitNotFound(code=code[:20], on=day.isoformat())
    if not directory.heirs_of(named, today):
        raise CommuneSuccessorUnknown(**not_in_force(code, today, [named]).params)
    heir = directory.heir_of(named, today)
    commune = heir or directory.last_known_successor(named, today)
    itself = commune.identity == named.identity
    lineage = None if itself else lineage_of(named.identity, directory)
    return Meant(commune, named, heir is not None, lineage)


class VillageRegister:
    """Reads and writes the villages of communes."""

    def __init__(self, store: VillageStore, directory: Callable[[], UnitDirectory], clock: Clock) -> None:
        self._store = store
        self._directory = directory
        self._clock = clock

    def of(self, code: str, as_of: date | None, *, actor: Actor) -> CommuneVillages:
        """Return the villages of a commune; of a former one those that it brought into the commune of today.

        Raises as ``meant_by``, and CoverageOutsideArea for a commune outside the area.
        """
        directory, today = self._directory(), vietnam_day(self._clock())
        meant = meant_by(code, as_of, directory, today)
        if not _lies_in(meant.commune, actor.area):
            raise CoverageOutsideArea(unit=code)
        return _shown(meant, self._list(meant, directory, today)[1], directory, today)

    def put(
        self,
        code: str,
        as_of: date | None,
        sent: Sequence[NamedVillage],
        *,
        if_match: int | None,
        if_new: bool,
        actor: Actor,
    ) -> CommuneVillages:
        """Replace the villages of a commune; under the code of a former one only those that it brought along.

        The same villages again write nothing. Raises as ``meant_by``, CommuneNotInForce for a commune that was split,
        CommuneOutsideArea, VillagesInvalid, FormerCommuneMismatch, PreconditionRequired and VillagesStale.
        """
        note_about(f"villages of {code[:20]}")
        directory, now = self._directory(), self._clock()
        today = vietnam_day(now)
        meant = meant_by(code, as_of, directory, today)
        if not _lies_in(meant.commune, actor.area):
            raise CommuneOutsideArea(commune=code)
        if not meant.in_force:
            raise not_in_force(meant.commune.code, today, [meant.commune])
        for position, each in enumerate(sent):
            if each.expected_on is not None and each.expected_on > today:
                pointer = f"/villages/{position}/expected_on"
                raise VillagesInvalid(pointer=pointer, reason="village-expected-on", most=MOST_VILLAGES)
        own, known = self._list(meant, directory, today)
        villages = _identified(sent, meant, known, directory)
        if if_new and known.revision:
            raise VillagesStale(current=known.revision)
        if villages == tuple(filter(meant.concerns, known.villages)):
            return _noted(code, _shown(meant, known, directory, today))
        if if_match is None and known.revision:
            raise PreconditionRequired(revision=known.revision)
        if if_match not in (None, known.revision):
            raise VillagesStale(current=known.revision)
        changed = replace(
            known,
            villages=(*(each for each in known.villages if not meant.concerns(each)), *villages),
            revision=known.revision + 1,
            taken_over=known.taken_over.union(merged_into(known.commune, directory, today)),
            updated_at=now,
        )
        if not self._store.put_villages(changed, replaced=own, actor=actor.name):
            raise VillagesStale(current=self._list(meant, directory, today)[1].revision)
        return _noted(code, _shown(meant, changed, directory, today))

    def _list(self, meant: Meant, directory: UnitDirectory, today: date) -> tuple[int, VillageList]:
        """The revision of the commune's own stored list, and all its villages."""
        commune = meant.commune.identity
        stored = self._store.lists_of(lineage_of(commune, directory))
        own = stored[commune].revision if commune in stored else 0
        return own, list_of(commune, directory, stored, today)


def _noted(code: str, written: CommuneVillages) -> CommuneVillages:
    note_about(f"villages of {code[:20]}: {len(written.villages)}, revision {written.revision}")
    return written


def _lies_in(commune: Unit, area: Communes) -> bool:
    """An area has a commune of today as a whole, and one that was split if it has one of its parts."""
    return area is None or commune.identity in area


def _identified(
    sent: Sequence[NamedVillage], meant: Meant, known: VillageList, directory: UnitDirectory
) -> tuple[Village, ...]:
    """The sent villages with identities of former communes; one without an id has that of the same name before.

    Raises VillagesInvalid for two with one name or id and for too many, FormerCommuneMismatch.
    """
    ids = {village.key: village.id for village in known.villages}
    others = [village for village in known.villages if not meant.concerns(village)]
    if len(others) + len(sent) > MOST_VILLAGES:
        raise VillagesInvalid(pointer="/villages", reason="villages", most=MOST_VILLAGES)
    villages = []
    for position, each in enumerate(sent):
        village = Village(
            each.id or "",
            each.name,
            _former_of(each, position, meant, directory),
            each.expected,
            each.expected_source,
            each.expected_on,
        )
        villages.append(village if village.id else replace(village, id=ids.get(village.key) or _new_id()))
    for position, item in twice(villages, others):
        reason = "village-twice" if item == "name" else "village-id-twice"
        raise VillagesInvalid(pointer=f"/villages/{position}/{item}", reason=reason, most=MOST_VILLAGES)
    return tuple(villages)


def _former_of(village: NamedVillage, position: int, meant: Meant, directory: UnitDirectory) -> UnitId | None:
    code = village.former_commune
    if code is None:
        return None if meant.lineage is None else meant.named.identity
    unit = directory.former_named(meant.commune, code)
    if unit is None or (meant.lineage is not None and unit.identity not in meant.lineage):
        commune = meant.commune if unit is None else meant.named
        raise FormerCommuneMismatch(
            pointer=f"/villages/{position}/former_commune", former=code, commune=commune.code, name=commune.name
        )
    # A commune that was only renamed is its own former commune; that says as much as none.
    return None if unit.identity == meant.commune.identity else unit.identity


def _new_id() -> str:
    return str(uuid_utils.uuid7())


def _shown(meant: Meant, villages: VillageList, directory: UnitDirectory, today: date) -> CommuneVillages:
    def code_of(former: UnitId | None) -> UnitCode | None:
        return None if former is None else directory.called(former, today)[0]

    return CommuneVillages(
        commune=meant.commune.code,
        former_commune=None if meant.lineage is None else meant.named.code,
        name=meant.commune.name,
        kind=meant.commune.kind,
        revision=villages.revision,
        updated_at=villages.updated_at,
        villages=tuple(
            NamedVillage(
                each.name, each.id, code_of(each.former), each.expected, each.expected_source, each.expected_on
            )
            for each in villages.villages
            if meant.concerns(each)
        ),
    )
