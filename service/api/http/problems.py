"""Problems (RFC 9457): the one table from errors to HTTP statuses, and the responses that put errors into words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import orjson
import structlog
from flask import Flask, Response, g, request
from gunicorn.http.errors import ParseException  # type: ignore[import-untyped]
from marshmallow import fields, validate
from werkzeug.exceptions import ClientDisconnected, HTTPException

from schemas.catalogue import Catalogue
from schemas.codelists import code_lists
from schemas.errors import ItemError, JsonInvalid, RecordInvalid
from service import errors
from service.access.errors import (
    AccountInvalid,
    AccountNotFound,
    CredentialsInvalid,
    GrantInvalid,
    NotSignedIn,
    OwnAccount,
    PasswordChangeRequired,
    PasswordWeak,
    RefreshFailed,
    RequestForged,
    ScopeInvalid,
    SessionNotFound,
    SessionRevoked,
    SignInFailed,
    TokenExpired,
    TokenInvalid,
    TooManyAttempts,
    TooManyRequests,
    UsernameTaken,
)
from service.access.openid import ProviderUnavailable
from service.access.trail import TrailBusy
from service.api.http.blueprint import reference
from service.api.http.bodies import read_past_the_body
from service.api.http.oauth import ERRORS, UNSUPPORTED, token_error
from service.api.http.query_errors import QueryMissing, QueryMoreErrors, QueryRepeated, QueryUnknown
from service.api.http.reader import reader
from service.api.http.resource import Described, Resource, SeveralRefused, written
from service.api.http.services import language, services
from service.errors import (
    AccessError,
    DomainError,
    HouseholdNotFound,
    OutsideArea,
    PermissionMissing,
    RecordCarried,
    StatusConflict,
)
from service.people.person_request import RequestClosed, RequestExtended, RequestInvalid, RequestNotFound
from service.reports.open_data import OpenDataPreparing
from service.units.errors import VillagesInvalid, VillagesStale

STATUS: dict[type[Exception], int] = {
    errors.BodyNotAnObject: 422,
    errors.BodyUnknownItem: 422,
    errors.BodyMoreErrors: 422,
    errors.PreconditionInvalid: 400,
    JsonInvalid: 400,
    errors.CommuneOutsideArea: 403,
    errors.CoverageOutsideArea: 403,
    errors.HouseholdNotFound: 404,
    errors.ParcelNotFound: 404,
    errors.UnitNotFound: 404,
    errors.BorderNotLoaded: 404,
    errors.CodeListNotFound: 404,
    errors.HouseholdIdTaken: 409,
    errors.HouseholdWithdrawn: 409,
    errors.PersonalNumberTaken: 409,
    errors.StatusConflict: 409,
    errors.NothingToSettle: 409,
    errors.ParcelIdTaken: 409,
    errors.ParcelOfSeveral: 409,
    errors.HouseholdStale: 412,
    errors.HouseholdExists: 412,
    errors.ContentTypeUnsupported: 415,
    errors.ContentEncodingUnsupported: 415,
    RecordInvalid: 422,
    errors.HouseholdIdInvalid: 422,
    errors.HouseholdIdMismatch: 422,
    errors.ReasonRequired: 422,
    errors.ReasonInvalid: 422,
    errors.BoundaryUnplaceable: 422,
    errors.TransferToSameCommune: 422,
    errors.FormerCommuneMismatch: 422,
    errors.CommuneUnknown: 422,
    errors.CommuneNotInForce: 422,
    errors.CommuneSuccessorUnknown: 422,
    errors.LevelNotInForce: 422,
    errors.BaselineInvalid: 422,
    errors.BaselineNotFound: 404,
    VillagesInvalid: 422,
    VillagesStale: 412,
    errors.CursorInvalid: 422,
    errors.CursorAhead: 422,
    errors.QueryInvalid: 422,
    QueryMissing: 422,
    QueryMoreErrors: 422,
    errors.SearchAreaInvalid: 422,
    errors.ReferenceSystemUnknown: 422,
    errors.PhotoNotFound: 404,
    errors.PhotoIdTaken: 409,
    errors.PhotoNoLegalBasis: 409,
    errors.PhotosTooMany: 409,
    errors.PhotoTooLarge: 413,
    errors.PhotoIdInvalid: 422,
    errors.PhotoUnreadable: 422,
    errors.PhotoNotUpright: 422,
    errors.PhotoTooManyPixels: 422,
    errors.PhotoParcelUnknown: 422,
    QueryUnknown: 422,
    QueryRepeated: 422,
    errors.HouseholdErased: 410,
    NotSignedIn: 401,
    TokenInvalid: 401,
    TokenExpired: 401,
    SignInFailed: 401,
    RefreshFailed: 401,
    SessionRevoked: 401,
    AccessError: 403,
    PermissionMissing: 403,
    OutsideArea: 403,
    PasswordChangeRequired: 403,
    RequestForged: 403,
    AccountNotFound: 404,
    SessionNotFound: 404,
    RequestNotFound: 404,
    UsernameTaken: 409,
    OwnAccount: 409,
    RequestClosed: 409,
    RequestExtended: 409,
    GrantInvalid: 422,
    CredentialsInvalid: 422,
    ScopeInvalid: 400,
    PasswordWeak: 422,
    AccountInvalid: 422,
    RequestInvalid: 422,
    TooManyAttempts: 429,
    TooManyRequests: 429,
    errors.PreconditionRequired: 428,
    errors.StoreDamaged: 500,
    errors.StoreRefused: 500,
    errors.StoreUnavailable: 503,
    ProviderUnavailable: 503,
    OpenDataPreparing: 503,
    errors.WriteContention: 503,
    TrailBusy: 503,
}
"""Every error that may reach a client. A test compares this table with the errors of all rooms and the catalogues."""

NOT_ACCEPTABLE = "http.not-acceptable"
HTTP_CODES = {
    400: "http.bad-request",
    404: "http.not-found",
    405: "http.method-not-allowed",
    406: NOT_ACCEPTABLE,
    408: "http.timeout",
    413: "body.too-large",
    414: "http.address-too-long",
    415: "body.content-type",
    429: "http.too-many-requests",
    431: "http.headers-too-large",
}
"""Codes for what Flask and werkzeug refuse by themselves."""

INVALID_RECORD = "household.invalid"
"""The code of a record that breaks the ministry schema."""

RETRY_AFTER_SECONDS = 5

WORD = "word."
"""How the messages begin that are words within other messages."""
WORDS: Mapping[str, frozenset[str]] = {
    kind.code: frozenset(names)
    for kind, names in (
        (RequestClosed, ["state"]),
        (errors.BaselineInvalid, ["reason"]),
        (VillagesInvalid, ["reason"]),
        (errors.LevelNotInForce, ["level"]),
        (errors.QueryInvalid, ["reason"]),
        (QueryMissing, ["reason"]),
        (errors.SearchAreaInvalid, ["reason"]),
    )
}
"""Params whose values are words of the register: a problem has them in the reader's language."""
CODES = {StatusConflict.code: "statuses", errors.PhotoNoLegalBasis.code: "legal_bases"}
"""Problems whose params are codes of a code list."""

