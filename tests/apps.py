"""The service for tests: created like the real one, and its connections to MongoDB are closed after use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from flask import Flask

from service.app import create_app, register_of
from service.clock import Clock, system_clock
from service.settings import Settings


class OpenApp(Protocol):
    """Creates a service that is closed after the test; what the fixture ``open_app`` gives."""

    def __call__(self, settings: Settings, clock: Clock = ...) -> Flask:
        """Return the service with these settings."""


@contextmanager
def opened_app(settings: Settings, clock: Clock = system_clock) -> Iterator[Flask]:
    """Create the service; its connections are closed at the end of the block."""
    app = create_app(settings, clock)
    try:
        yield app
    finally:
        register_of(app).store.close()
