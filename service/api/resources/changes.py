"""The feed: the communes' logs in one stream, for systems that store a copy."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, get_args

from flask import Response
from flask.views import MethodView
from marshmallow import fields, validate

from service.access.gate import needs
from service.api.http.blueprint import Blueprint, reference
from service.api.http.feed_cursor import read_offsets, written_offsets
from service.api.http.parameters import DEFAULT_PAGE, MOST_ON_A_PAGE, Query, between, unit_code, whole_number
from service.api.http.reader import reader
from service.api.http.resource import Described, Moment, Resource
from service.api.http.responses import resource_response
from service.api.http.services import services
from service.households.changes import Kind

blueprint = Blueprint("changes", __name__, url_prefix="/v1/changes", description="The log as a feed")

_LOOK_AGAIN_SECONDS = 0.5
MOST_WAITING = 4
"""How many requests of a worker may wait for a change: half of its threads, so that others are served."""
places = threading.BoundedSemaphore(MOST_WAITING)

Found = tuple[list[dict[str, Any]], bool]
"""Entries of the log, and whether there are more."""


class ChangesQuery(Query):
    """Where to start reading the feed."""

    after = fields.String(metadata={"description": "The cursor of the last response; without it, from the beginning."})
    limit = whole_number(load_default=DEFAULT_PAGE, validate=between(1, MOST_ON_A_PAGE))
    wait = whole_number(
        load_default=0,
        validate=between(0, 30),
        metadata={"description": "Seconds to wait for a change if there is none."},
    )
    commune = unit_code("Only this commune's log.")


NOTE = (
    "What the kind does not say: a reason, the communes of a transfer. With damaged=true what is stored of this entry "
    "is damaged: record is null, and kind, revision, offset and hash are as they were."
)


class ItemChangeSchema(Resource):
    """What changed at one place of a record: the values before and after, where there were any."""

    pointer = fields.String(required=True)
    before = Described({})
    after = Described({})


class LogEntrySchema(Resource):
    """An entry of a commune's log."""

    commune = fields.String(required=True, metadata={"description": "Its code today, or the last that it had."})
    log = fields.String(
        required=True,
        metadata={"description": "Which log the offset counts in: that of one commune, whatever its code becomes."},
    )
    offset = whole_number(required=True, validate=validate.Range(1))
    kind = fields.String(required=True, validate=validate.OneOf(get_args(Kind)))
    revision = whole_number(required=True, validate=validate.Range(1))
    at = Moment(required=True)
    actor = fields.String(required=True)
    note = Described({"type": ["object", "null"], "description": NOTE}, required=True)
    record = Described({"anyOf": [reference("HouseholdRecord"), {"type": "null"}]}, required=True)
    hash = fields.String(required=True)


class ChangeSchema(LogEntrySchema):
    """An entry of the feed."""

    household = fields.String(required=True, metadata={"format": "uuid"})


class ChangesSchema(Resource):
    """A part of the feed."""

    changes = fields.List(fields.Nested(ChangeSchema), required=True)
    cursor = fields.String(required=True)
    more = fields.Boolean(required=True)


@blueprint.route("")
class Changes(MethodView):
    """What has changed since a cursor."""

    @needs("changes.read")
    @blueprint.query(ChangesQuery)
    @blueprint.response(200, ChangesSchema)
    @blueprint.problems(422)
    @blueprint.doc(operationId="changes", summary="What has changed")
    def get(self, arguments: dict[str, Any]) -> Response:
        """Each log's entries come in order and without a gap; the cursor holds an offset for each log.

        Logs are read one after the other, so entries of a household that was transferred may come in another order
        than they were made. A copy is right in any order if for each household it remembers the last ``revision``
        that it applied, and (1) ignores an entry with a lower revision; (2) ignores ``transferred`` without a record
        where the revision is not higher, since the household only left that commune; (3) else stores ``record``, or
        removes its copy where ``record`` is null.

        Of a household that has left the reader's area since, earlier entries come without ``record`` and reason.

        ``restricted`` (without the record) and ``lifted`` (with it) have the revision that the record is at: between
        them no other system gets the record, and what changed meanwhile comes with ``lifted``. A cursor behind the end
        of a log is refused (``cursor.ahead``): the register was restored from a backup, so read it all again. Where
        many wait already, the response comes before ``wait`` is over.
        """
        after = _offsets(arguments)
        code, of = arguments.get("commune"), None
        if code is not None:
            of = frozenset(unit.identity for unit in services().units.directory().require_commune(code))

        def look() -> Found:
            return reader().changes(after, of=of, limit=arguments["limit"])

        entries, more = look()
        if not entries and arguments["wait"] and places.acquire(blocking=False):
            try:
                entries, more = _waited_for(look, arguments["wait"])
            finally:
                places.release()
        offsets = after | {entry["log"]: entry["offset"] for entry in entries}
        body = {"changes": entries, "cursor": written_offsets(offsets), "more": more}
        return resource_response(ChangesSchema, body)


def _waited_for(look: Callable[[], Found], seconds: float) -> Found:
    """Look again until something is found or the time is over."""
    end = time.monotonic() + seconds
    while True:
        time.sleep(_LOOK_AGAIN_SECONDS)
        found = look()
        if found[0] or time.monotonic() >= end:
            return found


def _offsets(arguments: dict[str, Any]) -> dict[str, int]:
    if "after" not in arguments:
        return {}
    return read_offsets(arguments["after"])
