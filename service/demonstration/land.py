"""Where the demonstration households live: each commune of the province with its land, ethnic groups and villages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from math import cos, dist, radians
from random import Random
from typing import Literal

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from service.parcels.locating import Borders
from service.province import DemonstrationProfile, Province
from service.units.directory import Unit, UnitDirectory

Terrain = Literal["town", "coast", "plain", "hills", "mountains"]

MERGER = date(2025, 7, 1)
"""The day since which the communes of today are in force (Decision 19/2025/QĐ-TTg)."""

_DENSITY: dict[Terrain, float] = {"town": 0.45, "coast": 1.0, "plain": 1.0, "hills": 0.5, "mountains": 0.16}
"""Farm households per unit of land, relative to the plain."""

_KINH_ALONE: Mapping[str, float] = {"01": 100}
"""Ethnic groups of a district of which the profile says nothing (1979 codes, percent)."""

BLOCK_SIDE_M = 800.0
"""Side of the square of land that holds the fields of a village, in metres."""

_PITCH_M = 920.0
"""The side of the squares into which the province is divided; each contains at most one block of fields."""

Position = tuple[float, float]
"""Longitude and latitude."""

Square = tuple[int, int]
"""A square of the province by its column and row."""

_FURTHEST_RING = 12
"""A commune's blocks lie within this many squares (11 km) of its point."""


@dataclass(frozen=True, slots=True)
class VillageLand:
    """One village; ``former`` is its commune before the merger, if the list of units has one."""

    name: str
    former: Unit | None


@dataclass(frozen=True, slots=True)
class CommuneLand:
    """A commune with what the generator needs to know of it.

    ``blocks`` are the centres (longitude, latitude) of its squares of land: first the ``blocks_inside`` that lie wholly
    within its border, then those that are nearer to its point than to any other commune's, each group nearest first.
    Without a border all are of the second kind. ``weight`` is its number of farm households relative to other communes.
    """

    commune: Unit
    terrain: Terrain
    weight: float
    blocks: tuple[tuple[float, float], ...]
    blocks_inside: int
    border: BaseGeometry | None
    villages: tuple[VillageLand, ...]
    ethnic_groups: tuple[str, ...]
    ethnic_weights: tuple[float, ...]
    product_names: Mapping[str, str]

    def lies_outside(self, longitude: float, latitude: float) -> bool:
        """Whether a position lies outside the commune's border; False if there is none."""
        return self.border is not None and not shapely.intersects_xy(self.border, longitude, latitude)

    def ethnic_group(self, random: Random) -> str:
        """Draw an ethnic group by its share in the commune."""
        return random.choices(self.ethnic_groups, cum_weights=self.ethnic_weights)[0]


@dataclass(frozen=True, slots=True)
class _Grid:
    """The size of a square in degrees."""

    wide: float
    high: float

    def column(self, longitude: float) -> float:
        return longitude / self.wide

    def row(self, latitude: float) -> float:
        return latitude / self.high


def _grid_of(province: Province) -> _Grid:
    """Return the grid for the latitude of the middle of the province, where it is right to within half a percent."""
    _, south, _, north = province.map.box
    middle = radians((south + north) / 2)
    metres_east, metres_north = 111_320 * cos(middle), 111_130 - 560 * cos(2 * middle)
    return _Grid(_PITCH_M / round(metres_east, -2), _PITCH_M / round(metres_north, -2))


def land_of_communes(
    directory: UnitDirectory, province: Province, seed: int, borders: Borders | None = None
) -> tuple[CommuneLand, ...]:
    """Describe every commune of the province that is in force since the merger and has a point to place fields around,
    in order of code.

    With borders, fields lie inside their commune as far as it has room; who lives where does not depend on borders.
    Raises ValueError when the list of units has no such commune.
    """
    communes = [
        unit
        for unit in directory.of_level("commune", MERGER)
        if unit.parent == province.code and unit.longitude is not None and unit.latitude is not None
    ]
    if not communes:
        raise ValueError("the list of units has no commune with a point: load the province's own list")
    grid = _grid_of(province)
    points = [(grid.column(unit.longitude or 0.0), grid.row(unit.latitude or 0.0)) for unit in communes]
    drawn = [None if borders is None or u.identity not in borders else borders.border(u.identity) for u in communes]
    inside = [_squares_inside(border, grid) for border in drawn]
    taken = {square for squares in inside for square in squares}
    lands = []
    for index, unit in enumerate(communes):
        near = _squares_near(points, index)
        own = sorted(inside[index], key=lambda square: (dist(points[index], square), square))
        land = (own, [square for square in near if square not in taken])
        blocks = tuple((x * grid.wide, y * grid.high) for squares in land for x, y in squares)
        make = _Maker(directory, province.demonstration, Random(f"{seed}/{unit.code}"))
        lands.append(make.land_of(unit, len(near), blocks, len(own), drawn[index]))
    return tuple(lands)


