"""The boundary of any administrative unit, simplified for a map: communes have theirs, others are made of communes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from service.clock import Clock, vietnam_day
from service.errors import BoundaryNotLoaded
from service.parcels.place import Boundaries
from service.units.directory import Unit, UnitDirectory
from service.units.placing import Placing

COMMUNE_TOLERANCE_M = 10
"""A tenth of what a parcel may lie outside its commune before anybody is told; a commune is some 10 kB then."""

DECIMALS = 5
"""About a metre: borders of communes are published less exactly than that."""

_METRES_A_DEGREE = 111_300.0
"""The most that a degree measures: a tolerance in degrees by it is never more than the one in metres."""

_GAP_M2 = 100_000.0
"""Neighbours' lines that were drawn apart leave gaps between them; an enclave is larger than ten hectares."""

_MOST_KEPT = 2_000
"""Simplified boundaries in memory: every unit of the province at a few tolerances."""


class UnitBoundaries:
    """Answers the boundaries of units, as of the communes' boundaries that are loaded now.

    What is loaded are the boundaries of communes in force today. A unit of another level, or of before a merger, has a
    boundary when it is made up of whole communes of today: the province, the former districts, a former commune that
    nothing was added to.
    """

    def __init__(
        self, boundaries: Callable[[], Boundaries], directory: Callable[[], UnitDirectory], clock: Clock
    ) -> None:
        self._boundaries = boundaries
        self._directory = directory
        self._clock = clock
        self._sheet: _Sheet | None = None

    def boundary(self, unit: Unit, tolerance_m: int = COMMUNE_TOLERANCE_M) -> BaseGeometry | None:
        """The boundary within ``tolerance_m`` metres of the one that is kept (WGS 84, 5 decimals); None without one."""
        return self._current().boundary(unit, tolerance_m)

    def require_boundary(self, unit: Unit, tolerance_m: int = COMMUNE_TOLERANCE_M) -> BaseGeometry:
        """The same. Raises BoundaryNotLoaded."""
        boundary = self.boundary(unit, tolerance_m)
        if boundary is None:
            raise BoundaryNotLoaded(code=unit.code, name=f"{unit.kind} {unit.name}")
        return boundary

    def _current(self) -> _Sheet:
        """The sheet of the boundaries, the units and the day of now; a new one when any of them is another."""
        boundaries, directory, today = self._boundaries(), self._directory(), vietnam_day(self._clock())
        sheet = self._sheet
        if sheet is None or not sheet.is_of(boundaries, directory, today):
            self._sheet = sheet = _Sheet(boundaries, directory, today)
        return sheet


class _Sheet:
    """Boundaries made of one state of the register, each made once."""

    def __init__(self, boundaries: Boundaries, directory: UnitDirectory, today: date) -> None:
        self._boundaries = boundaries
        self._directory = directory
        self._today = today
        self._simplified: dict[tuple[Unit, int], BaseGeometry | None] = {}
        self._parts: dict[tuple[str, date], dict[str, tuple[str, ...]]] = {}

    def is_of(self, boundaries: Boundaries, directory: UnitDirectory, today: date) -> bool:
        return (self._boundaries, self._directory, self._today) == (boundaries, directory, today)

    def boundary(self, unit: Unit, tolerance_m: int) -> BaseGeometry | None:
        key = (unit, tolerance_m)
        if key not in self._simplified:
            if len(self._simplified) >= _MOST_KEPT:
                self._simplified.clear()
            whole = self._whole(unit)
            boundary = None if whole is None else simplified(whole, tolerance_m)
            self._simplified[key] = boundary
            return boundary
        return self._simplified[key]

    def _whole(self, unit: Unit) -> BaseGeometry | None:
        if unit.level == "commune" and unit.in_force_on(self._today):
            return self._boundaries.boundary(unit.code) if unit.code in self._boundaries else None
        on = self._today if unit.in_force_on(self._today) else unit.valid_to or self._today
        parts = self._parts_of(unit.level, on).get(unit.code, ())
        if not parts or any(code not in self._boundaries for code in parts):
            return None
        return _without_gaps(shapely.union_all([self._boundaries.boundary(code) for code in parts]))

    def _parts_of(self, level: str, geography: date) -> dict[str, tuple[str, ...]]:
        """The communes of today that make up each unit of the level, for units that whole communes make up."""
        key = (level, geography)
        if key not in self._parts:
            place = Placing(self._directory, level, geography)
            parts: dict[str, list[str]] = {}
            torn: set[str] = set()
            for commune in self._directory.of_level("commune", self._today):
                before = (unit for unit in self._directory.ancestors_of(commune) if unit.in_force_on(geography))
                formers: list[str | None] = [unit.code for unit in before]
                units = {place.unit_above(commune, former) for former in formers or [None]}
                found = {code for code in units if code is not None}
                if len(units) == 1 and found:
                    parts.setdefault(found.pop(), []).append(commune.code)
                else:
                    torn |= found
            self._parts[key] = {code: tuple(made_of) for code, made_of in parts.items() if code not in torn}
        return self._parts[key]


def simplified(boundary: BaseGeometry, tolerance_m: int) -> BaseGeometry:
    """The boundary with fewer points, none of it further than ``tolerance_m`` metres from where it was, and valid."""
    fewer = shapely.simplify(boundary, tolerance_m / _METRES_A_DEGREE) if tolerance_m else boundary
    rounded = shapely.transform(fewer, lambda positions: np.round(positions, DECIMALS))
    # Rounding can make a narrow neck cross itself; what GEOS snaps to the same grid stays valid.
    return rounded if rounded.is_valid else shapely.set_precision(fewer, 10.0**-DECIMALS)


def _without_gaps(boundary: BaseGeometry) -> BaseGeometry:
    smallest = _GAP_M2 / _METRES_A_DEGREE**2
    kept = []
    for part in shapely.get_parts(boundary):
        holes = [ring for ring in part.interiors if shapely.Polygon(ring).area > smallest]
        kept.append(shapely.Polygon(part.exterior, holes))
    return shapely.union_all(kept)
