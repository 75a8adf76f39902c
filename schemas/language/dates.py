"""Fields whose value is a day, a day that may be known in part, or a moment."""

import re
from datetime import UTC, date, datetime
from typing import Any

from schemas.language.fields import Field
from schemas.partial_date import PartialDate


class Day(Field):
    """A day, `2026-11-20`."""

    partial_masks = frozenset({"year"})
    PATTERN = "(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    _shape = re.compile(PATTERN)

    def parse(self, value: Any) -> date:
        """Return the date."""
        if not isinstance(value, str):
            self.refuse_type()
        if self._shape.fullmatch(value) is None:
            self.refuse("date.format")
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.refuse("date.not-in-calendar", value=value)


class YearMonthOrDay(Field):
    """A date that may be known to the year or month only: `1980`, `1980-03`, `1980-03-07`."""

    partial_masks = frozenset({"year"})
    PATTERN = "(?:19|20)[0-9]{2}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01]))?)?"
    _shape = re.compile(PATTERN)

    def parse(self, value: Any) -> PartialDate:
        """Return the partial date."""
        if not isinstance(value, str):
            self.refuse_type()
        if self._shape.fullmatch(value) is None:
            self.refuse("partial-date.format")
        try:
            return PartialDate.parse(value)
        except ValueError:
            self.refuse("date.not-in-calendar", value=value)


class Moment(Field):
    """A time with its zone (RFC 3339), stored in UTC to the second: `2026-11-20T02:11:09Z`."""

    PATTERN = (
        "(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
        "T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:[.][0-9]{1,9})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
    )
    _shape = re.compile(PATTERN)

    @property
    def is_stored_as_time(self) -> bool:
        """Whether it is stored as a BSON date, as the register's own times are; clients' times are stored as text."""
        return self.register_given

    def parse(self, value: Any) -> datetime:
        """Return the time with its zone, in UTC, without fractions of a second."""
        if not isinstance(value, str):
            self.refuse_type()
        if self._shape.fullmatch(value) is None:
            self.refuse("time.format")
        try:
            return datetime.fromisoformat(value).astimezone(UTC).replace(microsecond=0)
        except ValueError:
            self.refuse("date.not-in-calendar", value=value[:10])
