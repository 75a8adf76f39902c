"""The feed: the communes' logs in one stream, for systems that store a copy."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, get_args

from flask import Response
from flask.views import MethodView
from marshmallow import INCLUDE, fields, validate

from service.access.gate import needs
from service.api.http.blueprint import NEXT_HEADER, SIGHT_HEADER, Blueprint, reference
from service.api.http.feed_cursor import read_offsets, written_offsets
from service.api.http.paging import next_link
from service.api.http.parameters import LimitQuery, between, commune_code
from service.api.http.reader import reader
from service.api.http.resource import Described, Resource
from service.api.http.responses import resource_response
from service.api.http.services import services
from service.api.http.values import Day, Moment, WholeNumber
from service.households.changes import Kind
from service.households.released import FeedPage

blueprint = Blueprint("changes", __name__, url_prefix="/v1/changes", description="The log as a feed")

_LOOK_AGAIN_SECONDS = 0.5
MOST_WAITING = 4
"""How many requests of a worker may wait for a change: half of its threads, so that others are served."""
waiting = threading.BoundedSemaphore(MOST_WAITING)


class ChangesQuery(LimitQuery):
    """Where to start reading the feed."""

    after = fields.String(metadata={"description": "The cursor of the last response; without it, from the beginning."})
    wait = WholeNumber(
        load_default=0,
        validate=between(0, 30),
        metadata={"description": "Seconds to wait for a change if there is none."},
    )
    commune = commune_code("Only this commune's log; its code, or one that it had.")


_ITS_OFFSET_ALONE = {
    "description": "True where the stored entry is damaged: record is null, and kind, revision, offset and hash are as "
    "they were."
}


class VersionsSchema(Resource):
    """From which version of the ministry data schema to which a record was migrated."""

    from_ = fields.String(data_key="from", attribute="from", required=True)
    to = fields.String(required=True)


class LogNoteSchema(Resource):
    """Details beside the kind of an entry. Which items it has depends on what happened."""

    from_ = fields.String(
        data_key="from", attribute="from", metadata={"description": "Of a transfer: the commune that it left."}
    )
    to = fields.String(metadata={"description": "Of a transfer: the commune that it came to."})
    reason = fields.String(metadata={"description": "Of a return, a withdrawal, a settlement."})
    finding = fields.String(metadata={"description": "The finding that began or ended by a write about another one."})
    household = fields.String(metadata={"format": "uuid", "description": "The other household of this finding."})
    settled = fields.String(metadata={"description": "The parcel whose overlaps or claims were settled."})
    rehomed = Day(metadata={"description": "The day as of which the household's commune was decided again."})
    schema_version = fields.Nested(VersionsSchema)
    damaged = fields.Boolean(metadata=_ITS_OFFSET_ALONE)


class ItemPartSchema(Resource):
    """A part of a household's record."""

    class Meta:
        unknown = INCLUDE
        description = "A part of a household, such as a parcel or a member: what HouseholdRecord has at this place."


_INSIDE_A_LIST = (
    *({"type": "string"}, {"type": "number"}, reference("ItemPart")),
    *(reference("Position"), reference("LinearRing"), {"type": "array", "items": reference("LinearRing")}),
)
_VALUE = {
    "anyOf": [
        *({"type": "string"}, {"type": "number"}, {"type": "boolean"}, reference("ItemPart")),
        {"type": "array", "items": {"anyOf": [*_INSIDE_A_LIST]}},
    ]
}


class ItemDifferenceSchema(Resource):
    """A difference at one place (pointer) of a record: the values before and after, where there were any."""

    pointer = fields.String(required=True)
    before = Described({**_VALUE, "description": "Absent where nothing stood here."})
    after = Described({**_VALUE, "description": "Absent where nothing stands here any more."})


class LogEntrySchema(Resource):
    """An entry of a commune's log."""

    commune = fields.String(required=True, metadata={"description": "Its code today, or the last that it had."})
    log = fields.String(
        required=True,
        metadata={"description": "Which log the offset counts in: that of one commune, whatever its code becomes."},
    )
    offset = WholeNumber(required=True, validate=validate.Range(1))
    kind = fields.String(required=True, validate=validate.OneOf(get_args(Kind)))
    revision = WholeNumber(required=True, validate=validate.Range(1))
    at = Moment(required=True)
    actor = fields.String(required=True)
    note = fields.Nested(LogNoteSchema, required=True, allow_none=True)
    record = Described({"anyOf": [reference("HouseholdRecord"), {"type": "null"}]}, required=True)
    hash = fields.String(required=True)


