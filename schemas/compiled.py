"""A parser compiled from the same fields: it reads valid records quickly and leaves all others to marshmallow.

For each section one function is generated as Python source, with its checks inline. Where it is not certain that a
value is valid it raises, and `parsing` lets marshmallow read the record and explain. Property tests check that both
parsers agree.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache, lru_cache
from typing import Any

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
    One,
    PersonName,
    Section,
    Text,
    Whole,
    YearMonthOrDay,
    section_fields,
)
from schemas.partial_date import PartialDate
from schemas.text import is_normal

Parse = Callable[[Any], dict[str, Any]]

#: Most names. Whether another one is a name of a person decides its field.
_USUAL_NAME = re.compile(
    " *[A-Za-z\u00c0-\u00cf\u00d1-\u00d6\u0110\u1ea0-\u1ef9]['. A-Za-z\u00c0-\u00cf\u00d1-\u00d6"
    "\u00d8-\u00ef\u00f1-\u00f6\u00f8-\u017f\u01a0\u01a1\u01af\u01b0\u1ea0-\u1ef9]*"
)


class Unsure(Exception):
    """The compiled parser leaves this record to marshmallow."""


def read_household(data: object) -> dict[str, Any] | None:
    """Return the content of a household whose items are valid (rules apart); None where marshmallow must decide."""
    try:
        return _section_parser(HouseholdSchema)(data)
    except (Unsure, ValidationError, ValueError, TypeError, OverflowError):
        return None


@cache
def _section_parser(section: type[Section]) -> Parse:
    """Compile the parser of one section."""
    return _Compiler(section).compile()


class _Compiler:
    """Generates the source of one section's parser; `names` are the values that the source refers to."""

    def __init__(self, section: type[Section]) -> None:
        self.section = section
        self.lines: list[str] = []
        self.names: dict[str, Any] = {
            "Unsure": Unsure,
            "is_name": _USUAL_NAME.fullmatch,
            "is_normal": is_normal,
            "day": _day,
            "partial": _partial,
        }

    def compile(self) -> Parse:
        """Generate and compile the parser."""
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
        # The source consists of the schema's own names and constants, nothing from outside.
        exec(compile("\n".join(self.lines), f"<{self.section.__name__}>", "exec"), self.names)  # noqa: S102
        parse: Parse = self.names["parse"]
        return parse

    def _item(self, name: str, field: Field) -> None:
        self.lines.append(f" value = get({name!r})")
        self.lines.append(" if value is not None:")
        self.lines.append("  known += 1")
        self.lines += [f"  {line}" for line in self._checks(name, field)]
        self.lines.append(f"  content[{name!r}] = value")
        # None means absent; an explicit null is not counted as known, and so is left to marshmallow.
        if field.required:
            self.lines.append(" else: raise Unsure")

    def _constant(self, name: str, value: Any) -> str:
        constant = f"{name}_{len(self.names)}"
        self.names[constant] = value
        return constant

    def _checks(self, name: str, field: Field) -> Iterator[str]:
        """Yield the lines that check `value` and convert it to its parsed form."""
        match field:
            case Text():
                names = isinstance(field, PersonName)
                yield (
                    f"if value.__class__ is str and len(value) <= {field.most} and value.isprintable()"
                    f" and is_normal(value){' and is_name(value)' if names else ''}:"
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
            case One():
                yield f"value = {self._constant(name, _section_parser(field.section))}(value)"
            case Many():
                yield f"if value.__class__ is not list or len(value) > {field.most}: raise Unsure"
                yield from self._elements(name, field)
            case _:
                yield f"value = {self._constant(name, field.parse)}(value)"

    def _elements(self, name: str, field: Many) -> Iterator[str]:
        if isinstance(field.inner, One):
            parse = self._constant(name, _section_parser(field.inner.section))
            yield f"value = [{parse}(each) for each in value]"
        else:
            yield f"value = {self._constant(name, field.parse)}(value)"


# Bulk imports repeat the same days. A day alone identifies nobody, so caching it is harmless.
@lru_cache(maxsize=50_000)
def _day(text: str) -> date:
    parsed: date = Day().parse(text)
    return parsed


@lru_cache(maxsize=50_000)
def _partial(text: str) -> PartialDate:
    parsed: PartialDate = YearMonthOrDay().parse(text)
    return parsed
