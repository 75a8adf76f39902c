"""Fields for single values: a number, a flag, a day, a moment, a position.

Each has one definition, whether it stands in a body or in a query. A body has the value in JSON; a query has its text,
and ``parameters.Query`` says so to the field.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any, Final

from marshmallow import ValidationError, fields, validate

from schemas.errors import Problem

EXAMPLE_ID: Final = "0192f0c1-7d5e-7b3a-8a55-1d6f4a7c1e11"
"""An id as messages show it."""

_WHOLE_NUMBER: Final = re.compile("-?[0-9]+")
_DECIMAL_NUMBER: Final = re.compile("-?[0-9]+(?:[.][0-9]+)?(?:[eE]-?[0-9]+)?")
_DAY: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT: Final = re.compile(
    "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.][0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_UNESCAPED_OFFSET: Final = re.compile(r"(:\d\d(?:[.]\d+)?) (\d\d:?\d\d)$")


class SingleValue:
    """What these fields share: whether they parse a value of JSON or the text of a query."""

    from_text = False


class Moment(SingleValue, fields.AwareDateTime):
    """A moment with its offset from UTC (RFC 3339), parsed into UTC. It is written by the JSON encoder, in UTC."""

    def _serialize(self, value: datetime | None, *_: Any, **__: Any) -> Any:
        return value

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        if self.from_text:  # a plus sign that was not escaped arrives as a space
            value = _UNESCAPED_OFFSET.sub(r"\1+\2", value)
        if not isinstance(value, str) or not _MOMENT.fullmatch(value):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        moment: datetime = super()._deserialize(value, attr, data, **kwargs)
        try:
            return moment.astimezone(UTC)
        except OverflowError:  # the first or the last hours of the calendar
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE) from None


class Day(SingleValue, fields.Date):
    """A calendar day, written YYYY-MM-DD and in no other form of ISO 8601. It is written by the JSON encoder."""

    def _serialize(self, value: date | None, *_: Any, **__: Any) -> Any:
        return value

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        day: date = super()._deserialize(value, attr, data, **kwargs)
        return day


class Flag(SingleValue, fields.Boolean):
    """Only ``true`` and ``false``; no text or number."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bool:
        if self.from_text:
            value = {"true": True, "false": False}.get(value)
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Number(SingleValue, fields.Float):
    """A JSON number; no text or boolean. In a query its text."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:
        if self.from_text:
            try:
                value = number_in(value)
            except ValueError:
                raise self.make_error("invalid", input=value) from None
        if type(value) not in (int, float):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class WholeNumber(SingleValue, fields.Integer):
    """A whole number, written without a point."""

    def __init__(self, **options: Any) -> None:
        super().__init__(strict=True, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if self.from_text:
            value = int(value) if _WHOLE_NUMBER.fullmatch(value) and len(value) < LONGEST_NUMBER else None
        number: int = super()._deserialize(value, attr, data, **kwargs)
        return number


class Position(SingleValue, fields.Field[tuple[float, float]]):
    """A position in degrees: [longitude, latitude]; in a query longitude,latitude."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> tuple[float, float]:
        try:
            longitude, latitude = numbers_in(value) if self.from_text else _numbers_of(value)
        except ValueError:
            raise ValidationError("longitude,latitude") from None
        if not (-179 <= longitude <= 179 and -80 <= latitude <= 80):
            raise ValidationError("longitude -179…179, latitude -80…80")
        return float(longitude), float(latitude)


LONGEST_NUMBER: Final = 40
"""In a query. Nobody means a longer number, and Python refuses to read the longest."""


def number_in(text: str) -> float:
    """The number that a text is, in the digits 0 to 9. Raises ValueError for any other text.

    Python would also read ``1_000``, ``+5``, ``inf``, spaces at the ends and the digits of other scripts.
    """
    if not _DECIMAL_NUMBER.fullmatch(text):
        raise ValueError(text[:LONGEST_NUMBER])
    return float(text)


def numbers_in(text: str) -> list[float]:
    """The numbers of a text with commas between them. Raises ValueError as ``number_in`` does."""
    return [number_in(part) for part in text.split(",")]


def _numbers_of(value: object) -> list[float]:
    """The numbers of a list in JSON. Raises ValueError for anything else."""
    if not isinstance(value, list) or any(type(each) not in (int, float) for each in value):
        raise ValueError("not a list of numbers")
    return value


class Between(validate.Range):
    """A range whose faults are those of a household's items: which bound was passed, and where it lies."""

    def _format_error(self, value: Any, message: str) -> Any:  # noqa: ARG002 - marshmallow's way
        if self.min is not None and value <= self.min:
            return [Problem("number.too-small" if self.min_inclusive else "number.not-above", {"min": self.min})]
        return [Problem("number.too-large", {"max": self.max})]


def count(**options: Any) -> WholeNumber:
    """How many there are of something."""
    return WholeNumber(validate=validate.Range(0), **options)
