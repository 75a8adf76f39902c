"""A plugin of pytest for scripts/mutants: leaves out what needs a database, or is slow by itself."""

from __future__ import annotations

import functools
import sys
from functools import cache
from typing import Any

import pytest
from hypothesis import Phase, settings

SLOW_BY_THEMSELVES = {
    "test_agreement.py",
    "test_definition.py",
    "test_derived_forms.py",
    "test_findings_page.py",
    "test_new_field.py",
}
"""They compare whole forms of the schema or pages of docs, with thousands of records or in processes of their own."""

READ_THE_CODE = {"test_every_member_of_a_note_says_what_it_reveals"}
"""They read the modules as text, which in mutmut's folder has every mutant of a function beside it."""

_Cached = functools._lru_cache_wrapper


def pytest_runtest_setup() -> None:
    """Empty the caches of functions before each test.

    mutmut notes which functions a test calls, and forks the process of a mutant from one that has run every test. With
    what that process has cached, a function behind a cache would be called by one test at most, and its mutants never.
    """
    for function in _cached_functions(len(sys.modules)):
        function.cache_clear()


@cache
def _cached_functions(modules: int) -> list[_Cached[Any]]:
    """Return the functions and methods behind a cache. Looking for them takes 40 ms, as long as many of the tests."""
    ours = [module for name, module in sys.modules.items() if name.partition(".")[0] in ("schemas", "service")]
    values = [value for module in ours for value in vars(module).values()]
    methods = [value for each in values if isinstance(each, type) for value in vars(each).values()]
    return [value for value in (*values, *methods) if isinstance(value, _Cached)]


def pytest_collection() -> None:
    """Leave out the search for the simplest example of a property: that one fails is enough."""
    quick = settings.get_profile("quick")
    settings.register_profile("quick", quick, phases=[Phase.explicit, Phase.generate], database=None)
    settings.load_profile("quick")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the quick, pure tests."""
    pure = [item for item in items if is_pure(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in pure])
    items[:] = pure


def is_pure(item: pytest.Item) -> bool:
    """Whether a test runs on its own, without MongoDB."""
    fixtures: list[str] = getattr(item, "fixturenames", [])
    slow = item.get_closest_marker("slow") or item.path.name in SLOW_BY_THEMSELVES
    return "mongodb_uri" not in fixtures and not slow and item.name not in READ_THE_CODE
