"""Retrying what somebody else's write made stale, within a bound."""

from __future__ import annotations

import pytest

from service.errors import HouseholdStale, WriteContention
from service.retry import ATTEMPTS, retried, tries


class SleptTime:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 100.0
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> SleptTime:
    slept = SleptTime()
    monkeypatch.setattr("service.retry.time.sleep", slept.sleep)
    monkeypatch.setattr("service.retry.time.monotonic", lambda: slept.now)
    return slept


def stale_until(success: int, made: list[int]) -> str:
    """An attempt that is stale before the ``success``-th."""
    made.append(len(made) + 1)
    if len(made) < success:
        raise HouseholdStale(current={"revision": 2}, named=1)
    return "written"


def test_a_stale_attempt_is_made_again(slept: SleptTime) -> None:
    made: list[int] = []
    assert retried(lambda: stale_until(3, made), when=HouseholdStale) == "written"
    assert (made, len(slept.pauses)) == ([1, 2, 3], 2)


def test_after_the_last_attempt_it_is_contention(slept: SleptTime) -> None:
    made: list[int] = []
    with pytest.raises(WriteContention) as refused:
        retried(lambda: stale_until(ATTEMPTS + 1, made), when=HouseholdStale)
    assert made == list(range(1, ATTEMPTS + 1))
    assert isinstance(refused.value.__cause__, HouseholdStale)


def test_another_error_ends_it_at_once() -> None:
    made: list[int] = []

    def attempt() -> None:
        made.append(1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        retried(attempt, when=HouseholdStale)
    assert made == [1]


def test_the_pauses_grow_to_a_bound_and_are_spread(slept: SleptTime) -> None:
    assert list(tries()) == list(range(1, ATTEMPTS + 1))
    longest = [min(0.005 * 2**number, 0.2) for number in range(ATTEMPTS - 1)]
    assert all(bound / 2 <= pause <= bound for pause, bound in zip(slept.pauses, longest, strict=True))
    assert len({pause / bound for pause, bound in zip(slept.pauses, longest, strict=True)}) > 1


def test_a_bound_in_time_ends_it_before_a_pause_that_would_pass_it(slept: SleptTime) -> None:
    numbers = list(tries(None, seconds=2.0, first_pause=0.1, longest_pause=0.5))
    assert 2.0 - 0.5 <= slept.now - 100.0 <= 2.0
    assert numbers == list(range(1, len(slept.pauses) + 2))
    assert list(tries(3, seconds=2.0)) == [1, 2, 3]
    assert list(tries(3, seconds=0.0)) == [1]
