"""The service without gate, audit trail and encryption. Only the benchmark serves it, to measure their cost."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from bson import decode, encode
from bson.binary import Binary
from flask import g

from service.app import App, register_of
from service.app import create_app as create_guarded_app
from service.principal import asking, register_itself
from service.roles import Permission
from service.storage.encryption.fields import FieldEncryption
from service.storage.encryption.items import SEALED

_GATE = "service.api.http.gate"


class NoEncryption(FieldEncryption):
    """An encryption that leaves every item as it is."""

    def separated(self, record: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """All of it, and nothing hidden."""
        return dict(record), {}

    def open(self, document: Mapping[str, Any], *, partly: bool = False) -> dict[str, Any]:
        """The same items."""
        del partly
        return {name: value for name, value in document.items() if name != SEALED}

    def contents(self, sealed: Any) -> dict[str, Any]:
        """What was put there."""
        return decode(sealed)

    def seal_value(self, value: Any) -> Any:
        """The value itself; several of them as BSON, since the validator wants one binary value."""
        return Binary(encode(value)) if isinstance(value, dict) else value

    def open_sealed(self, value: Any) -> Any:
        """The value itself, or the several of them."""
        return decode(value) if isinstance(value, bytes) else value

    def digests(self, hidden: Mapping[str, Any]) -> list[bytes]:
        """None: nothing is hidden, and nobody searches."""
        del hidden
        return []

    def digest(self, value: str) -> str:
        """The value itself."""
        return value


def create_app() -> App:
    """Create a service in which everybody may do everything and nothing is recorded."""
    app = create_guarded_app()
    every: tuple[dict[Any, list[Any]], ...] = (
        app.before_request_funcs,
        app.after_request_funcs,
        app.teardown_request_funcs,
    )
    for hooks in every:
        hooks[None] = [hook for hook in hooks.get(None, []) if hook.__module__ != _GATE]
    store = register_of(app).store
    store.database.encryption = NoEncryption(store.database.mongo, dict)  # type: ignore[arg-type]  # no key is ever needed

    @app.before_request
    def let_in() -> None:
        who: AbstractContextManager[Any] = asking(register_itself())
        who.__enter__()
        g.let_in = who
        g.permission = Permission.HOUSEHOLDS_READ  # the gate would name the endpoint's own

    @app.teardown_request
    def leave(_: BaseException | None) -> None:
        g.let_in.__exit__(None, None, None)

    return app
