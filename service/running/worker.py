"""gunicorn's threaded worker, with a limit on slow senders and the register's own problems for broken requests.

A worker has few threads, and a thread that reads a request waits for its sender. A client that sends a body very
slowly, or opens connections and sends nothing (slowloris), would otherwise block the register for everybody, without
signing in.
"""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import threading
import time
from http import HTTPStatus
from typing import Any, Final

from gunicorn.http import errors  # type: ignore[import-untyped]
from gunicorn.workers import gthread  # type: ignore[import-untyped]

PATIENCE_SECONDS: Final = 15.0
"""How long any request may take to arrive…"""
SLOWEST_BYTES_PER_SECOND: Final = 4_000
"""…plus the time for its length at this rate: half of what a phone sends over 2G."""
SPARED_THREADS: Final = 3
"""Threads of each worker that never wait for a slow sender."""
_MOMENT_SECONDS: Final = 0.2
"""How long every thread may wait for the next part of a request, long enough for an ordinary connection."""
_LINGER_SECONDS: Final = 2.0
_LINGER_BYTES: Final = 65_536
_FIRST_WORD_SECONDS: Final = 0.1


_OWN_FAULTS: Final = (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName, errors.ConfigurationProblem)
"""Parse errors that are no fault of the client."""
_REFUSE_UNPARSED: Final = "refuse_unparsed"
"""The application's extension that makes the response (service/api/http/unparsed.py)."""


class SenderTooSlow(ConnectionResetError):
    """The rest of a request did not arrive in time; gunicorn handles it like a connection reset by the client."""

    def __init__(self) -> None:
        super().__init__(errno.ECONNRESET, "the sender is too slow")


class PatientSocket(socket.socket):
    """A client's connection with a deadline for the rest of a request."""

    turns: threading.BoundedSemaphore
    """A thread that waits longer holds one of these; there are fewer of them than threads."""
    _until: float = 0.0
    _left = False

    def begin(self, turns: threading.BoundedSemaphore) -> None:
        """Start the deadline of a new request."""
        self.turns = turns
        self._until = time.monotonic() + PATIENCE_SECONDS

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """Return the bytes that have arrived, at most ``size``. Raises SenderTooSlow."""
        while True:
            if self._left:
                raise SenderTooSlow
            try:
                data = super().recv(size, flags | socket.MSG_DONTWAIT)
            except BlockingIOError:
                self._wait()
                continue
            self._until += len(data) / SLOWEST_BYTES_PER_SECOND
            return data

    def settimeout(self, value: float | None, /) -> None:
        """Like the socket's method, except that a timeout can only shorten the deadline of the request."""
        if value:
            self._until = min(self._until, time.monotonic() + value)
        else:
            super().settimeout(value)

    def _wait(self) -> None:
        """Wait for more bytes: a moment in any case, and longer only if a turn is free."""
        remaining = self._until - time.monotonic()
        if self._comes_within(min(remaining, _MOMENT_SECONDS)):
            return
        if self.turns.acquire(blocking=False):
            try:
                if self._comes_within(remaining - _MOMENT_SECONDS):
                    return
            finally:
                self.turns.release()
        self._left = True
        raise SenderTooSlow

    def leave(self) -> None:
        """Let the client read the last response before the connection is closed (RFC 9112, 9.6).

        gunicorn would do so in its only accepting thread, two seconds for each client that does not close its side.
        There is no second wait for a client that was too slow.
        """
        if not self._left and self.turns.acquire(blocking=False):
            try:
                self._linger()
            finally:
                self.turns.release()
        self._left = True

    def _linger(self) -> None:
        until, drained = time.monotonic() + _LINGER_SECONDS, 0
        with contextlib.suppress(OSError):
            super().shutdown(socket.SHUT_WR)
            while drained < _LINGER_BYTES and self._comes_within(until - time.monotonic()):
                data = super().recv(4_096, socket.MSG_DONTWAIT)
                if not data:
                    return
                drained += len(data)

    def shutdown(self, how: int, /) -> None:
        """Like the socket's method; raises OSError after ``leave``, so that gunicorn closes the socket at once."""
        if self._left:
            raise OSError(errno.ENOTCONN, "left already")
        super().shutdown(how)

    def _comes_within(self, seconds: float) -> bool:
        poll = select.poll()
        poll.register(self, select.POLLIN)
        return seconds > 0 and bool(poll.poll(seconds * 1000))


class PatientWorker(gthread.ThreadWorker):  # type: ignore[misc]
    """The worker class that service/running/gunicorn_configuration.py configures."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._turns = threading.BoundedSemaphore(max(1, self.cfg.threads - SPARED_THREADS))

    def handle(self, conn: Any) -> Any:
        """Handle one request of a connection, in a thread of its own."""
        if not isinstance(conn.sock, PatientSocket):
            if not conn.data_ready and not conn.wait_for_data(_FIRST_WORD_SECONDS):
                return gthread._DEFER  # polled without a thread until it sends something
            conn.sock = PatientSocket(fileno=conn.sock.detach())
        conn.sock.begin(self._turns)
        goes_on = super().handle(conn)
        if not goes_on:
            conn.sock.leave()
        return goes_on

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        """Send the register's own problem where gunicorn would send a page of HTML: a request that it cannot parse."""
        refuse = getattr(self.wsgi, "extensions", {}).get(_REFUSE_UNPARSED)
        if refuse is None:
            super().handle_error(req, client, addr, exc)
            return
        status = refused_status(exc)
        if status >= 500:
            self.log.exception("Error handling request")
        response = refuse(status)
        body = response.get_data()
        response.headers |= {"Connection": "close", "Content-Length": str(len(body))}
        headers = "".join(f"{name}: {value}\r\n" for name, value in response.headers.items())
        with contextlib.suppress(OSError):
            client.sendall(f"HTTP/1.1 {response.status}\r\n{headers}\r\n".encode("latin-1") + body)


def refused_status(error: BaseException) -> int:
    """Return the status for a request that could not be parsed, or whose handling failed."""
    if isinstance(error, errors.LimitRequestLine):
        return HTTPStatus.REQUEST_URI_TOO_LONG
    if isinstance(error, errors.LimitRequestHeaders):
        return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    if isinstance(error, errors.ParseException) and not isinstance(error, _OWN_FAULTS):
        return HTTPStatus.BAD_REQUEST
    return HTTPStatus.INTERNAL_SERVER_ERROR
