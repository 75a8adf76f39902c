"""One definition of a resource: a marshmallow schema parses its body, writes its response and documents both.

``bodies.parsed_body(Schema)`` parses a ``Body``, ``responses.resource_response(Schema, value)`` writes a ``Resource``.
``blueprint.body(Schema)`` and ``blueprint.response(200, Schema)`` put them into openapi.yaml, under the name of the
class without its ending ``Schema``:

    class BoatSchema(Body):
        refused_with = BoatInvalid
        id = fields.String(dump_only=True)
        length = WholeNumber(required=True, validate=validate.Range(0, 30), metadata=refusal(known="0…30"))
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from functools import cache
from keyword import iskeyword
from typing import Any, ClassVar, Final, NoReturn, TypeVar, cast

from apispec.ext.marshmallow.openapi import OpenAPIConverter
from flask_smorest import Api
from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields, validate

from schemas.errors import pointer as pointer_of
from schemas.text import UNREADABLE, normalize
from service.errors import BodyMoreErrors, BodyNotAnObject, BodyUnknownItem, DomainError

Kind = TypeVar("Kind", bound=Schema)

_REFUSAL = "refusal"
_JSON_SCHEMA = "json_schema"


class Resource(Schema):
    """What a response is made of. Items marked ``required`` are always there."""

    absent_when_none: ClassVar[frozenset[str]] = frozenset()
    """Names in JSON of items that are left out of a response when they have no value, instead of being null."""

    always: ClassVar[frozenset[str]] = frozenset()
    """Names of items that are always in a response, though optional in a request body of the same schema."""

    class Meta:
        unknown = EXCLUDE  # so that openapi.yaml lets a response gain items

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Document the items that are always there."""
        if field_name in self.always:
            field_obj.required = True


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

    def refused(self, messages: Mapping[str, Any]) -> Exception:
        """What is raised for the faults that marshmallow found: the one error, or SeveralRefused with all of them."""
        found = list(_errors(self, messages))
        return found[0] if len(found) == 1 else SeveralRefused(found)


MOST_ERRORS: Final = 100
"""How many errors of one body or query are listed; more would help nobody."""


class SeveralRefused(Exception):
    """Several items of a body, or parameters of a query, are refused.

    The problem has the status and code of the first and lists all of them. Of very many it lists the first, and says
    how many there are.
    """

    def __init__(self, errors: Iterable[DomainError], more: type[DomainError] = BodyMoreErrors) -> None:
        super().__init__()
        found = tuple(errors)
        last = [more(pointer="", shown=MOST_ERRORS, count=len(found))] if len(found) > MOST_ERRORS else []
        self.errors = (*found[:MOST_ERRORS], *last)


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

    Raises the DomainError of the item that is refused, SeveralRefused for several of them; unknown items come first.
    """
    schema = schema_of(kind)
    if not isinstance(value, dict):
        raise schema.not_an_object()
    try:
        return schema.load(value)
    except ValidationError as error:
        refused = schema.refused(error.messages_dict)
    raise refused


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


class Described(fields.Raw):
    """An item that is written as it is and documented by a JSON Schema, for instance by ``reference(…)``."""

    def __init__(self, json_schema: Mapping[str, Any], **options: Any) -> None:
        super().__init__(metadata={_JSON_SCHEMA: dict(json_schema)}, **options)


class Computed(fields.Field[Any]):
    """An item that is computed of the whole value when it is written; ``like`` is the field that it looks like."""

    def __init__(self, compute: Callable[[Any], Any], like: fields.Field[Any], **options: Any) -> None:
        super().__init__(dump_only=True, **options)
        self.compute = compute
        self.like = like


class FreeText(fields.String):
    """A text in its normal form; invisible characters do not count, and those that mean nothing are refused."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        sent = normalize(super()._deserialize(value, attr, data, **kwargs) or "")
        if UNREADABLE.search(sent):
            raise ValidationError("unreadable")
        return sent


def text(longest: int, *, exactly: bool = False, **described: Any) -> fields.String:
    """A text that somebody may give, or null; ``exactly`` as it is typed, for what is not read by people."""
    return (fields.String if exactly else FreeText)(
        allow_none=True,
        validate=[validate.Length(1, longest), without_zero_bytes],
        metadata=refusal(reason="text", known=f"1…{longest}") | described,
    )


def without_zero_bytes(sent: str) -> None:
    """Refuse a text with zero bytes, which the database does not store in every place."""
    if "\0" in sent:
        raise ValidationError("zero byte")


# Writing -------------------------------------------------------------------------------------------------------------

_AS_IT_IS = (
    fields.String,
    fields.Integer,
    fields.Float,
    fields.Boolean,
    fields.Raw,
    fields.UUID,
    fields.Date,
    fields.DateTime,
    fields.Dict,
    fields.Enum,
)
"""Fields whose values the JSON encoder writes by itself."""

Write = Callable[[Any], Any]


class Beside:
    """A value with further items beside its own, for a schema that adds these items to the value's schema.

    ``Beside(account, sessions=found)`` is written by a schema that extends the account's by ``sessions``.
    """

    def __init__(self, value: object, **items: Any) -> None:
        self.__dict__.update(items)
        self.__value = value

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__value, name)


