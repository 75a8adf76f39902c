"""Component schemas of openapi.yaml for signing in, accounts and people's requests."""

from __future__ import annotations

from typing import Any

from service.people.requests import RequestKind, RequestState
from service.roles import SCOPES, Permission, Role, Sight

_TEXT = {"type": "string"}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_DATE = {"type": "string", "format": "date"}
_DATE_OR_NULL = {"type": ["string", "null"], "format": "date"}
_TIME = {"type": "string", "format": "date-time"}
_TIME_OR_NULL = {"type": ["string", "null"], "format": "date-time"}
_TEXTS = {"type": "array", "items": _TEXT}
_CURSOR = {"type": ["string", "null"], "description": "Null on the last page."}
_FLAG = {"type": "boolean"}
_SECONDS = {"type": "integer", "minimum": 0}

SECURITY_SCHEMES: dict[str, Any] = {
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "browser": {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-so-nong-ho-access",
        "description": "Set by POST /v1/token with cookie=true; changing requests carry X-CSRF-Token beside it.",
    },
}


def _object(properties: dict[str, Any], required: tuple[str, ...] = (), *, closed: bool = False) -> dict[str, Any]:
    shape: dict[str, Any] = {"type": "object", "properties": properties}
    if required:
        shape["required"] = list(required)
    if closed:
        shape["additionalProperties"] = False
    return shape


def _list_of(name: str) -> dict[str, Any]:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}


