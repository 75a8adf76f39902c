"""Refusing a response of a kind that the client does not accept."""

from __future__ import annotations

from typing import Final

from flask import Flask, Response, request

from service.api.http.problems import NOT_ACCEPTABLE, problem

_READING: Final = frozenset({"GET", "HEAD"})
_JSON: Final = "application/json"


def refuse_unaccepted_kinds(app: Flask) -> None:
    """Return 406 where ``Accept`` excludes what a call of the contract returns, instead of something else.

    Only for reading: what a request has written is written, whatever the client accepts.
    """

    @app.after_request
    def check(response: Response) -> Response:
        reading = request.method in _READING and request.path.startswith("/v1/")
        if not reading or response.status_code != 200 or _is_accepted(response.mimetype or ""):
            return response
        response.close()
        return problem(406, NOT_ACCEPTABLE, {"kind": response.mimetype})


def _is_accepted(kind: str) -> bool:
    """Whether ``Accept`` allows this media type; a client that accepts JSON accepts its special forms too."""
    accepted = request.accept_mimetypes
    return not accepted or accepted[kind] > 0 or (kind.endswith("+json") and accepted[_JSON] > 0)