def written(kind: type[Resource], value: object) -> dict[str, Any]:
    """The value, an object or a mapping, in the items that the schema ``kind`` names; what a mapping lacks is left out.

    marshmallow's own ``dump`` takes ten times as long, and a list may have a thousand rows.
    """
    result: dict[str, Any] = _writer(kind)(value)
    return result


@cache
def _writer(kind: type[Resource]) -> Write:
    """A function that writes values by the schema: one straight line of code, made from its fields."""
    named = {field.data_key or name: (name, field) for name, field in schema_of(kind).dump_fields.items()}
    computed = {item: _computed_of(field) for item, (_, field) in named.items() if isinstance(field, Computed)}
    attributes = {item: field.attribute or name for item, (name, field) in named.items() if item not in computed}
    converted = {item: each for item in attributes if (each := _write_of(named[item][1])) is not None}
    absent_when_none = kind.absent_when_none & set(named)

    def write_part(value: Mapping[str, Any]) -> dict[str, Any]:
        result = {item: value[attribute] for item, attribute in attributes.items() if attribute in value}
        for item, convert in converted.items():
            if result.get(item) is not None:
                result[item] = convert(result[item])
        for item, compute in computed.items():
            result[item] = compute(value)
        return {item: each for item, each in result.items() if each is not None or item not in absent_when_none}

    names = {item: f"v{number}" for number, item in enumerate(named)}
    each_of = {item: each for item in converted if (each := _write_of_each(named[item][1])) is not None}
    parts = [f"{item!r}: {_in_code(item, names[item], converted, each_of)}" for item in attributes]
    parts += [f"{item!r}: of_{names[item]}(value)" for item in computed]
    lines = [
        "def write(value):",
        "    if is_mapping(type(value)):",
        "        try:",
        *(f"            {names[item]} = value[{attribute!r}]" for item, attribute in attributes.items()),
        "            pass",
        "        except KeyError:",
        "            return write_part(value)",
        "    else:",
        *(f"        {names[item]} = {_attribute_in_code(attribute)}" for item, attribute in attributes.items()),
        "        pass",
        f"    result = {{{', '.join(parts)}}}",
        *(f"    if result[{item!r}] is None: del result[{item!r}]" for item in sorted(absent_when_none)),
        "    return result",
    ]
    known: dict[str, Any] = {f"of_{names[item]}": each for item, each in (converted | each_of | computed).items()}
    known |= {"write_part": write_part, "is_mapping": _is_mapping}
    exec("\n".join(lines), known)  # noqa: S102 - our own text, made from our own schemas
    write: Write = known["write"]
    return write


def _attribute_in_code(name: str) -> str:
    """The expression of an attribute, which can have the name of a word of Python (`from`)."""
    return f"getattr(value, {name!r})" if iskeyword(name) else f"value.{name}"


def _in_code(item: str, name: str, converted: Container[str], each_of: Container[str]) -> str:
    """The expression of an item that is read as ``name``: as it is, converted, or each of its values converted."""
    if item not in converted:
        return name
    value = f"[of_{name}(each) for each in {name}]" if item in each_of else f"of_{name}({name})"
    return f"None if {name} is None else {value}"


@cache
def _is_mapping(kind: type) -> bool:
    """Looked up in a fifth of the time that isinstance takes for a Mapping."""
    return issubclass(kind, Mapping)


def _computed_of(field: Computed) -> Write:
    """How the item is computed of the whole value, and then written."""
    compute, convert = field.compute, _write_of(field.like)
    if convert is None:
        return compute
    return lambda value: None if (result := compute(value)) is None else convert(result)


def _later(field: fields.Nested) -> Write:
    """Return the writer of a field whose schema contains itself: the schema's own writer is looked up at each use."""

    def write(value: Any) -> Any:
        return _writer(type(field.schema))(value)

    return write


def _write_of_each(field: fields.Field[Any]) -> Write | None:
    """How each value of a list is written; None for as it is, and for what is no list."""
    if isinstance(field, fields.List):
        return _write_of(field.inner)
    return _write_of_nested(field) if isinstance(field, fields.Nested) and field.many else None


def _write_of_nested(field: fields.Nested) -> Write:
    return _writer(type(field.schema)) if isinstance(field.nested, type) else _later(field)


def _write_of(field: fields.Field[Any]) -> Write | None:
    """How a value of the field is written; None for as it is."""
    each_of = _write_of_each(field)
    if each_of is not None:
        return lambda values: [each_of(each) for each in values]
    if isinstance(field, fields.Nested):
        return _write_of_nested(field)
    if isinstance(field, fields.List):
        return list
    if isinstance(field, fields.Dict) and field.value_field is not None:
        of_value = _write_of(field.value_field)
        return None if of_value is None else lambda values: {name: of_value(each) for name, each in values.items()}
    if isinstance(field, _AS_IT_IS):
        return None
    raise TypeError(f"it is not known how a {type(field).__name__} is written")


# The document --------------------------------------------------------------------------------------------------------


def correct_document(api: Api) -> None:
    """Correct what apispec writes of fields. Called before blueprints are registered."""
    api.ma_plugin.converter.add_attribute_function(_corrected)


def _corrected(converter: OpenAPIConverter, field: fields.Field[Any], *, ret: dict[str, Any]) -> dict[str, Any]:
    if _JSON_SCHEMA in field.metadata:
        ret.clear()
        return dict(field.metadata[_JSON_SCHEMA])
    if isinstance(field, Computed):
        ret.clear()
        return dict(converter.field2property(field.like))
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
