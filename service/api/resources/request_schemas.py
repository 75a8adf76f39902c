"""What is sent and returned of people's requests about their own data: one definition each."""

from __future__ import annotations

from functools import partial
from typing import Any, get_args

from marshmallow import fields, pre_load, validate

from service.api.http.blueprint import reference
from service.api.http.paging import PageSchema
from service.api.http.reasons import Reason, ReasonSchema
from service.api.http.resource import Body, Computed, Described, Resource, refusal, text, without_zero_bytes
from service.api.http.services import services
from service.api.http.values import EXAMPLE_ID, Day, Moment, WholeNumber
from service.api.resources.changes import ItemDifferenceSchema
from service.api.resources.photos import PhotoSchema
from service.clock import vietnam_day
from service.households.changes import Kind
from service.people.person_request import PersonRequest, RequestInvalid, RequestKind, RequestState
from service.people.requests import LONGEST_REASON

LONGEST_TEXT = 2000
REMINDERS = ("acknowledge", "acknowledge-overdue", "reply", "reply-overdue")


_text = partial(text, LONGEST_TEXT)


class ReceivedItems(Resource):
    """The items of a person's request when it is received."""

    kind = fields.Enum(
        RequestKind,
        by_value=fields.String,
        required=True,
        metadata=refusal(reason="kind", known=", ".join(RequestKind)),
    )
    household = fields.String(
        required=True,
        validate=[validate.Length(max=LONGEST_TEXT), without_zero_bytes],
        metadata=refusal(reason="text", known=EXAMPLE_ID) | {"format": "uuid"},
    )
    received_on = Day(allow_none=True, metadata=refusal(reason="day", known="2026-11-23"))
    person = _text()
    text = _text()
    purpose = _text(description="Of the consent that is withdrawn.")


class NewRequestSchema(ReceivedItems, Body):
    """A person's request as the client sends it."""

    refused_with = RequestInvalid

    @pre_load
    def _household_or_none(self, items: dict[str, Any], **_: Any) -> dict[str, Any]:
        """A request without a household is refused like one that names an unknown household."""
        return {**items, "household": ""} if items.get("household") is None else items


class RequestReasonSchema(ReasonSchema):
    """Why a request is extended or refused; the person is notified of it."""

    reason = Reason(LONGEST_REASON, required=True)


class OutcomeSchema(Body):
    """What was done about a request."""

    refused_with = RequestInvalid

    outcome = _text()


class RequestStepSchema(Resource):
    """One thing that was done about a request."""

    at = Moment(required=True)
    actor = fields.String(required=True)
    what = fields.String(required=True)
    note = fields.String(required=True, allow_none=True)


def _reminder(request: PersonRequest) -> str | None:
    return request.reminder(vietnam_day(services().clock()))


def _commune(request: PersonRequest) -> str:
    return services().residences().code_of(request.commune)


class PersonRequestSchema(ReceivedItems):
    """A person's request, with its due dates and everything that was done."""

    absent_when_none = frozenset({"damaged"})
    always = frozenset({"person", "text", "purpose"})

    id = fields.String(required=True)
    commune = Computed(_commune, fields.String(), required=True)
    state = fields.Enum(RequestState, by_value=fields.String, required=True)
    received_on = Day(required=True)
    received_by = fields.String(required=True)
    acknowledge_by = Day(required=True)
    acknowledged_on = Day(required=True, allow_none=True)
    reply_by = Day(required=True)
    extended_by = WholeNumber(required=True)
    closed_on = Day(required=True, allow_none=True)
    outcome = fields.String(required=True, allow_none=True)
    lifted_on = Day(required=True, allow_none=True)
    reminder = Computed(_reminder, fields.String(allow_none=True, validate=validate.OneOf(REMINDERS)), required=True)
    steps = fields.List(fields.Nested(RequestStepSchema), required=True)
    damaged = Computed(
        lambda request: request.damaged or None,
        fields.Boolean(metadata={"description": "True where the texts are missing: the stored ones are damaged."}),
    )


class RequestPageSchema(PageSchema):
    """A page of requests."""

    items = fields.List(fields.Nested(PersonRequestSchema), required=True)


class PhotoCopySchema(PhotoSchema):
    """A photo with its picture."""

    jpeg = Described({"type": "string", "contentEncoding": "base64"}, required=True)


class SeenBySchema(Resource):
    """Who saw or changed the household's record."""

    at = Moment(required=True)
    by = fields.String(attribute="name", required=True)
    role = fields.String(required=True, allow_none=True)
    action = fields.String(required=True)


class PastEntrySchema(Resource):
    """What happened to a household."""

    absent_when_none = frozenset({"damaged"})

    at = Moment(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(get_args(Kind)))
    actor = fields.String(required=True)
    differences = fields.List(fields.Nested(ItemDifferenceSchema), required=True)
    damaged = fields.Boolean(metadata={"description": "True where the stored entry is damaged and cannot be read."})


class PersonCopySchema(Resource):
    """All that the register stores of a household: the copy that a person requested."""

    absent_when_none = frozenset({"damaged_photos"})

    household = Described(reference("HouseholdRecord"), required=True)
    history = fields.List(fields.Nested(PastEntrySchema), required=True)
    photos = fields.List(fields.Nested(PhotoCopySchema), required=True)
    damaged_photos = fields.List(
        fields.UUID(),
        metadata={"description": "Ids of the photos that are damaged in storage; absent if there are none."},
    )
    seen_by = fields.List(fields.Nested(SeenBySchema), required=True)
