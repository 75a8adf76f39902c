"""Query parameters: the base of every query schema, its parser, and the fields that several resources share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn

from flask import Request
from marshmallow import RAISE, Schema, ValidationError, fields, validate
from webargs.flaskparser import FlaskParser

from schemas.errors import pointer
from schemas.text import fold, spelling
from service.api.http.query_errors import QueryMissing, QueryMoreErrors, QueryRepeated, QueryUnknown
from service.api.http.resource import SeveralRefused
from service.api.http.values import EXAMPLE_ID, Day, Flag, Moment, SingleValue, WholeNumber, numbers_in
from service.errors import DomainError, QueryInvalid

MOST_ON_A_PAGE: Final = 1000
DEFAULT_PAGE: Final = 100
LONGEST_SEARCH: Final = 100
LONGEST_NAME: Final = 120
LARGEST_TOLERANCE_M: Final = 1000

_UNKNOWN = "unknown"
_REPEATED = "repeated"
_ANYTHING = "…"
_EXAMPLES: Final[Mapping[type, str]] = {
    fields.UUID: EXAMPLE_ID,
    Flag: "true | false",
    Day: "2026-11-23",
    Moment: "2026-11-23T00:00:00Z",
    WholeNumber: "0, 1, 2, …",
}
_CODE_PATTERN = r"^[0-9]{2,5}$"
_CODE_RANGE = "00…99999"
_COMMUNE_PATTERN = r"^[0-9]{5}$"
_COMMUNE_RANGE = "00000…99999"


class Query(Schema):
    """The base of query schemas. Their error messages are examples or ranges, which need no translation."""

    class Meta:
        unknown = RAISE

    error_messages = {"unknown": _UNKNOWN, "required": _ANYTHING}  # noqa: RUF012 - marshmallow's way

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:  # noqa: ARG002 - marshmallow's way
        """Let the field parse text, and replace each of marshmallow's own English messages by an example."""
        if isinstance(field_obj, SingleValue):
            field_obj.from_text = True
        example = _example(field_obj)
        for kind in reversed(type(field_obj).__mro__):
            for name, message in getattr(kind, "default_error_messages", {}).items():
                if field_obj.error_messages.get(name) == message:
                    field_obj.error_messages[name] = example


def _example(field: fields.Field[Any]) -> str:
    """What a field expects: by its first validator's message, or by its type."""
    if isinstance(field, fields.Enum):
        return " | ".join(str(choice.value) for choice in field.enum)
    examples = (getattr(validator, "error", None) for validator in field.validators)
    return next((each for each in examples if each), _EXAMPLES.get(type(field), _ANYTHING))


def refuse_stray_parameters(names: Mapping[str, Sequence[str]], schema: Schema | None) -> None:
    """Check the names in a query string before a view runs; ``schema`` is that of its query.

    Raises QueryUnknown for any parameter of a view without a query schema, and QueryRepeated for a parameter that was
    sent several times, since only one of its values would count; SeveralRefused for several faults of any kind.
    """
    if schema is None:
        if names:
            raise _refusal(dict.fromkeys(names, _UNKNOWN), list(names))
        return
    repeated = dict.fromkeys((name for name, values in names.items() if len(values) > 1), _REPEATED)
    if repeated:
        others = _reasons(schema.validate({name: values[0] for name, values in names.items()}))
        raise _refusal({**others, **repeated}, list(names))


def _reasons(messages: Mapping[str, Any]) -> dict[str, str]:
    """The first of marshmallow's messages for each parameter."""
    return {name: str(texts[0] if isinstance(texts, list) else texts) for name, texts in messages.items()}


def _refusal(reasons: Mapping[str, str], sent: Sequence[str]) -> Exception:
    """The error of the one parameter at fault, or SeveralRefused with those of all.

    A mistyped name comes first: it may be why another parameter is missing. Then come wrong values in the order in
    which they were sent, and at last what is missing.
    """
    unknown = [name for name in sent if reasons.get(name) == _UNKNOWN]
    wrong = [name for name in sent if name in reasons and name not in unknown]
    missing = [name for name in reasons if name not in sent]
    found = [_fault(name, reasons[name], sent) for name in (*unknown, *wrong, *missing)]
    return found[0] if len(found) == 1 else SeveralRefused(found, QueryMoreErrors)


