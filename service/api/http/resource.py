"""One definition of a resource: a marshmallow schema parses its body, writes its response and documents both.

``bodies.parsed_body(Schema)`` parses a ``Body``, ``responses.resource_response(Schema, value)`` writes a ``Resource``.
``blueprint.body(Schema)`` and ``blueprint.response(200, Schema)`` put them into openapi.yaml, under the name of the
class without its ending ``Schema``:

    class BoatSchema(Body):
        refused_with = BoatInvalid
        id = fields.String(dump_only=True)
        length = whole_number(required=True, validate=validate.Range(0, 30), metadata=refusal(known="0…30"))
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cache
from typing import Any, ClassVar, NoReturn, TypeVar, cast

from apispec.ext.marshmallow.openapi import OpenAPIConverter
from flask_smorest import Api
from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields, post_dump, validate

from schemas.errors import pointer as pointer_of
from service.errors import BodyNotAnObject, BodyUnknownItem, DomainError

Kind = TypeVar("Kind", bound=Schema)

_REFUSAL = "refusal"
_JSON_SCHEMA = "json_schema"


class Resource(Schema):
    """What a response is made of. Items marked ``required`` are always there."""

    absent_when_none: ClassVar[frozenset[str]] = frozenset()
    """Names in JSON of items that are left out of a response when they have no value, instead of being null."""

    class Meta:
        unknown = EXCLUDE  # so that openapi.yaml lets a response gain items

    @post_dump
    def _leave_out(self, written: dict[str, Any], **_: Any) -> dict[str, Any]:
        if not self.absent_when_none:
            return written
        return {
            name: value for name, value in written.items() if value is not None or name not in self.absent_when_none
        }


class Body(Resource):
    """What a request's body is made of: nothing but the items that the schema names."""

    refused_with: ClassVar[type[DomainError]]
    """Raised for an item that is missing or not valid, with its pointer and what the field's ``refusal(…)`` says."""

    class Meta:
        unknown = RAISE

    def refused_item(self, name: str, params: Mapping[str, Any]) -> DomainError:
        """The error of an item that is missing or not valid."""
        return self.refused_with(pointer=pointer_of((name,)), **params)

    def unknown_item(self, name: str) -> DomainError:
        """The error of an item that the body does not have."""
        return BodyUnknownItem(pointer=pointer_of((name,)), name=name[:60])

    def not_an_object(self) -> DomainError:
        """The error of a body that is no JSON object."""
        return BodyNotAnObject(pointer="")


class BodyRefused(Exception):
    """Several items of a body are refused. The problem has the status and code of the first and names all of them."""

    def __init__(self, errors: Iterable[DomainError]) -> None:
        super().__init__()
        self.errors = tuple(errors)


def refusal(**params: Any) -> dict[str, Any]:
    """A field's metadata: the parameters of the error for a value that is missing or not valid."""
    return {_REFUSAL: params}


def refuse(error: DomainError) -> NoReturn:
    """Refuse a value with an error of its own; called by validators, reported beside the errors of other items."""
    raise ValidationError([error])


@cache
def _instance(kind: type[Schema]) -> Schema:
    return kind()


def schema_of(kind: type[Kind]) -> Kind:
    """The one instance of a schema; it has no state."""
    return cast(Kind, _instance(kind))


def parsed(kind: type[Body], value: object) -> Any:
    """The value as the schema loads it.

    Raises the DomainError of the item that is refused, BodyRefused for several of them; unknown items come first.
    """
    schema = schema_of(kind)
    if not isinstance(value, dict):
        raise schema.not_an_object()
    try:
        return schema.load(value)
    except ValidationError as error:
        found = list(_errors(schema, error.messages_dict))
    if len(found) == 1:
        raise found[0]
    raise BodyRefused(found)


def _errors(schema: Body, messages: Mapping[str, Any]) -> Iterable[DomainError]:
    known = {field.data_key or name: field for name, field in schema.load_fields.items()}
    for name in sorted(messages, key=lambda each: each in known or each == "_schema"):
        field = known.get(name)
        own = [each for each in messages[name] if isinstance(each, DomainError)]
        if own:
            yield from own
        elif field is None:
            yield schema.unknown_item(str(name))
        else:
            yield schema.refused_item(name, field.metadata.get(_REFUSAL, {}))


# Fields --------------------------------------------------------------------------------------------------------------


class Moment(fields.AwareDateTime):
    """A moment. It is written by the JSON encoder, in UTC."""

    def _serialize(self, value: datetime | None, *_: Any, **__: Any) -> Any:
        return value


class Day(fields.Date):
    """A calendar day. It is written by the JSON encoder."""

    def _serialize(self, value: date | None, *_: Any, **__: Any) -> Any:
        return value


class Flag(fields.Boolean):
    """``true`` or ``false``, and nothing that could stand for them."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Described(fields.Raw):
    """An item that is written as it is and documented by a JSON Schema, for instance by ``reference(…)``."""

    def __init__(self, json_schema: Mapping[str, Any], **options: Any) -> None:
        super().__init__(metadata={_JSON_SCHEMA: dict(json_schema)}, **options)


def whole_number(**options: Any) -> fields.Integer:
    """A whole number, written without a point."""
    return fields.Integer(strict=True, **options)


# The document --------------------------------------------------------------------------------------------------------


def correct_document(api: Api) -> None:
    """Correct what apispec writes of fields. Called before blueprints are registered."""
    api.ma_plugin.converter.add_attribute_function(_corrected)


def _corrected(_: OpenAPIConverter, field: fields.Field[Any], *, ret: dict[str, Any]) -> dict[str, Any]:
    if _JSON_SCHEMA in field.metadata:
        ret.clear()
        return dict(field.metadata[_JSON_SCHEMA])
    corrected: dict[str, Any] = {}
    for one in field.validators:
        if isinstance(one, validate.Range):  # apispec writes an exclusive bound as an inclusive one
            if one.min is not None and not one.min_inclusive and "minimum" in ret:
                corrected["exclusiveMinimum"] = ret.pop("minimum")
            if one.max is not None and not one.max_inclusive and "maximum" in ret:
                corrected["exclusiveMaximum"] = ret.pop("maximum")
    if field.allow_none and "enum" in ret and None not in ret["enum"]:  # and forgets null among the values
        corrected["enum"] = [*ret["enum"], None]
    return corrected
