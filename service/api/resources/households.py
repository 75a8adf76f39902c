"""Households: PUT, GET, PATCH, DELETE by id, POST and the list."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Response
from flask.views import MethodView
from marshmallow import ValidationError, fields, validate, validates_schema

from schemas.codelists import code_lists
from schemas.language import STAGES
from service.access.gate import needs
from service.api.http.blueprint import NEXT_HEADER, REVISION_HEADER, SIGHT_HEADER, Blueprint, reference
from service.api.http.bodies import PATCH_TYPES, json_body, parsed_body
from service.api.http.paging import PageSchema, page_response, position
from service.api.http.parameters import Box, PageQuery, Query, named, one_of, reference_system, searchable, unit_code
from service.api.http.preconditions import must_be_new, named_revision
from service.api.http.reader import reader
from service.api.http.reasons import ReasonSchema
from service.api.http.resource import Described
from service.api.http.responses import record_response, unless_known, written_response
from service.api.http.services import actor, services
from service.api.http.values import Flag, Moment, Number, Position, count
from service.clock import vietnam_day
from service.errors import CursorInvalid
from service.households.ports import HouseholdPage, HouseholdQuery
from service.households.unit_households import households_of_unit
from service.households.writer import COMPLETE_AFTER

blueprint = Blueprint("households", __name__, url_prefix="/v1/households", description="Farm households")


class HouseholdPageSchema(PageSchema):
    """A page of a list of households."""

    absent_when_none = frozenset({"damaged", "next_since"})

    items = fields.List(Described(reference("HouseholdRecord")), required=True)
    damaged = fields.List(
        fields.UUID(),
        metadata={
            "description": "Ids of the households of this page whose stored record is damaged and cannot be read; "
            "absent if there are none. They count in total and limit; only a backup brings them back."
        },
    )
    total = count()
    next_since = Moment(
        metadata={
            "description": "With updated_since: what to send as updated_since the next time. It lies minutes back, "
            "since a change with an earlier time can be committed after a later one; what comes again is the same."
        }
    )


class OneHouseholdQuery(Query):
    """In which reference system one household is read."""

    crs = reference_system()


class WithdrawalQuery(Query):
    """The reason of a withdrawal, for clients that cannot send a body with DELETE; the body's schema checks it."""

    reason = fields.String(metadata={"description": "If there is no body."})


class HouseholdListQuery(PageQuery):
    """Which households a list is to contain."""

    commune = unit_code(
        "Code of a commune or province of today, or of a former commune, district or province. A former unit has the "
        "households that it brought into its successors."
    )
    stage = fields.String(validate=one_of(list(STAGES)))
    status = fields.String(
        validate=one_of([*(each.code for each in code_lists()["statuses"]), "any"]),
        metadata={"description": "Without it, all except withdrawn ones."},
    )
    q = fields.String(
        validate=searchable,
        metadata={
            "description": "A name with or without diacritics, from any word on; the number of a new or old identity "
            "card, or a phone, of anybody in the household."
        },
    )
    village = fields.String(
        validate=named,
        metadata={
            "description": "Name of a village as anybody writes it: case, spaces, the place of the tone and i or y "
            "make no difference. Villages of one name differ by the code of the former commune in `commune`."
        },
    )
    bbox = Box(metadata={"description": "west,south,east,north: parcels or home in this box.", "type": "string"})
    near = Position(metadata={"description": "longitude,latitude: parcels or home near it.", "type": "string"})
    within = Number(
        validate=validate.Range(0, 100_000, min_inclusive=False, error="0 < … ≤ 100000"),
        metadata={"description": "Metres around near."},
    )
    crs = reference_system()
    updated_since = Moment(
        metadata={
            "description": "Changed at or after this moment; the list is then in order of change. Take the moment from "
            "next_since of the list before, never from a household: its updated_at can be older than one already read. "
            "Households that were withdrawn since are in it with status=any or status=withdrawn, as in any list. What "
            "was erased is in no list: only the feed (/v1/changes) says so."
        }
    )
    count = Flag(load_default=False, metadata={"description": "Also return `total`."})

    @validates_schema
    def _place_with_distance(self, items: dict[str, Any], **_: Any) -> None:
        if ("near" in items) != ("within" in items):
            missing = "within" if "near" in items else "near"
            raise ValidationError({missing: ["near=longitude,latitude&within=metres"]})


