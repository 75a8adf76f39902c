"""What the tests of this room share: accounts over a real database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from tests.access.builders import Office
from tests.access.builders import office as open_office
from tests.api.conftest import app, app_clock, clock, register


@pytest.fixture
def database(database_uri: str) -> Iterator[Database[dict[str, Any]]]:
    """This test's own database."""
    with MongoClient[dict[str, Any]](database_uri, tz_aware=True) as client:
        yield client.get_default_database()


@pytest.fixture
def office(database: Database[dict[str, Any]], tmp_path: Path) -> Office:
    """Accounts, sign-in and tokens over this test's own database."""
    return open_office(database, tmp_path)


__all__ = ["app", "app_clock", "clock", "database", "office", "register"]
