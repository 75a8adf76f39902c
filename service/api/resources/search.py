"""Households in an area: those whose parcels or home fall in, as JSON or CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, stream_with_context
from flask.views import MethodView
from marshmallow import fields, post_load, validate
from shapely.geometry.base import BaseGeometry

from schemas.errors import pointer
from schemas.geometry import GeometryInvalid
from service.access.gate import needs
from service.api.http.blueprint import Blueprint
from service.api.http.bodies import parsed_body
from service.api.http.geojson import Outline
from service.api.http.paging import ListSchema
from service.api.http.reader import reader
from service.api.http.resource import Body, Resource, refusal
from service.api.http.responses import resource_response, wants
from service.api.http.services import language, services
from service.api.http.tables import CsvQuery, csv_form, workbook_response
from service.api.http.values import Number, Position, WholeNumber, count
from service.errors import DomainError, SearchAreaInvalid
from service.formats.tables import BYTE_ORDER_MARK, WORKBOOK, CsvForm, csv_line
from service.households.area_search import (
    DEFAULT_ROWS,
    MOST_ROWS,
    Affected,
    drawn_area,
    search_area_invalid,
    total_of,
)
from service.parcels.regions import LARGEST_CIRCLE_M, circle

blueprint = Blueprint("search", __name__, url_prefix="/v1/households", description="Households in an area")

_COLUMNS = ("household", "commune", "village", "home_inside", "parcels", "affected_area_m2")
_METRES = {"reason": f"0 < within <= {LARGEST_CIRCLE_M:.0f}"}


@dataclass(frozen=True, slots=True)
class AreaSearch:
    """The area that is searched, and how many households a response has at most."""

    area: BaseGeometry
    limit: int


def _faults(invalid: GeometryInvalid) -> list[Any]:
    path, problem = invalid.problems[0]
    return [search_area_invalid(pointer(("area", *path)), problem.code, **problem.params)]


class AreaSearchSchema(Body):
    """An area (GeoJSON), or a place and metres around it."""

    refused_with = SearchAreaInvalid

    limit = WholeNumber(
        load_default=DEFAULT_ROWS,
        validate=validate.Range(1, MOST_ROWS),
        metadata=refusal(reason=f"1 <= limit <= {MOST_ROWS}"),
    )
    area = Outline(_faults, allow_none=True)
    near = Position(
        allow_none=True,
        metadata={
            **refusal(reason="[longitude, latitude]"),
            "description": "A place, in place of an area: longitude, latitude.",
            "type": "array",
            "items": {"type": "number"},
            "minItems": 2,
            "maxItems": 2,
        },
    )
    within = Number(
        allow_none=True,
        validate=validate.Range(0, LARGEST_CIRCLE_M, min_inclusive=False),
        metadata={**refusal(**_METRES), "description": "Metres around near."},
    )

    def refused_item(self, name: str, params: Mapping[str, Any]) -> DomainError:
        """The error of an item, with the limits that its text names."""
        return search_area_invalid(pointer((name,)), **params)

    @post_load
    def question(self, items: dict[str, Any], **_: Any) -> AreaSearch:
        """The plain value of a body. Raises SearchAreaInvalid unless it has an area, or a place and metres."""
        area, near, within = items.get("area"), items.get("near"), items.get("within")
        if area is not None and near is None:
            return AreaSearch(drawn_area(area), items["limit"])
        if area is not None or near is None:
            raise search_area_invalid("/area", "area | near")
        if within is None:
            raise self.refused_item("within", _METRES)
        longitude, latitude = near
        return AreaSearch(circle(longitude, latitude, within), items["limit"])


class AffectedParcelSchema(Resource):
    """A parcel that falls in."""

    id = fields.String(required=True)
    area_m2 = fields.Float(required=True)
    affected_area_m2 = fields.Float(required=True)


class AffectedLivestockSchema(Resource):
    """Animals of one kind."""

    kind = fields.String(required=True)
    heads = count(required=True)


class AffectedSchema(Resource):
    """A household that falls in."""

    id = fields.String(attribute="household", required=True)
    commune = fields.String(required=True)
    village = fields.String(allow_none=True)
    home_inside = fields.Boolean(required=True)
    affected_area_m2 = fields.Float(required=True)
    parcels = fields.List(fields.Nested(AffectedParcelSchema), required=True)
    livestock = fields.List(fields.Nested(AffectedLivestockSchema), required=True)


class AffectedTotalSchema(Resource):
    """Totals over all households found."""

    class Meta(Resource.Meta):
        description = "Totals over all households found, regardless of limit."

    households = count(required=True)
    parcels = count(required=True)
    affected_area_m2 = fields.Float(required=True)
    livestock = fields.Dict(required=True, keys=fields.String(), values=count())


class AreaSearchResultSchema(ListSchema):
    """The households that fall in."""

    items = fields.List(fields.Nested(AffectedSchema), required=True)
    more = fields.Boolean(required=True, metadata={"description": "Whether more were found than `limit`."})
    total = fields.Nested(AffectedTotalSchema, required=True)


@blueprint.route("/search")
class Search(MethodView):
    """Households by a drawn area, or around a place."""

    @needs("households.search")
    @blueprint.query(CsvQuery)
    @blueprint.body(AreaSearchSchema)
    @blueprint.response(200, AreaSearchResultSchema)
    @blueprint.also_as("text/csv")
    @blueprint.problems(400, 413, 415, 422)
    @blueprint.doc(operationId="search_households", summary="Households in an area")
    def post(self, arguments: dict[str, Any]) -> Response:
        """Households within reach whose parcels or home fall in, their affected land and animals; CSV if requested."""
        found, limit = _found()
        return _as_csv(found, csv_form(arguments)) if wants("text/csv") else _as_json(found, limit)


@blueprint.route("/search.csv")
class SearchCsv(MethodView):
    """The same as a table."""

    @needs("households.search")
    @blueprint.query(CsvQuery)
    @blueprint.body(AreaSearchSchema)
    @blueprint.file("text/csv")
    @blueprint.problems(400, 413, 415, 422)
    @blueprint.doc(operationId="search_households_csv", summary="Households in an area, as CSV")
    def post(self, arguments: dict[str, Any]) -> Response:
        """Every household found, one a line, with a column for each kind of animal."""
        return _as_csv(_found()[0], csv_form(arguments))


@blueprint.route("/search.xlsx")
class SearchWorkbook(MethodView):
    """The same as a workbook."""

    @needs("households.search")
    @blueprint.body(AreaSearchSchema)
    @blueprint.file(WORKBOOK)
    @blueprint.problems(400, 413, 415, 422)
    @blueprint.doc(operationId="search_households_xlsx", summary="Households in an area, as a workbook")
    def post(self) -> Response:
        """The same table with headings in the reader's language."""
        found, _ = _found()
        kinds = _kinds(found)
        animals = services().code_lists["livestock_units"]
        names = [entry.name(language()) if (entry := animals.get(kind)) else kind for kind in kinds]
        return workbook_response("households.xlsx", "search", _COLUMNS, _rows(found, kinds), beside=names)


