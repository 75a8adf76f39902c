"""The problem for a request that the server could not parse: no hook and no view of Flask ever sees such a request."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Final

import structlog
from flask import Flask, Response, g

from service.api.http.gate import REQUEST_ID
from service.api.http.measures import count_unparsed
from service.api.http.problems import HTTP_CODES, problem
from service.api.http.security_headers import put_security_headers

REFUSE_UNPARSED: Final = "refuse_unparsed"
"""The app's extension that service/running/worker.py calls: the response for a status."""

_log = structlog.get_logger("service.unparsed")


def refuse_unparsed_requests(app: Flask) -> None:
    """Let the server ask the app for its response to a request that it could not parse."""
    app.extensions[REFUSE_UNPARSED] = partial(_refused, app)


def _refused(app: Flask, status: int) -> Response:
    """The problem, in Vietnamese: nothing is known of such a request, not even its language."""
    code = HTTP_CODES.get(status, "internal" if status >= 500 else HTTP_CODES[400])
    with app.test_request_context():
        g.request_id = uuid.uuid4().hex
        response = problem(status, code, {})
        put_security_headers(response)
        response.headers[REQUEST_ID] = g.request_id
        _log.warning("unparsed", request=g.request_id, code=code)
    count_unparsed(status)
    return response
