"""Objects and lists: sections of items, one inside another, and many of one kind."""

from functools import cache
from typing import Any, ClassVar, cast

from marshmallow import RAISE, Schema, ValidationError, pre_load

from schemas.errors import Problem
from schemas.language.fields import Field
from schemas.language.items import Item, Stage


class Section(Schema):
    """A group of items: an object of the record. Unknown items are errors; what the register sets is ignored."""

    class Meta:
        unknown = RAISE

    error_messages: ClassVar[dict[str, Any]] = {  # type: ignore[misc]
        "type": Problem("item.type", {"expected": "object"}),
        "unknown": Problem("item.unknown"),
    }

    #: Lists of which a record must fill one to reach a stage, as (stage, names).
    one_of: ClassVar[tuple[tuple[Stage, tuple[str, ...]], ...]] = ()

    @pre_load
    def _ignore_what_the_register_sets(self, data: Any, **_: Any) -> Any:
        given = self.dump_fields.keys() - self.load_fields.keys()
        if not isinstance(data, dict) or given.isdisjoint(data):
            return data
        return {key: value for key, value in data.items() if key not in given}


@cache
def loader(section: type[Section]) -> Section:
    """Return the one instance that reads a section: making an instance costs more than reading a record."""
    return section()


class One(Field):
    """One object inside another."""

    expected = "object"

    def __init__(self, section: type[Section], item: Item | None = None) -> None:
        super().__init__(item)
        self.section = section

    def parse(self, value: Any) -> Any:
        """Return the section's parsed items. The error carries what could be read, for rules to check it too."""
        return loader(self.section).load(value)


class Many(Field):
    """A list of `inner` with at most `most` elements; with `distinct` each element stands in it once."""

    expected = "list"

    def __init__(
        self,
        inner: Field,
        item: Item,
        *,
        most: int,
        distinct: bool = False,
        register_given: bool = False,
    ) -> None:
        super().__init__(item, register_given=register_given)
        self.inner = inner
        self.most = most
        self.distinct = distinct

    def parse(self, value: Any) -> list[Any]:
        """Return the parsed elements."""
        if not isinstance(value, list):
            self.refuse_type()
        if len(value) > self.most:
            # The elements are not checked: ten thousand members get one error.
            self.refuse("list.too-long", max=self.most, count=len(value))
        elements: list[Any] = []
        errors: dict[int, Any] = {}
        for index, each in enumerate(value):
            try:
                elements.append(self.inner.deserialize(each))
            except ValidationError as error:
                # The refused element leaves a placeholder, so that rules point at the later elements correctly.
                elements.append(error.valid_data if isinstance(error.valid_data, dict) else {})
                errors[index] = error.messages
        if self.distinct and not errors:
            for index, element in enumerate(elements):
                if element in elements[:index]:
                    errors[index] = [Problem("list.twice")]
        if errors:
            raise ValidationError(cast(Any, errors), valid_data=elements)
        return elements


def many(section: type[Section], item: Item, *, most: int) -> Many:
    """Return the field of a list of objects."""
    return Many(One(section), item, most=most)


def section_of(field: Field) -> type[Section] | None:
    """Return the section of an object or of a list of objects; None for every other field."""
    part = field.inner if isinstance(field, Many) else field
    return part.section if isinstance(part, One) else None


@cache
def section_fields(section: type[Section]) -> dict[str, Field]:
    """Return the fields of a section in the order of the definition.

    Raises TypeError for a field without an item: it would not say how it is protected.
    """
    found = cast(dict[str, Field], section._declared_fields)
    if silent := [name for name, field in found.items() if not field.item.label_en]:
        raise TypeError(f"{section.__name__}: no item describes {', '.join(silent)}")
    return found