_WITH_DETAILS = frozenset({"geometry", "parcel", "location", "crs"})
"""Codes whose details a form can draw: the place of a crossing, a mended boundary."""

_log = structlog.get_logger("service.problems")


class ProblemItemSchema(Resource):
    """One error, with the JSON pointer of the item."""

    pointer = fields.String(required=True)
    code = fields.String(required=True)
    message = fields.String(required=True)
    details = Described(reference("FindingDetails"))


class ProblemSchema(Resource):
    """A problem (RFC 9457)."""

    type = fields.String(required=True, metadata={"format": "uri-reference"})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    code = fields.String(required=True)
    request = fields.String(metadata={"description": "The request's id, as in X-Request-Id and in the service's log."})
    error = fields.String(
        validate=validate.OneOf(ERRORS), metadata={"description": "Only of POST /v1/token: the error of RFC 6749, 5.2."}
    )
    errors = fields.List(fields.Nested(ProblemItemSchema))
    current = Described(reference("HouseholdRecord"))


def register_problems(app: Flask) -> None:
    """Turn every exception into a problem; no response carries a traceback."""
    app.register_error_handler(DomainError, problem_of_domain_error)
    app.register_error_handler(SeveralRefused, problem_of_several)
    app.register_error_handler(RecordInvalid, problem_of_record_invalid)
    app.register_error_handler(JsonInvalid, problem_of_json_invalid)
    app.register_error_handler(HTTPException, problem_of_http_exception)
    app.register_error_handler(ParseException, problem_of_broken_body)
    app.register_error_handler(Exception, problem_of_unexpected)


def problem_of_domain_error(error: DomainError) -> Response:
    """The problem of a domain error."""
    try:
        params, more = _from_the_reader(error)
    except HouseholdNotFound as hidden:
        return problem_of_domain_error(hidden)
    status = _status(error)
    if status >= 500:
        _log.error("refused", code=error.code, cause=_cause(error), params=_plain(error.params))
    if error.pointer is not None:
        more["errors"] = [_item(ItemError(error.pointer, error.code, params))]
    response = problem(status, error.code, params, **more)
    if isinstance(error, errors.ContentEncodingUnsupported):
        response.headers["Accept-Encoding"] = "identity"
    if isinstance(error, errors.PermissionMissing):
        g.permission_missing = error.params["permission"]
    if isinstance(error, TooManyAttempts):
        response.headers["Retry-After"] = str(error.seconds)
    return response


