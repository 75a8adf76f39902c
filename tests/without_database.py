"""A plugin of pytest for scripts/mutants: leaves out what needs a database, or is slow by itself."""

from __future__ import annotations

import pytest

SLOW_BY_THEMSELVES = {
    "test_agreement.py",
    "test_definition.py",
    "test_derived_forms.py",
    "test_findings_page.py",
    "test_new_field.py",
}
"""They compare whole forms of the schema or pages of docs, with thousands of records or in processes of their own."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the quick, pure tests."""
    pure = [item for item in items if is_pure(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in pure])
    items[:] = pure


def is_pure(item: pytest.Item) -> bool:
    """Whether a test runs on its own, without MongoDB."""
    fixtures: list[str] = getattr(item, "fixturenames", [])
    slow = item.get_closest_marker("slow") or item.path.name in SLOW_BY_THEMSELVES
    return "mongodb_uri" not in fixtures and not slow
