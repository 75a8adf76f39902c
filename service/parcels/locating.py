"""Locates positions among the communes of the province, with the distance to the commune where they should lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from service.parcels.limits import LocatingRules
from service.parcels.reference_systems import MIDDLE, ReferenceSystem, from_wgs84, geometry_from_wgs84
from service.parcels.rings import Geometries, Positions


@dataclass(frozen=True, slots=True)
class Located:
    """Where one position lies.

    ``commune`` is the commune that contains it (None outside all of them), ``nearest`` that one or the nearest one.
    ``distance_m`` is the distance to the commune where it should lie (0 inside, or if that has no border),
    ``from_province_m`` the distance to the nearest commune of the province.
    """

    commune: str | None
    distance_m: float
    from_province_m: float
    nearest: str

    def outside_commune(self, rules: LocatingRules) -> bool:
        """Whether the position lies outside its commune beyond tolerance."""
        return self.distance_m > rules.tolerated_distance_m

    def outside_province(self, rules: LocatingRules) -> bool:
        """Whether the position lies outside the province beyond tolerance."""
        return self.from_province_m > rules.tolerated_distance_m


_Name = TypeVar("_Name", bound=str)


class Borders:
    """The borders of communes by identity, as (multi)polygons in WGS 84, prepared for many queries.

    Distances are measured in ``metric``, the province's own projection: there its error is at most 0.02%.
    """

    def __init__(self, communes: Mapping[_Name, BaseGeometry], metric: ReferenceSystem = MIDDLE) -> None:
        self._metric = metric
        self.codes: tuple[str, ...] = tuple(communes)
        self._polygons: Geometries = np.empty(len(self.codes), dtype=object)
        self._polygons[:] = list(communes.values())
        shapely.prepare(self._polygons)
        self._number = {code: number for number, code in enumerate(self.codes)}

    def __len__(self) -> int:
        return len(self.codes)

    def __contains__(self, code: object) -> bool:
        return code in self._number

    def border(self, code: str) -> BaseGeometry:
        """Return the border of a commune. Raises KeyError."""
        polygon: BaseGeometry = self._polygons[self._number[code]]
        return polygon

    def within(self, code: str, positions: Positions) -> NDArray[np.bool_]:
        """Return which of n positions (longitude, latitude) lie in the commune or on its border. Raises KeyError."""
        inside: NDArray[np.bool_] = shapely.intersects_xy(self.border(code), positions[:, 0], positions[:, 1])
        return inside

    def commune_at(self, position: Positions) -> str | None:
        """Return the commune that contains one position (an array of 2); None outside all."""
        return self.communes_at(np.asarray([position]))[0]

    def communes_at(self, positions: Positions) -> list[str | None]:
        """Return the commune that contains each of n positions; None outside all."""
        found: list[str | None] = [None] * len(positions)
        if len(self.codes) == 0 or len(positions) == 0:
            return found
        position, commune = self._tree.query(shapely.points(positions), predicate="intersects")
        for number, polygon in zip(position.tolist(), commune.tolist(), strict=True):
            if found[number] is None:
                found[number] = self.codes[polygon]
        return found

    def locate(self, positions: Positions, communes: Sequence[str]) -> list[Located | None]:
        """Locate each of n positions, given the commune where it should lie; all None if no border is loaded.

        Nearly all positions lie where they should; these are found commune by commune with a prepared polygon.
        """
        located: list[Located | None] = [None] * len(positions)
        if len(self.codes) == 0:
            return located
        expected = np.asarray(communes)
        astray = [row for row, code in enumerate(communes) if code not in self._number]
        for code in sorted(set(communes) & set(self.codes)):
            rows = np.flatnonzero(expected == code)
            inside = self.within(code, positions[rows])
            for row, fits in zip(rows.tolist(), inside.tolist(), strict=True):
                if fits:
                    located[row] = Located(code, 0.0, 0.0, code)
                else:
                    astray.append(row)
        for row, commune in zip(astray, self.communes_at(positions[astray]), strict=True):
            located[row] = self._locate_astray(positions[row], communes[row], commune)
        return located

    def _locate_astray(self, position: Positions, expected: str, commune: str | None) -> Located:
        point = shapely.Point(from_wgs84(np.asarray([position]), self._metric)[0])
        known = expected in self._number
        distance = shapely.distance(self._in_metres[self._number[expected]], point) if known else 0.0
        if commune is not None:
            return Located(commune, float(distance), 0.0, commune)
        nearest = int(self._tree_in_metres.nearest(point))
        from_province = float(shapely.distance(self._in_metres[nearest], point))
        return Located(None, float(distance), from_province, self.codes[nearest])

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self._polygons)

    @cached_property
    def _in_metres(self) -> Geometries:
        projected: Geometries = np.empty(len(self.codes), dtype=object)
        projected[:] = [geometry_from_wgs84(polygon, self._metric) for polygon in self._polygons]
        return projected

    @cached_property
    def _tree_in_metres(self) -> shapely.STRtree:
        return shapely.STRtree(self._in_metres)


def interior_positions(geometries: Geometries) -> Positions:
    """Return a position inside each of n geometries, as an array (n, 2). It decides where a parcel lies."""
    positions: Positions = shapely.get_coordinates(shapely.point_on_surface(geometries))
    return positions
