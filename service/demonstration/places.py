"""Where the demonstration households live: each commune of Nghệ An with its land, ethnic groups and villages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from math import dist
from random import Random
from typing import Literal

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from service.parcels.place import Borders
from service.units.directory import Unit, UnitDirectory

Terrain = Literal["town", "coast", "plain", "hills", "mountains"]

MERGER = date(2025, 7, 1)
"""The day since which the communes of today are in force (Decision 19/2025/QĐ-TTg)."""

_MOUNTAIN_DISTRICTS = frozenset({"415", "416", "417", "418", "420", "422"})
_HILL_DISTRICTS = frozenset({"414", "419", "423", "424", "428"})
_COAST_DISTRICTS = frozenset({"412", "421", "425", "429", "432"})
_COAST_FROM_LONGITUDE = {"412": 105.70, "421": 105.68, "425": 105.58, "429": 105.62, "432": 105.70}

_DENSITY: dict[Terrain, float] = {"town": 0.45, "coast": 1.0, "plain": 1.0, "hills": 0.5, "mountains": 0.16}
"""Farm households per unit of land, relative to the plain."""

_ETHNIC_GROUPS: dict[str, dict[str, float]] = {
    "415": {"03": 84, "08": 5, "29": 4, "01": 7},
    "416": {"03": 82, "01": 18},
    "417": {"08": 37, "29": 33, "03": 27, "01": 3},
    "418": {"03": 72, "29": 12, "08": 4, "01": 11, "53": 1},
    "420": {"03": 35, "24": 14, "01": 51},
    "422": {"03": 73, "01": 27},
    "419": {"01": 76, "24": 17, "03": 7},
    "423": {"01": 78, "24": 16, "03": 6},
    "424": {"01": 90, "03": 10},
}
"""Ethnic groups (1979 codes) by former district in percent, close to the province's published figures."""

_VILLAGE_WORDS: dict[Terrain, str] = {
    "town": "Khối",
    "coast": "Xóm",
    "plain": "Xóm",
    "hills": "Thôn",
    "mountains": "Bản",
}
_VILLAGE_NAMES = (
    "Đông Sơn", "Yên Hòa", "Tân Tiến", "Xuân Sơn", "Phú Lợi", "Bình Minh", "Hồng Phong", "Đồng Tâm", "Quang Trung",
    "Kim Liên",
    "Trung Hậu", "Thanh Phong", "Liên Hương", "Hợp Thành", "Nam Sơn", "Bắc Hồng", "Tân Lập", "Văn Trai", "Đại Đồng",
    "Tiên Kỳ",
)  # fmt: skip
_MOUNTAIN_VILLAGE_NAMES = (
    "Huồi Pốc", "Na Khướng", "Nậm Càn", "Xốp Nhị", "Phà Khảo", "Cánh Tráp", "Na Ngân", "Piêng Mựn", "Khe Bố",
    "Huồi Cọ",
    "Pủng", "Mường Piệt", "Na Cày", "Khe Nóng", "Bản Tạ", "Chăm Puông", "Xiềng Líp", "Tổng Xan", "Phồng", "Cò Phạt",
)  # fmt: skip

BLOCK_SIDE_M = 800.0
"""Side of the square of land that holds the fields of a village, in metres."""

_PITCH_M = 920.0
"""The side of the squares into which the province is divided; each contains at most one block of fields."""

_METRES_EAST, _METRES_NORTH = 105_100.0, 110_700.0
"""Metres per degree of longitude and latitude in the middle of the province, to within half a percent."""

Square = tuple[int, int]
"""A square of the province by its column and row."""

_FURTHEST_RING = 12
"""A commune's blocks lie within this many squares (11 km) of its point."""


@dataclass(frozen=True, slots=True)
class Village:
    """One village; ``former`` is its commune before the merger, if the list of units has one."""

    name: str
    former: Unit | None


@dataclass(frozen=True, slots=True)
class Place:
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
    villages: tuple[Village, ...]
    ethnic_groups: tuple[str, ...]
    ethnic_weights: tuple[float, ...]

    def lies_outside(self, longitude: float, latitude: float) -> bool:
        """Whether a position lies outside the commune's border; False if there is none."""
        return self.border is not None and not shapely.intersects_xy(self.border, longitude, latitude)

    def ethnic_group(self, random: Random) -> str:
        """Draw an ethnic group by its share in the commune."""
        return random.choices(self.ethnic_groups, cum_weights=self.ethnic_weights)[0]


