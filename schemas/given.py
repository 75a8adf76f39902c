"""The shapes of what the register itself adds to a record (service/households): findings, what is missing, facts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from schemas.errors import SETTLED, SEVERITIES

_TEXT: Final = {"type": "string"}
_AMOUNT: Final = {"type": "number", "minimum": 0}

MISSING: Final[Mapping[str, Any]] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"pointer": _TEXT, "for": {"type": "string", "enum": ["standardized", "digitized"]}},
        "required": ["pointer", "for"],
    },
}
FINDINGS: Final[Mapping[str, Any]] = {"type": "array", "items": {"$ref": "Finding"}}
PARTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "Finding": {
        "type": "object",
        "description": "A remark of the register that does not refuse the record.",
        "properties": {
            "code": _TEXT,
            "severity": {"type": "string", "enum": [*SEVERITIES, SETTLED]},
            "pointer": _TEXT,
            "message": _TEXT,
            "details": {"$ref": "FindingDetails"},
        },
        "required": ["code", "severity", "pointer"],
    },
    "FindingDetails": {
        "type": "object",
        "description": "The values that a message names. Which there are depends on the code (docs/findings.md).",
        "additionalProperties": True,
    },
}
"""Shapes that these refer to by name."""


@dataclass(frozen=True)
class Fact:
    """A derived fact: the JSON Schema of its value, and the items that it is computed from.

    It is protected as the most private of them: hidden where one is not shown whole, sealed where one is sealed.
    """

    form: Mapping[str, Any]
    computed_from: tuple[str, ...]


_ANIMALS: Final = tuple(f"livestock.{name}" for name in ("kind", "heads"))
_USE: Final = ("land_use", "land_use_scheme")
_PARCELS: Final = (
    *(f"parcels.{name}" for name in (*_USE, "declared_area_m2", "measured_area_m2")),
    *(f"parcels.land_uses.{name}" for name in (*_USE, "area_m2")),
)
SECTORS: Final = ("crops", "livestock", "aquaculture", "forestry", "salt")
"""The sectors of a farm's output, as the items of `output_value` name them."""
_FARM: Final = (
    "output_value.year",
    *(f"output_value.{sector}" for sector in SECTORS),
    *_PARCELS,
    *(f"{sector}.area_m2" for sector in ("aquaculture", "forestry", "salt")),
)

FACTS: Final[Mapping[str, Fact]] = {
    "livestock_units": Fact(_AMOUNT, _ANIMALS),
    "livestock_scale": Fact({"type": "string", "enum": ["large", "medium", "small", "household"]}, _ANIMALS),
    "area_by_land_use_m2": Fact({"type": "object", "additionalProperties": _AMOUNT}, _PARCELS),
    "area_m2": Fact(_AMOUNT, _PARCELS),
    "farm_class": Fact({"type": "string", "enum": [*SECTORS, "mixed", "none"]}, _FARM),
}
"""By name, every fact that `service/households/derived.py` computes; the database accepts no other."""

DERIVED: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {name: fact.form for name, fact in FACTS.items()},
    "additionalProperties": False,
}
COMPUTED_FROM: Final[Mapping[str, tuple[str, ...]]] = {name: fact.computed_from for name, fact in FACTS.items()}
