"""To which part of a commune that was split a household belongs: by its position, else by its village.

Writes under the code of the whole and rehoming decide by the same rule; what it leaves open, an officer decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

import numpy as np

from schemas.geometry import parse_geometry
from schemas.text import spelling
from service.area import Communes
from service.clock import vietnam_day
from service.households.residence import Residence
from service.parcels.locating import Borders, interior_positions
from service.unit_names import UnitId
from service.units.directory import UnitDirectory
from service.units.ports import VillageStore
from service.units.unit import Unit
from service.units.villages import VillageFinder, lineage_of, list_of

PartOf = Callable[[Mapping[str, Any], Residence], Residence | None]
"""Returns the part to which a household with this ``current_residence`` belongs; None if undecided or not split."""


class Parts:
    """Finds the part of a split commune to which a household belongs. Each list of villages is read once, when it is
    first needed; of a household whose commune was not split nothing is read.
    """

    def __init__(
        self,
        store: VillageStore,
        borders: Callable[[], Borders],
        directory: UnitDirectory,
        today: date,
        area: Communes = None,
    ) -> None:
        """Without one of ``area`` no part is found: who may not write to a part leaves the household where it is."""
        self._store = store
        self._borders = borders
        self._directory = directory
        self._today = today
        self._area = area
        self._finders: dict[tuple[UnitId, date], VillageFinder | None] = {}

    def part_of(self, record: Mapping[str, Any], residence: Residence) -> Residence | None:
        """Return the part in which a household lies, or else which has its village; as ``PartOf``.

        ``record`` is in JSON form, with its commune as an identity.
        """
        whole = self._directory.known_on(residence.commune, self._today)
        if whole is None or whole.in_force_on(self._today):
            return None
        parts = self._directory.heirs_of(whole, self._today)
        found = unit_around(record, self._borders(), frozenset(part.identity for part in parts))
        part = next((each for each in parts if each.identity == found), None) or self._by_village(record, whole, parts)
        if part is None or (self._area is not None and part.identity not in self._area):
            return None
        return Residence(part.identity, residence.former or residence.commune, max(residence.as_of, part.begins))

    def _by_village(self, record: Mapping[str, Any], whole: Unit, parts: Iterable[Unit]) -> Unit | None:
        """Return the only part with a list that names the household's village; None where there is none, or several.

        ``whole`` is the last validity of the commune that was split. What a part has stored before that day says
        nothing: a commune that was there already can have a village of the same name.
        """
        spelled = spelling(record.get("village") or "")
        if not spelled or whole.day_after is None:
            return None
        commune = record["commune"]
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


def undecided(record: Mapping[str, Any], residence: Residence) -> Residence | None:  # noqa: ARG001 - the signature of PartOf
    """Leave the households of a split commune where they are."""
    return None


def decided_in(made: Mapping[str, Any], directory: UnitDirectory, today: date) -> PartOf:
    """Apply the decision that the stored record contains."""
    part = made["commune"]

    def part_of(_: Mapping[str, Any], residence: Residence) -> Residence | None:
        whole = directory.known_on(residence.commune, today)
        if whole is None or whole.in_force_on(today):
            return None
        if part not in {each.identity for each in directory.heirs_of(whole, today)}:
            return None
        return Residence(part, made.get("former_commune"), date.fromisoformat(made["commune_as_of"]))

    return part_of


def unit_around(record: Mapping[str, Any], borders: Borders, units: frozenset[UnitId]) -> str | None:
    """The one of the units in which the home lies, or all the parcels of a household whose home is not known."""
    home = record.get("location")
    outlines = [parcel["geometry"] for parcel in record.get("parcels", ()) if parcel.get("geometry")]
    shapes = [parse_geometry(each, ("Point", "Polygon", "MultiPolygon")) for each in ([home] if home else outlines)]
    if not shapes or not all(unit in borders for unit in units):
        return None
    positions = interior_positions(np.array(shapes, dtype=object))
    within = {unit for unit in units if borders.within(unit, positions).all()}
    return within.pop() if len(within) == 1 else None
