"""Fields: small polygons in rows that never overlap, with their area on the ellipsoid."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from math import cos, radians, sin, sqrt
from random import Random

import shapely

from service.demonstration.land import BLOCK_SIDE_M, CommuneLand

_CELL_M = 40.0
_CELLS_A_STRIP = 4
_STRIPS_A_ROW = int(BLOCK_SIDE_M / (_CELL_M * _CELLS_A_STRIP))
_ROWS = int(BLOCK_SIDE_M / _CELL_M)
STRIPS_A_BLOCK = _STRIPS_A_ROW * _ROWS
"""The number of households whose fields fit into one block."""

_BANK_M = 1.0
"""Half the width of the bank between two fields, so that neighbouring fields never touch."""

_LARGEST_TURN_DEGREES = 8.0
"""A block rotated by this angle still fits into its square of 920 m (service/demonstration/land.py)."""

_PATTERNS: tuple[tuple[float, ...], ...] = (
    (1,), (2,), (0.5, 0.5), (1, 1), (1, 0.5), (2, 1), (1, 0.5, 0.5), (1, 1, 1), (2, 1, 0.5), (2, 2), (0.5, 0.5, 1, 1),
    (1, 1, 1, 1),
)  # fmt: skip
_PATTERN_WEIGHTS = (10, 6, 8, 18, 10, 10, 8, 12, 6, 3, 5, 4)

# WGS84.
_SEMI_MAJOR_M = 6_378_137.0
_ECCENTRICITY_SQUARED = 0.006_694_379_990_14

Ring = list[list[float]]


@dataclass(frozen=True, slots=True)
class Plot:
    """One field: a closed ring of longitude and latitude (WGS84, 7 decimals), and its area in m².

    ``outside``: whether it lies outside its household's commune, as real fields sometimes do.
    """

    ring: Ring
    area_m2: float
    outside: bool = False


@dataclass(frozen=True, slots=True)
class Homestead:
    """The fields of one household and the position of its house."""

    fields: tuple[Plot, ...]
    house: tuple[float, float]
    house_outside: bool = False


def homestead_of(land: CommuneLand, number: int, random: Random) -> Homestead:
    """Lay out the fields of the household with this ``number`` in the commune, counted from 0.

    Households of one village are neighbours: number n belongs to village n modulo the number of villages, and has its
    own strip of 160 by 40 metres. When a village's block is full, its next one lies further out. If fewer blocks than
    villages lie inside the commune's border, villages share them. Raises ValueError when the commune's land is full.
    """
    villages = len(land.villages)
    village, turn = number % villages, number // villages
    apart = min(villages, land.blocks_inside) or villages
    group = village % apart
    sharing = len(range(group, villages, apart))
    earlier = turn * sharing + village // apart
    block = group + apart * (earlier // STRIPS_A_BLOCK)
    strip = earlier % STRIPS_A_BLOCK
    if block >= len(land.blocks):
        raise ValueError(f"the land of {land.commune.kind} {land.commune.name} is full: generate fewer households")
    frame = _Frame.of_block(*land.blocks[block])
    left = (strip % _STRIPS_A_ROW) * _CELL_M * _CELLS_A_STRIP - BLOCK_SIDE_M / 2
    bottom = (strip // _STRIPS_A_ROW) * _CELL_M - BLOCK_SIDE_M / 2
    fields: list[Plot] = []
    astray = block >= land.blocks_inside
    for cells in random.choices(_PATTERNS, _PATTERN_WEIGHTS)[0]:
        corners = _corners(random, left, bottom, cells)
        field = frame.field(corners)
        fields.append(replace(field, outside=astray and land.lies_outside(*middle_of(field.ring))))
        left += cells * _CELL_M
    house = frame.position(random.uniform(-60, 60), BLOCK_SIDE_M / 2 + random.uniform(5, 50))
    return Homestead(tuple(fields), (house[0], house[1]), astray and land.lies_outside(house[0], house[1]))


def middle_of(ring: Ring) -> tuple[float, float]:
    """Return the position by which the register decides where a parcel lies."""
    point = shapely.point_on_surface(shapely.Polygon(ring))
    return point.x, point.y


def _corners(random: Random, left: float, bottom: float, cells: float) -> list[tuple[float, float]]:
    """Draw the corners of one field inside its cells, counter-clockwise, in metres within the block."""
    right, top = left + cells * _CELL_M - _BANK_M, bottom + _CELL_M - _BANK_M
    left, bottom = left + _BANK_M, bottom + _BANK_M
    slack_x, slack_y = 0.10 * (right - left), 0.10 * (top - bottom)

    def corner(x: float, y: float, inward_x: int, inward_y: int) -> tuple[float, float]:
        return x + inward_x * random.random() * slack_x, y + inward_y * random.random() * slack_y

    southwest, southeast = corner(left, bottom, 1, 1), corner(right, bottom, -1, 1)
    northeast, northwest = corner(right, top, -1, -1), corner(left, top, 1, -1)
    if cells < 1 or random.random() > 0.15:
        return [southwest, southeast, northeast, northwest]
    # An L shape: a notch of a third to a half of each side, for a pond, a house or a grave.
    notch_x = left + (right - left) * random.uniform(0.5, 0.65)
    notch_y = bottom + (top - bottom) * random.uniform(0.5, 0.65)
    return [southwest, southeast, (southeast[0], notch_y), (notch_x, notch_y), (notch_x, northwest[1]), northwest]


@dataclass(frozen=True, slots=True)
class _Frame:
    """The local axes of a block, which convert metres within it to longitude and latitude."""

    longitude: float
    latitude: float
    metres_east: float
    metres_north: float
    cosine: float
    sine: float

    @staticmethod
    @lru_cache(maxsize=4096)
    def of_block(longitude: float, latitude: float) -> _Frame:
        parallel = radians(latitude)
        # Metres per degree of longitude and latitude, from the radii of curvature.
        w = 1 - _ECCENTRICITY_SQUARED * sin(parallel) ** 2
        turn = radians(Random(f"{longitude:.6f}/{latitude:.6f}").uniform(-_LARGEST_TURN_DEGREES, _LARGEST_TURN_DEGREES))
        return _Frame(
            longitude=longitude,
            latitude=latitude,
            metres_east=radians(1) * _SEMI_MAJOR_M / sqrt(w) * cos(parallel),
            metres_north=radians(1) * _SEMI_MAJOR_M * (1 - _ECCENTRICITY_SQUARED) / w**1.5,
            cosine=cos(turn),
            sine=sin(turn),
        )

    def position(self, x: float, y: float) -> list[float]:
        """Return longitude and latitude of a point of the block, to the centimetre."""
        east, north = x * self.cosine - y * self.sine, x * self.sine + y * self.cosine
        return [
            round(self.longitude + east / self.metres_east, 7),
            round(self.latitude + north / self.metres_north, 7),
        ]

    def field(self, corners: list[tuple[float, float]]) -> Plot:
        """Convert a field from metres within the block to longitude and latitude, with its area."""
        ring = [self.position(x, y) for x, y in corners]
        twice = 0.0
        for (x1, y1), (x2, y2) in zip(corners, corners[1:] + corners[:1], strict=True):
            twice += x1 * y2 - x2 * y1
        return Plot([*ring, ring[0]], round(twice / 2, 1))
