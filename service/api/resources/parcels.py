"""Parcels: one boundary checked before it is sent, an overlap or claim settled by a supervisor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import Response
from flask.views import MethodView
from marshmallow import INCLUDE, Schema, ValidationError, fields, post_load, validate

from schemas.errors import ItemError, Path, Problem, RecordInvalid, pointer
from schemas.geometry import GeometryInvalid, geometry_json
from service.access.gate import needs
from service.api.http.blueprint import REVISION_HEADER, Blueprint, reference
from service.api.http.bodies import parsed_body
from service.api.http.geojson import FeatureSchema, Outline, OutlineSchema
from service.api.http.reader import reader
from service.api.http.reasons import ReasonSchema
from service.api.http.resource import Body, Described, Resource, refusal, refuse
from service.api.http.responses import resource_response, written_response
from service.api.http.services import actor, services
from service.api.http.values import Between, Flag, Number
from service.clock import vietnam_day
from service.errors import HouseholdIdInvalid
from service.formats.geojson import drawn_feature
from service.households.parcel_checks import MOST_NEIGHBOURS, NeighbouringBoundary, Question
from service.households.registration import household_id_of

blueprint = Blueprint("parcels", __name__, url_prefix="/v1/parcels", description="Boundaries of parcels")


MOST_M2 = 1_000_000_000_000
"""Above the surface of any province; keeps sums of areas finite."""


def _faults(invalid: GeometryInvalid) -> list[Any]:
    return [ItemError(pointer(("geometry", *path)), each.code, each.params) for path, each in invalid.problems]


def _text(description: str = "", **more: Any) -> fields.String:
    described = {"description": description} if description else {}
    return fields.String(allow_none=True, metadata={**refusal(expected="text"), **described, **more})


class PlainValue(Described):
    """A text or a number: anything but a list or an object."""

    def __init__(self) -> None:
        super().__init__({"type": ["string", "number", "boolean", "null"]}, allow_none=True)
        self.metadata = {**self.metadata, **refusal(expected="text")}

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(value, list | dict):
            raise ValidationError("text or number")
        return super()._deserialize(value, *args, **kwargs)


class CheckedCropSchema(Schema):
    """What of a crop is compared with the parcel's area; the rest is ignored."""

    class Meta:
        unknown = INCLUDE

    area_m2 = Number(
        allow_none=True,
        validate=Between(0, MOST_M2),
        metadata=refusal(expected="number"),
    )
    season = PlainValue()
    year = PlainValue()


class ParcelQuestionSchema(Body):
    """One boundary to be checked."""

    geometry = Outline(_faults, required=True)
    crs = _text("Reference system; WGS 84 without it.", example="EPSG:5897")
    commune = _text("Where the parcel should lie.")
    declared_area_m2 = Number(
        allow_none=True,
        validate=Between(0, MOST_M2, min_inclusive=False),
        metadata=refusal(expected="number"),
    )
    household = _text("The household; its own parcels are excluded from the comparison.")
    parcel = _text("The stored parcel to exclude from the comparison.")
    outside_confirmed = Flag(allow_none=True, metadata=refusal(expected="boolean"))
    crops = fields.List(fields.Nested(CheckedCropSchema), allow_none=True, metadata=refusal(expected="list"))

    def refused(self, messages: Mapping[str, Any]) -> Exception:
        """The faults as those of a household's record: every one at once, each with its place."""
        return RecordInvalid([*item_errors(self, messages)], sent=None)

    @post_load
    def question(self, items: dict[str, Any], **_: Any) -> Question:
        """The plain value of a body."""
        sent = {name: value for name, value in items.items() if value is not None}
        return Question(**{**sent, "crops": tuple(sent.get("crops", ()))})


def item_errors(schema: Schema, messages: Mapping[str, Any], path: Path = ()) -> Iterator[ItemError]:
    """The faults that marshmallow found, unknown items first; a field's ``refusal`` says the type that it expects."""
    for name in sorted(messages, key=lambda each: each in schema.load_fields):
        field, found, place = schema.load_fields.get(name), messages[name], (*path, name)
        if field is None:
            yield ItemError(pointer(place), "item.unknown", {"item": str(name)[:60]})
        elif isinstance(field, fields.List) and isinstance(field.inner, fields.Nested) and isinstance(found, dict):
            for index, each in found.items():
                if "_schema" in each or not isinstance(each, dict):
                    yield ItemError(pointer((*place, index)), "item.type", {"expected": "object"})
                else:
                    yield from item_errors(field.inner.schema, each, (*place, index))
        elif located := [each for each in found if isinstance(each, ItemError)]:
            yield from located
        elif beyond := [each for each in found if isinstance(each, Problem)]:
            yield from (ItemError(pointer(place), each.code, each.params) for each in beyond)
        else:
            yield ItemError(pointer(place), "item.type", field.metadata.get("refusal", {"expected": "object"}))


