"""A grid over the ground, in two sizes, by which boundaries that can overlap find each other in one look-up.

A boundary up to two kilometres wide is kept under the fine cells (some 100 m) that its box touches and under the
coarse ones (some 2 km); a wider one under coarse cells alone. So two boundaries whose interiors meet always share a key
that one is kept under and the other asks for, and a field has two or three fine cells, whatever lies nearby.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import floor
from typing import Any

import shapely

from service.parcels.rings import Geometries

Box = tuple[float, float, float, float]

_FINE_PER_DEGREE = 1_000
_COARSE_PER_DEGREE = 50
_WIDEST_FINE_DEGREES = 0.02
_FINE, _WITHIN, _WIDE = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Cells:
    """The keys of a set of boundaries: ``kept`` is what each is kept under, ``asked`` what any neighbour is kept under.

    ``coarse`` are the coarse cells that the boundaries touch: what a write takes hold of.
    """

    kept: frozenset[int]
    asked: frozenset[int]
    coarse: frozenset[int]


def cells_of(geometries: Geometries) -> Cells:
    """The cells of n boundaries in WGS 84, by their boxes."""
    return cells_of_boxes(tuple(box) for box in shapely.bounds(geometries).tolist())


def cells_of_stored(boundaries: Iterable[Mapping[str, Any]]) -> Cells:
    """The cells of stored boundaries (GeoJSON that passed the rules): by the corners alone, no geometry is made."""
    return cells_of_boxes(box for boundary in boundaries for box in [_box_of(boundary)])


def cells_of_boxes(boxes: Iterable[Box]) -> Cells:
    """The cells of boxes (west, south, east, north)."""
    kept: set[int] = set()
    asked: set[int] = set()
    coarse: set[int] = set()
    for box in boxes:
        west, south, east, north = box
        here = _cells(box, _COARSE_PER_DEGREE)
        coarse.update(_key(0, cell) for cell in here)
        within, wide = {_key(_WITHIN, cell) for cell in here}, {_key(_WIDE, cell) for cell in here}
        if east - west <= _WIDEST_FINE_DEGREES and north - south <= _WIDEST_FINE_DEGREES:
            fine = {_key(_FINE, cell) for cell in _cells(box, _FINE_PER_DEGREE)}
            kept |= fine | within
            asked |= fine | wide
        else:
            kept |= wide
            asked |= within | wide
    return Cells(frozenset(kept), frozenset(asked), frozenset(coarse))


def _box_of(boundary: Mapping[str, Any]) -> Box:
    polygons = [boundary["coordinates"]] if boundary["type"] == "Polygon" else boundary["coordinates"]
    pairs = [pair for polygon in polygons for pair in polygon[0]]
    longitudes, latitudes = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    return min(longitudes), min(latitudes), max(longitudes), max(latitudes)


def _cells(box: Box, per_degree: int) -> list[tuple[int, int]]:
    west, south, east, north = (floor(degrees * per_degree) for degrees in box)
    return [(x, y) for x in range(west, east + 1) for y in range(south, north + 1)]


def _key(kind: int, cell: tuple[int, int]) -> int:
    """One number for a cell of a kind: fits 64 bits, the same on every machine."""
    x, y = cell
    return (kind << 50) | ((x + (1 << 20)) << 24) | (y + (1 << 20))
