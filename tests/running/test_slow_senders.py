"""Clients that send requests very slowly, or open connections and send nothing, block nobody else."""

from __future__ import annotations

import contextlib
import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from service.running.command_line import ROOT

pytestmark = pytest.mark.slow

APPLICATION = """
from werkzeug.exceptions import ClientDisconnected
from werkzeug.wrappers import Request, Response

@Request.application
def app(request):
    request.max_content_length = 1_000_000
    try:
        return Response(str(len(request.get_data())))
    except ClientDisconnected:
        return Response("too slow", 408)
"""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """One worker with the register's own configuration, two seconds of patience and a small application."""
    folder = tmp_path_factory.mktemp("slow")
    (folder / "tried.py").write_text(
        "import service.running.worker as worker\nworker.PATIENCE_SECONDS = 2.0\n" + APPLICATION
    )
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as free:
        number: int = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "--config",
        "service/running/gunicorn_configuration.py",
        "--workers",
        "1",
    ]
    server = subprocess.Popen(
        [*command, "--bind", f"127.0.0.1:{number}", "--pythonpath", str(folder), "tried:app"],
        cwd=ROOT,
        env={"MONGODB_URI": "mongodb://127.0.0.1:9/register", "DATA_FOLDER": str(folder), "PATH": "/usr/bin:/bin"},
    )
    until = time.monotonic() + 120
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            if posted(number) == (200, b"0"):
                break
        time.sleep(0.1)
    yield number
    server.terminate()
    server.wait(timeout=60)


def posted(port: int, body: bytes = b"") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    with contextlib.closing(connection):
        connection.request("POST", "/", body)
        response = connection.getresponse()
        return response.status, response.read()


def taken_in(port: int, body: bytes) -> bytes:
    """Return the response to a request that is retried while it is refused as too slow, as a phone does."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        status, content = posted(port, body)
        if status == 200:
            return content
        assert status == 408
    raise AssertionError("nobody else is served")


def connected(port: int, start: bytes = b"") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=120)
    connection.sendall(start)
    return connection


NOT_ALL = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{"
NEVER_CLOSED = b"POST / HTTP/1.0\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize("start", [b"", b"POST / HTT", NOT_ALL, NEVER_CLOSED])
def test_many_stalled_senders_block_nobody_else(port: int, start: bytes) -> None:
    with contextlib.ExitStack() as silent:
        for _ in range(40):
            silent.enter_context(connected(port, start))
        assert taken_in(port, b"a record") == b"8"


def test_a_body_that_is_sent_too_slowly_gets_408(port: int) -> None:
    received = b""
    with connected(port, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n") as slow:
        slow.settimeout(0.2)
        until = time.monotonic() + 120
        while b"\r\n\r\n" not in received and time.monotonic() < until:
            try:
                slow.sendall(b"x")
                received += slow.recv(4096)
            except TimeoutError:
                continue
            except ConnectionError:  # it got its response and was closed before this side read it
                return
    assert received.startswith(b"HTTP/1.1 408 ")


def test_a_long_body_in_parts_arrives_whole(port: int) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 600000\r\n\r\n"
    with connected(port, head) as sender:
        for _ in range(600):
            sender.sendall(b"x" * 1_000)
        received = b"".join(iter(lambda: sender.recv(4096), b""))
    assert received.startswith(b"HTTP/1.1 200 ")
    assert received.endswith(b"600000")


def test_a_keep_alive_connection_serves_several_requests(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    for length in (3, 0, 200_000, 5):
        connection.request("POST", "/", b"x" * length)
        assert connection.getresponse().read() == str(length).encode()
    connection.close()


def test_an_address_may_be_as_long_as_gunicorn_allows(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    with contextlib.closing(connection):
        connection.request("GET", "/?after=" + "x" * 8000)
        assert connection.getresponse().status == 200
