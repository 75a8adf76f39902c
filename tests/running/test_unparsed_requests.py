"""Requests that gunicorn itself cannot parse get a problem with a stable code, like any other request."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from service.running.command_line import ROOT

pytestmark = pytest.mark.slow  # together they take more than a second of a processor

ALIVE = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
TOKEN = b"POST /v1/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The register itself, in one worker, without a database: none of these requests comes so far."""
    folder = tmp_path_factory.mktemp("unparsed")
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as free:
        number: int = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "--config", "service/running/gunicorn_configuration.py"]
    server = subprocess.Popen(
        [*command, "--workers", "1", "--bind", f"127.0.0.1:{number}", "service.app:create_app()"],
        cwd=ROOT,
        env={"MONGODB_URI": "mongodb://127.0.0.1:9/register", "DATA_FOLDER": str(folder), "PATH": "/usr/bin:/bin"},
    )
    until = time.monotonic() + 120
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            if sent(number, ALIVE).startswith(b"HTTP/1.1 200"):
                break
        time.sleep(0.1)
    yield number
    server.terminate()
    server.wait(timeout=60)


def sent(port: int, request: bytes) -> bytes:
    """Send the bytes as they are, and read until the server closes the connection."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(request)
        while part := connection.recv(65_536):
            received += part
    return received


def problem_of(response: bytes) -> tuple[int, str, dict[str, Any]]:
    head, _, body = response.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines[1:])
    assert headers["Content-Type"] == "application/problem+json", response
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert int(headers["Content-Length"]) == len(body)
    problem: dict[str, Any] = json.loads(body)
    assert problem["request"] == headers["X-Request-Id"]
    assert problem["detail"]
    assert problem["type"] == f"/docs/problems#{problem['code']}"
    return int(lines[0].split()[1]), problem["code"], problem


@pytest.mark.parametrize(
    ("request_bytes", "status", "code"),
    [
        (b"GET /v1/units?q=" + b"x" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, "http.address-too-long"),
        (b"GET /livez HTTP/1.1\r\nHost: x\r\nA: " + b"x" * 9000 + b"\r\n\r\n", 431, "http.headers-too-large"),
        (b"GET /livez HTTP/1.1\r\nHost: x\r\n" + b"A: x\r\n" * 150 + b"\r\n", 431, "http.headers-too-large"),
        (b"GET /livez HTTP/9.9\r\nHost: x\r\n\r\n", 400, "http.bad-request"),
        (b"so nong ho\r\n\r\n", 400, "http.bad-request"),
        (b"GET /livez HTTP/1.1\r\nHost: x\r\nNo colon\r\n\r\n", 400, "http.bad-request"),
        (b"GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: five\r\n\r\n", 400, "http.bad-request"),
        (b"POST /v1/token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: odd\r\n\r\n", 400, "http.bad-request"),
        (TOKEN + b"Transfer-Encoding: chunked\r\n\r\nnot a number\r\n", 400, "http.bad-request"),
    ],
)
def test_a_request_that_cannot_be_parsed_gets_a_problem(
    port: int, request_bytes: bytes, status: int, code: str
) -> None:
    assert problem_of(sent(port, request_bytes))[:2] == (status, code)


def test_the_problem_repeats_nothing_of_the_request(port: int) -> None:
    response = sent(port, b"GET /v1/units?q=040078001234" + b"x" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"040078001234" not in response
    assert b"<html>" not in response.lower()


def test_a_request_line_of_8190_bytes_is_read(port: int) -> None:
    line = b"GET /livez?x=%s HTTP/1.1"
    line %= b"y" * (8190 - len(line) + 2 - 2)
    response = sent(port, line + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert problem_of(response)[:2] == (422, "query.unknown")
