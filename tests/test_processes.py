"""Work in several processes: every part is done once, and one that is killed is reported, not waited for."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from service.errors import StoreUnavailable
from service.processes import ProcessEnded, in_processes


@contextmanager
def squares(what: str = "") -> Iterator[Callable[[int], Iterator[int]]]:
    def work(number: int) -> Iterator[int]:
        if number == 3 and what == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if number == 3 and what == "away":
            raise StoreUnavailable()
        yield from (number * number, -number)

    yield work


def test_every_part_is_done_once() -> None:
    done = sorted(in_processes(squares, range(5), 2))
    assert done == sorted(each for number in range(5) for each in (number * number, -number))


@pytest.mark.parametrize(("what", "reason"), [("killed", "was killed"), ("away", "store.unavailable")])
def test_a_process_that_ends_early_ends_the_work(what: str, reason: str) -> None:
    with pytest.raises(ProcessEnded, match=reason):
        list(in_processes(partial(squares, what), range(5), 2))
