"""GeoJSON (RFC 7946): the schema of a Feature, and the response that carries features."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from flask import Response
from marshmallow import ValidationError, fields, validate
from shapely.geometry.base import BaseGeometry

from schemas.geometry import GeometryInvalid, parse_geometry
from service.api.http.blueprint import reference
from service.api.http.resource import Described, Resource, written
from service.api.http.responses import validated
from service.formats.geojson import GEOJSON

CACHE_AN_HOUR = "private, max-age=3600"
"""For public facts behind the sign-in: a browser may cache them, a proxy may not."""


class OutlineSchema(Resource):
    """A GeoJSON Polygon or MultiPolygon: the boundary of a parcel, the border of a unit or a search area."""

    class Meta(Resource.Meta):
        description = "A GeoJSON Polygon or MultiPolygon: a parcel's boundary, a unit's border or a search area."

    type = fields.String(required=True, validate=validate.OneOf(["Polygon", "MultiPolygon"]))
    coordinates = Described(
        {
            "type": "array",
            "description": "Of a Polygon its rings, of a MultiPolygon the rings of each polygon.",
            "items": {"anyOf": [reference("LinearRing"), {"type": "array", "items": reference("LinearRing")}]},
        },
        required=True,
    )


class FeatureSchema(Resource):
    """A GeoJSON Feature; each kind of feature adds its ``properties``."""

    type = fields.String(required=True, validate=validate.OneOf(["Feature"]))
    id = fields.String()
    geometry = Described({"anyOf": [reference("Outline"), {"type": "null"}]}, required=True)


class Outline(Described):
    """A GeoJSON Polygon or MultiPolygon in a body, parsed into a shape.

    ``faults`` makes the errors of one that cannot be parsed, as the body's schema reports them.
    """

    def __init__(self, faults: Callable[[GeometryInvalid], list[Any]], **options: Any) -> None:
        super().__init__(reference("Outline"), **options)
        self._faults = faults

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> BaseGeometry:
        try:
            return parse_geometry(value, ("Polygon", "MultiPolygon"))
        except GeometryInvalid as invalid:
            raise ValidationError(self._faults(invalid)) from invalid


def geojson_response(kind: type[Resource], value: object, cache: str = "no-store") -> Response:
    """A GeoJSON response, written by its schema. One that may be cached has an ETag; a client that has it gets 304."""
    response = Response(orjson.dumps(written(kind, value)), mimetype=GEOJSON)
    if cache != "no-store":
        return validated(response, cache)
    response.headers["Cache-Control"] = cache
    return response
