"""The gate in Flask: every endpoint's declared permission is asked before anything else happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from flask import Flask

from service.security.gate import require_declared


def check_every_endpoint_is_declared(app: Flask) -> None:
    """Raise EndpointUndeclared when any endpoint of the app names no permission and is not public.

    Called once, after every blueprint is registered. HEAD answers as GET does, OPTIONS says nothing about records.
    """
    require_declared(_endpoints(app))


def _endpoints(app: Flask) -> Iterator[tuple[str, str, Callable[..., Any]]]:
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule.rule, method, view
