"""Metrics of every request: how many by endpoint and status, and how long they took."""

from __future__ import annotations

import time

from flask import Flask, Response, g, request
from prometheus_client import REGISTRY, Counter, Histogram

__all__ = ["REGISTRY", "measure_requests"]

_REQUESTS = Counter("register_requests", "Requests served", ["method", "endpoint", "status"])
_DAMAGED = Counter("register_damaged_reads", "Stored records and log entries that were asked for and are damaged")
_SECONDS = Histogram(
    "register_request_seconds",
    "Seconds from the first byte read to the response",
    ["endpoint"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


def count_damaged() -> None:
    """Count a stored record or log entry that was asked for and could not be read."""
    _DAMAGED.inc()


def count_unparsed(status: int) -> None:
    """Count a request that the server could not parse: it has neither a known method nor an endpoint."""
    _REQUESTS.labels("none", "unparsed", str(status)).inc()


def measure_requests(app: Flask) -> None:
    """Count and time each request by its endpoint, never by its address: an address can hold a person."""

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        endpoint = request.endpoint or "none"
        _REQUESTS.labels(request.method, endpoint, str(response.status_code)).inc()
        if "began" in g:
            _SECONDS.labels(endpoint).observe(time.perf_counter() - g.began)
        return response