@blueprint.route("/<household_id>")
class OneHousehold(MethodView):
    """One household by its id."""

    @needs("households.read")
    @blueprint.query(OneHouseholdQuery)
    @blueprint.response(200, reference("HouseholdRecord"), headers=REVISION_HEADER)
    @blueprint.validated
    @blueprint.problems(404, 410, 422)
    @blueprint.doc(operationId="get_household", summary="Read a household")
    def get(self, arguments: dict[str, Any], household_id: str) -> Response:
        """The record as it is now; its revision is the ETag.

        The tag is strong where the whole record is shown, in Vietnamese, and then If-None-Match gets 304. It is weak
        where something is masked or left out or a finding has its text in English: that can change without a revision,
        so there is no 304. If-Match accepts either.
        """
        return unless_known(record_response(reader().release_household(household_id, arguments.get("crs"))))

    @needs("households.write")
    @blueprint.json_body("Household")
    @blueprint.if_match()
    @blueprint.only_new()
    @blueprint.response(200, reference("HouseholdRecord"), headers=REVISION_HEADER)
    @blueprint.response(201, reference("HouseholdRecord"), headers=REVISION_HEADER)
    @blueprint.problems(400, 404, 409, 410, 412, 413, 415, 422)
    @blueprint.doc(operationId="put_household", summary="Register a household, or replace its content")
    def put(self, household_id: str) -> Response:
        """A new id registers (201). The same content again is the same write (200). Other content needs If-Match.

        It stays the same write when a list of units gives the commune's code another meaning, or none, and with another
        ``commune_as_of`` on which the code means the same commune.

        With ``If-None-Match: *`` a known id is 412, whatever the content. A withdrawn household takes no more writes,
        a repeated one neither: 409 ``household.withdrawn`` with the record as it is (``current``), whose history says
        whether an earlier write arrived. A family that farms again is registered under a new id. An erased one is 410.
        """
        written = services().households.put(
            household_id,
            json_body(),
            if_match=named_revision(),
            if_new=must_be_new(),
            actor=actor("households.write"),
        )
        return written_response(written)

    @needs("households.write")
    @blueprint.json_body("HouseholdPatch", media_types=("application/merge-patch+json", "application/json"))
    @blueprint.if_match(required=True)
    @blueprint.response(200, reference("HouseholdRecord"), headers=REVISION_HEADER)
    @blueprint.problems(400, 404, 409, 410, 412, 413, 415, 422, 428)
    @blueprint.doc(operationId="patch_household", summary="Revise a household by merge patch")
    def patch(self, household_id: str) -> Response:
        """RFC 7396: null removes an item, a list is replaced whole.

        ``national_id_confirmed`` belongs to the number, sex and year of birth that were compared with the card: without
        it in a patch that changes one of them, the number is not confirmed. Where nothing contradicts, it is removed.
        """
        written = services().households.patch(
            household_id, json_body(types=PATCH_TYPES), if_match=named_revision(), actor=actor("households.write")
        )
        return written_response(written)

    @needs("households.withdraw")
    @blueprint.query(WithdrawalQuery)
    @blueprint.body(ReasonSchema, required=False)
    @blueprint.if_match()
    @blueprint.response(200, reference("HouseholdRecord"), headers=REVISION_HEADER)
    @blueprint.problems(400, 404, 409, 410, 412, 413, 415, 422)
    @blueprint.doc(operationId="withdraw_household", summary="Withdraw a household")
    def delete(self, arguments: dict[str, Any], household_id: str) -> Response:
        """Nothing is dropped: the record stays, withdrawn with its reason (in the body, or as ``?reason=``)."""
        reason = parsed_body(ReasonSchema, optional=True, otherwise=arguments)["reason"]
        written = services().households.withdraw(
            household_id, reason, if_match=named_revision(), actor=actor("households.withdraw")
        )
        return written_response(written)


