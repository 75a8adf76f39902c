"""The cost of access control: the register compared with itself without gate, audit trail and encryption."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from benchmarks import records
from benchmarks.clients import Connection, get_request, run_threads
from benchmarks.figures import Figure, Size, Target, in_turn, percentile
from benchmarks.registration import CLIENTS, put, requests
from benchmarks.workplace import Server, Workplace, server
from service.demonstration.households import Household

RATE_TARGET = Target(0.65, at_least=True)
READ_TARGET = Target(2.0, at_least=False)
WITHOUT = "benchmarks.without_access:create_app()"


def measure(place: Workplace, size: Size) -> list[Figure]:
    """Measure the rate of registration by eight clients, and one client's sequential reads of single households."""
    each_round = CLIENTS * size.of(150, 30, 1)
    turns = size.of(7, 3, 1)
    bodies = records.households(each_round * (turns + 1))
    rounds = [bodies[start : start + each_round] for start in range(0, len(bodies), each_round)]
    with (
        place.database("access_with"),
        place.database("access_without"),
        server(place, "access_with") as guarded,
        server(place, "access_without", WITHOUT) as open_to_all,
    ):
        ours, theirs = _Writing(guarded, rounds), _Writing(open_to_all, rounds)
        ours.next_rate()
        theirs.next_rate()
        rates = in_turn(turns, ours.next_rate, theirs.next_rate)
        read = [body["id"] for body in bodies]
        reading, bare_reading = _Reading(guarded, read), _Reading(open_to_all, read)
        times = size.of(300, 50, 2)
        reads = in_turn(turns, lambda: reading.middle(times), lambda: bare_reading.middle(times))
    dearer = percentile([mine - other for mine, other in zip(reads.ours, reads.bare, strict=True)], 0.5) * 1000
    return [
        Figure(
            "registration with access", rates.ratio, "of the rate without", RATE_TARGET, (rates.described("a second"),)
        ),
        Figure("a read with access", dearer, "ms more at the median", READ_TARGET, (reads.described("ms", 1000),)),
    ]


class _Writing:
    """One side's rounds of registration; the first is a warm-up."""

    def __init__(self, running: Server, rounds: Sequence[Sequence[Household]]) -> None:
        self._running = running
        self._waiting = [requests(part, running.token) for part in rounds]

    def next_rate(self) -> float:
        """Register the next round; returns registrations per second."""
        return run_threads(records.shares(self._waiting.pop(0), CLIENTS), put(self._running)).rate


class _Reading:
    """One side's reads, each of another household, so that no cache is hit."""

    def __init__(self, running: Server, households: Sequence[str]) -> None:
        self._connection = Connection(running.port)
        self._token = running.token
        self._households = list(households)
        self._next = 0

    def middle(self, times: int) -> float:
        """Return the median duration of ``times`` reads, in seconds."""
        part = [self._households[(self._next + step) % len(self._households)] for step in range(times)]
        self._next += times
        round_ = run_threads([[get_request(f"/v1/households/{each}", self._token) for each in part]], self._reader)
        return percentile(round_.latencies, 0.5)

    def _reader(self) -> Callable[[Any], None]:
        def read(request: bytes) -> None:
            response = self._connection.send(request)
            if response.status != 200:
                raise RuntimeError(f"{response.status}: {response.body[:500].decode('utf-8', 'replace')}")

        return read
