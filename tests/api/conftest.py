"""The service on a real, migrated database, and a client that calls it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from service.settings import Settings
from tests.api.asking import Register
from tests.apps import opened_app
from tests.builders import NOW, MovedClock


@pytest.fixture(scope="session")
def app_clock() -> MovedClock:
    """The clock of ``app``; ``clock`` sets it back for each test."""
    return MovedClock()


@pytest.fixture(scope="session")
def app(migrated_settings: Settings, app_clock: MovedClock) -> Iterator[Flask]:
    """The service, made once: what tests change lies in the database."""
    with opened_app(migrated_settings, app_clock) as app:
        yield app


@pytest.fixture(scope="session")
def refreshing_app(migrated_settings: Settings, app_clock: MovedClock) -> Iterator[Flask]:
    """The service that looks for newer units and borders at every request, made once."""
    with opened_app(replace(migrated_settings, units_refresh_seconds=0.0), app_clock) as app:
        yield app


@pytest.fixture
def clock(app_clock: MovedClock) -> MovedClock:
    """The service's clock, at NOW until the test moves it."""
    app_clock.now = NOW
    return app_clock


@pytest.fixture
def register(app: Flask, register_settings: Settings, clock: MovedClock) -> Register:
    """A register without households, called over HTTP."""
    return Register(app.test_client())
