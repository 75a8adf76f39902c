"""Work spread over several processes: each takes the next part when it is done with one, and results come at once."""

from __future__ import annotations

import gc
import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from multiprocessing.queues import Queue
from typing import Any, Final, TypeVar

from service.errors import DomainError

Part = TypeVar("Part")
Result = TypeVar("Result")

_MOST_PROCESSES: Final = 4
_SENT_AT_ONCE: Final = 50


class ProcessEnded(Exception):
    """A process ended before its work was done: it was killed, or ``reason`` is the code of what stopped it."""

    def __init__(self, reason: str | None = None) -> None:
        how = "was killed" if reason is None else f"stopped ({reason})"
        super().__init__(f"A process {how}; run the command again for the rest.")


@dataclass(frozen=True, slots=True)
class _End:
    """The last result of a process."""

    reason: str | None = None


def most_processes() -> int:
    """Return the number of processes for much work: one per core, at most four."""
    return max(1, min(_MOST_PROCESSES, os.cpu_count() or 1))


def calm_collector() -> None:
    """Make garbage collection rare: records contain no cycles, and it takes half the time of a bulk registration."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def in_processes(
    prepared: Callable[[], AbstractContextManager[Callable[[Part], Iterator[Result]]]],
    parts: Sequence[Part],
    processes: int,
) -> Iterator[Result]:
    """Yield the results of all parts, as they come. Raises ProcessEnded; the other processes are then stopped.

    ``prepared`` is called once in each process, and what it provides is called with each part that the process takes.
    All of it must be picklable, since processes are spawned: a database client may not be forked.
    """
    context = multiprocessing.get_context("spawn")
    waiting: Queue[Part | None] = context.Queue()
    for part in (*parts, *[None] * processes):
        waiting.put(part)
    # Bounded, so that a slow terminal slows the work down instead of filling the memory.
    results: Queue[list[Result] | _End] = context.Queue(100)
    workers = [context.Process(target=_work, args=(prepared, waiting, results), daemon=True) for _ in range(processes)]
    for worker in workers:
        worker.start()
    try:
        ended = 0
        while ended < processes:
            try:
                batch = results.get(timeout=1)
            except queue.Empty:
                if sum(not worker.is_alive() for worker in workers) > ended and results.empty():
                    raise ProcessEnded() from None
                continue
            if not isinstance(batch, _End):
                yield from batch
            elif batch.reason is None:
                ended += 1
            else:
                raise ProcessEnded(batch.reason)
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()
        waiting.cancel_join_thread()


def _end_with_parent() -> None:
    """Wait until the parent is gone, then end this process at once.

    A killed parent terminates nobody. Its processes would go on working beside those of the next run, and then wait for
    ever to hand over their results, since each of them holds both ends of the queue open.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(
    prepared: Callable[[], AbstractContextManager[Callable[[Any], Iterator[Any]]]],
    waiting: Queue[Any],
    results: Queue[list[Any] | _End],
) -> None:
    """One process: works through the parts that it takes, and says at last that it ended, whatever ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C and terminates this process
    threading.Thread(target=_end_with_parent, daemon=True).start()
    end = _End("an error")
    batch: list[Any] = []
    try:
        calm_collector()
        with prepared() as work:
            while (part := waiting.get()) is not None:
                for result in work(part):
                    batch.append(result)
                    if len(batch) >= _SENT_AT_ONCE:
                        results.put(batch)
                        batch = []
        end = _End()
    except DomainError as error:
        end = _End(error.code)
    finally:
        results.put(batch)
        results.put(end)
