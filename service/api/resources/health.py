"""Alive, ready, and measured."""

from __future__ import annotations

import os

from flask import Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest, multiprocess

from service.access.gate import needs, public
from service.api.http.blueprint import Blueprint, reference
from service.api.http.measures import REGISTRY
from service.api.http.responses import json_response
from service.api.http.services import services

blueprint = Blueprint("health", __name__, description="Alive, ready, measured")


@blueprint.route("/livez")
@public
@blueprint.response(200, reference("Health"))
@blueprint.doc(operationId="livez", summary="Is the process alive?")
def livez() -> Response:
    """The process answers."""
    return json_response({"status": "alive"})


@blueprint.route("/readyz")
@public
@blueprint.response(200, reference("Health"))
@blueprint.response(503, reference("Health"))
@blueprint.doc(operationId="readyz", summary="Can the register work?")
def readyz() -> Response:
    """The database answers and has its collections, indexes and units. Without one: the problem store.unavailable."""
    missing = services().ready()
    if missing:
        return json_response({"status": "not ready", "missing": missing}, 503, {"Retry-After": "5"})
    return json_response({"status": "ready"})


@blueprint.route("/metrics")
@needs("metrics.read")
@blueprint.response(200, {"type": "string"}, content_type="text/plain")
@blueprint.doc(operationId="metrics", summary="Measures for Prometheus")
def metrics() -> Response:
    """Requests by endpoint and status, and how long they took."""
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
