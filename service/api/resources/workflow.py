"""The workflow of a household: verify, return, transfer; and its history."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView

from service.access.gate import needs
from service.api.http.blueprint import NEXT_HEADER, REVISION_HEADER, Blueprint, reference
from service.api.http.bodies import json_object
from service.api.http.paging import decode_cursor, encode_cursor, next_link
from service.api.http.parameters import PageQuery
from service.api.http.preconditions import named_revision
from service.api.http.reader import reader
from service.api.http.responses import json_response, written_response
from service.api.http.services import actor, services
from service.errors import CursorInvalid

blueprint = Blueprint("workflow", __name__, url_prefix="/v1/households", description="From submitted to verified")

MOST_REVISIONS = 2**53

PLACE = frozenset({"commune", "commune_as_of", "former_commune", "village", "address"})
"""What a transfer says of the household's new place."""


@blueprint.route("/<household_id>/verify")
class Verification(MethodView):
    """A commune leader's confirmation."""

    @needs("households.verify")
    @blueprint.if_match()
    @blueprint.response(200, reference("Household"), headers=REVISION_HEADER)
    @blueprint.problems(400, 404, 409, 412, 422)
    @blueprint.doc(operationId="verify_household", summary="Verify a household")
    def post(self, household_id: str) -> Response:
        """Submitted or returned becomes verified; verified stays so."""
        written = services().households.verify(
            household_id, if_match=named_revision(), actor=actor("households.verify")
        )
        return written_response(written)


@blueprint.route("/<household_id>/return")
class Returning(MethodView):
    """A commune leader's return to the officer."""

    @needs("households.verify")
    @blueprint.json_body("Reason")
    @blueprint.if_match()
    @blueprint.response(200, reference("Household"), headers=REVISION_HEADER)
    @blueprint.problems(400, 404, 409, 412, 413, 415, 422)
    @blueprint.doc(operationId="return_household", summary="Return a household with a reason")
    def post(self, household_id: str) -> Response:
        """The reason stands in the record as ``status_reason`` until it is submitted again."""
        reason = json_object(items=frozenset({"reason"})).get("reason")
        written = services().households.send_back(
            household_id, reason, if_match=named_revision(), actor=actor("households.verify")
        )
        return written_response(written)


@blueprint.route("/<household_id>/transfer")
class Transfer(MethodView):
    """A move to another commune."""

    @needs("households.transfer")
    @blueprint.json_body("Transfer")
    @blueprint.if_match()
    @blueprint.response(200, reference("Household"), headers=REVISION_HEADER)
    @blueprint.problems(400, 404, 409, 412, 413, 415, 422)
    @blueprint.doc(operationId="transfer_household", summary="Transfer a household to another commune")
    def post(self, household_id: str) -> Response:
        """Id and history stay; both communes' logs have an entry."""
        place = json_object(items=PLACE)
        written = services().households.transfer(
            household_id, place, if_match=named_revision(), actor=actor("households.transfer")
        )
        return written_response(written)


@blueprint.route("/<household_id>/history")
class History(MethodView):
    """What happened to a household."""

    @needs("households.history")
    @blueprint.query(PageQuery)
    @blueprint.response(200, reference("HistoryPage"), headers=NEXT_HEADER)
    @blueprint.problems(404, 422)
    @blueprint.doc(operationId="household_history", summary="The history of a household")
    def get(self, arguments: dict[str, Any], household_id: str) -> Response:
        """Its log entries, newest first, with what changed in each."""
        page = reader().history(household_id, before=_position(arguments), limit=arguments["limit"])
        cursor = None if page.next_before is None else encode_cursor(page.next_before)
        return json_response({"entries": page.entries, "cursor": cursor}, headers=dict(next_link(cursor)))


def _position(arguments: dict[str, Any]) -> tuple[int, str] | None:
    if "cursor" not in arguments:
        return None
    position = decode_cursor(arguments["cursor"])
    if not isinstance(position, list) or [type(part) for part in position] != [int, str]:
        raise CursorInvalid(pointer="/cursor")
    if not 0 <= position[0] <= MOST_REVISIONS:
        raise CursorInvalid(pointer="/cursor")
    return position[0], position[1]