def places_of(directory: UnitDirectory, seed: int, borders: Borders | None = None) -> tuple[Place, ...]:
    """Describe every commune in force since the merger that has a point to place fields around, in order of code.

    With borders, fields lie inside their commune as far as it has room; who lives where does not depend on borders.
    Raises ValueError when the list of units has no such commune.
    """
    communes = [
        unit
        for unit in directory.of_level("commune", MERGER)
        if unit.longitude is not None and unit.latitude is not None
    ]
    if not communes:
        raise ValueError("the list of units has no commune with a point: load schemas/codelists/units.csv")
    points = [
        ((unit.longitude or 0.0) * _METRES_EAST / _PITCH_M, (unit.latitude or 0.0) * _METRES_NORTH / _PITCH_M)
        for unit in communes
    ]
    drawn = [None if borders is None or u.code not in borders else borders.border(u.code) for u in communes]
    inside = [_squares_inside(border) for border in drawn]
    taken = {square for squares in inside for square in squares}
    places = []
    for index, unit in enumerate(communes):
        near = _squares_near(points, index)
        own = sorted(inside[index], key=lambda square: (dist(points[index], square), square))
        land = (own, [square for square in near if square not in taken], drawn[index])
        places.append(_place(directory, unit, len(near), land, Random(f"{seed}/{unit.code}")))
    return tuple(places)


def _squares_near(points: Sequence[tuple[float, float]], index: int) -> list[Square]:
    """Return the squares that are nearer to this point than to any other, so that communes never share a square."""
    own = points[index]
    others = [other for other in points if other != own and dist(own, other) < 3 * _FURTHEST_RING]
    middle = round(own[0]), round(own[1])
    found = []
    for column in range(middle[0] - _FURTHEST_RING, middle[0] + _FURTHEST_RING + 1):
        for row in range(middle[1] - _FURTHEST_RING, middle[1] + _FURTHEST_RING + 1):
            away = dist(own, (column, row))
            if away <= _FURTHEST_RING and all(away < dist(other, (column, row)) for other in others):
                found.append((away, column, row))
    return [(column, row) for _, column, row in sorted(found)]


def _squares_inside(border: BaseGeometry | None) -> set[Square]:
    """Return the squares that lie wholly within a border, so that communes never share a square."""
    if border is None:
        return set()
    west, south, east, north = border.bounds
    columns = np.arange(np.floor(west * _METRES_EAST / _PITCH_M), np.ceil(east * _METRES_EAST / _PITCH_M) + 1)
    rows = np.arange(np.floor(south * _METRES_NORTH / _PITCH_M), np.ceil(north * _METRES_NORTH / _PITCH_M) + 1)
    column, row = (each.ravel() for each in np.meshgrid(columns, rows))
    wide, high = _PITCH_M / _METRES_EAST, _PITCH_M / _METRES_NORTH
    squares = shapely.box((column - 0.5) * wide, (row - 0.5) * high, (column + 0.5) * wide, (row + 0.5) * high)
    shapely.prepare(border)
    within = shapely.contains_properly(border, squares)
    return {(int(x), int(y)) for x, y in zip(column[within], row[within], strict=True)}


def _place(
    directory: UnitDirectory,
    unit: Unit,
    size: int,
    land: tuple[list[Square], list[Square], BaseGeometry | None],
    random: Random,
) -> Place:
    """Describe one commune: ``size`` is its number of nearest squares, ``land`` its inside and other squares and its
    border.
    """
    inside, beyond, border = land
    formers = directory.predecessors(unit.code, MERGER)
    districts = [former.parent or "" for former in formers]
    terrain = _terrain(unit, districts)
    groups: dict[str, float] = {}
    for district in districts or [""]:
        for group, share in _ETHNIC_GROUPS.get(district, {"01": 100}).items():
            groups[group] = groups.get(group, 0) + share
    return Place(
        commune=unit,
        terrain=terrain,
        weight=size * _DENSITY[terrain],
        blocks=tuple((x * _PITCH_M / _METRES_EAST, y * _PITCH_M / _METRES_NORTH) for x, y in [*inside, *beyond]),
        blocks_inside=len(inside),
        border=border,
        villages=_villages(terrain, formers, random),
        ethnic_groups=tuple(groups),
        ethnic_weights=tuple(accumulate(groups.values())),
    )


def _terrain(unit: Unit, districts: Sequence[str]) -> Terrain:
    district = max(sorted(set(districts)), key=districts.count, default="")
    if district in _COAST_DISTRICTS and (unit.longitude or 0.0) > _COAST_FROM_LONGITUDE[district]:
        return "coast"
    if unit.kind == "phường":
        return "town"
    if district in _MOUNTAIN_DISTRICTS:
        return "mountains"
    return "hills" if district in _HILL_DISTRICTS else "plain"


def _villages(terrain: Terrain, formers: Sequence[Unit], random: Random) -> tuple[Village, ...]:
    """Make three to five villages for each former commune."""
    word = _VILLAGE_WORDS[terrain]
    named = _MOUNTAIN_VILLAGE_NAMES if terrain == "mountains" else _VILLAGE_NAMES
    villages = []
    number = 0
    for former in formers or (None,):
        for name in random.sample(named, random.randint(3, 5)):
            number += 1
            by_number = terrain == "town" or (terrain != "mountains" and random.random() < 0.6)
            villages.append(Village(f"{word} {number if by_number else name.removeprefix('Bản ')}", former))
    random.shuffle(villages)
    return tuple(villages)


def day_before_merger() -> date:
    """Return the last day of the communes and districts before the merger."""
    return MERGER - timedelta(days=1)
