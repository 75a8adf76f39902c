"""JSON Schema 2020-12 of a household, and the same as components of an OpenAPI document."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from schemas.codelists import code_lists
from schemas.errors import shapes_of
from schemas.geometry import MOST_RINGS, SYSTEMS_OF_GEOJSON
from schemas.given import PARTS
from schemas.household import HouseholdSchema
from schemas.language import (
    Code,
    Day,
    Field,
    Flag,
    Formatted,
    Geometry,
    Given,
    Many,
    Moment,
    Number,
    One,
    Section,
    Text,
    Uuid,
    Whole,
    YearMonthOrDay,
    section_fields,
)
from schemas.rules import REVEALED, RULES
from schemas.text import BLANKS, INVISIBLE
from schemas.versions import SCHEMA_VERSION

JsonSchema = dict[str, Any]

#: What the parser refuses and JSON Schema cannot express: the code of the error, and why.
UNSAID: dict[str, str] = {
    "date.not-in-calendar": "30 February has the shape of a day; only validators that assert `format: date` refuse it",
    "geometry.not-closed": "the last position is the first",
    "geometry.too-many-points": "a sum over rings",
    "number.not-finite": "JSON has no such number",
    "text.grows-too-long": "the length in NFC",
    "name.character": "the name's normal form; and records from before this was asked are stored under the same schema",
    "text.surrogate": "JSON text that is valid UTF-8 has none",
    "text.unreadable": "records from before this was asked are stored under the same schema",
    **{
        code: rule.summary
        for rule in RULES
        if rule.severity == "error"
        for code in rule.codes
        if code not in ("item.required-or", "code.not-in-scheme")
    },
}

# Patterns that Python, ECMAScript, PCRE and Rust read the same way: two-digit escapes, other characters literally.
_CONTROL = r"\x00-\x1f\x7f-\x9f"
_CONTROL_BUT_LINES = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
_SPACE = r"\x09-\x0d\x1c-\x20\x85" + BLANKS + INVISIBLE


def household_json_schema(example: JsonSchema | None = None, details: Mapping[str, Any] | None = None) -> JsonSchema:
    """Return the JSON Schema of a household, as a request sends it and a response holds it.

    Everything that JSON Schema can express is in it, also conditions between items; the rest is listed in `UNSAID`.
    """
    definitions = household_components(conditions=True, example=example, details=details)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:so-nong-ho:household:{SCHEMA_VERSION}",
        "title": "Hộ nông nghiệp",
        **definitions.pop("Household"),
        "$defs": definitions,
    }


def household_components(
    *,
    reference_prefix: str = "#/$defs/",
    conditions: bool = False,
    example: JsonSchema | None = None,
    details: Mapping[str, Any] | None = None,
) -> dict[str, JsonSchema]:
    """Return the schema of each section by its name ("Household", "Parcel", …); references start with the prefix.

    ``example`` is a household to show with them. ``details`` are the JSON Schemas of what findings can hold, by name;
    without it those of the findings that are made here.

    Conditions between items (one of two is present, a code belongs to its scheme) are left out unless requested, since
    client generators turn them into unions.
    """
    components = _Writer(reference_prefix, conditions).components()
    components["FindingDetails"]["properties"] = shapes_of(REVEALED.values()) if details is None else details
    if example is not None:
        components["Household"]["examples"] = [example]
    return components


def item_schema(name: str) -> JsonSchema:
    """Return the schema of one of the household's own items, as ``household_components`` has it."""
    return _Writer("#/components/schemas/", conditions=False).described(section_fields(HouseholdSchema)[name])


def record_components(*, reference_prefix: str) -> dict[str, JsonSchema]:
    """Return the schemas of a household as a reader may see it ("HouseholdRecord", "HeadRecord", …).

    Whatever is hidden from some readers is not required, and what is masked for some is any text. Sections of which
    everybody sees everything are those of ``household_components``.
    """
    return _RecordWriter(reference_prefix, conditions=False).components()


def patch_components(*, reference_prefix: str) -> dict[str, JsonSchema]:
    """Return the schemas of a JSON merge patch (RFC 7396) of a household ("HouseholdPatch", "HeadPatch", …).

    Any item may be absent and stays as it is then; null removes an item that is not required; a list is replaced whole.
    """
    return _PatchWriter(reference_prefix, conditions=False).components()