def access_components() -> dict[str, Any]:
    """The schemas by name."""
    role = {"enum": [str(role) for role in Role]}
    sight = {"enum": [*(str(sight) for sight in Sight)]}
    sight_or_null = {"enum": [*(str(sight) for sight in Sight), None]}
    scopes = {"type": "array", "items": {"enum": list(SCOPES)}}
    own = {
        "id": _TEXT,
        "username": _TEXT,
        "role": role,
        "area": {**_TEXTS, "description": "Codes of units, as they were given."},
        "communes": {"type": ["array", "null"], "items": _TEXT, "description": "In force today; null for all."},
        "sight": sight,
        "scopes": scopes,
        "permissions": {"type": "array", "items": {"enum": [str(permission) for permission in Permission]}},
        "must_change_password": _FLAG,
    }
    session = {
        "id": _TEXT,
        "device": _TEXT,
        "address": _TEXT,
        "browser": _FLAG,
        "created_at": _TIME,
        "used_at": _TIME,
        "expires_at": _TIME,
        "current": _FLAG,
    }
    area = {**_TEXTS, "minItems": 1, "maxItems": 500}
    external = _object({"issuer": _TEXT, "subject": _TEXT}, ("issuer", "subject"))
    account = {
        "id": _TEXT,
        "username": _TEXT,
        "full_name": _TEXT_OR_NULL,
        "role": role,
        "area": _TEXTS,
        "area_as_of": {"type": "array", "items": _DATE},
        "sight": sight_or_null,
        "scopes": scopes,
        "state": {"enum": ["active", "suspended"]},
        "must_change_password": _FLAG,
        "external": {**external, "type": ["object", "null"]},
        "created_at": _TIME,
        "created_by": _TEXT,
        "updated_at": _TIME_OR_NULL,
    }
    given = {
        "full_name": {"type": "string", "minLength": 1, "maxLength": 300},
        "area": area,
        "area_as_of": {**_DATE, "description": "The day on which the codes were meant; today or last without it."},
        "sight": sight,
        "scopes": scopes,
    }
    kind = {"enum": [str(kind) for kind in RequestKind]}
    request = {
        "id": _TEXT,
        "kind": kind,
        "household": _TEXT,
        "commune": _TEXT,
        "state": {"enum": [str(state) for state in RequestState]},
        "person": _TEXT_OR_NULL,
        "text": _TEXT_OR_NULL,
        "purpose": _TEXT_OR_NULL,
        "received_on": _DATE,
        "received_by": _TEXT,
        "acknowledge_by": _DATE,
        "acknowledged_on": _DATE_OR_NULL,
        "answer_by": _DATE,
        "extended_by": {"type": "integer"},
        "closed_on": _DATE_OR_NULL,
        "outcome": _TEXT_OR_NULL,
        "lifted_on": _DATE_OR_NULL,
        "reminder": {"enum": ["acknowledge", "acknowledge-overdue", "answer", "answer-overdue", None]},
        "steps": {
            "type": "array",
            "items": _object({"at": _TIME, "actor": _TEXT, "what": _TEXT, "note": _TEXT_OR_NULL}),
        },
    }
    long_text = {"type": "string", "minLength": 1, "maxLength": 2000}
    return {
        "TokenRequest": _object(
            {
                "grant_type": {"enum": ["password", "client_credentials", "refresh_token"]},
                "username": _TEXT,
                "password": _TEXT,
                "client_id": _TEXT,
                "client_secret": _TEXT,
                "refresh_token": _TEXT,
                "scope": {**_TEXT, "description": "Scopes of a system, with spaces between; all of its own without."},
                "device": {**_TEXT, "description": "A secret of the device's own: binds the refresh token to it."},
                "device_name": _TEXT,
                "cookie": {**_FLAG, "description": "Answer with HttpOnly cookies instead of tokens (browsers)."},
            },
            ("grant_type",),
            closed=True,
        ),
        "OwnAccount": _object(own, tuple(own)),
        "Token": _object(
            {
                "access_token": _TEXT,
                "token_type": {"enum": ["Bearer", "Cookie"]},
                "expires_in": _SECONDS,
                "refresh_token": _TEXT,
                "refresh_expires_in": _SECONDS,
                "scope": _TEXT,
                "csrf_token": _TEXT,
                "account": {"$ref": "#/components/schemas/OwnAccount"},
            },
            ("token_type", "expires_in"),
        ),
        "OwnSession": _object({**own, "csrf_token": _TEXT}, tuple(own)),
        "SignIn": _object({"username": _TEXT, "password": _TEXT}, ("username", "password"), closed=True),
        "PasswordChange": _object(
            {"old_password": _TEXT, "password": {"type": "string", "minLength": 10, "maxLength": 256}},
            ("old_password", "password"),
            closed=True,
        ),
        "Session": _object(session, tuple(session)),
        "SessionList": _object({"sessions": _list_of("Session")}, ("sessions",)),
        "Account": _object({**account, "sessions": _list_of("Session")}, tuple(account)),
        "HandedAccount": _object(
            {**account, "password": _TEXT, "client_id": _TEXT, "client_secret": _TEXT}, tuple(account)
        ),
        "AccountPage": _object({"accounts": _list_of("Account"), "cursor": _CURSOR}, ("accounts", "cursor")),
        "NewAccount": _object(
            {
                "username": {"type": "string", "minLength": 2, "maxLength": 80},
                "role": role,
                **given,
                "password": {"type": "string", "minLength": 10, "maxLength": 256},
                "external": external,
            },
            ("username", "role", "area"),
            closed=True,
        ),
        "AccountPatch": _object(given, closed=True),
        "PersonRequest": _object(request, tuple(request)),
        "RequestPage": _object({"requests": _list_of("PersonRequest"), "cursor": _CURSOR}, ("requests", "cursor")),
        "NewRequest": _object(
            {
                "kind": kind,
                "household": {"type": "string", "format": "uuid"},
                "received_on": _DATE,
                "person": long_text,
                "text": long_text,
                "purpose": {**_TEXT, "description": "Of the consent that is withdrawn."},
            },
            ("kind", "household"),
            closed=True,
        ),
        "Outcome": _object({"outcome": long_text}, closed=True),
        "PersonCopy": _object(
            {
                "household": {"$ref": "#/components/schemas/Household"},
                "history": {"type": "array", "items": {"type": "object"}},
                "photos": {
                    "type": "array",
                    "items": {
                        "allOf": [{"$ref": "#/components/schemas/Photo"}],
                        "properties": {"jpeg": {"type": "string", "contentEncoding": "base64"}},
                    },
                },
                "seen_by": {"type": "array", "items": {"type": "object"}},
            },
            ("household", "history", "photos", "seen_by"),
        ),
    }
