"""MongoDB's $jsonSchema of a stored household: the JSON Schema in the keywords that MongoDB 6 supports."""

from typing import Any

from schemas.derive.json_schema import JsonSchema, household_components
from schemas.household import HouseholdSchema
from schemas.language import Moment, section_fields
from schemas.protection import sealed_items

_BSON_TYPES: dict[str, list[str]] = {
    "string": ["string"],
    "boolean": ["bool"],
    "object": ["object"],
    "array": ["array"],
    "number": ["double", "int", "long"],
    # 2.0 is an integer for JSON Schema; `multipleOf` excludes 2.5.
    "integer": ["int", "long", "double"],
}
_LEFT_OUT = frozenset({"description", "title", "format", "examples", "readOnly", "$schema", "$id", "$comment"})


def household_validator() -> dict[str, Any]:
    """Return the `$jsonSchema` of the collection of households.

    A document is the JSON form with `_id` for `id`, the register's own times as dates, and what storage needs under
    `index` and `sealed`. The values of items that are sealed at rest may be ciphertext (binary).
    """
    components = household_components(reference_prefix="", conditions=True)
    components["FindingDetails"] = {"type": "object"}  # any member of it may be ciphertext
    schema = _Translator(components, frozenset(sealed_items())).translate(components["Household"], "")
    properties = schema["properties"]
    properties["_id"] = properties.pop("id")
    properties["index"] = {"bsonType": "object"}
    properties["sealed"] = {"bsonType": "binData"}
    for name, field in section_fields(HouseholdSchema).items():
        if isinstance(field, Moment) and field.is_stored_as_time:
            properties[name] = {"bsonType": "date"}
    schema["required"] = ["_id", *schema["required"]]
    return schema


class _Translator:
    """MongoDB supports draft 4: no references, no numeric exclusive bounds, BSON's names of types."""

    def __init__(self, components: dict[str, JsonSchema], sealed: frozenset[str]) -> None:
        self.components = components
        self.sealed = sealed

    def translate(self, schema: JsonSchema, path: str) -> dict[str, Any]:
        """Translate the schema of the value at `path`."""
        if "$ref" in schema:
            return self.translate(self.components[schema["$ref"]], path)
        translated: dict[str, Any] = {}
        for word, value in schema.items():
            if word not in _LEFT_OUT:
                self._word(word, value, path, translated)
        if path not in self.sealed:
            return translated
        if "enum" in translated:
            return {"anyOf": [translated, {"bsonType": ["binData"]}]}
        if "bsonType" in translated:
            translated["bsonType"] = [*translated["bsonType"], "binData"]
        return translated

    def _word(self, word: str, value: Any, path: str, into: dict[str, Any]) -> None:
        match word:
            case "type":
                into["bsonType"] = _BSON_TYPES[value]
                if value == "integer":
                    into["multipleOf"] = 1
            case "exclusiveMinimum" | "exclusiveMaximum":
                into[word.removeprefix("exclusive").lower()] = value
                into[word] = True
            case "pattern":
                # In PCRE a dollar sign also matches before a line break at the end.
                into["pattern"] = value[:-1] + r"\z"
            case "properties":
                into["properties"] = {
                    name: self.translate(each, f"{path}.{name}" if path else name) for name, each in value.items()
                }
            case "items" | "not" | "additionalProperties" if isinstance(value, dict):
                into[word] = self.translate(value, path + "[]" if word == "items" else path)
            case "anyOf" | "allOf" | "oneOf":
                into[word] = [self.translate(each, path) for each in value]
            case _:
                into[word] = value
