"""How many examples a property is tried with: all of them, or a tenth in the quick loop (scripts/test --quick)."""

from __future__ import annotations

from hypothesis import settings


def examples(number: int) -> int:
    """The number itself, or a tenth of it (at least ten) under hypothesis' profile "quick" (see tests/conftest.py)."""
    return max(10, number // 10) if settings.get_current_profile_name() == "quick" else number
