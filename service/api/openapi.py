"""The OpenAPI document: settings for flask-smorest, and the component schemas,
the household's derived from its schema."""

from __future__ import annotations

from typing import Any

from apispec import APISpec
from flask import Flask

from schemas.derive.json_schema import household_components
from service.api.access_components import SECURITY_SCHEMES, access_components
from service.api.http.gate import declared_permissions
from service.api.http.geojson import feature_component
from service.api.resources import parcels, photos, search, units
from service.households.changes import COUNTS

DESCRIPTION = (
    "The register of farm households: one record a household, checked by the ministry data schema, with its history as "
    "a log. Times are RFC 3339 in UTC, geometry is GeoJSON in WGS84. Errors are RFC 9457 problems with stable codes, "
    "listed at /docs/problems."
)


def describe(app: Flask) -> None:
    """Settings of flask-smorest."""
    app.config.update(
        API_TITLE="Sổ Nông Hộ",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        API_SPEC_OPTIONS={"info": {"description": DESCRIPTION, "license": {"name": "Apache-2.0"}}},
    )


def finished_specification(spec: APISpec) -> dict[str, Any]:
    """The document of the registered blueprints with all component schemas, and the problems of every call."""
    document: dict[str, Any] = spec.to_dict()
    components = document.setdefault("components", {})
    components["schemas"] = {**components.get("schemas", {}), **_components()}
    components["responses"] = {"Problem": _problem_response()}
    components["securitySchemes"] = SECURITY_SCHEMES
    document["security"] = [{name: []} for name in SECURITY_SCHEMES]
    for path in document["paths"].values():
        for method, operation in path.items():
            if method in {"get", "put", "post", "patch", "delete"}:
                _finish(operation)
    return document


def say_who_may(document: dict[str, Any], app: Flask) -> None:
    """Write each call's permission into the document; a public one asks for no token."""
    for path, method, permission in declared_permissions(app):
        operation = document["paths"].get(path, {}).get(method.lower())
        if operation is None:
            continue
        if permission is None:
            operation["security"] = []
        else:
            operation["x-permission"] = permission
            problem = {"$ref": "#/components/responses/Problem"}
            operation["responses"] |= {"401": problem, "403": problem}


def _finish(operation: dict[str, Any]) -> None:
    """Any call can be refused for its parameters, meet a database that is away, or a fault."""
    problem = {"$ref": "#/components/responses/Problem"}
    responses = operation.setdefault("responses", {})
    for status in [name for name in responses if name in {"UNPROCESSABLE_CONTENT", "default"}]:
        del responses[status]
    for status, response in list(responses.items()):
        if response.get("$ref", "").endswith("/Problem") or "ErrorSchema" in str(response):
            responses[status] = problem
    responses.setdefault("503", problem)
    responses["default"] = problem
    operation["responses"] = dict(sorted(responses.items()))


def _problem_response() -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    example = {
        "type": "/docs/problems#household.invalid",
        "title": "Hồ sơ chưa hợp lệ",
        "status": 422,
        "detail": "Có 1 chỗ cần sửa.",
        "code": "household.invalid",
        "errors": [{"pointer": "/head/sex", "code": "item.required", "message": "Thiếu mục bắt buộc này."}],
    }
    return {
        "description": "A problem (RFC 9457) with a stable code, in the language of Accept-Language.",
        "content": {"application/problem+json": {"schema": schema, "example": example}},
    }


def _object(properties: dict[str, Any], required: tuple[str, ...] = (), description: str = "") -> dict[str, Any]:
    shape: dict[str, Any] = {"type": "object", "properties": properties}
    if required:
        shape["required"] = list(required)
    if description:
        shape["description"] = description
    return shape


_TEXT = {"type": "string"}
_DATE = {"type": "string", "format": "date"}
_DATE_OR_NULL = {"type": ["string", "null"], "format": "date"}
_TIME = {"type": "string", "format": "date-time"}
_COUNT = {"type": "integer", "minimum": 0}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_CURSOR = {"type": ["string", "null"], "description": "Null on the last page."}


def _list_of(name: str) -> dict[str, Any]:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}


