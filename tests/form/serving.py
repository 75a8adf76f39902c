"""The real service on a real port, behind weather that a test can change: no signal, lost responses, faults."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

from werkzeug.serving import BaseWSGIServer, make_server

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

Mood = Literal["fair", "no signal", "responses lost", "faults", "signed out", "slow", "log-in page"]


class Weather:
    """WSGI middleware: what happens to requests on their way to the service; counts the PUTs that it carried out."""

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app
        self.mood: Mood = "fair"
        self.writes = 0
        self.tried = 0
        self.reached = threading.Event()
        """Set when a PUT has been carried out by the service, whatever became of its response."""
        self.hold = threading.Event()
        """While the mood is slow, responses to PUT wait for this."""
        self.hold.set()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Respond, or not."""
        write = environ["REQUEST_METHOD"] == "PUT"
        api = environ["PATH_INFO"].startswith("/v1/")
        self.tried += write
        if self.mood == "no signal":
            return _cut(environ)
        if self.mood == "faults" and api:
            return _refuse(start_response, "500 Internal Server Error", b'{"code": "internal", "title": "x"}')
        if self.mood == "signed out" and api and not environ["PATH_INFO"].startswith("/v1/schema"):
            return _refuse(start_response, "401 Unauthorized", b'{"code": "sign-in.required", "title": "x"}')
        if self.mood == "log-in page" and api:
            start_response("200 OK", [("Content-Type", "text/html")])
            return [b"<html>Wi-Fi</html>"]
        if not write:
            return self.app(environ, start_response)
        statuses: list[str] = []

        def listen(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            statuses.append(status)
            return start_response(status, headers, *rest)

        response = list(self.app(environ, listen))
        if not statuses[0].startswith("2"):
            return response
        self.writes += 1
        self.reached.set()
        if self.mood == "slow":
            self.hold.wait(timeout=60)
        if self.mood == "responses lost":
            return _cut(environ)
        return response


def _cut(environ: WSGIEnvironment) -> Iterable[bytes]:
    """Close the connection under the response, as a valley does."""
    connection: socket.socket = environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
    return [b""]


def _refuse(start_response: StartResponse, status: str, body: bytes) -> Iterable[bytes]:
    start_response(status, [("Content-Type", "application/problem+json"), ("Content-Length", str(len(body)))])
    return [body]


class ServedForm:
    """The service with the form, served from a thread of this process: on a free port of loopback, or where given."""

    def __init__(self, app: WSGIApplication, listener: socket.socket | None = None) -> None:
        self.weather = Weather(app)
        descriptor = None if listener is None else listener.fileno()
        self._server: BaseWSGIServer = make_server("127.0.0.1", 0, self.weather, threaded=True, fd=descriptor)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """Where the form is."""
        return f"http://127.0.0.1:{self._server.socket.getsockname()[1]}"

    def close(self) -> None:
        """Stop serving."""
        self.weather.hold.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
