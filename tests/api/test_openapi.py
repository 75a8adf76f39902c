"""The contract: derived from the code, without drift, and valid. test_any_request.py holds the responses to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from flask import Flask

from schemas.catalogue import Catalogue
from schemas.derive.form import form_definition
from service.api.http.resource import written
from service.api.resources.definition_schemas import FormDefinitionSchema
from service.app import register_of
from service.commands.derive import contract, openapi_page, problems_page
from service.households.masking import seen
from service.households.revealed import FINDINGS, NOTES
from service.roles import Sight
from tests.api.asking import Register
from tests.builders import a_household

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def described() -> Iterator[Flask]:
    """The service as it is described."""
    app = contract()
    yield app
    register_of(app).store.close()


def test_openapi_yaml_is_what_the_code_says(described: Flask) -> None:
    stored = (ROOT / "openapi.yaml").read_text(encoding="utf-8")
    assert stored == openapi_page(described), "run scripts/derive"


def test_the_list_of_problems_is_what_the_code_says(described: Flask) -> None:
    stored = (ROOT / "docs" / "problems.md").read_text(encoding="utf-8")
    assert stored == problems_page(described), "run scripts/derive"


def test_the_service_returns_the_same_document(register: Register, described: Flask) -> None:
    assert register.json("/openapi.json") == described.extensions["specification"]


def operations(described: Flask) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, item in described.extensions["specification"]["paths"].items()
        for method, operation in item.items()
        if method in {"get", "put", "post", "patch", "delete"}
    ]


def test_every_address_is_described_and_nothing_else(described: Flask) -> None:
    routed = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in described.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert {(path, method) for path, method, _ in operations(described)} == routed


def test_every_call_has_a_name_a_summary_and_says_how_it_is_refused(described: Flask) -> None:
    names = []
    for path, method, operation in operations(described):
        assert operation.get("summary"), f"{method} {path}"
        names.append(operation["operationId"])
        assert operation["responses"]["default"] == {"$ref": "#/components/responses/Problem"}
        assert "503" in operation["responses"]
    assert len(names) == len(set(names))


def test_every_reference_leads_somewhere(described: Flask) -> None:
    document = described.extensions["specification"]

    def references(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            return own + [each for value in node.values() for each in references(value)]
        return [each for value in node for each in references(value)] if isinstance(node, list) else []

    for reference in references(document):
        target: Any = document
        for step in reference.removeprefix("#/").split("/"):
            assert step in target, reference
            target = target[step]


OF_ANY_SHAPE = {
    "ItemPart": "what of a household changed can be any of its parts; the pointer beside it says which",
    "OpenApiDocument.paths.*": "for OpenAPI to say",
    "OpenApiDocument.components.*": "for OpenAPI to say",
}
"""Schemas that say nothing of what is inside, and why."""


def untyped(schema: dict[str, Any], at: str) -> Iterator[str]:
    """The places in a schema where any value, any object or any list would do."""
    if not schema.keys() & {"$ref", "anyOf", "allOf", "oneOf", "enum"}:
        kinds = [schema.get("type")] if isinstance(schema.get("type"), str) else schema.get("type", [])
        inside = {"object": ("properties", "additionalProperties"), "array": ("items",)}
        if not kinds or any(
            not any(isinstance(schema.get(name), dict) and schema[name] for name in inside[kind])
            for kind in kinds
            if kind in inside
        ):
            yield at
    for name, inner in schema.get("properties", {}).items():
        yield from untyped(inner, f"{at}.{name}")
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            yield from untyped(schema[name], f"{at}.*")
    for number, inner in enumerate(schema.get("anyOf", ())):
        yield from untyped(inner, f"{at}|{number}")


def schemas_of(node: Any, at: str) -> Iterator[tuple[dict[str, Any], str]]:
    """The schemas of parameters, bodies and responses below a node of the document."""
    for name, inner in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        if name == "schema":
            yield inner, at
        elif name not in ("example", "examples"):
            yield from schemas_of(inner, f"{at} {name}")


def test_everything_that_has_a_shape_is_typed(described: Flask) -> None:
    document = described.extensions["specification"]
    named = [(schema, name) for name, schema in document["components"]["schemas"].items()]
    places = [*named, *schemas_of(document["paths"], ""), *schemas_of(document["components"]["responses"], "")]
    assert {place for schema, at in places for place in untyped(schema, at)} == OF_ANY_SHAPE.keys()


def test_a_note_says_of_each_of_its_items_who_sees_it(described: Flask) -> None:
    note = described.extensions["specification"]["components"]["schemas"]["LogNote"]
    assert note["properties"].keys() == NOTES.keys() | {"damaged"}


def test_the_details_of_a_finding_are_described_by_name(described: Flask) -> None:
    details = described.extensions["specification"]["components"]["schemas"]["FindingDetails"]["properties"]
    assert {member.partition(".")[0] for reveals in FINDINGS.values() for member in reveals.members} == details.keys()


def test_a_patch_removes_what_is_not_required_and_nothing_else(register: Register, described: Flask) -> None:
    document = described.extensions["specification"]
    schema = {"$ref": "#/components/schemas/HouseholdPatch", "components": document["components"]}
    validator = jsonschema.Draft202012Validator(schema)
    record = register.registered()
    for patch, status in (
        ({"village": None, "head": {"phone": None, "ethnic_group": None}, "members": []}, 200),
        ({"commune": None}, 422),
        ({"head": {"full_name": None}}, 422),
        ({"villages": "Khối 3"}, 422),
    ):
        response = register.patch(record["id"], patch, record["revision"])
        assert (response.status_code, validator.is_valid(patch)) == (status, status == 200), patch


def test_derived_forms_are_what_the_contract_says_of_them(register: Register, described: Flask) -> None:
    document = described.extensions["specification"]
    for address, name in (
        ("/v1/schema/form.json", "FormDefinition"),
        ("/v1/schema/household.json", "HouseholdJson"),
        ("/v1/jwks.json", "PublishedKeys"),
        ("/openapi.json", "OpenApiDocument"),
    ):
        closed = {**document["components"]["schemas"][name], "components": document["components"]}
        body = register.json(address)
        assert list(jsonschema.Draft202012Validator(closed).iter_errors(body)) == []
        assert body.keys() <= closed["properties"].keys() | {"security", "tags", "additionalProperties"}, name


def test_the_form_is_written_by_its_schema_which_has_every_member_of_it() -> None:
    made = form_definition(Catalogue())
    assert written(FormDefinitionSchema, made) == made
    beside = {**made, "colour": 1, "steps": [{**step, "colour": 1} for step in made["steps"]]}
    assert written(FormDefinitionSchema, beside) == made


def test_component_schemas_are_json_schemas(described: Flask) -> None:
    for schema in described.extensions["specification"]["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_a_household_is_what_its_schema_says(register: Register, described: Flask) -> None:
    document = described.extensions["specification"]
    schema = {"$ref": "#/components/schemas/Household", "components": document["components"]}
    validator = jsonschema.Draft202012Validator(schema)
    household = a_household()
    assert list(validator.iter_errors(household)) == []
    assert list(validator.iter_errors(register.put(household).get_json())) == []
    assert list(validator.iter_errors(household | {"village": 5})) != []


def test_a_household_is_what_its_schema_says_for_every_reader(register: Register, described: Flask) -> None:
    document = described.extensions["specification"]
    schema = {"$ref": "#/components/schemas/HouseholdRecord", "components": document["components"]}
    validator = jsonschema.Draft202012Validator(schema)
    head = {**a_household()["head"], "phone": "+84912345678"}
    record = register.put(a_household(head=head)).get_json()
    for sight in Sight:
        assert list(validator.iter_errors(seen(record, sight))) == [], sight
    assert list(validator.iter_errors(record | {"village": 5})) != []


PARTS_OF_A_WHOLE = {
    *("Changes.damaged", "HistoryPage.damaged"),
    *("Changes.changes", "Coverage.rows"),  # fixed by the contract before lists had one name
    *("CoverageMap.features", "Neighbours.features"),  # GeoJSON
    *("OpenData.columns", "OpenData.rows", "Trend.days", "CodeList.codes", "Villages.villages"),
    *("FormDefinition.steps", "FormDefinition.one_of", "FormDefinition.rules"),
    *("HouseholdJson.examples", "PublishedKeys.keys"),  # JSON Schema, RFC 7517
    *("CheckedParcel.findings", "PersonRequest.steps", "SignedInAccount.sessions"),
    *("PersonCopy.history", "PersonCopy.photos", "PersonCopy.seen_by"),
}
"""Arrays of objects in a response that are not a list of resources: parts of one table, document or resource."""


def test_every_list_has_one_form(described: Flask) -> None:
    """What a client needs to read one list is enough to read any: ``items``, ``cursor`` and Link rel="next"."""
    components = described.extensions["specification"]["components"]["schemas"]
    found = set()
    for path, method, operation in operations(described):
        response = operation["responses"].get("200", {})
        given = [content["schema"].get("$ref", "") for content in response.get("content", {}).values()]
        names = {parameter["name"] for parameter in operation.get("parameters", [])}
        for name in {each.rpartition("/")[2] for each in given if each} - {"HouseholdRecord"}:
            lists = {item for item, shape in components[name]["properties"].items() if shape.get("type") == "array"}
            objects = {item for item in lists if "$ref" in components[name]["properties"][item]["items"]}
            found |= {f"{name}.{item}" for item in objects - {"items"}}
            if names & {"limit", "cursor"}:
                assert "cursor" in components[name]["required"], f"{method} {path}"
                assert "Link" in response["headers"], f"{method} {path}"
                assert names >= {"limit", "cursor"} or path == "/v1/changes", f"{method} {path}"
    assert found <= PARTS_OF_A_WHOLE, "the list of a response is named items"


def test_a_search_is_described_in_both_its_media_types(described: Flask) -> None:
    search = described.extensions["specification"]["paths"]["/v1/households/search"]["post"]
    assert search["responses"]["200"]["content"].keys() == {"application/json", "text/csv"}