class ChangeSchema(LogEntrySchema):
    """An entry of the feed."""

    household = fields.String(required=True, metadata={"format": "uuid"})


class DamagedEntrySchema(Resource):
    """Stands for a log entry that is stored damaged and cannot be read."""

    log = fields.String(required=True)
    offset = WholeNumber(required=True, validate=validate.Range(1))


def damaged_entries() -> fields.List[Any]:
    """Return the field that names entries that cannot be read."""
    return fields.List(
        fields.Nested(DamagedEntrySchema),
        metadata={"description": "Entries that belong here but are stored damaged; only where there is one."},
    )


class ChangesSchema(Resource):
    """A part of the feed."""

    changes = fields.List(fields.Nested(ChangeSchema), required=True)
    damaged = damaged_entries()
    cursor = fields.String(required=True)
    more = fields.Boolean(required=True)


@blueprint.route("")
class Changes(MethodView):
    """What has changed since a cursor."""

    @needs("changes.read")
    @blueprint.query(ChangesQuery)
    @blueprint.response(200, ChangesSchema, headers=NEXT_HEADER | SIGHT_HEADER)
    @blueprint.problems(422)
    @blueprint.doc(operationId="changes", summary="What has changed")
    def get(self, arguments: dict[str, Any]) -> Response:
        """Each log's entries come in order and without a gap; the cursor holds an offset for each log.

        It is paged as every list: Link rel="next" leads on while there is ``more``. Unlike other lists it always
        has a ``cursor``, from which it is read again later (``after``).

        Logs are read one after the other, so entries of a household that was transferred may come in another order
        than they were made. A copy is right in any order if for each household it remembers the last ``revision``
        that it applied, and (1) ignores an entry with a lower revision; (2) ignores ``transferred`` without a record
        where the revision is not higher, since the household only left that commune; (3) else stores ``record``, or
        removes its copy where ``record`` is null.

        Of a household that has left the reader's area since, earlier entries come without ``record`` and reason.

        ``restricted`` (without the record) and ``lifted`` (with it) have the revision that the record is at: between
        them no other system gets the record, and what changed meanwhile comes with ``lifted``. A cursor beyond the end
        of a log is refused (``cursor.ahead``): the register was restored from a backup, so read it all again. Where
        many wait already, the response comes before ``wait`` is over.
        """
        after = _offsets(arguments)
        code, of = arguments.get("commune"), None
        if code is not None:
            of = frozenset(unit.identity for unit in services().units.directory().require_commune(code))

        def look() -> FeedPage:
            return reader().changes(after, of=of, limit=arguments["limit"])

        page = look()
        if _is_empty(page) and arguments["wait"] and waiting.acquire(blocking=False):
            try:
                page = _waited_for(look, arguments["wait"])
            finally:
                waiting.release()
        offsets = dict(after)
        for log, offset in page.offsets():
            offsets[log] = max(offset, offsets.get(log, 0))
        cursor = written_offsets(offsets)
        body: dict[str, Any] = {"changes": page.entries, "cursor": cursor, "more": page.more}
        if page.damaged:
            body["damaged"] = page.damaged
        return resource_response(ChangesSchema, body, headers=next_link(cursor if page.more else None, "after"))


def _is_empty(page: FeedPage) -> bool:
    return not page.entries and not page.damaged


def _waited_for(look: Callable[[], FeedPage], seconds: float) -> FeedPage:
    """Look again until something is found or the time is over."""
    end = time.monotonic() + seconds
    while True:
        time.sleep(_LOOK_AGAIN_SECONDS)
        found = look()
        if not _is_empty(found) or time.monotonic() >= end:
            return found


def _offsets(arguments: dict[str, Any]) -> dict[str, int]:
    if "after" not in arguments:
        return {}
    return read_offsets(arguments["after"])
