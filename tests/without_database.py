"""A plugin of pytest for scripts/mutants: leaves out what needs a database, or is slow by itself."""

from __future__ import annotations

import sys
from functools import cache

import pytest

SLOW_BY_THEMSELVES = {
    "test_agreement.py",
    "test_definition.py",
    "test_derived_forms.py",
    "test_findings_page.py",
    "test_new_field.py",
}
"""They compare whole forms of the schema or pages of docs, with thousands of records or in processes of their own."""

_Cached = type(cache(int))


def pytest_runtest_setup() -> None:
    """Empty the caches of functions before each test, which costs 40 ms.

    mutmut notes which functions a test calls, and forks the process of a mutant from one that has run every test. With
    what that process has cached, a function behind a cache would be called by one test at most, and its mutants never.
    """
    modules = [module for name, module in sys.modules.items() if name.partition(".")[0] in ("schemas", "service")]
    for value in [value for module in modules for value in vars(module).values() if isinstance(value, _Cached)]:
        value.cache_clear()


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
