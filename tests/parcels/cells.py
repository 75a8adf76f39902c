"""A made-up boundary for every commune of today: all that is nearer to its point than to any other's."""

from __future__ import annotations

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from service.demonstration.land import MERGER
from service.unit_names import UnitId
from service.units.directory import UnitDirectory


def points_of(directory: UnitDirectory) -> dict[UnitId, tuple[float, float]]:
    """A point in each commune: longitude, latitude."""
    return {
        unit.identity: (unit.longitude or 0.0, unit.latitude or 0.0) for unit in directory.of_level("commune", MERGER)
    }


def cells_of(directory: UnitDirectory, east: float = 0.0) -> dict[UnitId, BaseGeometry]:
    """A cell around the point of each commune, all of them moved ``east`` by so many degrees."""
    codes, places = zip(*points_of(directory).items(), strict=True)
    points = [shapely.Point(place) for place in places]
    province = shapely.buffer(shapely.convex_hull(shapely.union_all(points)), 0.05)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.union_all(points)))
    aside = np.array([east, 0.0])
    moved = [shapely.transform(shapely.intersection(cell, province), lambda each: each + aside) for cell in cells]
    return {codes[point]: moved[cell] for cell, point in shapely.STRtree(points).query(cells, "contains").T.tolist()}
