"""The border of any administrative unit, simplified for a map.

A commune has a border of its own; the border of any other unit is the union of its communes.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from service.clock import Clock, vietnam_day
from service.errors import BorderNotLoaded
from service.parcels.locating import Borders
from service.unit_names import UnitId
from service.units.attribution import Attribution
from service.units.directory import UnitDirectory
from service.units.unit import Unit

COMMUNE_TOLERANCE_M = 10
"""A tenth of the distance that a parcel may lie outside its commune without a finding; a commune is then some 10 kB."""

DECIMALS = 5
"""About a metre: published borders of communes are less exact than that."""

_METRES_A_DEGREE = 111_300.0
"""The greatest length of a degree, so that a tolerance converted to degrees never exceeds the one in metres."""

_GAP_M2 = 100_000.0
"""Neighbouring borders that were drawn separately leave gaps. Smaller holes are closed; an enclave is larger."""

_CACHE_SIZE = 2_000
"""Simplified borders in the cache: every unit of the province at a few tolerances."""


class UnitBorders:
    """Returns the borders of units, made from the communes' borders that are loaded now.

    The loaded borders are those of communes in force today. A unit of another level, or one that ended with a merger,
    has a border when it consists of whole communes of today: the province, the former districts, a former commune to
    which nothing was added.
    """

    def __init__(self, borders: Callable[[], Borders], directory: Callable[[], UnitDirectory], clock: Clock) -> None:
        self._borders = borders
        self._directory = directory
        self._clock = clock
        self._snapshot: _Snapshot | None = None

    def border(self, unit: Unit, tolerance_m: int = COMMUNE_TOLERANCE_M) -> BaseGeometry | None:
        """Returns the border within ``tolerance_m`` metres of the stored one (WGS 84, 5 decimals), or None."""
        return self._current().border(unit, tolerance_m)

    def require_border(self, unit: Unit, tolerance_m: int = COMMUNE_TOLERANCE_M) -> BaseGeometry:
        """Like ``border``, but raises BorderNotLoaded where there is none."""
        border = self.border(unit, tolerance_m)
        if border is None:
            raise BorderNotLoaded(code=unit.code, name=f"{unit.kind} {unit.name}")
        return border

    def _current(self) -> _Snapshot:
        """Returns the snapshot of the current borders, units and day; a new one when any of them has changed."""
        borders, directory, today = self._borders(), self._directory(), vietnam_day(self._clock())
        snapshot = self._snapshot
        if snapshot is None or not snapshot.is_of(borders, directory, today):
            self._snapshot = snapshot = _Snapshot(borders, directory, today)
        return snapshot


class _Snapshot:
    """A cache of the borders made from one state of borders, units and day."""

    def __init__(self, borders: Borders, directory: UnitDirectory, today: date) -> None:
        self._borders = borders
        self._directory = directory
        self._today = today
        self._simplified: dict[tuple[Unit, int], BaseGeometry | None] = {}
        self._parts: dict[tuple[str, date], dict[UnitId, tuple[UnitId, ...]]] = {}

    def is_of(self, borders: Borders, directory: UnitDirectory, today: date) -> bool:
        return (self._borders, self._directory, self._today) == (borders, directory, today)

    def border(self, unit: Unit, tolerance_m: int) -> BaseGeometry | None:
        key = (unit, tolerance_m)
        if key not in self._simplified:
            if len(self._simplified) >= _CACHE_SIZE:
                self._simplified.clear()
            whole = self._whole(unit)
            border = None if whole is None else simplified(whole, tolerance_m)
            self._simplified[key] = border
            return border
        return self._simplified[key]

    def _whole(self, unit: Unit) -> BaseGeometry | None:
        if unit.level == "commune" and unit.in_force_on(self._today):
            return self._borders.border(unit.identity) if unit.identity in self._borders else None
        on = self._today if unit.in_force_on(self._today) else unit.valid_to or self._today
        parts = self._parts_of(unit.level, on).get(unit.identity, ())
        if not parts or any(part not in self._borders for part in parts):
            return None
        return _without_gaps(shapely.union_all([self._borders.border(part) for part in parts]))

    def _parts_of(self, level: str, geography: date) -> dict[UnitId, tuple[UnitId, ...]]:
        """Returns the communes of today that make up each unit of the level, where these are whole communes."""
        key = (level, geography)
        if key not in self._parts:
            attribution = Attribution(self._directory, level, geography)
            parts: dict[UnitId, list[UnitId]] = {}
            split: set[UnitId] = set()
            for commune in self._directory.of_level("commune", self._today):
                before = (unit for unit in self._directory.ancestors_of(commune) if unit.in_force_on(geography))
                formers: list[str | None] = [unit.identity for unit in before]
                units = {attribution.unit_above(commune.identity, former) for former in formers or [None]}
                found = {identity for identity in units if identity is not None}
                if len(units) == 1 and found:
                    parts.setdefault(found.pop(), []).append(commune.identity)
                else:
                    split |= found
            self._parts[key] = {one: tuple(made_of) for one, made_of in parts.items() if one not in split}
        return self._parts[key]


def simplified(border: BaseGeometry, tolerance_m: int) -> BaseGeometry:
    """Returns a valid border with fewer points, nowhere further than ``tolerance_m`` metres from the given one."""
    fewer = shapely.simplify(border, tolerance_m / _METRES_A_DEGREE) if tolerance_m else border
    rounded = shapely.transform(fewer, lambda positions: np.round(positions, DECIMALS))
    # Rounding can make a narrow neck cross itself; snapping to the same grid by GEOS keeps it valid.
    return rounded if rounded.is_valid else shapely.set_precision(fewer, 10.0**-DECIMALS)


def _without_gaps(border: BaseGeometry) -> BaseGeometry:
    smallest = _GAP_M2 / _METRES_A_DEGREE**2
    parts = []
    for part in shapely.get_parts(border):
        holes = [ring for ring in part.interiors if shapely.Polygon(ring).area > smallest]
        parts.append(shapely.Polygon(part.exterior, holes))
    return shapely.union_all(parts)
