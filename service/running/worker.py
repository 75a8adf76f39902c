"""gunicorn's threaded worker, made patient with slow senders only so far that they leave threads to everybody else.

A worker has few threads, and one that reads a request waits for its sender. Whoever sends a body by drops, or opens
connections and says nothing, would so stop the register for all; nobody has to be signed in for that.
"""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import threading
import time
from typing import Any, Final

from gunicorn.workers import gthread  # type: ignore[import-untyped]

PATIENCE_SECONDS: Final = 15.0
"""How long a request may take to arrive, however short it is…"""
SLOWEST_BYTES_PER_SECOND: Final = 4_000
"""…and what it may take longer for its length: half of what a telephone sends over 2G."""
SPARED_THREADS: Final = 3
"""Threads of each worker that never wait for a slow sender."""
_MOMENT_SECONDS: Final = 0.2
"""How long anybody may wait for the next part of a request, as it comes over a usual line."""
_LINGER_SECONDS: Final = 2.0
_LINGER_BYTES: Final = 65_536
_FIRST_WORD_SECONDS: Final = 0.1


class SenderTooSlow(ConnectionResetError):
    """The rest of a request did not come in time; gunicorn takes it for a client that went away."""

    def __init__(self) -> None:
        super().__init__(errno.ECONNRESET, "the sender is too slow")


class PatientSocket(socket.socket):
    """A client's connection that waits for the rest of a request as long as is sensible."""

    turns: threading.BoundedSemaphore
    """Who waits holds one of these; there are fewer than threads."""
    _until: float = 0.0
    _left = False

    def begin(self, turns: threading.BoundedSemaphore) -> None:
        """A request begins to arrive."""
        self.turns = turns
        self._until = time.monotonic() + PATIENCE_SECONDS

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """What has come, at most ``size`` bytes. Raises SenderTooSlow."""
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
        """As a socket's; but how long a request may take is for us to say, so that a limit can only shorten it."""
        if value:
            self._until = min(self._until, time.monotonic() + value)
        else:
            super().settimeout(value)

    def _wait(self) -> None:
        """Wait for more: a moment in any case, and longer only while few others do."""
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
        """Let the client hear the last answer before the connection is closed (RFC 9112, 9.6).

        gunicorn would do so in the one thread that takes connections in, two seconds for each client that does not
        close its own end. Whoever was too slow is not waited for again.
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
        """As a socket's; one that was left has nothing to say any more, and is closed at once."""
        if self._left:
            raise OSError(errno.ENOTCONN, "left already")
        super().shutdown(how)

    def _comes_within(self, seconds: float) -> bool:
        poll = select.poll()
        poll.register(self, select.POLLIN)
        return seconds > 0 and bool(poll.poll(seconds * 1000))


class PatientWorker(gthread.ThreadWorker):  # type: ignore[misc]
    """Named in service/running/gunicorn_configuration.py."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._turns = threading.BoundedSemaphore(max(1, self.cfg.threads - SPARED_THREADS))

    def handle(self, conn: Any) -> Any:
        """Handle one request of a connection, in a thread of its own."""
        if not isinstance(conn.sock, PatientSocket):
            if not conn.data_ready and not conn.wait_for_data(_FIRST_WORD_SECONDS):
                return gthread._DEFER  # looked after without a thread until it says something
            conn.sock = PatientSocket(fileno=conn.sock.detach())
        conn.sock.begin(self._turns)
        goes_on = super().handle(conn)
        if not goes_on:
            conn.sock.leave()
        return goes_on