class _Writer:
    def __init__(self, reference_prefix: str, conditions: bool) -> None:
        self.reference_prefix = reference_prefix
        self.conditions = conditions

    def components(self) -> dict[str, JsonSchema]:
        components = {_name(section): self.section(section) for section in _sections(HouseholdSchema)}
        given = {name: self.given(shape) for name, shape in PARTS.items()}
        return components | _geometries(self.reference) | given

    def reference(self, name: str) -> JsonSchema:
        return {"$ref": self.reference_prefix + name}

    def given(self, shape: Any) -> Any:
        """Return the shape of what the register adds, with its references from here."""
        if isinstance(shape, list):
            return [self.given(each) for each in shape]
        if not isinstance(shape, Mapping):
            return shape
        name = shape.get("$ref")
        if isinstance(name, str):
            return self.reference(name)
        return {key: self.given(value) for key, value in shape.items()}

    def section(self, section: type[Section]) -> JsonSchema:
        fields = section_fields(section)
        schema: JsonSchema = {
            "type": "object",
            "description": (section.__doc__ or "").strip().splitlines()[0],
            "properties": {name: self.described(field) for name, field in fields.items()},
            "additionalProperties": False,
        }
        required = [name for name, field in fields.items() if self.is_required(field)]
        if required:
            schema["required"] = required
        if self.conditions:
            conditions = [*_alternatives(fields), *_schemes(fields)]
            if conditions:
                schema["allOf"] = conditions
        return schema

    def is_required(self, field: Field) -> bool:
        return field.required

    def described(self, field: Field) -> JsonSchema:
        schema = self.value(field)
        item = field.item
        parts = [
            f"{item.label_vi}. {item.label_en}" + (f" ({item.unit})" if item.unit else "") + ".",
            item.hint_en,
            f"Nguồn: {item.source}." if item.source else "",
        ]
        schema["description"] = " ".join(part for part in parts if part)
        if field.register_given:
            schema["readOnly"] = True
        return schema

    def value(self, field: Field) -> JsonSchema:  # noqa: C901 - one case for each kind of field
        match field:
            case Text():
                control = _CONTROL_BUT_LINES if field.lines else _CONTROL
                # At least one character that can be seen, and no control character.
                pattern = f"^[^{control}]*[^{control}{_SPACE}][^{control}]*$"
                return {"type": "string", "minLength": 1, "maxLength": field.most, "pattern": pattern}
            case Formatted():
                return {"type": "string", "pattern": _whole(field.pattern), "examples": [field.example]} | (
                    {"format": "uuid"} if isinstance(field, Uuid) else {}
                )
            case Code():
                return {"type": "string", "enum": _codes(field)}
            case Flag():
                return {"type": "boolean"}
            case Number():
                return {
                    "type": "integer" if isinstance(field, Whole) else "number",
                    **({"minimum": field.least} if field.least is not None else {"exclusiveMinimum": field.above}),
                    "maximum": field.most,
                }
            case Day():
                return {"type": "string", "format": "date", "pattern": _whole(field.PATTERN)}
            case YearMonthOrDay():
                return {"type": "string", "pattern": _whole(field.PATTERN), "examples": ["1980", "1980-03"]}
            case Moment():
                return {"type": "string", "format": "date-time", "pattern": _whole(field.PATTERN)}
            case Geometry():
                kinds = [self.reference(kind) for kind in field.kinds]
                return kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
            case One():
                return self.reference(_name(field.section))
            case Many():
                return {
                    "type": "array",
                    "items": self.value(field.inner),
                    "maxItems": field.most,
                    **({"uniqueItems": True} if field.distinct else {}),
                }
            case Given():
                return dict(self.given(field.form))
        raise TypeError(f"JSON Schema is not written for {type(field).__name__}")


class _RecordWriter(_Writer):
    """Writes the sections as a reader may see them."""

    def components(self) -> dict[str, JsonSchema]:
        return {
            _name(section) + "Record": self.section(section)
            for section in _sections(HouseholdSchema)
            if _is_partly_hidden(section)
        }

    def is_required(self, field: Field) -> bool:
        return field.required and _is_open(field)

    def value(self, field: Field) -> JsonSchema:
        if field.item.mask in _MASKED_TEXT:
            return {"type": "string"}
        if isinstance(field, One) and _is_partly_hidden(field.section):
            return self.reference(_name(field.section) + "Record")
        return super().value(field)


class _PatchWriter(_Writer):
    """Writes the sections as a merge patch has them. The elements of lists are those of ``household_components``."""

    def components(self) -> dict[str, JsonSchema]:
        return {_name(section) + "Patch": self.section(section) for section in _merged(HouseholdSchema)}

    def section(self, section: type[Section]) -> JsonSchema:
        schema = super().section(section)
        return {**schema, "description": f"{schema['description']} A JSON merge patch (RFC 7396) of it."}

    def is_required(self, field: Field) -> bool:  # noqa: ARG002 - of a patch no item is
        return False

    def described(self, field: Field) -> JsonSchema:
        schema = super().described(field)
        if isinstance(field, One):
            schema |= self.reference(_name(field.section) + "Patch")
        return schema if field.required or field.register_given else _or_null(schema)


