"""Photos of papers (identity card, land certificate) of a household: PUT, GET, DELETE by id, and their list."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView
from marshmallow import fields, validate

from service.access.gate import needs
from service.api.http.audit_trail import note_about
from service.api.http.blueprint import Blueprint, reference
from service.api.http.bodies import photo_body
from service.api.http.parameters import Moment, Query, one_of
from service.api.http.reader import reader
from service.api.http.responses import json_response
from service.api.http.services import actor, services
from service.errors import QueryInvalid
from service.people.jpeg import JPEG
from service.people.photos import Photo, PhotoOf

blueprint = Blueprint(
    "photos", __name__, url_prefix="/v1/households/<household_id>/photos", description="Photos of papers"
)


class PhotoQuery(Query):
    """What a photo that is sent shows."""

    of = fields.String(required=True, validate=one_of([str(kind) for kind in PhotoOf]))
    parcel = fields.String(
        validate=validate.Length(1, 100, error="1…100"),
        metadata={"description": "With of=land_certificate: the id of the parcel that the certificate is for."},
    )
    taken_at = Moment(
        error_messages=dict.fromkeys(("invalid", "invalid_awareness", "format"), "2026-11-23T08:15:00Z"),
        metadata={"description": "When it was taken, by the phone's clock."},
    )


@blueprint.route("")
class Photos(MethodView):
    """The photos of a household."""

    @needs("photos.read")
    @blueprint.response(200, reference("PhotoList"))
    @blueprint.problems(403, 404, 422)
    @blueprint.doc(operationId="list_photos", summary="List a household's photos of papers")
    def get(self, household_id: str) -> Response:
        """What there is, oldest first; none where the record's legal basis does not cover photos."""
        photos = reader().stored_beside(household_id, services().photos.of_household)
        return json_response({"photos": [photo_in_json(photo) for photo in photos]})


@blueprint.route("/<photo_id>")
class OnePhoto(MethodView):
    """One photo of a household."""

    @needs("photos.read")
    @blueprint.response(200, {"type": "string", "format": "binary"}, content_type=JPEG)
    @blueprint.problems(403, 404, 409, 422)
    @blueprint.doc(operationId="get_photo", summary="Read a photo of a paper")
    def get(self, household_id: str, photo_id: str) -> Response:
        """The picture. Nothing on the way keeps it; who has seen it is kept in the trail."""
        note_about(photo_id[:80])
        photos = services().photos
        photo, jpeg = reader().stored_beside(household_id, lambda record: photos.picture(record, photo_id))
        answer = Response(jpeg, mimetype=JPEG)
        answer.headers["Content-Disposition"] = f'inline; filename="{photo.of}-{photo.id}.jpg"'
        answer.headers["Cache-Control"] = "private, no-store"
        return answer

    @needs("photos.write")
    @blueprint.query(PhotoQuery)
    @blueprint.response(200, reference("Photo"))
    @blueprint.response(201, reference("Photo"))
    @blueprint.problems(403, 404, 409, 410, 413, 415, 422)
    @blueprint.doc(
        operationId="put_photo",
        summary="Keep a photo of a paper",
        requestBody={"required": True, "content": {JPEG: {"schema": {"type": "string", "format": "binary"}}}},
    )
    def put(self, arguments: dict[str, Any], household_id: str, photo_id: str) -> Response:
        """A new id keeps the photo (201); the same photo again is the same write (200). Only a JPEG, of 300 kB at most.

        Metadata (position, time, camera, comments) is removed before anything is stored, so turn the picture upright
        before it is sent. The record's legal basis must cover it: a state function, or a consent for document_photos.
        """
        who = actor("photos.write")
        note_about(photo_id[:80])
        of = PhotoOf(arguments["of"])
        parcel: str | None = arguments.get("parcel")
        if parcel is not None and of is not PhotoOf.LAND_CERTIFICATE:
            raise QueryInvalid(pointer="/parcel", name="parcel", reason="of=land_certificate")
        kept = services().photos.put(
            household_id,
            photo_id,
            photo_body(),
            of=of,
            parcel=parcel,
            taken_at=arguments.get("taken_at"),
            actor=who,
        )
        photo = reader().written_beside(kept.photo.household, kept.photo)
        body = photo_in_json(photo)
        return json_response(body, 201, {"Location": _address(photo)}) if kept.created else json_response(body)

    @needs("photos.write")
    @blueprint.response(204)
    @blueprint.problems(403, 404, 422)
    @blueprint.doc(operationId="delete_photo", summary="Remove a photo of a paper")
    def delete(self, household_id: str, photo_id: str) -> Response:
        """Irrecoverably: a photo is no part of the record and has no history."""
        note_about(photo_id[:80])
        photos = services().photos
        reader().stored_beside(household_id, lambda record: photos.remove(record, photo_id))
        return Response(status=204)


def photo_in_json(photo: Photo) -> dict[str, Any]:
    """A photo as lists and answers say it; the picture itself is at its address."""
    body = {
        "id": photo.id,
        "household": photo.household,
        "of": str(photo.of),
        "bytes": photo.size,
        "sha256": photo.sha256,
        "width": photo.width,
        "height": photo.height,
        "created_at": photo.created_at,
        "actor": photo.actor,
    }
    if photo.parcel is not None:
        body["parcel"] = photo.parcel
    if photo.taken_at is not None:
        body["taken_at"] = photo.taken_at
    return body


def _address(photo: Photo) -> str:
    return f"/v1/households/{photo.household}/photos/{photo.id}"


_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 1}
_TIME = {"type": "string", "format": "date-time"}
_ID = {"type": "string", "format": "uuid"}
_PHOTO: dict[str, Any] = {
    "id": _ID,
    "household": _ID,
    "of": {"enum": [str(kind) for kind in PhotoOf]},
    "parcel": _TEXT,
    "bytes": {**_COUNT, "description": "Of the JPEG as it is kept, without metadata."},
    "sha256": {**_TEXT, "description": "Of the JPEG as it is kept, in hexadecimal."},
    "width": _COUNT,
    "height": _COUNT,
    "taken_at": _TIME,
    "created_at": _TIME,
    "actor": _TEXT,
}
COMPONENTS: dict[str, Any] = {
    "Photo": {
        "type": "object",
        "properties": _PHOTO,
        "required": [name for name in _PHOTO if name not in {"parcel", "taken_at"}],
    },
    "PhotoList": {
        "type": "object",
        "properties": {"photos": {"type": "array", "items": {"$ref": "#/components/schemas/Photo"}}},
        "required": ["photos"],
    },
}
"""What the contract says of these calls' bodies."""
