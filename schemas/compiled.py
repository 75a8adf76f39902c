"""A parser compiled from the same fields: it reads good records quickly and leaves every other one to marshmallow.

For each section one function is written as Python source, its checks in line. Whatever it is not sure of it does not
judge: it raises, and `parsing` lets marshmallow read the record and explain. Property tests hold both to agreement.
"""

from collections.abc import Callable, Iterator
from datetime import date
from functools import cache, lru_cache
from typing import Any
from unicodedata import is_normalized

from marshmallow import ValidationError

from schemas.household import HouseholdSchema
from schemas.language import (
    Code,
    Day,
    Field,
    Flag,
    Formatted,
    Many,
    Number,
    Part,
    Section,
    Text,
    Whole,
    YearMonthOrDay,
    section_fields,
)
from schemas.partial_date import PartialDate

Parse = Callable[[Any], dict[str, Any]]


class Unsure(Exception):
    """The compiled parser leaves this record to marshmallow."""


def read_household(data: object) -> dict[str, Any] | None:
    """Return the content of a household that is good item by item (rules apart); None where marshmallow must look."""
    try:
        return _section_parser(HouseholdSchema)(data)
    except (Unsure, ValidationError, ValueError, TypeError, OverflowError):
        return None


@cache
def _section_parser(section: type[Section]) -> Parse:
    """Compile the parser of one section."""
    return _Compiler(section).compile()


class _Compiler:
    """Writes the source of one section's parser; `names` are the values that the source refers to."""

    def __init__(self, section: type[Section]) -> None:
        self.section = section
        self.lines: list[str] = []
        self.names: dict[str, Any] = {
            "Unsure": Unsure,
            "is_normalized": is_normalized,
            "day": _day,
            "partial": _partial,
        }

    def compile(self) -> Parse:
        """Write and compile the parser."""
        fields = section_fields(self.section)
        self.lines = [
            "def parse(data):",
            " if data.__class__ is not dict: raise Unsure",
            " content = {}",
            " get = data.get",
        ]
        self.lines.append(" known = 0")
        for name, field in fields.items():
            if not field.register_given:
                self._item(name, field)
        given = tuple(name for name, field in fields.items() if field.register_given)
        self.lines.append(f" if known != len(data) and known + sum(name in data for name in {given!r}) != len(data):")
        self.lines.append("  raise Unsure")
        self.lines.append(" return content")
        # The source is made of the schema's own names and constants, nothing from outside.
        exec(compile("\n".join(self.lines), f"<{self.section.__name__}>", "exec"), self.names)  # noqa: S102
        parse: Parse = self.names["parse"]
        return parse

    def _item(self, name: str, field: Field) -> None:
        self.lines.append(f" value = get({name!r})")
        self.lines.append(" if value is not None:")
        self.lines.append("  known += 1")
        self.lines += [f"  {line}" for line in self._checks(name, field)]
        self.lines.append(f"  content[{name!r}] = value")
        # None stands for absent here; an explicit null is not counted as known, and so left to marshmallow.
        if field.required:
            self.lines.append(" else: raise Unsure")

    def _constant(self, name: str, value: Any) -> str:
        constant = f"{name}_{len(self.names)}"
        self.names[constant] = value
        return constant

    def _checks(self, name: str, field: Field) -> Iterator[str]:
        """The lines that check `value` and bring it to its parsed form."""
        match field:
            case Text():
                yield (
                    f"if value.__class__ is str and len(value) <= {field.most} and value.isprintable()"
                    " and (value.isascii() or is_normalized('NFC', value)):"
                )
                yield " value = value.strip()"
                yield " if not value: raise Unsure"
                yield f"else: value = {self._constant(name, field.parse)}(value)"
            case Formatted():
                shape = self._constant(name, field.shape.fullmatch)
                yield f"if value.__class__ is not str or {shape}(value) is None: raise Unsure"
                if type(field).convert is not Formatted.convert:
                    yield f"value = {self._constant(name, field.convert)}(value)"
            case Code():
                codes = self._constant(name, field.codes())
                yield f"if value.__class__ is not str or value not in {codes}: raise Unsure"
            case Flag():
                yield "if value is not True and value is not False: raise Unsure"
            case Number():
                low = f"{field.least!r} <= value" if field.least is not None else f"{field.above!r} < value"
                if isinstance(field, Whole):
                    yield f"if value.__class__ is not int or not ({low} <= {field.most!r}): raise Unsure"
                else:
                    yield "if value.__class__ is not float:"
                    yield " if value.__class__ is not int: raise Unsure"
                    yield f"if not ({low} <= {field.most!r}): raise Unsure"
                    yield "value = float(value)"
            case Day():
                yield "if value.__class__ is not str or len(value) != 10: raise Unsure"
                yield "value = day(value)"
            case YearMonthOrDay():
                yield "if value.__class__ is not str or len(value) > 10: raise Unsure"
                yield "value = partial(value)"
            case Part():
                yield f"value = {self._constant(name, _section_parser(field.section))}(value)"
            case Many():
                yield f"if value.__class__ is not list or len(value) > {field.most}: raise Unsure"
                yield from self._elements(name, field)
            case _:
                yield f"value = {self._constant(name, field.parse)}(value)"

    def _elements(self, name: str, field: Many) -> Iterator[str]:
        if isinstance(field.inner, Part):
            parse = self._constant(name, _section_parser(field.inner.section))
            yield f"value = [{parse}(each) for each in value]"
        else:
            yield f"value = {self._constant(name, field.parse)}(value)"


# In bulk the same days come again and again; a day alone says nothing of anybody.
@lru_cache(maxsize=50_000)
def _day(text: str) -> date:
    parsed: date = Day().parse(text)
    return parsed


@lru_cache(maxsize=50_000)
def _partial(text: str) -> PartialDate:
    parsed: PartialDate = YearMonthOrDay().parse(text)
    return parsed
