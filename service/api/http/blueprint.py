"""The blueprint of every resource, with the decorators that document its views."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import flask_smorest
from flask import current_app, request

from service.api.http.parameters import QueryParser, refuse_stray_parameters
from service.api.http.resource import Body

ALSO_AS = "x-also-as"
"""In the operation until service/api/openapi.py writes it among the media types of the response."""

VALIDATED = "x-validated"
"""In ``doc``: that the response has an entity tag, and that If-None-Match with it gets 304."""

IF_MATCH = "x-if-match"
"""In ``doc``: whether the header If-Match must be there: ``parameters`` in ``doc`` would replace those of the query."""

ONLY_NEW = "x-only-new"
"""In ``doc``: whether If-None-Match: * can be sent with a write."""

FORM = "application/x-www-form-urlencoded"
"""The media type of a form-encoded body."""

LINES = "application/x-ndjson"
"""The media type of a text with one JSON value a line."""

_QUERY = "query_schema"

View = TypeVar("View", bound=Callable[..., Any])


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]  # flask-smorest has no types
    """flask-smorest's blueprint with the register's query parser, and with types."""

    ARGUMENTS_PARSER = QueryParser()

    def __init__(self, *names: Any, **options: Any) -> None:
        super().__init__(*names, **options)
        self.before_request(_check_parameters)

    def route(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Serve a view or a view class at an address below the blueprint's own."""
        decorate: Callable[[View], View] = super().route(rule, **options)
        return decorate

    def response(self, status_code: int, schema: object = None, **documented: Any) -> Callable[[View], View]:
        """Document what the view returns; it makes its Response itself."""
        decorate: Callable[[View], View] = super().response(status_code, schema, **documented)
        return decorate

    def file(
        self, media_type: str, description: str = "", headers: dict[str, Any] | None = None
    ) -> Callable[[View], View]:
        """Document that the response 200 is a text or a file of this media type."""
        return self.response(200, _content_of(media_type, description), content_type=media_type, headers=headers)

    def file_body(self, media_type: str) -> Callable[[View], View]:
        """Document that the body is a file of this media type; the view reads it by service.api.http.bodies."""
        return self.doc(requestBody={"required": True, "content": {media_type: {"schema": _content_of(media_type)}}})

    def also_as(self, media_type: str) -> Callable[[View], View]:
        """Document that the response 200 is a text of this media type if the request's Accept names it."""
        return self.doc(**{ALSO_AS: media_type})

    def doc(self, **words: Any) -> Callable[[View], View]:
        """Further parts of the operation; its description is the view's docstring."""

        def decorate(view: View) -> View:
            described = {"description": inspect.cleandoc(view.__doc__)} if view.__doc__ and "summary" in words else {}
            marked: View = super(Blueprint, self).doc(**described, **words)(view)
            return marked

        return decorate

    def query(self, schema: type) -> Callable[[View], View]:
        """Parse and document the query parameters; the view gets them as its first argument.

        All requests share one instance of the schema: webargs would make one of a class for each request.
        """
        shared = schema()
        parsed: Callable[[View], View] = self.arguments(shared, location="query")

        def decorate(view: View) -> View:
            marked = parsed(view)
            setattr(marked, _QUERY, shared)
            return marked

        return decorate

    def problems(self, *statuses: int) -> Callable[[View], View]:
        """Document which problems the view can return."""

        def decorate(view: View) -> View:
            for status in statuses:
                view = self.alt_response(status, response="Problem")(view)
            return view

        return decorate

    def json_body(self, name: str, *, media_types: tuple[str, ...] = ("application/json",)) -> Callable[[View], View]:
        """Document a JSON body by the name of its component schema; the view reads it by service.api.http.bodies."""
        content = {media_type: {"schema": reference(name)} for media_type in media_types}
        return self.doc(requestBody={"required": True, "content": content})

    def body(
        self, schema: type[Body], *, required: bool = True, form: type[Body] | None = None
    ) -> Callable[[View], View]:
        """Document a JSON body by its schema; the view reads it by ``bodies.parsed_body``.

        ``form`` is the schema of the same form-encoded. It has a name of its own, since generated clients choose how
        to send a body by its class.
        """
        content = {"application/json": {"schema": schema}, **({} if form is None else {FORM: {"schema": form}})}
        return self.doc(requestBody={"required": required, "content": content})

    def validated(self, view: View) -> View:
        """Document that the response has an entity tag, and that If-None-Match with it gets 304."""
        return self.doc(**{VALIDATED: True})(view)

    def if_match(self, *, required: bool = False) -> Callable[[View], View]:
        """Document the If-Match header."""
        return self.doc(**{IF_MATCH: required})

    def only_new(self) -> Callable[[View], View]:
        """Document the header If-None-Match: * of a write."""
        return self.doc(**{ONLY_NEW: True})


def _check_parameters() -> None:
    """Refuse parameters that the view would not read. Called after the gate: unauthorized clients learn nothing."""
    if not request.query_string or request.endpoint is None or request.method == "OPTIONS":
        return
    view = current_app.view_functions[request.endpoint]
    method = "get" if request.method == "HEAD" else request.method.lower()
    handler = getattr(getattr(view, "view_class", None), method, view)
    refuse_stray_parameters(dict(request.args.lists()), getattr(handler, _QUERY, None))


def _content_of(media_type: str, description: str = "") -> dict[str, str]:
    """The JSON Schema of a text, or of the bytes of a file."""
    is_text = media_type.startswith("text/") or media_type == LINES
    described = {"description": description} if description else {}
    return {"type": "string", **described} if is_text else {"type": "string", "format": "binary"}


def reference(name: str) -> dict[str, str]:
    """A reference to a component schema of openapi.yaml."""
    return {"$ref": f"#/components/schemas/{name}"}


def header(name: str, description: str) -> dict[str, Any]:
    """A header of a response, for its documentation."""
    return {name: {"description": description, "schema": {"type": "string"}}}


SIGHT_HEADER = header("Sight", "How much of people is shown: personal (everything), masked, or nobody.")
REVISION_HEADER = {
    **header("ETag", "The revision, in quotes; weak (W/) unless the whole record is shown."),
    **SIGHT_HEADER,
}
NEXT_HEADER = header("Link", 'The next page, rel="next".')
LICENCE_HEADER = header("Link", 'The licence of the data, rel="license".')
FILE_NAME_HEADER = header("Content-Disposition", "The name under which to save the file.")
