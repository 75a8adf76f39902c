"""GeoJSON (RFC 7946): features of units and parcels."""

from __future__ import annotations

from typing import Any

import orjson
import shapely
from shapely.geometry.base import BaseGeometry


def feature(code: str | None, geometry: BaseGeometry | None, properties: dict[str, Any]) -> dict[str, Any]:
    """A feature whose id is the code of its unit; ``geometry`` in WGS 84, None where there is none."""
    drawn = None if geometry is None else orjson.Fragment(shapely.to_geojson(geometry))
    identified = {} if code is None else {"id": code}
    return {"type": "Feature", **identified, "geometry": drawn, "properties": properties}


GEOJSON = "application/geo+json"
