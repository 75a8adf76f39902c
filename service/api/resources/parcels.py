"""Parcels: one boundary checked before it is sent, an overlap settled by a supervisor."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Response
from flask.views import MethodView

from service.access.gate import needs
from service.api.http.blueprint import REVISION_HEADER, Blueprint, reference
from service.api.http.bodies import json_object
from service.api.http.reader import reader
from service.api.http.responses import json_response, record_response
from service.api.http.services import actor, services
from service.clock import vietnam_day
from service.households.parcel_checks import neighbours_in_json, proposal_in_json, question_of
from service.households.stages import findings_in_json

blueprint = Blueprint("parcels", __name__, url_prefix="/v1/parcels", description="Boundaries of parcels")


@blueprint.route("/check")
class Check(MethodView):
    """A boundary before it is sent."""

    @needs("parcels.check")
    @blueprint.json_body("ParcelQuestion")
    @blueprint.response(200, reference("ParcelAnswer"))
    @blueprint.problems(400, 413, 415, 422)
    @blueprint.doc(operationId="check_parcel", summary="Check one boundary before it is sent")
    def post(self) -> Response:
        """All that registering would find, a mended boundary where one is needed, and the neighbours' boundaries."""
        part = services()
        question = question_of(json_object())
        if question.commune is not None:
            question = replace(question, commune=_commune_today(question.commune))
        answer = part.parcels.check(question)
        body = {
            "measured_area_m2": answer.measured_area_m2,
            "findings": reader().findings(findings_in_json(answer.findings)),
            "neighbours": neighbours_in_json(reader().neighbours(answer.neighbours)),
        }
        proposal = proposal_in_json(answer)
        return json_response(body if proposal is None else {**body, "proposal": proposal})


def _commune_today(code: str) -> str:
    """The commune of today that a code means now, or meant last. Raises CommuneUnknown."""
    part = services()
    directory, today = part.units.directory(), vietnam_day(part.clock())
    meanings = directory.require_commune(code)
    now = any(unit.in_force_on(today) for unit in meanings)
    read_on = today if now else meanings[-1].valid_to or today
    return directory.resolve_commune(code, read_on, today).commune.code


@blueprint.route("/<parcel_id>/settle")
class Settlement(MethodView):
    """A supervisor's word on an overlap."""

    @needs("parcels.settle")
    @blueprint.json_body("Reason")
    @blueprint.response(200, reference("Household"), headers=REVISION_HEADER)
    @blueprint.problems(400, 404, 409, 413, 415, 422)
    @blueprint.doc(operationId="settle_parcel", summary="Settle the overlaps of a parcel")
    def post(self, parcel_id: str) -> Response:
        """Both records keep the finding as settled, with who settled it and why; it holds neither back any longer."""
        reason = json_object(items=frozenset({"reason"})).get("reason")
        record = services().parcels.settle(parcel_id, reason, actor=actor("parcels.settle"))
        return record_response(reader().released(record))


_NUMBER = {"type": "number"}
_TEXT = {"type": "string"}

COMPONENTS: dict[str, Any] = {
    "Boundary": {
        "type": "object",
        "description": "A GeoJSON Polygon or MultiPolygon.",
        "properties": {"type": {"enum": ["Polygon", "MultiPolygon"]}, "coordinates": {"type": "array", "items": {}}},
        "required": ["type", "coordinates"],
    },
    "ParcelQuestion": {
        "type": "object",
        "properties": {
            "geometry": {"$ref": "#/components/schemas/Boundary"},
            "crs": {**_TEXT, "description": "Reference system; WGS 84 without it.", "example": "EPSG:9208"},
            "commune": {**_TEXT, "description": "Where the parcel should lie."},
            "declared_area_m2": {**_NUMBER, "exclusiveMinimum": 0},
            "household": {**_TEXT, "description": "Whose parcel it is: its other parcels are not held against it."},
            "parcel": {**_TEXT, "description": "Which parcel it is: only this one is not held against it."},
            "outside_confirmed": {"type": "boolean"},
            "crops": {"type": "array", "items": {"type": "object"}},
        },
        "required": ["geometry"],
        "additionalProperties": False,
    },
    "ParcelFinding": {
        "type": "object",
        "properties": {
            "code": _TEXT,
            "severity": {"enum": ["error", "warning", "information"]},
            "pointer": _TEXT,
            "message": _TEXT,
            "details": {"type": "object"},
        },
        "required": ["code", "severity", "pointer", "message", "details"],
    },
    "ParcelAnswer": {
        "type": "object",
        "properties": {
            "measured_area_m2": {"type": ["number", "null"]},
            "findings": {"type": "array", "items": {"$ref": "#/components/schemas/ParcelFinding"}},
            "proposal": {"$ref": "#/components/schemas/Boundary"},
            "neighbours": {
                "type": "object",
                "description": "A GeoJSON FeatureCollection: id is the parcel, properties name the household.",
                "properties": {
                    "type": {"const": "FeatureCollection"},
                    "features": {"type": "array", "items": {"type": "object"}},
                },
                "required": ["type", "features"],
            },
        },
        "required": ["measured_area_m2", "findings", "neighbours"],
    },
}
"""What the contract says of these calls' bodies."""
