"""The overlap grid: cells of two sizes, by which boundaries that can overlap find each other in one look-up.

A boundary up to two kilometres wide is stored under the fine cells (some 100 m) and the coarse cells (some 2 km) that
its bounding box touches; a wider one under coarse cells only. So two boundaries whose interiors meet always share a key
that one is stored under and the other queries, and a field has two or three fine cells, whatever is nearby.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import floor
from typing import Any

from service.parcels.regions import Box

_FINE_PER_DEGREE = 1_000
_COARSE_PER_DEGREE = 50
_WIDEST_FINE_DEGREES = 0.02
_FINE, _WITHIN, _WIDE = 1 << 50, 2 << 50, 3 << 50
_NOT_NEGATIVE = 1 << 20
"""Added to the coordinates of cells."""


@dataclass(frozen=True, slots=True)
class Cells:
    """The keys of a set of boundaries: ``own`` are those they are stored under, ``queried`` those of all neighbours.

    ``coarse`` are the coarse cells that the boundaries touch, which a write locks.
    """

    own: frozenset[int]
    queried: frozenset[int]
    coarse: frozenset[int]


def cells_of_stored(boundaries: Iterable[Mapping[str, Any]]) -> Cells:
    """Return the cells of stored boundaries (valid GeoJSON) from their vertices, without constructing geometries."""
    return cells_of_boxes(box for boundary in boundaries for box in [_box_of(boundary)])


def cells_of_boxes(boxes: Iterable[Box]) -> Cells:
    """Return the cells of boxes (west, south, east, north)."""
    own: set[int] = set()
    queried: set[int] = set()
    coarse: set[int] = set()
    for box in boxes:
        west, south, east, north = box
        here = _cells(box, _COARSE_PER_DEGREE)
        coarse.update(here)
        within, wide = [_WITHIN | cell for cell in here], [_WIDE | cell for cell in here]
        queried.update(wide)
        if east - west <= _WIDEST_FINE_DEGREES and north - south <= _WIDEST_FINE_DEGREES:
            fine = [_FINE | cell for cell in _cells(box, _FINE_PER_DEGREE)]
            own.update(fine, within)
            queried.update(fine)
        else:
            own.update(wide)
            queried.update(within)
    return Cells(frozenset(own), frozenset(queried), frozenset(coarse))


def _box_of(boundary: Mapping[str, Any]) -> Box:
    polygons = [boundary["coordinates"]] if boundary["type"] == "Polygon" else boundary["coordinates"]
    pairs = [pair for polygon in polygons for pair in polygon[0]]
    longitudes, latitudes, *_ = zip(*pairs, strict=False)
    return min(longitudes), min(latitudes), max(longitudes), max(latitudes)


def _cells(box: Box, per_degree: int) -> list[int]:
    """Return one number for each cell. With its kind it fits into 64 bits and is the same on every machine."""
    west, south, east, north = box
    columns = range(floor(west * per_degree) + _NOT_NEGATIVE, floor(east * per_degree) + _NOT_NEGATIVE + 1)
    rows = range(floor(south * per_degree) + _NOT_NEGATIVE, floor(north * per_degree) + _NOT_NEGATIVE + 1)
    return [(x << 24) | y for x in columns for y in rows]
