"""Retrying what somebody else's write made stale."""

from __future__ import annotations

import pytest

from service.errors import HouseholdStale, WriteContention
from service.households.optimistic import retried


def stale_until(success: int, made: list[int]) -> str:
    """An attempt that is stale before the ``success``-th."""
    made.append(len(made) + 1)
    if len(made) < success:
        raise HouseholdStale(current={"revision": 2}, named=1)
    return "written"


def test_a_stale_attempt_is_made_again() -> None:
    made: list[int] = []
    assert retried(lambda: stale_until(3, made)) == "written"
    assert made == [1, 2, 3]


def test_after_the_last_attempt_it_is_contention() -> None:
    made: list[int] = []
    with pytest.raises(WriteContention):
        retried(lambda: stale_until(4, made), attempts=3)
    assert made == [1, 2, 3]


def test_another_error_ends_it_at_once() -> None:
    made: list[int] = []

    def attempt() -> None:
        made.append(1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        retried(attempt)
    assert made == [1]


def test_the_pauses_grow_to_a_bound_and_are_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("service.households.optimistic.time.sleep", pauses.append)
    with pytest.raises(WriteContention) as refused:
        retried(lambda: stale_until(99, []))
    longest = [min(0.005 * 2**number, 0.2) for number in range(9)]
    assert all(bound / 2 <= pause <= bound for pause, bound in zip(pauses, longest, strict=True))
    assert isinstance(refused.value.__cause__, HouseholdStale)
