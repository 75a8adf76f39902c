"""The ministry data schema in its derived forms: for programs, for the phone form, for ODK Collect, for people."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from functools import partial
from typing import Any

import orjson
from flask import Response, request
from flask.views import MethodView
from marshmallow import fields

from schemas.derive.dictionary import dictionary_workbook
from schemas.derive.form import form_definition
from schemas.derive.json_schema import household_json_schema
from schemas.derive.xlsform import xlsform_workbook
from service.access.gate import public
from service.api.http.blueprint import Blueprint
from service.api.http.paging import ListSchema
from service.api.http.parameters import Query
from service.api.http.resource import Resource, written
from service.api.http.responses import conditional, resource_response, validated
from service.api.http.services import derived, services
from service.api.http.values import Day, count
from service.api.resources.definition_schemas import FormDefinitionSchema, HouseholdJsonSchema
from service.clock import vietnam_day
from service.errors import CodeListNotFound
from service.formats.tables import WORKBOOK
from service.households.finding_details import DETAILS

blueprint = Blueprint("schema", __name__, url_prefix="/v1/schema", description="The ministry data schema")


class CodeListEntrySchema(Resource):
    """One code of a list."""

    code = fields.String(required=True)
    name_vi = fields.String(required=True)
    name_en = fields.String(required=True)
    valid_from = Day(required=True, allow_none=True)
    valid_to = Day(required=True, allow_none=True)
    source = fields.String(required=True)
    extra = fields.Dict(
        required=True,
        keys=fields.String(),
        values=fields.String(),
        metadata={"description": "The list's further columns: a coefficient, a group, a code of today."},
    )


class CodeListSchema(Resource):
    """The codes of a list that are in force on a day."""

    name = fields.String(required=True)
    valid_on = Day(required=True)
    codes = fields.List(fields.Nested(CodeListEntrySchema), required=True)


class CodeListNameSchema(Resource):
    """A list's name, and how many codes it holds."""

    name = fields.String(required=True)
    codes = count(required=True)


class CodeListIndexSchema(ListSchema):
    """All code lists."""

    items = fields.List(fields.Nested(CodeListNameSchema), required=True)


class CodeListQuery(Query):
    """On which day a code list is read."""

    valid_on = Day(metadata={"description": "The codes in force on this day; today without it."})


@blueprint.route("/household.json")
@public
@blueprint.response(200, HouseholdJsonSchema, content_type="application/schema+json")
@blueprint.validated
@blueprint.doc(operationId="schema_json", summary="The household as JSON Schema 2020-12")
def json_schema() -> Response:
    """What a program can check before it sends; the rules that JSON Schema cannot say are listed in the dictionary."""

    def made() -> bytes:
        return orjson.dumps(household_json_schema(services().example, DETAILS))

    return _derived("household.json", made, "application/schema+json")


@blueprint.route("/form.json")
@public
@blueprint.response(200, FormDefinitionSchema)
@blueprint.validated
@blueprint.doc(operationId="schema_form", summary="The phone form's definition")
def form() -> Response:
    """Steps, items, labels, choices, conditions and checks; docs/form-definition.md describes it."""

    def made() -> bytes:
        return orjson.dumps(written(FormDefinitionSchema, form_definition(services().item_messages)))

    return _derived("form.json", made, "application/json")


@blueprint.route("/household.xlsx")
@public
@blueprint.file(WORKBOOK)
@blueprint.validated
@blueprint.doc(operationId="schema_xlsform", summary="The household as XLSForm for ODK Collect")
def xlsform() -> Response:
    """A workbook that pyxform converts."""

    def made() -> bytes:
        return xlsform_workbook(services().code_lists["units"], services().item_messages)

    return _derived("household.xlsx", made, WORKBOOK, download=True)


@blueprint.route("/dictionary.xlsx")
@public
@blueprint.file(WORKBOOK)
@blueprint.validated
@blueprint.doc(operationId="schema_dictionary", summary="The data dictionary as a workbook")
def dictionary() -> Response:
    """Every item with labels, source, what it is mandatory for, sensitivity and unit."""
    made = partial(dictionary_workbook, services().item_messages)
    return _derived("dictionary.xlsx", made, WORKBOOK, download=True)


@blueprint.route("/codelists")
@public
@blueprint.response(200, CodeListIndexSchema)
@blueprint.validated
@blueprint.doc(operationId="schema_codelists", summary="Which code lists there are")
def code_list_index() -> Response:
    """Their names, and how many codes each holds, withdrawn ones too."""
    lists = services().code_lists
    index = [{"name": name, "codes": len(lists[name].codes)} for name in lists.names()]
    return validated(resource_response(CodeListIndexSchema, {"items": index}), "public, no-cache")


@blueprint.route("/codelists/<name>")
class CodeListResource(MethodView):
    """One code list."""

    @public
    @blueprint.query(CodeListQuery)
    @blueprint.response(200, CodeListSchema)
    @blueprint.validated
    @blueprint.problems(404, 422)
    @blueprint.doc(operationId="schema_codelist", summary="A code list")
    def get(self, arguments: dict[str, Any], name: str) -> Response:
        """The codes in force on ``valid_on``, or today; a withdrawn code is found on a day when it was in force."""
        lists = services().code_lists
        if name not in lists.names():
            raise CodeListNotFound(name=name[:60], known=", ".join(lists.names()))
        on = arguments.get("valid_on") or vietnam_day(services().clock())
        found = {"name": name, "valid_on": on, "codes": lists[name].in_force(on)}
        return validated(resource_response(CodeListSchema, found), "public, no-cache")


def _derived(name: str, make: Callable[[], bytes], mimetype: str, *, download: bool = False) -> Response:
    """A derived form, made once for each process; browsers validate it by its ETag and get 304.

    It is compressed for slow lines: form.json to a sixth.
    """
    body = derived(name, make)
    tag = hashlib.sha256(body).hexdigest()[:32]
    packed = mimetype != WORKBOOK and request.accept_encodings["gzip"] > 0
    if packed:
        body = derived(f"{name}.gz", partial(gzip.compress, body, mtime=0))
    response = Response(body, mimetype=mimetype)
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.set_etag(tag)
    response.headers["Cache-Control"] = "no-cache"
    if download:
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return conditional(response)
