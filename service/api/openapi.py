"""The OpenAPI document: settings for flask-smorest, and the component schemas,
the household's derived from its schema."""

from __future__ import annotations

from typing import Any

from apispec import APISpec
from flask import Flask

from schemas.derive.json_schema import household_components, patch_components, record_components
from service.api.http.blueprint import ALSO_AS, FILE_NAME_HEADER, IF_MATCH, ONLY_NEW, VALIDATED
from service.api.http.browser_session import ACCESS_COOKIE
from service.api.http.gate import declared_permissions
from service.api.http.geojson import OutlineSchema
from service.api.http.oauth import scopes_with
from service.api.http.problems import ProblemSchema
from service.api.resources.changes import ItemPartSchema
from service.api.resources.definition_schemas import JsonSchemaSchema
from service.api.resources.trail import TrailEntrySchema
from service.formats.tables import WORKBOOK
from service.households.finding_details import DETAILS
from service.roles import FOR_EVERYBODY, SCOPES, Permission

TOKEN_ADDRESS = "/v1/token"  # noqa: S105 - an address
SECURITY_SCHEMES: dict[str, Any] = {
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "browser": {
        "type": "apiKey",
        "in": "cookie",
        "name": ACCESS_COOKIE,
        "description": "Set by POST /v1/token with cookie=true; changing requests carry X-CSRF-Token beside it.",
    },
    "client": {
        "type": "http",
        "scheme": "basic",
        "description": "A system's name and secret, only for POST /v1/token (RFC 6749, 2.3.1).",
    },
    "oauth2": {
        "type": "oauth2",
        "description": (
            "For systems. What a call needs is its permission (x-permission); a system has the permissions of its "
            "token's scopes. A person's permissions follow from the role, without scopes."
        ),
        "flows": {
            "clientCredentials": {
                "tokenUrl": TOKEN_ADDRESS,
                "scopes": {scope: f"Gives {', '.join(sorted(given))}." for scope, given in SCOPES.items()},
            },
        },
    },
}
FOR_ANYBODY = ("bearer", "browser")
"""How people, and systems too, show who they are."""
IF_MATCH_PARAMETER: dict[str, Any] = {
    "in": "header",
    "name": "If-Match",
    "description": "The revision that the change was made from, in quotes.",
    "schema": {"type": "string", "pattern": '^"[0-9]{1,15}"$'},
    "example": '"3"',
}
IF_NONE_MATCH_PARAMETER: dict[str, Any] = {
    "in": "header",
    "name": "If-None-Match",
    "description": "The ETag of a response that the client still has; if it is the same, the response is 304.",
    "schema": {"type": "string"},
}
LANGUAGE_PARAMETER: dict[str, Any] = {
    "in": "header",
    "name": "Accept-Language",
    "description": "The language of messages and of headings: vi, which it is without this header, or en.",
    "schema": {"type": "string"},
    "example": "en",
}
_ENTITY_TAG = {"ETag": {"description": "The entity tag, for If-None-Match.", "schema": {"type": "string"}}}
_LOCATION = {"Location": {"description": "The address of what was made.", "schema": {"type": "string"}}}
_RETRY_AFTER = {
    "Retry-After": {
        "description": "Seconds to wait before the next attempt; with 429 and 503.",
        "schema": {"type": "integer"},
    }
}
_PROBLEM_HEADERS = {
    **_RETRY_AFTER,
    "WWW-Authenticate": {
        "description": "With 401, and with 403 where a scope is missing: how to sign in, or which scope is needed.",
        "schema": {"type": "string"},
    },
    "Accept-Encoding": {
        "description": "With 415: the encodings of a body that are read.",
        "schema": {"type": "string"},
    },
}
_FILES = ("text/csv", WORKBOOK, "image/jpeg")
ONLY_NEW_PARAMETER: dict[str, Any] = {
    "in": "header",
    "name": "If-None-Match",
    "description": "Write only if nothing has this id; else 412 with the current record, also for a repeated write.",
    "schema": {"type": "string", "enum": ["*"]},
    "required": False,
}
DESCRIPTION = (
    "Sổ Nông Hộ, the register of farm households: one record a household, checked by the ministry data schema, with "
    "its history as a log. Times are RFC 3339 in UTC, geometry is GeoJSON in WGS84. Errors are RFC 9457 problems with "
    "stable codes, listed at /docs/problems.\n\n"
    "What a list lists is in `items`. Where it may be long it comes in pages: `limit` says how many items a page has, "
    '`Link: rel="next"` is the address of the next page, and so is this one with `cursor`, which is null on the last '
    "page. The feed (/v1/changes) is read in the same way; its list is `changes`, and its cursor is sent as `after` "
    "and also stands on the last page, to go on from there later.\n\n"
    "A response about households says in the header `Sight` how much of people it shows, also where a problem carries "
    "a record. A client that stores records notes it with them: what came masked must not be taken for the whole."
)


_NAMED_BY_HAND = {
    "Problem": ProblemSchema,
    "Outline": OutlineSchema,
    "TrailEntry": TrailEntrySchema,
    "ItemPart": ItemPartSchema,
    "JsonSchema": JsonSchemaSchema,
}
"""Components that no view names by their schema."""
_UNUSED = {"Error", "PaginationMetadata"}
"""flask-smorest's own errors and its own way of paging."""


