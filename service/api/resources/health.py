"""Liveness, readiness and metrics."""

from __future__ import annotations

import os

from flask import Response
from marshmallow import fields
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest, multiprocess

from service.access.gate import needs, public
from service.api.http.blueprint import Blueprint
from service.api.http.measures import REGISTRY
from service.api.http.resource import Resource
from service.api.http.responses import resource_response
from service.api.http.services import services

blueprint = Blueprint("health", __name__, description="Health and metrics")


class HealthSchema(Resource):
    """Whether the service works, and what is missing for it to work."""

    status = fields.String(required=True)
    missing = fields.List(fields.String())


@blueprint.route("/livez")
@public
@blueprint.response(200, HealthSchema)
@blueprint.doc(operationId="livez", summary="Is the process alive?")
def livez() -> Response:
    """The process responds."""
    return resource_response(HealthSchema, {"status": "alive"})


@blueprint.route("/readyz")
@public
@blueprint.response(200, HealthSchema)
@blueprint.response(503, HealthSchema)
@blueprint.doc(operationId="readyz", summary="Can the register work?")
def readyz() -> Response:
    """The database responds and has its collections, indexes and units. Without it: the problem store.unavailable."""
    missing = services().ready()
    if missing:
        return resource_response(HealthSchema, {"status": "not ready", "missing": missing}, 503, {"Retry-After": "5"})
    return resource_response(HealthSchema, {"status": "ready"})


@blueprint.route("/metrics")
@needs("metrics.read")
@blueprint.file("text/plain")
@blueprint.doc(operationId="metrics", summary="Measures for Prometheus")
def metrics() -> Response:
    """Requests by endpoint and status, and how long they took."""
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
