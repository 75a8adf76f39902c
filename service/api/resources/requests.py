"""People's requests about their own data (Law 91/2025): received, acknowledged, extended, refused, carried out."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Any

from flask import Response
from flask.views import MethodView
from marshmallow import fields

from service.access.gate import needs
from service.api.http.blueprint import FILE_NAME_HEADER, NEXT_HEADER, Blueprint
from service.api.http.bodies import parsed_body
from service.api.http.guard import guard
from service.api.http.paging import page_response, position
from service.api.http.parameters import PageQuery, one_of
from service.api.http.reader import reader
from service.api.http.resource import Beside
from service.api.http.responses import resource_response
from service.api.http.services import actor, services
from service.api.http.values import Day, Flag
from service.api.resources.request_schemas import (
    NewRequestSchema,
    OutcomeSchema,
    PersonCopySchema,
    PersonRequestSchema,
    RequestPageSchema,
    RequestReasonSchema,
)
from service.people.copies import copy_for
from service.people.person_request import PersonRequest, RequestKind, RequestQuery

blueprint = Blueprint("requests", __name__, url_prefix="/v1/requests", description="People's requests about their data")


class RequestListQuery(PageQuery):
    """Which requests a list is to contain."""

    household = fields.UUID()
    kind = fields.String(validate=one_of([str(kind) for kind in RequestKind]))
    open = Flag(load_default=False)
    due_until = Day(metadata={"description": "To be decided or carried out on this day or before."})


@blueprint.route("")
class AllRequests(MethodView):
    """The requests of the area."""

    @needs("requests.manage")
    @blueprint.query(RequestListQuery)
    @blueprint.response(200, RequestPageSchema, headers=NEXT_HEADER)
    @blueprint.problems(401, 403, 422)
    @blueprint.doc(operationId="list_requests", summary="List people's requests")
    def get(self, arguments: dict[str, Any]) -> Response:
        """The most urgent first; ``reminder`` names what is due or overdue."""
        query = RequestQuery(
            limit=arguments["limit"],
            household=str(arguments["household"]) if "household" in arguments else None,
            kind=RequestKind(arguments["kind"]) if "kind" in arguments else None,
            open_only=arguments["open"],
            due_until=arguments.get("due_until"),
            after=position(arguments, str, str),
        )
        found, last = guard().requests.page(query, reader())
        return page_response(RequestPageSchema, found, last)

    @needs("requests.manage")
    @blueprint.body(NewRequestSchema)
    @blueprint.response(201, PersonRequestSchema)
    @blueprint.problems(400, 401, 403, 404, 415, 422)
    @blueprint.doc(operationId="receive_request", summary="Store a person's request")
    def post(self) -> Response:
        """The due dates are computed from the day of receipt."""
        sent = parsed_body(NewRequestSchema)
        request = guard().requests.receive(
            sent["kind"],
            sent["household"],
            actor=actor("requests.manage"),
            received_on=sent.get("received_on"),
            person=sent.get("person"),
            text=sent.get("text"),
            purpose=sent.get("purpose"),
        )
        headers = {"Location": f"/v1/requests/{request.id}"}
        return resource_response(PersonRequestSchema, _shown(request), 201, headers)


@blueprint.route("/<request_id>")
class OneRequest(MethodView):
    """One request."""

    @needs("requests.manage")
    @blueprint.response(200, PersonRequestSchema)
    @blueprint.problems(401, 403, 404)
    @blueprint.doc(operationId="get_request", summary="Read a person's request")
    def get(self, request_id: str) -> Response:
        """With its due dates and everything that was done."""
        request = guard().requests.get(request_id, actor=actor("requests.manage"))
        return resource_response(PersonRequestSchema, _shown(request))


@blueprint.route("/<request_id>/acknowledge")
class Acknowledgement(MethodView):
    """Confirming to the person that the request has been received."""

    @needs("requests.manage")
    @blueprint.response(200, PersonRequestSchema)
    @blueprint.problems(401, 403, 404, 409)
    @blueprint.doc(operationId="acknowledge_request", summary="Acknowledge a request")
    def post(self, request_id: str) -> Response:
        """Due two working days after receipt."""
        return _step(request_id, guard().requests.acknowledge)


@blueprint.route("/<request_id>/extend")
class Extension(MethodView):
    """Extending the time, once."""

    @needs("requests.manage")
    @blueprint.body(RequestReasonSchema)
    @blueprint.response(200, PersonRequestSchema)
    @blueprint.problems(400, 401, 403, 404, 409, 415, 422)
    @blueprint.doc(operationId="extend_request", summary="Extend a request's time")
    def post(self, request_id: str) -> Response:
        """With the reason, of which the person is notified."""
        return _reasoned_step(request_id, guard().requests.extend)


@blueprint.route("/<request_id>/refuse")
class Refusal(MethodView):
    """A refusal in writing, with a reason."""

    @needs("requests.manage")
    @blueprint.body(RequestReasonSchema)
    @blueprint.response(200, PersonRequestSchema)
    @blueprint.problems(400, 401, 403, 404, 409, 415, 422)
    @blueprint.doc(operationId="refuse_request", summary="Refuse a request")
    def post(self, request_id: str) -> Response:
        """With the reason, of which the person is notified."""
        return _reasoned_step(request_id, guard().requests.refuse)


@blueprint.route("/<request_id>/cancel")
class Cancellation(MethodView):
    """Closing a request that the person withdrew."""

    @needs("requests.manage")
    @blueprint.response(200, PersonRequestSchema)
    @blueprint.problems(401, 403, 404, 409)
    @blueprint.doc(operationId="cancel_request", summary="Close a request that was taken back")
    def post(self, request_id: str) -> Response:
        """Closes the request without carrying it out."""
        return _step(request_id, guard().requests.cancel)


@blueprint.route("/<request_id>/carry-out")
class Carrying(MethodView):
    """Carrying a request out."""

    @needs("requests.manage")
    @blueprint.body(OutcomeSchema, required=False)
    @blueprint.response(200, PersonRequestSchema)
    @blueprint.problems(400, 401, 403, 404, 409, 412, 415, 422)
    @blueprint.doc(operationId="carry_out_request", summary="Carry a request out")
    def post(self, request_id: str) -> Response:
        """The register itself withdraws a consent and erases a person; for the rest ``outcome`` states what was done.

        Erasing cannot be undone; it needs the permission requests.decide beside requests.manage.
        """
        outcome = parsed_body(OutcomeSchema, optional=True).get("outcome")
        who = actor("requests.manage")
        if guard().requests.get(request_id, actor=who).kind is RequestKind.ERASE:
            who = actor("requests.decide")
        done = guard().requests.carry_out(request_id, outcome, actor=who, note=reader().note_revised)
        return resource_response(PersonRequestSchema, _shown(done))


@blueprint.route("/<request_id>/lift")
class Lifting(MethodView):
    """Ending a restriction."""

    @needs("requests.manage")
    @blueprint.response(200, PersonRequestSchema)
    @blueprint.problems(401, 403, 404, 409)
    @blueprint.doc(operationId="lift_request", summary="Lift a restriction or an objection")
    def post(self, request_id: str) -> Response:
        """Until then no other system gets the household: no list, no search, no feed."""
        return _step(request_id, guard().requests.lift)


@blueprint.route("/<request_id>/copy")
class Copy(MethodView):
    """The copy of a person's data, to be given to the person."""

    @needs("requests.manage")
    @blueprint.response(200, PersonCopySchema, headers=FILE_NAME_HEADER)
    @blueprint.problems(401, 403, 404, 422)
    @blueprint.doc(operationId="copy_request", summary="The copy of their data that a person requested")
    def get(self, request_id: str) -> Response:
        """The record, its history and photos, and who has seen it: all that the register stores of the household."""
        request = guard().requests.get(request_id, actor=actor("requests.manage"))
        found = copy_for(request, reader(), services().photos)
        household = found.record["id"]
        copy = {
            "household": found.record,
            "history": found.history,
            "photos": [Beside(photo, jpeg=b64encode(jpeg).decode()) for photo, jpeg in found.pictures],
            "damaged_photos": found.damaged_photos or None,
            "seen_by": guard().trail.entries(households=[household]),
        }
        headers = {"Content-Disposition": f'attachment; filename="ho-{household}.json"'}
        return resource_response(PersonCopySchema, copy, headers=headers)


def _step(request_id: str, step: Callable[..., PersonRequest], *reason: str) -> Response:
    """Take one step of a request and return it as it is then."""
    request = step(request_id, *reason, actor=actor("requests.manage"))
    return resource_response(PersonRequestSchema, _shown(request))


def _reasoned_step(request_id: str, step: Callable[..., PersonRequest]) -> Response:
    """A step with the reason of the body."""
    return _step(request_id, step, parsed_body(RequestReasonSchema)["reason"])


def _shown(request: PersonRequest) -> PersonRequest:
    return reader().beside(request.household, request)