def _squares_near(points: Sequence[tuple[float, float]], index: int) -> list[Square]:
    """Return the squares that are nearer to this point than to any other, so that communes never share a square."""
    own = points[index]
    # A point further away than twice the ring is nearer to none of its squares. The nearest first: they rule out most.
    close = (other for other in points if other != own and dist(own, other) <= 2 * _FURTHEST_RING)
    others = sorted(close, key=lambda other: dist(own, other))
    middle = round(own[0]), round(own[1])
    found = []
    for column in range(middle[0] - _FURTHEST_RING, middle[0] + _FURTHEST_RING + 1):
        for row in range(middle[1] - _FURTHEST_RING, middle[1] + _FURTHEST_RING + 1):
            away = dist(own, (column, row))
            if away <= _FURTHEST_RING and all(away < dist(other, (column, row)) for other in others):
                found.append((away, column, row))
    return [(column, row) for _, column, row in sorted(found)]


def _squares_inside(border: BaseGeometry | None, grid: _Grid) -> set[Square]:
    """Return the squares that lie wholly within a border, so that communes never share a square."""
    if border is None:
        return set()
    west, south, east, north = border.bounds
    columns = np.arange(np.floor(grid.column(west)), np.ceil(grid.column(east)) + 1)
    rows = np.arange(np.floor(grid.row(south)), np.ceil(grid.row(north)) + 1)
    column, row = (each.ravel() for each in np.meshgrid(columns, rows))
    wide, high = grid.wide, grid.high
    squares = shapely.box((column - 0.5) * wide, (row - 0.5) * high, (column + 0.5) * wide, (row + 0.5) * high)
    shapely.prepare(border)
    within = shapely.contains_properly(border, squares)
    return {(int(x), int(y)) for x, y in zip(column[within], row[within], strict=True)}


@dataclass(frozen=True, slots=True)
class _Maker:
    """Describes one commune by the province's profile, with a generator of random numbers of its own."""

    directory: UnitDirectory
    profile: DemonstrationProfile
    random: Random

    def land_of(
        self, unit: Unit, size: int, blocks: tuple[Position, ...], inside: int, border: BaseGeometry | None
    ) -> CommuneLand:
        """Describe a commune with ``size`` nearest squares; of its blocks the first ``inside`` lie in its border."""
        formers = self.directory.predecessors(unit.code, MERGER)
        districts = [former.parent or "" for former in formers]
        terrain = self._terrain(unit, districts)
        groups: dict[str, float] = {}
        for district in districts or [""]:
            for group, share in self.profile.ethnic_groups.get(district, _KINH_ALONE).items():
                groups[group] = groups.get(group, 0) + share
        return CommuneLand(
            commune=unit,
            terrain=terrain,
            weight=size * _DENSITY[terrain],
            blocks=blocks,
            blocks_inside=inside,
            border=border,
            villages=self._villages(terrain, formers),
            ethnic_groups=tuple(groups),
            ethnic_weights=tuple(accumulate(groups.values())),
            product_names=self.profile.products,
        )

    def _terrain(self, unit: Unit, districts: Sequence[str]) -> Terrain:
        district = max(sorted(set(districts)), key=districts.count, default="")
        coast = self.profile.coast_from_longitude.get(district)
        if coast is not None and (unit.longitude or 0.0) > coast:
            return "coast"
        if unit.kind == "phường":
            return "town"
        if district in self.profile.mountain_districts:
            return "mountains"
        return "hills" if district in self.profile.hill_districts else "plain"

    def _villages(self, terrain: Terrain, formers: Sequence[Unit]) -> tuple[VillageLand, ...]:
        """Make three to five villages for each former commune."""
        word = self.profile.village_words[terrain]
        mountains = terrain == "mountains"
        named = self.profile.mountain_village_names if mountains else self.profile.village_names
        random, villages, number = self.random, list[VillageLand](), 0
        for former in formers or (None,):
            for name in random.sample(named, random.randint(3, 5)):
                number += 1
                by_number = terrain == "town" or (not mountains and random.random() < 0.6)
                villages.append(VillageLand(f"{word} {number if by_number else name.removeprefix(f'{word} ')}", former))
        random.shuffle(villages)
        return tuple(villages)
