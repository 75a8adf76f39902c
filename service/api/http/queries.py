"""The query parameters of lists and reports, as marshmallow schemas: parsed once, documented by the same words."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, NoReturn

from marshmallow import RAISE, Schema, ValidationError, fields, validate
from webargs.flaskparser import FlaskParser

from schemas.text import fold
from service.errors import QueryInvalid, QueryUnknown
from service.reports.open_data import DIMENSIONS, POVERTY
from service.units.unit_borders import COMMUNE_TOLERANCE_M

MOST_ON_A_PAGE = 1000
DEFAULT_PAGE = 100
LONGEST_SEARCH = 100
MAP_TOLERANCE_M = 200
"""Too little to be seen on a map of the province that fits a screen: 130 communes are some 150 kB."""
LARGEST_TOLERANCE_M = 1000


_UNKNOWN = "unknown"


class Query(Schema):
    """Query parameters; what is wrong with one is said in signs that need no translation."""

    error_messages = {"unknown": _UNKNOWN, "required": "…"}  # noqa: RUF012 - marshmallow's way


class QueryParser(FlaskParser):
    """webargs' parser, with the register's own problems instead of its abort."""

    DEFAULT_UNKNOWN_BY_LOCATION = {  # noqa: RUF012 - webargs declares it so
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": RAISE,
    }

    def handle_error(self, error: ValidationError, *_: Any, **__: Any) -> NoReturn:
        """Raise QueryInvalid for the first parameter at fault."""
        messages = dict(error.messages).get("query", {}) if isinstance(error.messages, dict) else {}
        name, texts = next(iter(messages.items()), ("", [""]))
        reason = str(texts[0] if isinstance(texts, list) else texts)
        if reason == _UNKNOWN:
            raise QueryUnknown(pointer=f"/{name}", name=str(name)[:60])
        raise QueryInvalid(pointer=f"/{name}", name=str(name)[:60], reason=reason)


class Box(fields.Field[tuple[float, float, float, float]]):
    """west,south,east,north in degrees."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> tuple[float, float, float, float]:
        try:
            west, south, east, north = (float(part) for part in str(value).split(","))
        except ValueError:
            raise ValidationError("west,south,east,north") from None
        inside = -180 <= west < east <= 180 and -90 <= south < north <= 90
        if not inside:
            raise ValidationError("west < east, south < north, degrees")
        return west, south, east, north


_UNESCAPED_OFFSET = re.compile(r"(:\d\d(?:[.]\d+)?) (\d\d:?\d\d)$")


class Moment(fields.AwareDateTime):
    """A moment with its zone, in UTC."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        if isinstance(value, str):  # a plus sign that was not escaped arrives as a space
            value = _UNESCAPED_OFFSET.sub(r"\1+\2", value)
        moment: datetime = super()._deserialize(value, attr, data, **kwargs)
        try:
            return moment.astimezone(UTC)
        except OverflowError:  # the first or the last hours of the calendar
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE) from None


_DATE_ERRORS = ("invalid", "invalid_awareness", "format")


def day(**options: Any) -> fields.Date:
    """A calendar day."""
    return fields.Date(error_messages=dict.fromkeys(_DATE_ERRORS, "2026-11-23"), **options)


def whole_number(**options: Any) -> fields.Integer:
    """A whole number."""
    return fields.Integer(error_messages={"invalid": "0, 1, 2, …", "too_large": "0, 1, 2, …"}, **options)


def between(least: int, most: int) -> validate.Range:
    """A range of whole numbers."""
    return validate.Range(least, most, error=f"{least}…{most}")


def one_of(choices: list[str]) -> validate.OneOf:
    """One of the words."""
    return validate.OneOf(choices, error=" | ".join(choices))


def searchable(text: str) -> None:
    """Refuse a text with nothing in it to search for."""
    if len(text) > LONGEST_SEARCH or not fold(text):
        raise ValidationError(f"1…{LONGEST_SEARCH}")


def _code(description: str) -> fields.String:
    pattern = validate.Regexp(r"^[0-9]{2,5}$", error="00…99999")
    return fields.String(validate=pattern, metadata={"description": description, "pattern": "^[0-9]{2,5}$"})


class PageQuery(Query):
    """What every list takes."""

    limit = whole_number(
        load_default=DEFAULT_PAGE,
        validate=between(1, MOST_ON_A_PAGE),
        metadata={"description": "How many at most on a page."},
    )
    cursor = fields.String(metadata={"description": "Where the page starts: the cursor of the page before."})


class Place(fields.Field[tuple[float, float]]):
    """longitude,latitude in degrees."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> tuple[float, float]:
        try:
            longitude, latitude = (float(part) for part in str(value).split(","))
        except ValueError:
            raise ValidationError("longitude,latitude") from None
        if not (-179 <= longitude <= 179 and -80 <= latitude <= 80):
            raise ValidationError("longitude -179…179, latitude -80…80")
        return longitude, latitude