@blueprint.route("")
class Households(MethodView):
    """All households within reach."""

    @needs("households.read")
    @blueprint.query(HouseholdListQuery)
    @blueprint.response(200, HouseholdPageSchema, headers=NEXT_HEADER | SIGHT_HEADER)
    @blueprint.problems(422)
    @blueprint.doc(operationId="list_households", summary="List households")
    def get(self, arguments: dict[str, Any]) -> Response:
        """Pages by keyset: follow Link rel="next" or send ``cursor`` again."""
        query, now = _query_of(arguments), services().clock()
        page = reader().households(query, arguments.get("crs"))
        mark = _next_since(arguments, now, page)
        after = page.next_after if page.next_after is None or mark is None else (*page.next_after, mark)
        total = {"total": reader().count(query)} if arguments["count"] else {}
        beside = {"damaged": page.damaged or None, "next_since": mark, **total}
        return page_response(HouseholdPageSchema, page.records, after, **beside)

    @needs("households.write")
    @blueprint.json_body("Household")
    @blueprint.if_match()
    @blueprint.only_new()
    @blueprint.response(201, reference("HouseholdRecord"), headers=REVISION_HEADER)
    @blueprint.response(200, reference("HouseholdRecord"), headers=REVISION_HEADER)
    @blueprint.problems(400, 404, 409, 410, 412, 413, 415, 422)
    @blueprint.doc(operationId="post_household", summary="Register a household")
    def post(self) -> Response:
        """Like PUT; the id is in the body, or the register creates one."""
        written = services().households.post(
            json_body(), if_match=named_revision(), if_new=must_be_new(), actor=actor("households.write")
        )
        return written_response(written)


def _query_of(arguments: dict[str, Any]) -> HouseholdQuery:
    return HouseholdQuery(
        limit=arguments["limit"],
        **_in_unit(arguments.get("commune")),
        stage=arguments.get("stage"),
        status=arguments.get("status"),
        text=arguments.get("q"),
        village=arguments.get("village"),
        bbox=arguments.get("bbox"),
        near=_circle_of(arguments),
        updated_since=arguments.get("updated_since"),
        after=_position(arguments),
    )


def _in_unit(code: str | None) -> dict[str, Any]:
    """The parts of a query for the households of a unit. Raises CommuneUnknown for a code that no unit ever had."""
    if code is None:
        return {}
    found = households_of_unit(services().units.directory(), code, vietnam_day(services().clock()))
    return {"communes": found.communes, "former_communes": found.former_communes}


def _circle_of(arguments: dict[str, Any]) -> tuple[float, float, float] | None:
    return (*arguments["near"], arguments["within"]) if "near" in arguments else None


def _position(arguments: dict[str, Any]) -> tuple[Any, ...] | None:
    if "updated_since" not in arguments:
        return position(arguments, str)
    if (found := position(arguments, str, str, str)) is None:
        return None
    changed, key, _ = found
    return _moment_of(changed), key


def _next_since(arguments: dict[str, Any], now: datetime, page: HouseholdPage) -> datetime | None:
    """From when on changes are to be read the next time: before it none is still to come.

    It is that of the first page, which the cursor carries on: what was committed while the pages were read may lie
    behind them.
    """
    since: datetime | None = arguments.get("updated_since")
    if since is None:
        return None
    if (found := position(arguments, str, str, str)) is not None:
        return _moment_of(found[2])
    mark = now - COMPLETE_AFTER - page.majority_lag
    # A reader that asks from a time to come would miss all changes until then.
    return max(since, mark) if since <= now else mark


def _moment_of(text: str) -> datetime:
    """A moment in a cursor. Raises CursorInvalid."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise CursorInvalid() from None