def _fault(name: str, reason: str, sent: Sequence[str]) -> DomainError:
    named = {"pointer": pointer((name,)), "name": name[:60]}
    if reason == _UNKNOWN:
        return QueryUnknown(**named)
    if reason == _REPEATED:
        return QueryRepeated(**named)
    return QueryInvalid(**named, reason=reason) if name in sent else QueryMissing(**named, reason=reason)


class QueryParser(FlaskParser):
    """webargs' parser, raising the register's own problems in place of its abort."""

    DEFAULT_UNKNOWN_BY_LOCATION = {  # noqa: RUF012 - webargs declares it so
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": None,  # as the schema says
    }

    def handle_error(self, error: ValidationError, req: Request, *_: Any, **__: Any) -> NoReturn:
        """Raise the error of the parameter at fault, or SeveralRefused for several."""
        messages = error.messages["query"] if isinstance(error.messages, dict) else {}
        raise _refusal(_reasons(messages), list(req.args))


class Box(fields.Field[tuple[float, float, float, float]]):
    """A box in degrees: west,south,east,north."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> tuple[float, float, float, float]:
        try:
            west, south, east, north = numbers_in(str(value))
        except ValueError:
            raise ValidationError("west,south,east,north") from None
        inside = -180 <= west < east <= 180 and -90 <= south < north <= 90
        if not inside:
            raise ValidationError("west < east, south < north, degrees")
        return west, south, east, north


def between(least: int, most: int) -> validate.Range:
    """A range of whole numbers, both ends included."""
    return validate.Range(least, most, error=f"{least}…{most}")


def one_of(choices: list[str]) -> validate.OneOf:
    """One of the words."""
    return validate.OneOf(choices, error=" | ".join(choices))


def searchable(text: str) -> None:
    """Refuse a text that is too long, or in which nothing is left to search for."""
    if len(text) > LONGEST_SEARCH or not fold(text):
        raise ValidationError(f"1…{LONGEST_SEARCH}")


def named(text: str) -> None:
    """Refuse a name that is too long, or of which nothing is left to compare."""
    if len(text) > LONGEST_NAME or not spelling(text):
        raise ValidationError(f"1…{LONGEST_NAME}")


def commune_code(description: str) -> fields.String:
    """The code of a commune: units of other levels have shorter ones, and are not meant."""
    return fields.String(
        validate=validate.Regexp(_COMMUNE_PATTERN, error=_COMMUNE_RANGE),
        metadata={"description": description, "pattern": _COMMUNE_PATTERN},
    )


def unit_code(description: str) -> fields.String:
    """The code of an administrative unit."""
    return fields.String(
        validate=validate.Regexp(_CODE_PATTERN, error=_CODE_RANGE),
        metadata={"description": description, "pattern": _CODE_PATTERN},
    )


def reference_system() -> fields.String:
    """The reference system of the boundaries in the response."""
    description = "Reference system of the boundaries in the response, e.g. EPSG:5897; WGS 84 without it."
    return fields.String(validate=validate.Length(1, 100, error="1…100"), metadata={"description": description})


def tolerance_in_metres(default: int) -> WholeNumber:
    """How much a border may be simplified, in metres."""
    description = "How far in metres the border may be from the exact one: the more, the fewer points it has."
    return WholeNumber(
        load_default=default, validate=between(0, LARGEST_TOLERANCE_M), metadata={"description": description}
    )


class LimitQuery(Query):
    """How much a response has at most."""

    limit = WholeNumber(
        load_default=DEFAULT_PAGE,
        validate=between(1, MOST_ON_A_PAGE),
        metadata={"description": "How many at most on a page."},
    )


class PageQuery(LimitQuery):
    """Parameters of paged lists."""

    cursor = fields.String(metadata={"description": "Where the page starts: the cursor of the page before."})