def _found() -> tuple[list[Affected], int]:
    question: AreaSearch = parsed_body(AreaSearchSchema)
    return reader().fallen_in(question.area), question.limit


def _as_json(found: Sequence[Affected], limit: int) -> Response:
    body = {"items": found[:limit], "more": len(found) > limit, "total": total_of(found)}
    return resource_response(AreaSearchResultSchema, body)


def _as_csv(found: Sequence[Affected], form: CsvForm) -> Response:
    response = Response(stream_with_context(_lines(found, form)), mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="households.csv"'
    response.headers["Cache-Control"] = "no-store"
    response.headers["Vary"] = "Accept"
    return response


def _lines(found: Sequence[Affected], form: CsvForm) -> Iterator[str]:
    kinds = _kinds(found)
    yield BYTE_ORDER_MARK + csv_line([*_COLUMNS, *kinds], form)
    for row in _rows(found, kinds):
        yield csv_line(row, form)


def _kinds(found: Sequence[Affected]) -> list[str]:
    return sorted({kind for affected in found for kind, _ in affected.livestock})


def _rows(found: Sequence[Affected], kinds: Sequence[str]) -> Iterator[list[object]]:
    for affected in found:
        animals: dict[str, int] = {}
        for kind, heads in affected.livestock:
            animals[kind] = animals.get(kind, 0) + heads
        yield [
            affected.household,
            affected.commune,
            affected.village or "",
            "true" if affected.home_inside else "false",
            len(affected.parcels),
            affected.affected_area_m2,
            *(animals.get(kind, 0) for kind in kinds),
        ]
