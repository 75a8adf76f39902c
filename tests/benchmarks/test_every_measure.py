"""Measures of the benchmark run: a name that they patch, or a function that they call, may have moved.

Those that start servers are left out, since a minute is too long for that; their clients and records are tested beside.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.command import MEASURES
from benchmarks.figures import Size
from benchmarks.workplace import Workplace, workplace


@pytest.fixture(scope="module")
def place() -> Iterator[Workplace]:
    with workplace() as made:
        yield made


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", ["check", "geometry", "units"])
def test_a_measure_runs_in_the_smallest_size(place: Workplace, name: str) -> None:
    figures = list(MEASURES[name](place, Size.SMALLEST))
    assert figures
    assert all(figure.value > 0 and figure.lines() for figure in figures)
