"""Fields whose value is a number."""

from typing import Any

from schemas.language.fields import Field
from schemas.language.items import Item


class Number(Field):
    """A number with bounds; `above` is an exclusive lower bound."""

    expected = "number"

    def __init__(
        self,
        item: Item | None = None,
        *,
        least: float | None = None,
        above: float | None = None,
        most: float,
        register_given: bool = False,
    ) -> None:
        super().__init__(item, register_given=register_given)
        if (least is None) == (above is None):
            raise TypeError("a number has either a least value or an exclusive lower bound")
        self.least = least
        self.above = above
        self.most = most

    def parse(self, value: Any) -> float:
        """Return the number as a float."""
        self._check(value)
        return float(value)

    def _check(self, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self.refuse_type()
        if value != value or value in (float("inf"), float("-inf")):
            self.refuse("number.not-finite")
        if self.least is not None and value < self.least:
            self.refuse("number.too-small", min=self.least)
        if self.above is not None and value <= self.above:
            self.refuse("number.not-above", min=self.above)
        if value > self.most:
            self.refuse("number.too-large", max=self.most)


class Whole(Number):
    """A whole number; 2.0 counts as one, as in JSON Schema."""

    expected = "integer"

    def parse(self, value: Any) -> int:
        """Return the number as an int."""
        self._check(value)
        if value != int(value):
            self.refuse("number.not-whole")
        return int(value)