def _components() -> dict[str, Any]:
    record = {"anyOf": [{"$ref": "#/components/schemas/Household"}, {"type": "null"}]}
    entry = {
        "commune": _TEXT,
        "offset": {"type": "integer", "minimum": 1},
        "kind": {"enum": ["registered", "revised", "verified", "returned", "transferred", "withdrawn", "erased"]},
        "household": {"type": "string", "format": "uuid"},
        "revision": {"type": "integer", "minimum": 1},
        "at": _TIME,
        "actor": _TEXT,
        "note": {"type": ["object", "null"]},
        "record": record,
        "hash": _TEXT,
    }
    history_entry = {**entry, "changes": {"type": "array", "items": {"$ref": "#/components/schemas/ItemChange"}}}
    del history_entry["household"]
    counts = dict.fromkeys(COUNTS, _COUNT)
    shares = {f"{name}_pct": {"type": ["number", "null"]} for name in COUNTS[:3]}
    row = {
        "unit": _TEXT_OR_NULL,
        "name": _TEXT_OR_NULL,
        "kind": _TEXT_OR_NULL,
        "expected": {"type": ["integer", "null"], "minimum": 0},
        "expected_source": _TEXT_OR_NULL,
        "expected_on": {"type": ["string", "null"], "format": "date"},
        **counts,
        **shares,
    }
    unit = {
        "code": _TEXT,
        "name": _TEXT,
        "name_en": _TEXT,
        "kind": _TEXT,
        "level": {"enum": ["province", "district", "commune"]},
        "parent": _TEXT_OR_NULL,
        "valid_from": {"type": ["string", "null"], "format": "date"},
        "valid_to": {"type": ["string", "null"], "format": "date"},
        "successor": _TEXT_OR_NULL,
        "longitude": {"type": ["number", "null"]},
        "latitude": {"type": ["number", "null"]},
        "source": _TEXT,
        "predecessors": {"type": "array", "items": _TEXT},
    }
    baseline = {
        "unit": {**_TEXT, "readOnly": True},
        "name": {**_TEXT, "readOnly": True},
        "kind": {**_TEXT, "readOnly": True},
        "households": {"type": "integer", "minimum": 0},
        "source": {"type": "string", "minLength": 1, "maxLength": 300},
        "date": _DATE,
    }
    return {
        **household_components(reference_prefix="#/components/schemas/"),
        **access_components(),
        **parcels.COMPONENTS,
        **photos.COMPONENTS,
        **search.COMPONENTS,
        **units.COMPONENTS,
        "HouseholdPatch": {"type": "object", "description": "A JSON merge patch (RFC 7396) of a Household."},
        "HouseholdPage": _object(
            {"households": _list_of("Household"), "cursor": _CURSOR, "total": _COUNT}, ("households", "cursor")
        ),
        "Reason": _object({"reason": {"type": "string", "minLength": 1, "maxLength": 1000}}, ("reason",)),
        "Transfer": _object(
            {"commune": _TEXT, "commune_as_of": _DATE, "former_commune": _TEXT, "village": _TEXT, "address": _TEXT},
            ("commune",),
        )
        | {"additionalProperties": False},
        "ItemChange": _object({"pointer": _TEXT, "before": {}, "after": {}}, ("pointer",)),
        "HistoryEntry": _object(history_entry, tuple(history_entry)),
        "HistoryPage": _object({"entries": _list_of("HistoryEntry"), "cursor": _CURSOR}, ("entries", "cursor")),
        "Unit": _object(unit, tuple(name for name in unit if name != "predecessors")),
        "UnitList": _object({"valid_on": _DATE, "units": _list_of("Unit")}, ("valid_on", "units")),
        "Baseline": _object(baseline, ("households", "source", "date")) | {"additionalProperties": False},
        "BaselineList": _object({"baselines": _list_of("Baseline")}, ("baselines",)),
        "CoverageRow": _object(row, tuple(row)),
        "CoverageTotal": _object({**row, "units": _COUNT, "units_with_baseline": _COUNT}, tuple(row)),
        "Coverage": _object(
            {
                "level": {"enum": ["commune", "district", "province"]},
                "geography": _DATE,
                "as_of": _DATE,
                "rows": _list_of("CoverageRow"),
                "total": {"$ref": "#/components/schemas/CoverageTotal"},
            },
            ("level", "geography", "as_of", "rows", "total"),
        ),
        "CoverageMap": _object(
            {
                "type": {"enum": ["FeatureCollection"]},
                "level": {"enum": ["commune", "district", "province"]},
                "geography": _DATE,
                "as_of": _DATE,
                "total": {"$ref": "#/components/schemas/CoverageTotal"},
                "features": {"type": "array", "items": feature_component(row)},
            },
            ("type", "level", "geography", "as_of", "total", "features"),
        ),
        "TrendDay": _object({"date": _DATE, **counts}, ("date", *counts)),
        "Trend": _object(
            {"unit": _TEXT, "from": _DATE, "to": _DATE, "days": _list_of("TrendDay")}, ("unit", "from", "to", "days")
        ),
        "Change": _object(entry, tuple(entry)),
        "Changes": _object(
            {"changes": _list_of("Change"), "cursor": _TEXT, "more": {"type": "boolean"}}, ("changes", "cursor", "more")
        ),
        "CodeList": _object(
            {
                "name": _TEXT,
                "valid_on": _DATE,
                "codes": {
                    "type": "array",
                    "items": _object(
                        {
                            "code": _TEXT,
                            "name_vi": _TEXT,
                            "name_en": _TEXT,
                            "valid_from": _DATE_OR_NULL,
                            "valid_to": _DATE_OR_NULL,
                            "source": _TEXT,
                            "extra": {
                                "type": "object",
                                "description": "The list's further columns: a coefficient, a group, a code of today.",
                                "additionalProperties": _TEXT,
                            },
                        },
                        ("code", "name_vi", "name_en", "valid_from", "valid_to", "source", "extra"),
                    ),
                },
            },
            ("name", "valid_on", "codes"),
        ),
        "CodeListIndex": _object(
            {
                "codelists": {
                    "type": "array",
                    "items": _object({"name": _TEXT, "codes": {"type": "integer", "minimum": 0}}, ("name", "codes")),
                }
            },
            ("codelists",),
        ),
        "Health": _object({"status": _TEXT, "missing": {"type": "array", "items": _TEXT}}, ("status",)),
        "ProblemItem": _object(
            {"pointer": _TEXT, "code": _TEXT, "message": _TEXT, "details": {"type": "object"}},
            ("pointer", "code", "message"),
        ),
        "Problem": _object(
            {
                "type": {"type": "string", "format": "uri-reference"},
                "title": _TEXT,
                "status": {"type": "integer"},
                "detail": _TEXT,
                "code": _TEXT,
                "request": {**_TEXT, "description": "The request's id, as in X-Request-Id and in the service's log."},
                "errors": _list_of("ProblemItem"),
                "current": {"$ref": "#/components/schemas/Household"},
            },
            ("type", "title", "status", "detail", "code"),
        ),
    }
