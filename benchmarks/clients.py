"""Eight HTTP clients, light enough not to distort the measurement: prepared bytes over keep-alive connections."""

from __future__ import annotations

import resource
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Response:
    """Status and body of one response."""

    status: int
    body: bytes


class Connection:
    """One keep-alive connection that sends prepared requests and reads responses with a Content-Length."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=120)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, request: bytes) -> Response:
        """Send one request and wait for its response. Raises ConnectionError when the server closes the connection."""
        self._socket.sendall(request)
        received = bytearray()
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._more()
        head = bytes(received[:end]).lower()
        status = int(head[9:12])
        at = head.find(b"content-length:")
        if at < 0:
            raise ConnectionError("the response has no Content-Length")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0])
        while len(received) < end + 4 + length:
            received += self._more()
        return Response(status, bytes(received[end + 4 :]))

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _more(self) -> bytes:
        chunk = self._socket.recv(262_144)
        if not chunk:
            raise ConnectionError("the server closed the connection")
        return chunk


def put_request(path: str, body: bytes, token: str) -> bytes:
    """Return the bytes of a PUT of a JSON body."""
    head = (
        f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def get_request(path: str, token: str) -> bytes:
    """Return the bytes of a GET."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


@dataclass(frozen=True, slots=True)
class Round:
    """The result of one round of threads, in seconds; ``own_share`` is the clients' processor time by wall time."""

    done: int
    seconds: float
    latencies: tuple[float, ...]
    own_share: float

    @property
    def rate(self) -> float:
        """Return the number done per second."""
        return self.done / self.seconds


def run_threads(shares: Sequence[Sequence[object]], make: Callable[[], Callable[[object], None]]) -> Round:
    """Run one thread for each share, all starting together. ``make`` returns each thread's own function for one item.

    Raises the first error of any thread.
    """
    ready = threading.Barrier(len(shares) + 1)
    latencies: list[list[float]] = [[] for _ in shares]
    errors: list[BaseException] = []

    def work(share: Sequence[object], spent: list[float]) -> None:
        try:
            do = make()
            ready.wait()
            for each in share:
                began = time.perf_counter()
                do(each)
                spent.append(time.perf_counter() - began)
        except BaseException as error:
            errors.append(error)
            ready.abort()

    threads = [
        threading.Thread(target=work, args=(share, spent)) for share, spent in zip(shares, latencies, strict=True)
    ]
    for thread in threads:
        thread.start()
    own = _own_seconds()
    began = time.perf_counter()
    try:
        ready.wait()
        own, began = _own_seconds(), time.perf_counter()
    except threading.BrokenBarrierError:
        pass
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    if errors:
        raise errors[0]
    flat = tuple(each for spent in latencies for each in spent)
    return Round(len(flat), seconds, flat, (_own_seconds() - own) / seconds)


def _own_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
