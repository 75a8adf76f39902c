"""The contract: openapi.json, and pages that explain it and the problems, loading nothing from elsewhere."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response, render_template
from marshmallow import fields

from schemas.errors import RecordInvalid
from service.access.gate import public
from service.api.http.blueprint import Blueprint
from service.api.http.problems import HTTP_CODES, INVALID_RECORD, STATUS
from service.api.http.resource import Described, Resource
from service.api.http.responses import json_response, validated
from service.api.http.services import services, specification

blueprint = Blueprint("documentation", __name__, description="The contract")


_OBJECT = {"type": "object", "additionalProperties": True}


class DocumentInfoSchema(Resource):
    """What the document is about."""

    title = fields.String(required=True)
    version = fields.String(required=True)
    description = fields.String()


class OpenApiDocumentSchema(Resource):
    """An OpenAPI 3.1 document; its objects are defined by its own specification."""

    openapi = fields.String(required=True)
    info = fields.Nested(DocumentInfoSchema, required=True)
    paths = fields.Dict(required=True, keys=fields.String(), values=Described(_OBJECT))
    components = fields.Dict(required=True, keys=fields.String(), values=Described(_OBJECT))


@blueprint.route("/openapi.json")
@public
@blueprint.response(200, OpenApiDocumentSchema)
@blueprint.validated
@blueprint.doc(operationId="openapi", summary="The contract as OpenAPI 3.1")
def openapi() -> Response:
    """The same document as openapi.yaml in the source."""
    return validated(json_response(specification()), "public, no-cache")


@blueprint.route("/docs")
@public
@blueprint.file("text/html")
@blueprint.doc(operationId="docs", summary="The contract as a page")
def docs() -> Response:
    """Every call with its parameters, bodies and responses."""
    return _page("contract.html", specification=specification())


@blueprint.route("/docs/problems")
@public
@blueprint.file("text/html")
@blueprint.doc(operationId="docs_problems", summary="Every problem and the way out")
def problems() -> Response:
    """Each code in Vietnamese and English."""
    return _page("problems.html", problems=problem_list(), items=item_list())


@blueprint.route("/docs/style.css")
@public
@blueprint.file("text/css")
@blueprint.doc(operationId="docs_style", summary="The style of the pages")
def style() -> Response:
    """Beside the templates, since nothing is loaded from elsewhere."""
    return Response(render_template("style.css"), mimetype="text/css")


def json_text(value: object) -> str:
    """A value as JSON that people read; a text as it is."""
    return value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


blueprint.add_app_template_filter(json_text)


def problem_list() -> list[dict[str, Any]]:
    """Every problem's code, status and texts, in order of code."""
    known = {kind.code: status for kind, status in STATUS.items() if hasattr(kind, "code")}
    known |= {code: status for status, code in HTTP_CODES.items()}
    known |= {INVALID_RECORD: STATUS[RecordInvalid], "internal": 500}
    messages = services().messages
    rows = [
        {"code": code, "status": status, **{language: messages.text(code, language) for language in ("vi", "en")}}
        for code, status in known.items()
        if code in messages
    ]
    return sorted(rows, key=lambda row: str(row["code"]))


def item_list() -> list[dict[str, str]]:
    """Every error and finding of a record with its texts, in order of code."""
    messages = services().item_messages
    return [
        {"code": code, **{language: messages.text(code, language) for language in ("vi", "en")}}
        for code in sorted(messages.codes())
    ]


def _page(template: str, **values: Any) -> Response:
    return Response(render_template(template, **values), mimetype="text/html")
