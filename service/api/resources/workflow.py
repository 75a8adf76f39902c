"""The workflow of a household: verify, return, transfer; and its history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response
from flask.views import MethodView
from marshmallow import fields

from schemas.derive.json_schema import item_schema
from schemas.errors import ItemError, RecordInvalid
from service.access.gate import needs
from service.api.http.blueprint import NEXT_HEADER, REVISION_HEADER, SIGHT_HEADER, Blueprint, reference
from service.api.http.bodies import parsed_body
from service.api.http.paging import PageSchema, page_response, position
from service.api.http.parameters import PageQuery
from service.api.http.preconditions import named_revision
from service.api.http.reader import reader
from service.api.http.reasons import ReasonSchema
from service.api.http.resource import Body, Described
from service.api.http.responses import written_response
from service.api.http.services import actor, services
from service.api.resources.changes import ItemDifferenceSchema, LogEntrySchema, damaged_entries
from service.errors import CursorInvalid

blueprint = Blueprint("workflow", __name__, url_prefix="/v1/households", description="From submitted to verified")

MOST_REVISIONS = 2**53


def _of_household(name: str, **options: Any) -> Described:
    """An item of the household, described as there."""
    return Described(item_schema(name), allow_none=True, **options)


class TransferSchema(Body):
    """A household's new residence. The items are the household's own, so its schema checks their values."""

    commune = _of_household("commune", required=True)
    commune_as_of = _of_household("commune_as_of")
    former_commune = _of_household("former_commune")
    village = _of_household("village")
    address = _of_household("address")

    def refused(self, messages: Mapping[str, Any]) -> Exception:
        """An unknown item as in any body, and a commune that is missing as in a household's record."""
        unknown = {name: found for name, found in messages.items() if name not in self.fields}
        missing = RecordInvalid([ItemError("/commune", "item.required")], sent=None)
        return super().refused(unknown) if unknown else missing


class HistoryEntrySchema(LogEntrySchema):
    """An entry of a household's history."""

    differences = fields.List(fields.Nested(ItemDifferenceSchema), required=True)


class HistoryPageSchema(PageSchema):
    """A page of a household's history."""

    items = fields.List(fields.Nested(HistoryEntrySchema), required=True)
    damaged = damaged_entries()


@blueprint.route("/<household_id>/verify")
class Verification(MethodView):
    """A commune leader's confirmation."""

    @needs("households.verify")
    @blueprint.if_match()
    @blueprint.response(200, reference("HouseholdRecord"), headers=REVISION_HEADER)
    @blueprint.problems(400, 404, 409, 410, 412, 422)
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
    @blueprint.body(ReasonSchema)
    @blueprint.if_match()
    @blueprint.response(200, reference("HouseholdRecord"), headers=REVISION_HEADER)
    @blueprint.problems(400, 404, 409, 410, 412, 413, 415, 422)
    @blueprint.doc(operationId="return_household", summary="Return a household with a reason")
    def post(self, household_id: str) -> Response:
        """The reason stands in the record as ``status_reason`` until it is submitted again.

        Another reason for one that is returned already replaces it.
        """
        reason = parsed_body(ReasonSchema)["reason"]
        written = services().households.send_back(
            household_id, reason, if_match=named_revision(), actor=actor("households.verify")
        )
        return written_response(written)


@blueprint.route("/<household_id>/transfer")
class Transfer(MethodView):
    """A move to another commune."""

    @needs("households.transfer")
    @blueprint.body(TransferSchema)
    @blueprint.if_match()
    @blueprint.response(200, reference("HouseholdRecord"), headers=REVISION_HEADER)
    @blueprint.problems(400, 404, 409, 410, 412, 413, 415, 422)
    @blueprint.doc(operationId="transfer_household", summary="Transfer a household to another commune")
    def post(self, household_id: str) -> Response:
        """Id and history stay; both communes' logs have an entry."""
        residence = parsed_body(TransferSchema)
        written = services().households.transfer(
            household_id, residence, if_match=named_revision(), actor=actor("households.transfer")
        )
        return written_response(written)


@blueprint.route("/<household_id>/history")
class History(MethodView):
    """What happened to a household."""

    @needs("households.history")
    @blueprint.query(PageQuery)
    @blueprint.response(200, HistoryPageSchema, headers=NEXT_HEADER | SIGHT_HEADER)
    @blueprint.problems(404, 410, 422)
    @blueprint.doc(operationId="household_history", summary="The history of a household")
    def get(self, arguments: dict[str, Any], household_id: str) -> Response:
        """Its log entries, newest first, with what changed in each."""
        page = reader().history(household_id, before=_position(arguments), limit=arguments["limit"])
        damaged = {"damaged": page.damaged} if page.damaged else {}
        return page_response(HistoryPageSchema, page.entries, page.next_before, **damaged)


def _position(arguments: dict[str, Any]) -> tuple[int, str] | None:
    if (found := position(arguments, int, str)) is None:
        return None
    revision, key = found
    if not 0 <= revision <= MOST_REVISIONS:
        raise CursorInvalid()
    return revision, key