def _reference_system() -> fields.String:
    description = "Reference system of the boundaries in the answer, e.g. EPSG:9208; WGS 84 without it."
    return fields.String(validate=validate.Length(1, 100), metadata={"description": description})


def _tolerance(usual: int) -> fields.Integer:
    description = "How far in metres the boundary may be from the exact one: the more, the fewer points it has."
    return whole_number(
        load_default=usual, validate=between(0, LARGEST_TOLERANCE_M), metadata={"description": description}
    )


class HouseholdQueryOne(Schema):
    """How one household is answered."""

    crs = _reference_system()


class HouseholdListQuery(PageQuery):
    """Which households a list asks for."""

    commune = _code("Code of a commune in force today, or of a former one.")
    stage = fields.String(validate=one_of(["registered", "standardized", "digitized"]))
    status = fields.String(
        validate=one_of(["submitted", "verified", "returned", "withdrawn", "any"]),
        metadata={"description": "Without it, all but the withdrawn."},
    )
    q = fields.String(
        validate=searchable,
        metadata={"description": "A name with or without diacritics, from any word on; a personal number; a phone."},
    )
    bbox = Box(metadata={"description": "west,south,east,north: parcels or home in this box.", "type": "string"})
    near = Place(metadata={"description": "longitude,latitude: parcels or home near it.", "type": "string"})
    within = fields.Float(
        validate=validate.Range(0, 100_000, min_inclusive=False, error="0 < … ≤ 100000"),
        error_messages=dict.fromkeys(("invalid", "special", "too_large"), "0 < … ≤ 100000"),
        metadata={"description": "Metres around near."},
    )
    crs = _reference_system()
    updated_since = Moment(
        format="iso",
        error_messages=dict.fromkeys(_DATE_ERRORS, "2026-11-23T00:00:00Z"),
        metadata={"description": "Changed at or after this moment; the list is then in order of change."},
    )
    count = fields.Boolean(
        load_default=False,
        error_messages={"invalid": "true | false"},
        metadata={"description": "Also count all that the query finds."},
    )


class HistoryQuery(PageQuery):
    """A page of a household's history."""


class UnitListQuery(Query):
    """Which administrative units to list."""

    level = fields.String(validate=one_of(["province", "district", "commune"]))
    valid_on = day(metadata={"description": "In force on this day; today without it."})
    q = fields.String(
        validate=validate.Length(0, 100, error="0…100"),
        metadata={"description": "Name with or without diacritics, or code."},
    )


class UnitQuery(Query):
    """On which day a unit's code is read."""

    valid_on = day(metadata={"description": "In force on this day; without it, today or last."})


class BoundaryQuery(UnitQuery):
    """How exact a unit's boundary is asked for."""

    tolerance = _tolerance(COMMUNE_TOLERANCE_M)


class CoverageQuery(Query):
    """Which coverage to report."""

    level = fields.String(load_default="commune", validate=one_of(["commune", "district", "province"]))
    geography = day(metadata={"description": "The units in force on this day; without it, today's."})
    as_of = day(metadata={"description": "As it stood at the end of this day in Vietnam; without it, now."})


class CoverageMapQuery(CoverageQuery):
    """Which coverage to report as a map, and how exact its boundaries are."""

    tolerance = _tolerance(MAP_TOLERANCE_M)


class TrendQuery(Query):
    """Which unit's coverage to follow, from which day to which."""

    unit = fields.String(
        required=True,
        validate=validate.Regexp(r"^[0-9]{2,5}$", error="00…99999"),
        error_messages={"required": "00…99999"},
        metadata={"pattern": "^[0-9]{2,5}$"},
    )
    from_ = day(data_key="from")
    to = day()


class OpenDataQuery(Query):
    """By what to count households."""

    by = fields.String(load_default=POVERTY, validate=one_of(list(DIMENSIONS)))


class ChangesQuery(Query):
    """From where on to read the feed."""

    after = fields.String(metadata={"description": "The cursor of the answer before; without it, from the beginning."})
    limit = whole_number(load_default=DEFAULT_PAGE, validate=between(1, MOST_ON_A_PAGE))
    wait = whole_number(
        load_default=0,
        validate=between(0, 30),
        metadata={"description": "Seconds to wait for a change if there is none."},
    )
    commune = _code("Only this commune's log.")


class CodeListQuery(Query):
    """As of which day a code list is read."""

    valid_on = day(metadata={"description": "The codes in force on this day; today without it."})