def describe(app: Flask) -> None:
    """Settings of flask-smorest."""
    app.config.update(
        API_TITLE="So Nong Ho",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        API_SPEC_OPTIONS={"info": {"description": DESCRIPTION, "license": {"name": "Apache-2.0"}}},
    )


def finished_specification(spec: APISpec, example: dict[str, Any]) -> dict[str, Any]:
    """The document of the registered blueprints with all component schemas, and the problems of every call.

    ``example`` is a household that this register takes.
    """
    for name, schema in _NAMED_BY_HAND.items():
        if name not in spec.components.schemas:
            spec.components.schema(name, schema=schema)
    document: dict[str, Any] = spec.to_dict()
    components = document.setdefault("components", {})
    named = components.get("schemas", {})
    components["schemas"] = {name: named[name] for name in named if name not in _UNUSED} | _components(example)
    components["responses"] = {"Problem": _problem_response()}
    components["securitySchemes"] = SECURITY_SCHEMES
    document["security"] = [{name: []} for name in FOR_ANYBODY]
    for path in document["paths"].values():
        for method, operation in path.items():
            if method in {"get", "put", "post", "patch", "delete"}:
                _finish(operation, reads=method == "get")
    return document


def say_who_may(document: dict[str, Any], app: Flask) -> None:
    """Write each call's permission into the document; a public one needs no token."""
    for path, method, permission in declared_permissions(app):
        operation = document["paths"].get(path, {}).get(method.lower())
        if operation is None:
            continue
        if permission is None:
            operation["security"] = [{}, {"client": []}] if path == TOKEN_ADDRESS else []
        else:
            operation["x-permission"] = permission
            operation["security"] = _ways_in(permission)
            problem = {"$ref": "#/components/responses/Problem"}
            operation["responses"] |= {"401": problem, "403": problem}


def _ways_in(permission: str) -> list[dict[str, list[str]]]:
    """Of several scopes with the permission one is enough; everybody has some permissions without any scope."""
    scopes: list[list[str]] = [[scope] for scope in scopes_with(permission)]
    if Permission(permission) in FOR_EVERYBODY:
        scopes = [[]]
    people: list[dict[str, list[str]]] = [{name: []} for name in FOR_ANYBODY]
    return [*({"oauth2": needed} for needed in scopes), *people]


def _finish(operation: dict[str, Any], *, reads: bool) -> None:
    """Any call can be refused for its parameters or what it accepts, find the database unavailable, or fail."""
    problem = {"$ref": "#/components/responses/Problem"}
    responses = operation.setdefault("responses", {})
    operation.setdefault("parameters", []).append(LANGUAGE_PARAMETER)
    if media_type := operation.pop(ALSO_AS, None):
        responses["200"]["content"][media_type] = {"schema": {"type": "string"}}
    if (required := operation.pop(IF_MATCH, None)) is not None:
        operation.setdefault("parameters", []).append({**IF_MATCH_PARAMETER, "required": required})
    if operation.pop(ONLY_NEW, False):
        operation.setdefault("parameters", []).append(ONLY_NEW_PARAMETER)
    if operation.pop(VALIDATED, False):
        operation.setdefault("parameters", []).append(IF_NONE_MATCH_PARAMETER)
        responses["200"].setdefault("headers", {}).setdefault("ETag", _ENTITY_TAG["ETag"])
        responses["304"] = {"description": "The client has it already. Without a body."}
    for status in [name for name in responses if name in {"UNPROCESSABLE_CONTENT", "default"}]:
        del responses[status]
    for status, response in list(responses.items()):
        if response.get("$ref", "").endswith("/Problem") or "ErrorSchema" in str(response):
            responses[status] = problem
    _declare_headers(responses)
    for status in ("422", "503", *(("406",) if reads else ())):
        responses.setdefault(status, problem)
    responses["default"] = problem
    operation["responses"] = dict(sorted(responses.items()))


def _declare_headers(responses: dict[str, Any]) -> None:
    """A file has Content-Disposition, 201 has Location, and 304 has the headers of the 200 that it stands for."""
    for status, response in responses.items():
        headers = response.setdefault("headers", {}) if "$ref" not in response else {}
        if status == "201":
            headers |= _LOCATION
        if any(media_type in _FILES for media_type in response.get("content", ())):
            headers |= FILE_NAME_HEADER
        if response.get("headers") == {}:
            del response["headers"]
    if "304" in responses:
        responses["304"]["headers"] = responses["200"]["headers"]


def _problem_response() -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    example = {
        "type": "/docs/problems#household.invalid",
        "title": "Hồ sơ chưa hợp lệ",
        "status": 422,
        "detail": "Hồ sơ có 1 chỗ cần sửa; xem từng chỗ trong danh sách lỗi.",
        "code": "household.invalid",
        "errors": [{"pointer": "/head/sex", "code": "item.required", "message": "Mục bắt buộc còn thiếu."}],
    }
    return {
        "description": "A problem (RFC 9457) with a stable code, in the language of Accept-Language.",
        "headers": _PROBLEM_HEADERS,
        "content": {"application/problem+json": {"schema": schema, "example": example}},
    }


def _components(example: dict[str, Any]) -> dict[str, Any]:
    return {
        **household_components(reference_prefix="#/components/schemas/", example=example, details=DETAILS),
        **record_components(reference_prefix="#/components/schemas/"),
        **patch_components(reference_prefix="#/components/schemas/"),
    }
