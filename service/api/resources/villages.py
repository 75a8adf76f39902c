"""The villages of communes, with how many households are expected in each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from flask import Response
from flask.views import MethodView
from marshmallow import ValidationError, fields, post_load, pre_load, validate, validates_schema

from schemas.errors import pointer
from schemas.text import has_lost_letters, spelling
from service.access.gate import needs
from service.api.http.blueprint import Blueprint, header
from service.api.http.bodies import parsed_body
from service.api.http.parameters import LONGEST_NAME, Query
from service.api.http.preconditions import must_be_new, named_revision
from service.api.http.resource import Body, FreeText, SeveralRefused, refusal, schema_of, without_zero_bytes
from service.api.http.responses import resource_response
from service.api.http.services import actor, services
from service.api.http.values import Day, Moment, WholeNumber, count
from service.errors import BodyUnknownItem, DomainError
from service.reports.baselines import LONGEST_SOURCE
from service.units.errors import VillagesInvalid
from service.units.village_register import MOST_VILLAGES, CommuneVillages, NamedVillage

blueprint = Blueprint("villages", __name__, url_prefix="/v1/villages", description="Villages")

MOST_EXPECTED: Final = 100_000

_REVISION_HEADER = header("ETag", "The revision of the list, in quotes.")


def _has_letters(name: str) -> None:
    """Refuse a name that a household could not have, or whose letters were lost in another encoding."""
    if has_lost_letters(name) or not any(sign.isalnum() for sign in spelling(name)):
        raise ValidationError("no letters")


class VillageSchema(Body):
    """One village. The register gives an id to a village that has none; sent back with it, it can be renamed."""

    refused_with = VillagesInvalid

    id = fields.UUID(load_default=None, allow_none=True, metadata=refusal(reason="village-id", most=MOST_VILLAGES))
    name = FreeText(
        required=True,
        validate=[validate.Length(1, LONGEST_NAME), without_zero_bytes, _has_letters],
        metadata=refusal(reason="village-name", most=MOST_VILLAGES)
        | {"description": "No two villages have one, however it is spelled, unless their former communes differ."},
    )
    former_commune = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Regexp(r"^[0-9]{5}$"),
        metadata=refusal(reason="village-former", most=MOST_VILLAGES)
        | {"description": "The commune in which it lay before mergers."},
    )
    expected = WholeNumber(
        load_default=None,
        allow_none=True,
        validate=validate.Range(0, MOST_EXPECTED),
        metadata=refusal(reason="village-expected", most=MOST_VILLAGES)
        | {"description": "How many farm households there are to register; null where that is not known."},
    )

    expected_source = FreeText(
        load_default=None,
        allow_none=True,
        validate=[validate.Length(1, LONGEST_SOURCE), without_zero_bytes],
        metadata=refusal(reason="village-expected-source", most=MOST_VILLAGES)
        | {"description": "Who says how many are expected; with `expected_on`, and only where a number is expected."},
    )
    expected_on = Day(
        load_default=None,
        allow_none=True,
        metadata=refusal(reason="village-expected-on", most=MOST_VILLAGES)
        | {"description": "The day as of which the number holds, at the latest today; with `expected_source`."},
    )

    @validates_schema
    def _source_with_day(self, items: dict[str, Any], **_: Any) -> None:
        source, on = items.get("expected_source"), items.get("expected_on")
        if (source is None) != (on is None) or (source is not None and items.get("expected") is None):
            raise ValidationError({"expected_source" if source is None else "expected_on": ["both, with a number"]})

    @post_load
    def _village(self, items: dict[str, Any], **_: Any) -> NamedVillage:
        identity = items.pop("id")
        return NamedVillage(id=None if identity is None else str(identity), **items)


class VillagesSchema(Body):
    """The villages of a commune. What the register says beside them may be sent back; it changes nothing."""

    refused_with = VillagesInvalid

    commune = fields.String(dump_only=True, metadata={"description": "The code of the commune that has the list now."})
    former_commune = fields.String(
        dump_only=True,
        allow_none=True,
        metadata={"description": "Where a former commune was named: only the villages that came from it are here."},
    )
    name = fields.String(dump_only=True)
    kind = fields.String(dump_only=True)
    revision = count(dump_only=True, metadata={"description": "For If-Match; 0 where there was never a list."})
    updated_at = Moment(dump_only=True, allow_none=True)
    villages = fields.List(
        fields.Nested(VillageSchema),
        required=True,
        validate=validate.Length(0, MOST_VILLAGES),
        metadata=refusal(reason="villages", most=MOST_VILLAGES),
    )

    @pre_load
    def _without_what_is_shown(self, items: dict[str, Any], **_: Any) -> dict[str, Any]:
        """A list that was read can be sent back whole. One that is far too long is not even parsed."""
        sent = items.get("villages")
        if isinstance(sent, list) and len(sent) > MOST_VILLAGES:
            raise ValidationError({"villages": ["too many"]})
        shown = {name for name, field in self.fields.items() if field.dump_only}
        return {name: value for name, value in items.items() if name not in shown}

    def refused(self, messages: Mapping[str, Any]) -> Exception:
        """What is raised for the faults that marshmallow found, each at its village."""
        of_villages = messages.get("villages")
        if not isinstance(of_villages, Mapping) or messages.keys() - {"villages"}:
            return super().refused(messages)
        found = list(_faults(of_villages))
        return found[0] if len(found) == 1 else SeveralRefused(found)


def _faults(of_villages: Mapping[Any, Any]) -> Iterator[DomainError]:
    """The faults of villages by their position in the list."""
    village = schema_of(VillageSchema)
    for position, faults in of_villages.items():
        for item in sorted(faults, key=village.fields.__contains__) if isinstance(faults, Mapping) else ("_schema",):
            at = ("villages", position) if item == "_schema" else ("villages", position, item)
            if item != "_schema" and item not in village.fields:
                yield BodyUnknownItem(pointer=pointer(at), name=str(item)[:60])
            else:
                params = {"reason": "object"} if item == "_schema" else village.fields[item].metadata["refusal"]
                yield VillagesInvalid(pointer=pointer(at), **{"most": MOST_VILLAGES} | params)


class VillagesQuery(Query):
    """As of which day a commune's code is read."""

    commune_as_of = Day(
        metadata={
            "description": "The code is read as of this day, today without it. The code of a former commune means the "
            "villages that came from it; the others of the commune of today are not in the list and stay as they are."
        }
    )


