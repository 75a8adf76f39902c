"""A server of map tiles: real pictures over HTTP, each with a colour of its own, and a note of what was requested."""

from __future__ import annotations

import struct
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SIDE = 256


def a_picture(zoom: int, x: int, y: int) -> bytes:
    """A PNG of one colour: greener the nearer the view, chequered by place."""
    colour = bytes((90 + 60 * ((x + y) % 2), 120 + 6 * zoom, 90))
    rows = (b"\0" + colour * SIDE) * SIDE
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )


class TileServer:
    """Serves tiles from a thread on a free port of loopback until it is closed."""

    def __init__(self, *, shares: bool = True) -> None:
        """``shares``: whether pages of other origins may keep the pictures (CORS)."""
        self.requested: list[str] = []
        self.hold = threading.Event()
        self.hold.set()
        """While cleared, responses wait."""
        requested, hold = self.requested, self.hold

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                requested.append(self.path)
                hold.wait(timeout=60)
                zoom, x, y = (int(part) for part in self.path.removesuffix(".png").strip("/").split("/"))
                picture = a_picture(zoom, x, y)
                self.send_response(200)
                self.send_header("Content-Type", "image/png")
                self.send_header("Content-Length", str(len(picture)))
                self.send_header("Vary", "Origin")
                if shares:
                    self.send_header("Access-Control-Allow-Origin", "*")
                self.end_headers()
                self.wfile.write(picture)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self._open = True

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def template(self) -> str:
        """What TILE_URL says."""
        return self.origin + "/{z}/{x}/{y}.png"

    def close(self) -> None:
        """Stop serving: from here on nothing listens at this port."""
        if self._open:
            self._open = False
            self.hold.set()
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
