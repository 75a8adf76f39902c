"""The gate in Flask: before a view runs, the principal must have the endpoint's declared permission.

A bearer token or a browser's cookies identify who sends it. After the view the audit entry is stored, and only then the
response goes out.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any, Final

import structlog
from flask import Flask, Response, current_app, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from service.about import taking_notes
from service.access.errors import PasswordChangeRequired, SessionRevoked, TokenInvalid
from service.access.gate import declared_on, require_declared
from service.api.http.audit_trail import begin_entry, report_revoked, store_entry, take_about
from service.api.http.browser_session import principal_of_cookies, renew_cookies, require_own_page
from service.api.http.guard import Guard, guard, install_parts
from service.api.http.oauth import challenge
from service.api.http.security_headers import put_security_headers
from service.principal import Principal, asking, default_to_nobody, nobody
from service.roles import Permission

REQUEST_ID: Final = "X-Request-Id"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_LONGEST_REQUEST_ID: Final = 64
_MINUTE: Final = timedelta(minutes=1)


def check_every_endpoint_is_declared(app: Flask) -> None:
    """Raise EndpointUndeclared if any endpoint of the app declares neither a permission nor that it is public.

    Called once, after every blueprint is registered. HEAD is as GET, and OPTIONS shows nothing of records.
    """
    require_declared(_endpoints(app))


def declared_permissions(app: Flask) -> Iterator[tuple[str, str, str | None]]:
    """Yield address (parameters in braces), method and permission of every endpoint; None for a public one."""
    for rule, method, view in _endpoints(app):
        declared = declared_on(view, method)
        address = re.sub(r"<(?:[^:>]+:)?([^>]+)>", r"{\1}", rule)
        yield address, method, None if declared is None or declared.permission is None else str(declared.permission)


def _endpoints(app: Flask) -> Iterator[tuple[str, str, Callable[..., Any]]]:
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule.rule, method, view


def install_guard(app: Flask, parts: Guard) -> None:
    """Install the gate before every view. Raises EndpointUndeclared. Called after every blueprint is registered."""
    check_every_endpoint_is_declared(app)
    default_to_nobody()
    install_parts(app, parts)
    proxies = parts.settings.proxies
    if proxies:
        # Trust only as many hops as the operator has configured; by default none.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]
    app.before_request(_name_request)
    app.before_request(_ask)
    # Flask runs these in reverse order: the headers come last, so that they are also on the problem that replaces a
    # response whose audit entry could not be stored.
    app.after_request(_put_headers)
    app.after_request(_store_entry)
    app.teardown_request(_leave)


# Before ---------------------------------------------------------------------------------------------------------


def _name_request() -> None:
    """Give the request an id: the one from a proxy if it is well-formed, else a new one."""
    sent = request.headers.get(REQUEST_ID, "")
    usable = 8 <= len(sent) <= _LONGEST_REQUEST_ID and all(sign.isalnum() or sign in "-_" for sign in sent)
    g.request_id = sent if usable and sent.isascii() else uuid.uuid4().hex
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request=g.request_id)


def _ask() -> None:
    """Find out who sends the request and check the permission. Raises the errors of service/access/errors.py."""
    g.stack = ExitStack()
    g.stack.enter_context(asking(nobody()))
    if request.url_rule is None or request.endpoint is None or request.method == "OPTIONS":
        return
    declared = declared_on(current_app.view_functions[request.endpoint], request.method)
    if declared is None or declared.permission is None:
        return
    g.permission = declared.permission
    guard().database.require_available()
    try:
        principal = _principal()
    except SessionRevoked as error:
        report_revoked(error)
        raise
    g.stack.enter_context(asking(principal))
    g.stack.enter_context(taking_notes(take_about))
    g.principal = principal  # for the audit entries of a response that is still being streamed when the view has ended
    limit = guard().settings.requests_per_minute
    if limit:
        guard().rates.take(f"account:{principal.account}", limit, _MINUTE)
    principal.require(declared.permission)
    if principal.must_change_password and declared.permission is not Permission.SESSION_OWN:
        raise PasswordChangeRequired()
    begin_entry(principal, declared.permission)


def _principal() -> Principal:
    """Return the principal of the bearer token, else of the browser's cookies."""
    parts = guard()
    header = request.headers.get("Authorization", "")
    if header:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise TokenInvalid()
        principal = parts.principals.of_token(token.strip())
        if principal.by_cookie:
            raise TokenInvalid()
        return principal
    principal = principal_of_cookies()
    if request.method not in _SAFE:
        require_own_page(principal)
    return principal


# After ----------------------------------------------------------------------------------------------------------


def _store_entry(response: Response) -> Response:
    return store_entry(response)


def _put_headers(response: Response) -> Response:
    challenge(response)
    put_security_headers(response)
    if "request_id" in g:
        response.headers[REQUEST_ID] = g.request_id
    renew_cookies(response)
    return response


def _leave(_: BaseException | None) -> None:
    if "stack" in g:
        g.pop("stack").close()
