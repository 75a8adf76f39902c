"""The language that the definition is written in: what an item says of itself, and our marshmallow fields.

A field parses one JSON value into the register's form, or raises with every problem it finds. The definition stands in
the fields and nowhere else, so that every other form (JSON Schema, the form, the dictionary, the compiled parser, what
is masked and sealed) is derived from them.
"""

from schemas.language.codes import Code
from schemas.language.dates import Day, Moment, YearMonthOrDay
from schemas.language.fields import Field, Flag, Geometry, Given
from schemas.language.items import (
    OPEN,
    SENSITIVITIES,
    STAGES,
    STEPS,
    AtRest,
    Item,
    Mask,
    Sensitivity,
    Stage,
    Step,
    Tolerance,
    item,
)
from schemas.language.numbers import Number, Whole
from schemas.language.sections import Many, One, Section, loader, many, section_fields, section_of
from schemas.language.texts import Formatted, PersonName, Phone, Suggested, Text, UnitCode, Uuid

__all__ = [
    "OPEN",
    "SENSITIVITIES",
    "STAGES",
    "STEPS",
    "AtRest",
    "Code",
    "Day",
    "Field",
    "Flag",
    "Formatted",
    "Geometry",
    "Given",
    "Item",
    "Many",
    "Mask",
    "Moment",
    "Number",
    "One",
    "PersonName",
    "Phone",
    "Section",
    "Sensitivity",
    "Stage",
    "Step",
    "Suggested",
    "Text",
    "Tolerance",
    "UnitCode",
    "Uuid",
    "Whole",
    "YearMonthOrDay",
    "item",
    "loader",
    "many",
    "section_fields",
    "section_of",
]