def _from_the_reader(error: DomainError) -> tuple[dict[str, Any], dict[str, Any]]:
    """The params of an error, and what its problem carries of a record. Raises HouseholdNotFound."""
    if not isinstance(error, RecordCarried):
        return error.params, {}
    texts = {name: reader().free_text(error.params[name]) for name in error.written_freely}
    more = {} if error.current is None else {"current": reader().released(error.current)}
    return {**error.params, **texts}, more


def problem_of_several(error: SeveralRefused) -> Response:
    """The problem of several faults: the status and code of the first, and each with its pointer."""
    first = error.errors[0]
    items = [_item(ItemError(one.pointer or "", one.code, one.params)) for one in error.errors]
    return problem(_status(first), first.code, first.params, errors=items)


def problem_of_record_invalid(error: RecordInvalid) -> Response:
    """The problem of a record that breaks the schema: every error at once, of what is stored only what may be seen."""
    items = [_item(item) for item in reader().refusal(error)]
    return problem(422, INVALID_RECORD, {"count": len(items)}, errors=items)


def problem_of_json_invalid(error: JsonInvalid) -> Response:
    """The problem of a body that is not the JSON that the register reads."""
    return problem(400, error.code, error.params, errors=[_item(ItemError("", error.code, error.params))])


def problem_of_http_exception(error: HTTPException) -> Response:
    """The problem of what Flask refused by itself: no such address, a body that is too large."""
    status = error.code or 500
    if isinstance(error, ClientDisconnected):
        status = 408  # the rest of the body did not come in time, or never will
    if status == 413:
        read_past_the_body()
    limit = request.max_content_length or services().settings.record_bytes
    code = HTTP_CODES.get(status, "http.bad-request" if status < 500 else "internal")
    response = problem(status, code, {"limit": limit, "sent": "", "wanted": "application/json"})
    if status == 405 and getattr(error, "valid_methods", None):
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))  # type: ignore[attr-defined]
    return response


def problem_of_broken_body(error: Exception) -> Response:
    """The problem of a body whose chunks the server cannot parse; it finds out while a view reads the body."""
    _log.warning("broken body", kind=type(error).__name__)
    return problem(400, HTTP_CODES[400], {})


def problem_of_unexpected(error: Exception) -> Response:
    """A fault of the register: its log gets the traceback, the client nothing but the request's id."""
    _log.exception("unexpected", path=request.path, method=request.method, kind=type(error).__name__)
    return problem(500, "internal", {})


def problem(status: int, code: str, params: dict[str, Any] | Any, **more: Any) -> Response:
    """A problem document in the reader's language."""
    body = {
        "type": f"/docs/problems#{code}",
        "title": _title(code),
        "status": status,
        "detail": _text(code, params),
        "code": code,
        "request": g.get("request_id", ""),
        **more,
    }
    if (error := token_error(status, code, params)) is not None:
        body["error"] = error
    response = Response(
        orjson.dumps(written(ProblemSchema, body), option=orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC, default=str),
        status,
        mimetype="application/problem+json",
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Language"] = language()
    if status in {408, 429, 503}:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _status(error: DomainError) -> int:
    if isinstance(error, GrantInvalid) and error.params.get("reason") == UNSUPPORTED:
        return 400  # RFC 6749, 5.2
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def _item(item: ItemError) -> dict[str, Any]:
    shown: dict[str, Any] = {"pointer": item.pointer, "code": item.code, "message": _text(item.code, item.params)}
    if item.params and item.code.split(".")[0] in _WITH_DETAILS:
        shown["details"] = dict(item.params)
    return shown


def _title(code: str) -> str:
    key = f"{code}.title"
    catalogue = services().messages
    return catalogue.text(key if key in catalogue else "problem.title", language())


def _text(code: str, params: Any) -> str:
    catalogue = _catalogue_of(code)
    words = {name: _word(value, params) for name, value in params.items() if name in WORDS.get(code, ())}
    lists = {name: _name_in(CODES[code], value) for name, value in params.items() if code in CODES}
    return catalogue.text(code, language(), **{**params, **lists, **words})


def _catalogue_of(code: str) -> Catalogue:
    current = services()
    return current.messages if code in current.messages else current.item_messages


def _word(value: Any, params: Mapping[str, Any]) -> Any:
    """The words for a param in a text: those of its own, or of the code that it is; else as it is."""
    for code in (f"{WORD}{value}", str(value)):
        if code in (catalogue := _catalogue_of(code)):
            return catalogue.text(code, language(), **params).rstrip(".")
    return value


def _name_in(list_name: str, value: Any) -> Any:
    entry = code_lists()[list_name].get(value) if isinstance(value, str) else None
    return value if entry is None else entry.name(language())


def _cause(error: DomainError) -> str | None:
    """The kind and number of the error's cause. Its message may quote a record, so it is not logged."""
    cause = error.__cause__
    return None if cause is None else f"{type(cause).__name__} {getattr(cause, 'code', None) or ''}".rstrip()


def _plain(params: dict[str, Any]) -> str:
    """What the service's log has of an error's params: their names only, since values can be about people."""
    return json.dumps(sorted(params))
