"""Administrative units with their validity and successors."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Response
from flask.views import MethodView
from marshmallow import fields, validate

from service.access.gate import needs
from service.api.http.blueprint import Blueprint
from service.api.http.geojson import CACHE_AN_HOUR, FeatureSchema, geojson_response
from service.api.http.paging import ListSchema
from service.api.http.parameters import Query, one_of, tolerance_in_metres, unit_code
from service.api.http.resource import Beside, Computed, Resource
from service.api.http.responses import resource_response, validated
from service.api.http.services import services
from service.api.http.values import Day
from service.clock import vietnam_day
from service.errors import QueryInvalid, UnitNotFound
from service.formats.geojson import GEOJSON, feature
from service.units.provinces import province_of
from service.units.unit import LEVELS, Unit
from service.units.unit_borders import COMMUNE_TOLERANCE_M

blueprint = Blueprint("units", __name__, url_prefix="/v1/units", description="Administrative units")


class ListedUnitSchema(Resource):
    """A unit as lists have it."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    name_en = fields.String(required=True)
    kind = fields.String(required=True)
    level = fields.String(required=True, validate=validate.OneOf(LEVELS))
    parent = fields.String(required=True, allow_none=True)
    valid_from = Day(required=True, allow_none=True)
    valid_to = Day(required=True, allow_none=True)
    successor = fields.String(required=True, allow_none=True)
    successors = fields.List(
        fields.String(),
        required=True,
        attribute="following_codes",
        metadata={"description": "All that follow: the successor, or the parts of a unit that was split."},
    )
    succeeded_on = Computed(
        lambda unit: unit.day_after if unit.heirs else None,
        Day(
            allow_none=True,
            metadata={
                "description": "The day from which the successors have its households, and as of which their codes "
                "are to be read: a code can be given again."
            },
        ),
        required=True,
    )
    longitude = fields.Float(required=True, allow_none=True)
    latitude = fields.Float(required=True, allow_none=True)
    source = fields.String(required=True)


class UnitSchema(ListedUnitSchema):
    """A unit with the codes of those that it succeeded."""

    predecessors = fields.List(fields.String(), required=True)


class UnitListSchema(ListSchema):
    """The units in force on a day."""

    valid_on = Day(required=True)
    items = fields.List(fields.Nested(ListedUnitSchema), required=True)


class UnitBorderPropertiesSchema(Resource):
    """Properties of a unit and its border, and of parcels beside it."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True)
    level = fields.String(required=True, validate=validate.OneOf(LEVELS))
    valid_from = Day(required=True, allow_none=True)
    valid_to = Day(required=True, allow_none=True)
    tolerance_m = fields.Float(
        required=True,
        validate=validate.Range(0),
        metadata={"description": "How far this border may be from the exact one."},
    )
    tolerated_outside_m = fields.Float(
        required=True,
        validate=validate.Range(0),
        metadata={"description": "How far outside its commune a parcel may lie before there is a finding."},
    )


class UnitBorderSchema(FeatureSchema):
    """The border of a unit as a GeoJSON Feature."""

    properties = fields.Nested(UnitBorderPropertiesSchema, required=True)


class UnitListQuery(Query):
    """Which administrative units to list."""

    level = fields.String(validate=one_of(list(LEVELS)))
    valid_on = Day(metadata={"description": "In force on this day; today without it."})
    q = fields.String(
        validate=validate.Length(0, 100, error="0…100"),
        metadata={"description": "Name with or without diacritics, or code."},
    )
    province = unit_code("Only units of the province that has this code on that day, itself among them.")


class UnitQuery(Query):
    """On which day a unit's code is read."""

    valid_on = Day(metadata={"description": "In force on this day; without it, today or last."})


class BorderQuery(UnitQuery):
    """How exact a unit's border is to be."""

    tolerance = tolerance_in_metres(COMMUNE_TOLERANCE_M)


@blueprint.route("")
class Units(MethodView):
    """The units in force on a day."""

    @needs("units.read")
    @blueprint.query(UnitListQuery)
    @blueprint.response(200, UnitListSchema)
    @blueprint.validated
    @blueprint.problems(422)
    @blueprint.doc(operationId="list_units", summary="List administrative units")
    def get(self, arguments: dict[str, Any]) -> Response:
        """In order of code; with ``q`` the best match first.

        A day from which the list of units is not complete is refused: of older units only codes are known, one by one.
        """
        on = arguments.get("valid_on") or vietnam_day(services().clock())
        since = services().units_since
        if on < since:
            raise QueryInvalid(pointer="/valid_on", name="valid_on", reason="units-since", first=since.isoformat())
        directory = services().units.directory()
        found = directory.find(arguments.get("q", ""), arguments.get("level"), on)
        if (province := arguments.get("province")) is not None:
            above = ((unit, province_of(unit, directory, on)) for unit in found)
            found = [unit for unit, itself in above if itself is not None and itself.code == province]
        return validated(resource_response(UnitListSchema, {"valid_on": on, "items": found}))


@blueprint.route("/<code>")
class OneUnit(MethodView):
    """One unit by its code."""

    @needs("units.read")
    @blueprint.query(UnitQuery)
    @blueprint.response(200, UnitSchema)
    @blueprint.validated
    @blueprint.problems(404, 422)
    @blueprint.doc(operationId="get_unit", summary="Read an administrative unit")
    def get(self, arguments: dict[str, Any], code: str) -> Response:
        """Codes are used again with a new meaning: a code means something only with a day."""
        unit = _unit(code, arguments.get("valid_on"))
        before = services().units.directory().predecessors_of(unit)
        found = Beside(unit, predecessors=[each.code for each in before])
        return validated(resource_response(UnitSchema, found))


@blueprint.route("/<code>/border")
class UnitBorder(MethodView):
    """The border of one unit."""

    # A border is public: readers of the list of units may read the border of any unit.
    @needs("units.read")
    @blueprint.query(BorderQuery)
    @blueprint.response(200, UnitBorderSchema, content_type=GEOJSON)
    @blueprint.validated
    @blueprint.problems(404, 422)
    @blueprint.doc(operationId="get_unit_border", summary="The border of a unit as GeoJSON")
    def get(self, arguments: dict[str, Any], code: str) -> Response:
        """A Feature in WGS 84, simplified to ``tolerance`` metres, with an ETag.

        Communes have the border that was loaded (scripts/units --borders); the province, a former district and a
        former commune that is made up of whole communes of today have theirs together.
        """
        unit = _unit(code, arguments.get("valid_on"))
        tolerance = arguments["tolerance"]
        border = services().unit_borders.require_border(unit, tolerance)
        outside = services().settings.border_tolerated_m
        properties = Beside(unit, tolerance_m=tolerance, tolerated_outside_m=outside)
        return geojson_response(UnitBorderSchema, feature(unit.code, border, properties), CACHE_AN_HOUR)


def _unit(code: str, on: date | None) -> Unit:
    validities = [unit for unit in services().units.directory() if unit.code == code]
    day = on or vietnam_day(services().clock())
    in_force = [unit for unit in validities if unit.in_force_on(day)]
    if in_force:
        return in_force[0]
    if not validities or on is not None:
        raise UnitNotFound(code=code[:20], on=day.isoformat())
    return validities[-1]
