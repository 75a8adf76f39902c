"""The phone form and the supervisor's pages: the built files of form/, with a strict policy and cache lifetimes."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, request

from service.access.gate import public
from service.api.http.responses import conditional
from service.province import Province

PAGES = ("/", "/dashboard")
"""Addresses inside the form; each returns the same page, which finds out what to show."""

IMMUTABLE = "public, max-age=31536000, immutable"
"""For files whose names carry a hash of their content."""

VALIDATE = "no-cache"
"""For the page, the service worker and whatever has a fixed name: cached, but validated (ETag) each time."""

_NAME = "Sổ Nông Hộ"
_NAMES = {"index.html": "<title>%s</title>", "manifest.webmanifest": '"name": "%s"'}
"""Where the built files say the register's name: before a page runs, and on the home screen of a phone."""

_COMPRESSIBLE = {"text/html", "text/css", "text/javascript", "image/svg+xml", "application/manifest+json"}
_TYPES = {".js": "text/javascript", ".webmanifest": "application/manifest+json", ".svg": "image/svg+xml"}


class FormNotBuilt(Exception):
    """The folder that FORM_FOLDER names holds no built form (`npm run build` in form/ makes one)."""


@dataclass(frozen=True, slots=True)
class BuiltFile:
    """One file of the build, read once: plain and, where it pays, gzipped."""

    content: bytes
    gzipped: bytes | None
    media_type: str
    tag: str
    cache: str


def form_pages(folder: Path, province: Province, tile_url: str = "") -> Blueprint:
    """The blueprint that serves the form built into ``folder``. Raises FormNotBuilt when there is none.

    The files are read once, half a megabyte in all: a build that is swapped under a running service must not be
    served half old, half new. ``tile_url`` is a template such as https://tiles.example/{z}/{x}/{y}.png; only its
    host is let into the policy.
    """
    if not (folder / "index.html").is_file():
        raise FormNotBuilt(str(folder))
    files = _read(folder, province)
    blueprint = Blueprint("form_pages", __name__)
    policy = content_security_policy(tile_url)

    @public
    def page() -> Response:
        return _response(files["index.html"], policy)

    @public
    def file(name: str) -> Response:
        return _response(files[name], policy) if name in files else abort(404)

    @public
    def asset(name: str) -> Response:
        return file(f"assets/{name}")

    for address in PAGES:
        blueprint.add_url_rule(address, endpoint=f"page{address.replace('/', '_')}", view_func=page)
    blueprint.add_url_rule("/assets/<path:name>", endpoint="asset", view_func=asset)
    for name in sorted(files):
        if "/" not in name and name != "index.html":
            blueprint.add_url_rule(f"/{name}", endpoint=name.replace(".", "_"), view_func=file, defaults={"name": name})
    return blueprint


def content_security_policy(tile_url: str = "") -> str:
    """The policy of the form's pages: only our own files run or are fetched; pictures also from the tile server."""
    parts = urlsplit(tile_url.replace("{s}", "a"))
    tiles = f" {parts.scheme}://{parts.netloc}" if parts.scheme in {"https", "http"} and parts.netloc else ""
    directives: Mapping[str, str] = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": f"'self' data: blob:{tiles}",
        "connect-src": f"'self'{tiles}",
        "manifest-src": "'self'",
        "worker-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in directives.items())


def _read(folder: Path, province: Province) -> dict[str, BuiltFile]:
    files = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not path.is_file() or name.startswith("."):
            continue
        content = path.read_bytes()
        if name in _NAMES:
            plain, named = (_NAMES[name] % text for text in (_NAME, f"{_NAME} {escape(province.name.vi)}"))
            content = content.replace(plain.encode(), named.encode(), 1)
        media_type = _TYPES.get(path.suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
        files[name] = BuiltFile(
            content=content,
            gzipped=gzip.compress(content, 9, mtime=0) if media_type in _COMPRESSIBLE else None,
            media_type=media_type,
            tag=hashlib.sha256(content).hexdigest()[:20],
            cache=IMMUTABLE if name.startswith("assets/") else VALIDATE,
        )
    return files


def _response(file: BuiltFile, policy: str) -> Response:
    compressed = file.gzipped is not None and bool(request.accept_encodings.quality("gzip"))
    body = file.gzipped if compressed and file.gzipped is not None else file.content
    response = Response(body, content_type=_with_charset(file.media_type))
    if compressed:
        response.headers["Content-Encoding"] = "gzip"
    response.set_etag(file.tag)
    response.headers["Cache-Control"] = file.cache
    response.headers["Content-Security-Policy"] = policy
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "geolocation=(self), camera=(self), microphone=()"
    return conditional(response)


def _with_charset(media_type: str) -> str:
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type
