"""One schema a resource: what it parses, what it refuses at once, what it writes and how it is documented."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask
from flask_smorest import Api
from marshmallow import ValidationError, fields, validate

from service.access.errors import AccountInvalid
from service.api.http.resource import (
    Body,
    Computed,
    Described,
    Resource,
    SeveralRefused,
    correct_document,
    parsed,
    refusal,
    refuse,
    written,
)
from service.api.http.values import Day, Flag, Moment, WholeNumber
from service.errors import BodyNotAnObject, BodyUnknownItem, DomainError, ReasonRequired


def not_rotten(text: str) -> None:
    """Refuse a rotten name."""
    if "rotten" in text:
        refuse(ReasonRequired(pointer="/name"))


class BoatSchema(Body):
    """A boat, as an example."""

    refused_with = AccountInvalid
    absent_when_none = frozenset({"sunk_on"})

    name = fields.String(required=True, validate=not_rotten, metadata=refusal(known="a name"))
    length = fields.Float(
        validate=validate.Range(0, 30, min_inclusive=False), allow_none=True, metadata=refusal(known="0 < … ≤ 30")
    )
    crew = WholeNumber()
    motor = Flag()
    flag = fields.String(validate=validate.OneOf(["red", "blue"]), allow_none=True)
    launched = Moment(dump_only=True)
    sunk_on = Day(dump_only=True)
    owner = Described({"$ref": "#/components/schemas/Owner"}, dump_only=True)


def refused(body: object) -> list[DomainError]:
    with pytest.raises((DomainError, SeveralRefused)) as caught:
        parsed(BoatSchema, body)
    return list(caught.value.errors) if isinstance(caught.value, SeveralRefused) else [caught.value]  # type: ignore[list-item]


def test_a_body_is_loaded_by_its_schema() -> None:
    body = {"name": "Hải Âu", "length": 12.5, "crew": 3, "motor": True, "flag": None}
    assert parsed(BoatSchema, body) == body


def test_every_fault_is_reported_at_once_and_unknown_items_first() -> None:
    errors = refused({"length": 0, "crew": "3", "motor": 1, "sail": "big"})
    assert [(error.pointer, error.code) for error in errors] == [
        ("/sail", "body.unknown-item"),
        ("/name", "account.invalid"),
        ("/length", "account.invalid"),
        ("/crew", "account.invalid"),
        ("/motor", "account.invalid"),
    ]
    assert [error.params for error in errors[1:3]] == [{"known": "a name"}, {"known": "0 < … ≤ 30"}]


def test_of_very_many_faults_the_first_are_listed_and_all_counted() -> None:
    errors = refused({"name": "a", **{f"sail{number}": 1 for number in range(150)}})
    assert len(errors) == 101
    assert (errors[-1].code, errors[-1].params) == ("body.more-errors", {"shown": 100, "count": 150})


def test_one_fault_is_raised_as_itself() -> None:
    assert [type(error) for error in refused({"name": 5})] == [AccountInvalid]
    assert [type(error) for error in refused({"name": "a", "sail": 1})] == [BodyUnknownItem]


def test_a_validator_refuses_with_an_error_of_its_own() -> None:
    assert [type(error) for error in refused({"name": "rotten"})] == [ReasonRequired]
    assert [type(error) for error in refused({"name": "rotten", "crew": []})] == [ReasonRequired, AccountInvalid]


@pytest.mark.parametrize("body", [[], "boat", None, 5])
def test_a_body_that_is_no_object_is_refused(body: object) -> None:
    assert [type(error) for error in refused(body)] == [BodyNotAnObject]


def test_items_that_are_only_written_are_unknown_in_a_body() -> None:
    assert [error.pointer for error in refused({"name": "a", "sunk_on": "2026-01-01"})] == ["/sunk_on"]


def test_moments_and_days_are_left_to_the_json_encoder() -> None:
    boat = {"name": "a", "launched": datetime(2026, 11, 23, tzinfo=UTC), "sunk_on": date(2026, 11, 24), "flag": None}
    assert written(BoatSchema, boat) == boat
    assert "sunk_on" not in written(BoatSchema, {**boat, "sunk_on": None})


class FleetSchema(Resource):
    """Boats and their ports, as an example."""

    boats = fields.List(fields.Nested(BoatSchema))
    flagship = fields.Nested(BoatSchema, allow_none=True)
    ports = fields.List(fields.String())
    since = Day(data_key="from", attribute="first_day")


@dataclass
class Fleet:
    """Boats and their ports."""

    boats: list[dict[str, Any]]
    ports: tuple[str, ...]
    first_day: date
    flagship: dict[str, Any] | None = None


def test_objects_and_mappings_are_written_alike_in_the_items_of_the_schema_and_no_others() -> None:
    fleet = Fleet([{"name": "a", "secret": 1}], ("Cửa Lò",), date(2026, 11, 23))
    expected = {"boats": [{"name": "a"}], "flagship": None, "ports": ["Cửa Lò"], "from": date(2026, 11, 23)}
    assert written(FleetSchema, fleet) == expected
    assert written(FleetSchema, vars(fleet)) == expected


@pytest.mark.parametrize("text", ["20260101", "2026-W01-1", "2026-1-1", 20260101, "2026-02-30"])
def test_a_day_has_one_form(text: object) -> None:
    with pytest.raises(ValidationError):
        Day().deserialize(text)
    assert Day().deserialize("2026-01-01") == date(2026, 1, 1)


def documented(kind: type[Resource] = BoatSchema) -> dict[str, Any]:
    app = Flask("boats")
    app.config.update(API_TITLE="boats", API_VERSION="1", OPENAPI_VERSION="3.1.0")
    api = Api(app)
    correct_document(api)
    assert isinstance(api.ma_plugin, MarshmallowPlugin)
    spec: APISpec = api.spec
    spec.components.schema("Example", schema=kind)
    example: dict[str, Any] = spec.to_dict()["components"]["schemas"]["Example"]
    return example


def test_the_document_says_what_the_schema_does() -> None:
    boat = documented()
    items = boat["properties"]
    assert boat["required"] == ["name"]
    assert boat["additionalProperties"] is False
    assert items["length"] == {"type": ["number", "null"], "exclusiveMinimum": 0, "maximum": 30}
    assert items["flag"]["enum"] == ["red", "blue", None]
    assert items["launched"] == {"type": "string", "format": "date-time", "readOnly": True}
    assert items["owner"] == {"$ref": "#/components/schemas/Owner"}


class NamedItems(Resource):
    """Items that are optional in a body and always in a response."""

    name = fields.String(allow_none=True, metadata=refusal(known="a name"))


class NewPortSchema(NamedItems, Body):
    """A port as it is sent."""

    refused_with = AccountInvalid


class PortSchema(NamedItems):
    """A port as it is returned, with a part of its own kind."""

    always = frozenset({"name"})

    inner = fields.List(fields.Nested(lambda: PortSchema()))  # noqa: PLW0108 - the class is made only after this
    by_code = fields.Dict(keys=fields.String(), values=fields.Nested(BoatSchema))


def test_a_body_and_a_response_can_share_the_definition_of_their_items() -> None:
    assert parsed(NewPortSchema, {}) == {}
    assert documented(NewPortSchema).get("required") is None
    assert documented(PortSchema)["required"] == ["name"]


def test_an_item_may_have_the_name_of_a_word_of_python_or_be_read_of_an_object_inside() -> None:
    items: dict[str, fields.Field[Any]] = {"from": fields.String(), "port": fields.String(attribute="fleet.ports")}
    voyage_schema = cast("type[Resource]", Resource.from_dict(items, name="VoyageSchema"))
    voyage = SimpleNamespace(fleet=SimpleNamespace(ports="Cửa Lò"), **{"from": "Hòn Mê"})
    assert written(voyage_schema, voyage) == {"from": "Hòn Mê", "port": "Cửa Lò"}
    assert written(voyage_schema, {"from": "Hòn Mê"}) == {"from": "Hòn Mê"}


def test_a_mapping_that_lacks_an_item_is_written_without_it_and_the_rest_as_ever() -> None:
    fleet = {"boats": [{"name": "a", "sunk_on": None, "secret": 1}], "ports": ("Cửa Lò",), "flagship": None}
    assert written(FleetSchema, fleet) == {"boats": [{"name": "a"}], "ports": ["Cửa Lò"], "flagship": None}
    assert written(HarbourSchema, {"boats": ["a"]}) == {"boats": ["a"], "flagship": None}


def test_what_is_inside_its_own_kind_or_in_a_dictionary_is_written_by_its_schema_too() -> None:
    port = {"name": "a", "inner": [{"name": "b", "secret": 1, "inner": []}], "by_code": {"x": {"name": "c", "sail": 1}}}
    assert written(PortSchema, port) == {
        "name": "a",
        "inner": [{"name": "b", "inner": []}],
        "by_code": {"x": {"name": "c"}},
    }


class HarbourSchema(Resource):
    """What is computed of a harbour."""

    boats = Computed(lambda harbour: sorted(harbour["boats"]), fields.List(fields.String()), required=True)
    flagship = Computed(lambda harbour: harbour.get("flagship"), fields.Nested(BoatSchema, allow_none=True))


def test_a_field_of_which_nobody_says_how_it_is_written_is_refused_with_its_name() -> None:
    schema = cast("type[Resource]", Resource.from_dict({"pair": fields.Tuple((fields.String(),))}, name="PairSchema"))
    with pytest.raises(TypeError, match="a Tuple is written"):
        written(schema, {"pair": ("a",)})


def test_an_item_can_be_computed_of_the_whole_value() -> None:
    assert written(HarbourSchema, {"boats": {"b", "a"}}) == {"boats": ["a", "b"], "flagship": None}
    assert written(HarbourSchema, {"boats": (), "flagship": {"name": "c"}})["flagship"] == {"name": "c"}


def test_a_computed_item_is_documented_as_what_it_looks_like() -> None:
    items = documented(HarbourSchema)["properties"]
    assert items["boats"] == {"type": "array", "items": {"type": "string"}}
    assert items["flagship"]["anyOf"] == [{"$ref": "#/components/schemas/Boat"}, {"type": "null"}]
