"""Photos of papers (identity card, land certificate) of a household: PUT, GET, DELETE by id, and their list."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView
from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from service.access.gate import needs
from service.api.http.blueprint import Blueprint
from service.api.http.bodies import photo_body
from service.api.http.paging import ListSchema
from service.api.http.parameters import Query
from service.api.http.reader import reader
from service.api.http.resource import Resource
from service.api.http.responses import resource_response
from service.api.http.services import actor, services
from service.api.http.values import Moment, WholeNumber
from service.people.jpeg import JPEG
from service.people.ports import Photo, PhotoOf

blueprint = Blueprint(
    "photos", __name__, url_prefix="/v1/households/<household_id>/photos", description="Photos of papers"
)


class PhotoItems(Schema):
    """The items of a photo that are sent with it and returned."""

    of = fields.Enum(PhotoOf, by_value=fields.String, required=True)
    parcel = fields.String(
        validate=validate.Length(1, 100, error="1…100"),
        metadata={"description": "With of=land_certificate: the id of the parcel that the certificate is for."},
    )
    taken_at = Moment(
        metadata={
            "description": "When it was taken, by the phone's clock. Up to a day ahead is set to now, more refused."
        }
    )


class PhotoQuery(Query, PhotoItems):
    """The items that say what the photo shows."""

    @validates_schema
    def _parcel_of_a_certificate(self, items: dict[str, Any], **_: Any) -> None:
        if "parcel" in items and items["of"] is not PhotoOf.LAND_CERTIFICATE:
            raise ValidationError({"parcel": ["of=land_certificate"]})


class PhotoSchema(PhotoItems, Resource):
    """A photo's description; the picture itself is at its address."""

    absent_when_none = frozenset({"parcel", "taken_at", "taken_at_sent"})

    id = fields.UUID(required=True)
    household = fields.UUID(required=True)
    size = WholeNumber(
        data_key="bytes",
        required=True,
        validate=validate.Range(min=1),
        metadata={"description": "Size of the stored JPEG, without metadata, in bytes."},
    )
    sha256 = fields.String(required=True, metadata={"description": "SHA-256 of the stored JPEG, hexadecimal."})
    width = WholeNumber(required=True, validate=validate.Range(min=1))
    height = WholeNumber(required=True, validate=validate.Range(min=1))
    taken_at_sent = Moment(
        metadata={"description": "What came as taken_at, where it was ahead and the time of receipt was stored."}
    )
    created_at = Moment(required=True)
    actor = fields.String(required=True)


class PhotoListSchema(ListSchema):
    """The photos of a household."""

    absent_when_none = frozenset({"damaged"})

    items = fields.List(fields.Nested(PhotoSchema), required=True)
    damaged = fields.List(
        fields.UUID(),
        metadata={
            "description": "Ids of the photos that are damaged in storage and cannot be read; absent if there are "
            "none. Only a backup brings one back; it can be deleted, and sent again under another id."
        },
    )


@blueprint.route("")
class Photos(MethodView):
    """The photos of a household."""

    @needs("photos.read")
    @blueprint.response(200, PhotoListSchema)
    @blueprint.problems(403, 404, 410, 422)
    @blueprint.doc(operationId="list_photos", summary="List a household's photos of papers")
    def get(self, household_id: str) -> Response:
        """Oldest first; none if the record's legal basis does not cover photos."""
        found = services().photos.of_household(household_id, reader())
        return resource_response(PhotoListSchema, {"items": found.photos, "damaged": found.damaged or None})


@blueprint.route("/<photo_id>")
class OnePhoto(MethodView):
    """One photo of a household."""

    @needs("photos.read")
    @blueprint.file(JPEG)
    @blueprint.problems(403, 404, 409, 410, 422)
    @blueprint.doc(operationId="get_photo", summary="Read a photo of a paper")
    def get(self, household_id: str, photo_id: str) -> Response:
        """The picture. It is never cached; who has seen it is stored in the audit trail."""
        photo, jpeg = services().photos.picture(household_id, photo_id, reader())
        response = Response(jpeg, mimetype=JPEG)
        response.headers["Content-Disposition"] = f'inline; filename="{photo.of}-{photo.id}.jpg"'
        response.headers["Cache-Control"] = "private, no-store"
        return response

    @needs("photos.write")
    @blueprint.query(PhotoQuery)
    @blueprint.response(200, PhotoSchema)
    @blueprint.response(201, PhotoSchema)
    @blueprint.problems(403, 404, 409, 410, 413, 415, 422)
    @blueprint.file_body(JPEG)
    @blueprint.doc(operationId="put_photo", summary="Store a photo of a paper")
    def put(self, arguments: dict[str, Any], household_id: str, photo_id: str) -> Response:
        """A new id stores the photo (201); the same photo again is the same write (200). Only JPEG, at most 300 kB.

        Metadata (position, time, camera, comments) is removed before anything is stored, so turn the picture upright
        before it is sent. The record's legal basis must cover it: a state function, or a consent for document_photos.
        """
        who = actor("photos.write")
        sent = services().photos.put(
            household_id,
            photo_id,
            photo_body(),
            of=arguments["of"],
            parcel=arguments.get("parcel"),
            taken_at=arguments.get("taken_at"),
            actor=who,
        )
        photo = reader().beside(sent.photo.household, sent.photo)
        if not sent.created:
            return resource_response(PhotoSchema, photo)
        return resource_response(PhotoSchema, photo, 201, {"Location": _address(photo)})

    @needs("photos.write")
    @blueprint.response(204)
    @blueprint.problems(403, 404, 410, 422)
    @blueprint.doc(operationId="delete_photo", summary="Remove a photo of a paper")
    def delete(self, household_id: str, photo_id: str) -> Response:
        """Irrecoverably: a photo is no part of the record and has no history."""
        services().photos.remove(household_id, photo_id, reader())
        return Response(status=204)


def _address(photo: Photo) -> str:
    return f"/v1/households/{photo.household}/photos/{photo.id}"