def _or_null(schema: JsonSchema) -> JsonSchema:
    """Return the schema of the same values, or of null."""
    if "type" in schema:
        also = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
        return {**schema, "type": [schema["type"], "null"], **also}
    reference = [{"$ref": schema["$ref"]}] if "$ref" in schema else schema["anyOf"]
    return {"anyOf": [*reference, {"type": "null"}], "description": schema["description"]}


def _merged(section: type[Section]) -> dict[type[Section], None]:
    """Return the section and those in it that a merge patch enters: not the elements of lists."""
    parts = [field.section for field in section_fields(section).values() if isinstance(field, One)]
    return {section: None} | {each: None for part in parts for each in _merged(part)}


_MASKED_TEXT = frozenset({"initials", "last_three", "year"})
"""The masks that leave a text of another form than that of the item."""


def _is_open(field: Field) -> bool:
    """Whether every reader sees the item."""
    return field.item.mask == "shown" and field.item.sensitivity == "plain"


def _is_partly_hidden(section: type[Section]) -> bool:
    """Whether some readers do not see everything of a section."""
    return any(not _is_open(field) for inside in _sections(section) for field in section_fields(inside).values())


def _sections(section: type[Section]) -> dict[type[Section], None]:
    """Return the section and all sections inside it, each once, in the order of the definition."""
    found: dict[type[Section], None] = {section: None}
    for field in section_fields(section).values():
        part = field.inner if isinstance(field, Many) else field
        if isinstance(part, One):
            found |= _sections(part.section)
    return found


def _name(section: type[Section]) -> str:
    return section.__name__.removesuffix("Schema")


def _whole(pattern: str) -> str:
    return f"^(?:{pattern})$" if re.search(r"\|", pattern) else f"^{pattern}$"


def _codes(field: Code) -> list[str]:
    """Return every code of every scheme, including withdrawn ones, each once, in the order of the files."""
    return list(dict.fromkeys(entry.code for name in field.lists().values() for entry in code_lists()[name]))


def _alternatives(fields: dict[str, Field]) -> Iterator[JsonSchema]:
    """Yield the conditions that an item that registration needs, or the one in its place, is present."""
    for name, field in fields.items():
        if field.item.required_for == "registered" and field.item.required_unless:
            yield {"anyOf": [{"required": [name]}, {"required": [field.item.required_unless]}]}


def _schemes(fields: dict[str, Field]) -> Iterator[JsonSchema]:
    """Yield the conditions that a code belongs to the list of its scheme."""
    for name, field in fields.items():
        if not isinstance(field, Code) or field.scheme is None:
            continue
        cases: list[JsonSchema] = []
        for scheme, list_name in field.lists().items():
            codes = [entry.code for entry in code_lists()[list_name]]
            case: JsonSchema = {"properties": {name: {"enum": codes}}}
            if scheme is None:
                case["not"] = {"required": [field.scheme]}
            else:
                case["properties"][field.scheme] = {"enum": [scheme]}
                case["required"] = [field.scheme]
            cases.append(case)
        yield {"anyOf": cases}


def _crs() -> JsonSchema:
    name: JsonSchema = {"type": "string", "enum": list(SYSTEMS_OF_GEOJSON)}
    named = {"type": "object", "properties": {"name": name}, "required": ["name"], "additionalProperties": False}
    return {
        "type": "object",
        "description": "As programs write it; WGS 84 only. Another system is named by the parcel's item crs.",
        "properties": {"type": {"type": "string", "enum": ["name"]}, "properties": named},
        "required": ["type", "properties"],
        "additionalProperties": False,
    }


def _geometries(reference: Any) -> dict[str, JsonSchema]:
    """Return GeoJSON (RFC 7946) as far as JSON Schema expresses it: numbers in positions, four positions in a ring."""
    rings = {"type": "array", "minItems": 1, "maxItems": MOST_RINGS, "items": reference("LinearRing")}

    def geometry(kind: str, coordinates: JsonSchema) -> JsonSchema:
        return {
            "type": "object",
            "properties": {
                "type": {"type": "string", "enum": [kind]},
                "coordinates": coordinates,
                "bbox": {
                    "type": "array",
                    "description": "Ignored.",
                    "minItems": 4,
                    "maxItems": 6,
                    "items": {"type": "number"},
                },
                "crs": _crs(),
            },
            "required": ["type", "coordinates"],
            "additionalProperties": False,
        }

    return {
        "Position": {
            "type": "array",
            "description": "Longitude, latitude; an altitude is ignored.",
            "minItems": 2,
            "maxItems": 3,
            "items": {"type": "number", "exclusiveMinimum": -1e8, "exclusiveMaximum": 1e8},
        },
        "LinearRing": {"type": "array", "minItems": 4, "items": reference("Position")},
        "Point": geometry("Point", reference("Position")),
        "Polygon": geometry("Polygon", rings),
        "MultiPolygon": geometry(
            "MultiPolygon", {"type": "array", "minItems": 1, "maxItems": MOST_RINGS, "items": rings}
        ),
    }
