"""What the pages need to know of this installation: the province, its map and its tiles, the register's limits."""

from __future__ import annotations

from flask import Response
from marshmallow import fields, validate

from service.access.gate import public
from service.api.http.blueprint import Blueprint
from service.api.http.resource import Beside, Computed, Resource
from service.api.http.responses import resource_response
from service.api.http.services import services
from service.api.http.values import WholeNumber
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


class FormLimitsSchema(Resource):
    """The register's limits that a phone applies without signal."""

    overlap_share = fields.Float(
        attribute="tolerated_share",
        required=True,
        metadata={"description": "Share of the smaller of two parcels that may lie on the other without a finding."},
    )
    overlap_width_m = fields.Float(
        attribute="tolerated_width_m",
        required=True,
        metadata={
            "description": "A strip along the common edge nowhere wider than this, in metres, has no finding either…"
        },
    )
    sliver_share = fields.Float(
        required=True,
        metadata={"description": "…unless it is more than this share of the smaller parcel."},
    )
    photo_bytes = WholeNumber(required=True, metadata={"description": "Largest photo of a paper, in bytes."})


class FormSettingsSchema(Resource):
    """What the pages need to know of this installation."""

    tile_url = fields.String(
        required=True,
        metadata={"description": "Template of the map's tiles, with {z}, {x} and {y}; empty where there are none."},
    )
    tile_attribution = fields.String(required=True, metadata={"description": "Whose tiles they are."})
    province = fields.Nested(FormProvinceSchema, required=True)
    limits = fields.Nested(FormLimitsSchema, required=True)


@blueprint.route("/form-settings.json")
@public
@blueprint.response(200, FormSettingsSchema)
@blueprint.doc(operationId="form_settings", summary="The settings of the form")
def form_settings() -> Response:
    """The province that is registered here, where the map's tiles are fetched from, and the limits to hold to."""
    found = services()
    limits = Beside(found.rules.overlap, photo_bytes=found.settings.photo_bytes)
    return resource_response(FormSettingsSchema, Beside(found.settings, province=found.province, limits=limits))
