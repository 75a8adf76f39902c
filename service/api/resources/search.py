"""Everyone in an area: households whose parcels or home fall in, as JSON or CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from flask import Response, stream_with_context
from flask.views import MethodView

from service.access.gate import needs
from service.api.http.blueprint import Blueprint, reference
from service.api.http.bodies import json_object
from service.api.http.reader import reader
from service.api.http.responses import json_response, wants
from service.errors import BodyUnknownItem, SearchAreaInvalid
from service.formats.tables import BYTE_ORDER_MARK, csv_line
from service.households.area_search import (
    DEFAULT_ROWS,
    MOST_ROWS,
    Affected,
    in_json,
    search_area,
    total_of,
)

blueprint = Blueprint("search", __name__, url_prefix="/v1/households", description="Everyone in an area")

_ITEMS = {"area", "near", "within", "limit"}


@blueprint.route("/search")
class Search(MethodView):
    """Households by a drawn area, or around a place."""

    @needs("households.search")
    @blueprint.json_body("AreaQuestion")
    @blueprint.response(200, reference("AreaAnswer"))
    @blueprint.problems(400, 406, 413, 415, 422)
    @blueprint.doc(operationId="search_households", summary="Everyone in an area")
    def post(self) -> Response:
        """Households within reach whose parcels or home fall in, their affected land and animals; CSV if asked for."""
        found, limit = _found()
        return _as_csv(found) if wants("text/csv") else _as_json(found, limit)


@blueprint.route("/search.csv")
class SearchCsv(MethodView):
    """The same as a table."""

    @needs("households.search")
    @blueprint.json_body("AreaQuestion")
    @blueprint.response(200, {"type": "string"}, content_type="text/csv")
    @blueprint.problems(400, 413, 415, 422)
    @blueprint.doc(operationId="search_households_csv", summary="Everyone in an area, as CSV")
    def post(self) -> Response:
        """Every household found, one a line, with a column for each kind of animal."""
        return _as_csv(_found()[0])


def _found() -> tuple[list[Affected], int]:
    body = json_object()
    for name in body:
        if name not in _ITEMS:
            raise BodyUnknownItem(pointer=f"/{name}", name=name[:60])
    limit = body.get("limit", DEFAULT_ROWS)
    if type(limit) is not int or not 1 <= limit <= MOST_ROWS:
        raise SearchAreaInvalid(pointer="/limit", reason=f"1 <= limit <= {MOST_ROWS}", most_m=0)
    return reader().fallen_in(search_area(body)), limit


def _as_json(found: Sequence[Affected], limit: int) -> Response:
    rows = [in_json(affected) for affected in found[:limit]]
    return json_response({"households": rows, "more": len(found) > limit, "total": total_of(found)})


def _as_csv(found: Sequence[Affected]) -> Response:
    answer = Response(stream_with_context(_lines(found)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="households.csv"'
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Vary"] = "Accept"
    return answer


def _lines(found: Sequence[Affected]) -> Iterator[str]:
    kinds = sorted({kind for affected in found for kind, _ in affected.livestock})
    head = ["household", "commune", "village", "home_inside", "parcels", "affected_area_m2", *kinds]
    yield BYTE_ORDER_MARK + csv_line(head)
    for affected in found:
        animals: dict[str, int] = {}
        for kind, heads in affected.livestock:
            animals[kind] = animals.get(kind, 0) + heads
        yield csv_line(
            [
                affected.household,
                affected.commune,
                affected.village or "",
                "true" if affected.home_inside else "false",
                len(affected.parcels),
                affected.affected_area_m2,
                *(animals.get(kind, 0) for kind in kinds),
            ]
        )


_NUMBER = {"type": "number"}
_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}

COMPONENTS: dict[str, Any] = {
    "AreaQuestion": {
        "type": "object",
        "description": "An area (GeoJSON), or a place (near: longitude, latitude) and metres around it (within).",
        "properties": {
            "area": {"$ref": "#/components/schemas/Boundary"},
            "near": {"type": "array", "items": _NUMBER, "minItems": 2, "maxItems": 2},
            "within": {**_NUMBER, "exclusiveMinimum": 0, "maximum": 100_000},
            "limit": {"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": DEFAULT_ROWS},
        },
        "additionalProperties": False,
    },
    "AreaAnswer": {
        "type": "object",
        "properties": {
            "households": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "id": _TEXT,
                        "commune": _TEXT,
                        "village": {"type": ["string", "null"]},
                        "home_inside": {"type": "boolean"},
                        "affected_area_m2": _NUMBER,
                        "parcels": {"type": "array", "items": {"type": "object"}},
                        "livestock": {"type": "array", "items": {"type": "object"}},
                    },
                    "required": ["id", "commune", "home_inside", "affected_area_m2", "parcels", "livestock"],
                },
            },
            "more": {"type": "boolean", "description": "Whether more were found than the limit lets through."},
            "total": {
                "type": "object",
                "description": "Over all that were found, whatever the limit.",
                "properties": {
                    "households": _COUNT,
                    "parcels": _COUNT,
                    "affected_area_m2": _NUMBER,
                    "livestock": {"type": "object", "additionalProperties": _COUNT},
                },
                "required": ["households", "parcels", "affected_area_m2", "livestock"],
            },
        },
        "required": ["households", "more", "total"],
    },
}
"""What the contract says of these calls' bodies."""