@blueprint.route("/<code>")
class Villages(MethodView):
    """The villages of one commune."""

    @needs("coverage.read")
    @blueprint.query(VillagesQuery)
    @blueprint.response(200, VillagesSchema, headers=_REVISION_HEADER)
    @blueprint.problems(403, 404, 422)
    @blueprint.doc(operationId="get_villages", summary="The villages of a commune")
    def get(self, arguments: dict[str, Any], code: str) -> Response:
        """A commune that others were merged into has their villages too, each with its former commune.

        So it has until its own list is written again. A commune without a list has an empty one, of revision 0.
        """
        found = services().villages.of(code, arguments.get("commune_as_of"), actor=actor("coverage.read"))
        return _response(found)

    @needs("villages.write")
    @blueprint.query(VillagesQuery)
    @blueprint.body(VillagesSchema)
    @blueprint.if_match()
    @blueprint.only_new()
    @blueprint.response(200, VillagesSchema, headers=_REVISION_HEADER)
    @blueprint.problems(400, 403, 404, 412, 413, 415, 422, 428)
    @blueprint.doc(operationId="put_villages", summary="Set the villages of a commune")
    def put(self, arguments: dict[str, Any], code: str) -> Response:
        """The whole list is replaced. If-Match names the revision that the change was made from; the first list needs
        none. The same list again is the same write.

        A village without an id is the one of the same name that is there already. Names are compared as anybody spells
        them: case, spaces, the place of the tone and i or y make no difference.
        """
        sent: list[NamedVillage] = parsed_body(VillagesSchema)["villages"]
        written = services().villages.put(
            code,
            arguments.get("commune_as_of"),
            sent,
            if_match=named_revision(),
            if_new=must_be_new(),
            actor=actor("villages.write"),
        )
        return _response(written)


def _response(found: CommuneVillages) -> Response:
    return resource_response(VillagesSchema, found, headers={"ETag": f'"{found.revision}"'})
