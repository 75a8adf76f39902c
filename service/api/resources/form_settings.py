"""What the pages need to know of this installation: the province, its map and its tiles."""

from __future__ import annotations

from flask import Response
from marshmallow import fields, validate

from service.access.gate import public
from service.api.http.blueprint import Blueprint
from service.api.http.resource import Beside, Computed, Resource
from service.api.http.responses import resource_response
from service.api.http.services import services
from service.api.resources.definition_schemas import WordsSchema
from service.parcels.reference_systems import system_of

blueprint = Blueprint("form_settings", __name__, description="Settings of the form")


class ZoneSchema(Resource):
    """A VN-2000 projection in which sheets are drawn."""

    code = fields.String(required=True, metadata={"description": "Its EPSG code."})
    name = fields.String(required=True)
    central_meridian = fields.Float(required=True, metadata={"description": "In degrees."})
    scale = fields.Float(required=True, metadata={"description": "The scale factor on the central meridian."})


def _degrees(attribute: str, numbers: int, description: str) -> fields.List[float]:
    return fields.List(
        fields.Float(),
        attribute=attribute,
        required=True,
        validate=validate.Length(equal=numbers),
        metadata={"description": description},
    )


class FormProvinceSchema(Resource):
    """The province whose households the form registers."""

    code = fields.String(required=True)
    name = fields.Nested(WordsSchema, required=True)
    full_name = fields.Nested(WordsSchema, required=True)
    agency = fields.String(required=True, metadata={"description": "The agency that new records name."})
    centre = _degrees("map.centre", 2, "Longitude and latitude where a map opens when no better place is known.")
    box = _degrees("map.box", 4, "The box around the province: west, south, east, north.")
    zones = Computed(
        lambda province: [system_of(code) for code in province.vn2000.zones],
        like=fields.List(
            fields.Nested(ZoneSchema),
            metadata={"description": "The projections that sheets come in, the province's own first."},
        ),
        required=True,
    )


class FormSettingsSchema(Resource):
    """What the pages need to know of this installation."""

    tile_url = fields.String(
        required=True,
        metadata={"description": "Template of the map's tiles, with {z}, {x} and {y}; empty where there are none."},
    )
    tile_attribution = fields.String(required=True, metadata={"description": "Whose tiles they are."})
    province = fields.Nested(FormProvinceSchema, required=True)


@blueprint.route("/form-settings.json")
@public
@blueprint.response(200, FormSettingsSchema)
@blueprint.doc(operationId="form_settings", summary="The settings of the form")
def form_settings() -> Response:
    """The province that is registered here, and where the map's tiles are fetched from."""
    return resource_response(FormSettingsSchema, Beside(services().settings, province=services().province))
