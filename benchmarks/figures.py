"""Figures of the benchmark: pairs of measurements, their median ratio, its target, and their text."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from statistics import median
from typing import TypeVar

T = TypeVar("T")


class Size(Enum):
    """How much is measured: all of it, a first look, or next to nothing, which only shows that a measure runs."""

    FULL = 0
    QUICK = 1
    SMALLEST = 2

    def of(self, full: T, quick: T, smallest: T) -> T:
        """Return the number that belongs to the size."""
        return (full, quick, smallest)[self.value]


@dataclass(frozen=True, slots=True)
class Target:
    """The target of a ratio: at least, or at most, ``bound``."""

    bound: float
    at_least: bool

    def met_by(self, value: float) -> bool:
        """Whether a value meets the target."""
        return value >= self.bound if self.at_least else value <= self.bound

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.bound:g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the result. ``details`` are further lines, printed as they are."""

    name: str
    value: float
    unit: str
    target: Target | None = None
    details: tuple[str, ...] = field(default=())

    def lines(self) -> list[str]:
        """Return the figure as text: name, value, target and verdict, then the details."""
        verdict = ""
        if self.target is not None:
            verdict = f"   target {self.target}: {'met' if self.target.met_by(self.value) else 'MISSED'}"
        return [f"{self.name}: {self.value:.3g} {self.unit}{verdict}", *(f"    {detail}" for detail in self.details)]


@dataclass(frozen=True, slots=True)
class Pairs:
    """The measurements of two alternating sides, so that a busy machine slows both alike."""

    ours: tuple[float, ...]
    bare: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """Return the median of the turns' ratios, the register's by bare."""
        return median(mine / theirs for mine, theirs in zip(self.ours, self.bare, strict=True))

    def described(self, unit: str, scale: float = 1.0) -> str:
        """Return both medians and the range of the ratios as text."""
        ratios = sorted(mine / theirs for mine, theirs in zip(self.ours, self.bare, strict=True))
        return (
            f"ours {median(self.ours) * scale:.4g} {unit}, bare {median(self.bare) * scale:.4g} {unit} "
            f"(medians of {len(self.ours)}; ratios {ratios[0]:.3g} to {ratios[-1]:.3g})"
        )


def in_turn(turns: int, ours: Callable[[], float], bare: Callable[[], float], *beside: Callable[[], float]) -> Pairs:
    """Measure both sides ``turns`` times alternately; the order is reversed with every turn.

    Sides ``beside`` take part in every turn too, and keep their own results.
    """
    mine: list[float] = []
    theirs: list[float] = []
    sides = (lambda: mine.append(ours()), lambda: theirs.append(bare()), *beside)
    for turn in range(turns):
        for side in sides if turn % 2 == 0 else sides[::-1]:
            side()
    return Pairs(tuple(mine), tuple(theirs))


def seconds_of(work: Callable[[], object], times: int) -> float:
    """Return the median duration of ``work``, in seconds."""
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        spent.append(time.perf_counter() - began)
    return median(spent)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which ``share`` (0 to 1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
