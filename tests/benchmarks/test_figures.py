"""The benchmark's arithmetic and its HTTP clients; what it measures is tested elsewhere."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from benchmarks.clients import Connection, get_request, put_request, run_threads
from benchmarks.figures import Figure, Pairs, Target, in_turn, percentile
from benchmarks.records import commune, households, in_one_commune, shares


def test_a_ratio_is_the_median_of_the_turns() -> None:
    assert Pairs(ours=(10, 30, 20), bare=(10, 10, 10)).ratio == 2


def test_the_order_of_the_sides_is_reversed_with_every_turn() -> None:
    order: list[str] = []

    def side(name: str) -> float:
        order.append(name)
        return 1.0

    in_turn(2, lambda: side("ours"), lambda: side("bare"), lambda: side("beside"))
    assert order == ["ours", "bare", "beside", "beside", "bare", "ours"]


@pytest.mark.parametrize(("target", "met"), [(Target(0.5, at_least=True), False), (Target(0.5, at_least=False), True)])
def test_a_target_is_a_bound_on_one_side(target: Target, met: bool) -> None:
    assert target.met_by(0.4) is met
    assert ("MISSED" in Figure("rate", 0.4, "of bare", target).lines()[0]) is not met


def test_a_percentile_is_a_value_that_was_measured() -> None:
    values = [float(value) for value in range(100)]
    assert percentile(values, 0.5) == 50
    assert percentile(values, 0.99) == 99


def test_an_error_of_any_thread_is_raised() -> None:
    def refuse(value: object) -> None:
        raise RuntimeError(f"refused {value}")

    with pytest.raises(RuntimeError, match="refused"):
        run_threads([["a"], ["b"]], lambda: refuse)


def test_every_piece_of_work_is_done_once_and_timed() -> None:
    done: list[object] = []
    result = run_threads(shares(range(10), 3), lambda: done.append)
    assert sorted(map(str, done)) == sorted(map(str, range(10)))
    assert len(result.latencies) == result.done == 10


def test_households_in_one_commune_are_the_same_households_elsewhere() -> None:
    bodies = households(20)
    moved = in_one_commune(bodies)
    assert {body["commune"] for body in moved} == {commune()}
    assert [body["head"] for body in moved] == [body["head"] for body in bodies]


@pytest.fixture
def answering_in_pieces() -> Iterator[int]:
    """A server that responds to every request with its first line, in two pieces."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                while request := connection.recv(65_536):
                    line = request.split(b"\r\n", 1)[0]
                    response = b"HTTP/1.1 201 CREATED\r\nContent-Length: %d\r\n\r\n" % len(line) + line
                    connection.sendall(response[:20])
                    connection.sendall(response[20:])

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield int(listener.getsockname()[1])


def test_a_keep_alive_connection_sends_several_requests(answering_in_pieces: int) -> None:
    connection = Connection(answering_in_pieces)
    first = connection.send(put_request("/v1/households/1", b"{}", "token"))
    second = connection.send(get_request("/v1/coverage", "token"))
    connection.close()
    assert (first.status, first.body) == (201, b"PUT /v1/households/1 HTTP/1.1")
    assert second.body == b"GET /v1/coverage HTTP/1.1"
