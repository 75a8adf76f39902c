"""GeoJSON (RFC 7946): features of units and parcels."""

from __future__ import annotations

from typing import Any, Final

import orjson
import shapely
from shapely.geometry.base import BaseGeometry

GEOJSON: Final = "application/geo+json"


def feature(code: str | None, geometry: BaseGeometry | None, properties: object) -> dict[str, Any]:
    """Returns a feature whose id is the code of its unit; ``geometry`` is in WGS 84, None where there is none."""
    drawn = None if geometry is None else orjson.Fragment(shapely.to_geojson(geometry))
    return drawn_feature(code, drawn, properties)


def drawn_feature(identity: str | None, drawn: object, properties: object) -> dict[str, Any]:
    """Returns a feature whose geometry is GeoJSON already."""
    identified = {} if identity is None else {"id": identity}
    return {"type": "Feature", **identified, "geometry": drawn, "properties": properties}