class NeighbourPropertiesSchema(Resource):
    """Whose parcel is near; nothing about people."""

    household = fields.String(required=True)
    overlaps = fields.Boolean(required=True)


class NeighbourSchema(FeatureSchema):
    """A parcel around the boundary that is checked; the id is the parcel's."""

    properties = fields.Nested(NeighbourPropertiesSchema, required=True)


class NeighboursSchema(Resource):
    """The parcels around as a GeoJSON FeatureCollection."""

    class Meta(Resource.Meta):
        description = (
            "A GeoJSON FeatureCollection: id is the parcel, properties name the household. It has at most "
            f"{MOST_NEIGHBOURS} features: those that overlap first, then the nearest."
        )

    type = fields.String(required=True, validate=validate.OneOf(["FeatureCollection"]))
    features = fields.List(fields.Nested(NeighbourSchema), required=True, validate=validate.Length(max=MOST_NEIGHBOURS))
    more = fields.Boolean(required=True, metadata={"description": "Whether there are more neighbours than features."})


class CheckedParcelSchema(Resource):
    """What was found about a boundary."""

    absent_when_none = frozenset({"proposal"})

    measured_area_m2 = fields.Float(required=True, allow_none=True)
    findings = fields.List(Described(reference("Finding")), required=True)
    proposal = fields.Nested(OutlineSchema)
    neighbours = fields.Nested(NeighboursSchema, required=True)


@blueprint.route("/check")
class Check(MethodView):
    """A boundary before it is sent."""

    @needs("parcels.check")
    @blueprint.body(ParcelQuestionSchema)
    @blueprint.response(200, CheckedParcelSchema)
    @blueprint.problems(400, 413, 415, 422)
    @blueprint.doc(operationId="check_parcel", summary="Check one boundary before it is sent")
    def post(self) -> Response:
        """All that registering would find, a mended boundary where one is needed, and boundaries around it.

        Neighbours are those of the account's provinces; an overlap beyond is found when the record is sent.
        """
        question: Question = parsed_body(ParcelQuestionSchema)
        if question.commune is not None:
            question = replace(question, commune=_commune_today(question.commune))
        checked = reader().check_boundary(question)
        body = {
            "measured_area_m2": checked.measured_area_m2,
            "findings": checked.findings,
            "proposal": None if checked.proposal is None else geometry_json(checked.proposal),
            "neighbours": neighbours_in_json(checked.neighbours, more=checked.more_neighbours),
        }
        return resource_response(CheckedParcelSchema, body)


def neighbours_in_json(neighbours: Sequence[NeighbouringBoundary], *, more: bool) -> dict[str, Any]:
    """A FeatureCollection of the boundaries around; ``more`` is true if some were left out."""
    features = [drawn_feature(each.boundary.parcel, each.boundary.geometry, each) for each in neighbours]
    return {"type": "FeatureCollection", "features": features, "more": more}


def _commune_today(code: str) -> str:
    """Returns the identity of the commune of today that a code means now, or meant last. Raises CommuneUnknown."""
    current = services()
    directory, today = current.units.directory(), vietnam_day(current.clock())
    meanings = directory.require_commune(code)
    now = any(unit.in_force_on(today) for unit in meanings)
    read_on = today if now else meanings[-1].valid_to or today
    return directory.resolve_commune(code, read_on, today).commune.identity


class HouseholdId(fields.UUID):
    """The id of a household in its canonical form."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        try:
            return household_id_of(value if isinstance(value, str) else "", "/household")
        except HouseholdIdInvalid as error:
            refuse(error)


class SettlementSchema(ReasonSchema):
    """Why an overlap or claim is settled, and whose parcel it is."""

    household = HouseholdId(allow_none=True)


@blueprint.route("/<parcel_id>/settle")
class Settlement(MethodView):
    """What a supervisor does with an overlap, or with a parcel that two households claim by number."""

    @needs("parcels.settle")
    @blueprint.body(SettlementSchema)
    @blueprint.response(200, reference("HouseholdRecord"), headers=REVISION_HEADER)
    @blueprint.problems(400, 404, 409, 413, 415, 422)
    @blueprint.doc(operationId="settle_parcel", summary="Settle the overlaps of a parcel, and the claims to its number")
    def post(self, parcel_id: str) -> Response:
        """Both records then have the finding as settled, with who settled it and why; it holds neither back.

        Where several households hold a parcel of this id (two simultaneous writes can both be accepted) the body names
        whose is meant: ``household``.
        """
        body = parsed_body(SettlementSchema)
        who = actor("parcels.settle")
        return written_response(
            services().parcels.settle(parcel_id, body["reason"], household=body.get("household"), actor=who)
        )
