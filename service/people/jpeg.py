"""Removes metadata from a JPEG: only the segments needed to show the picture are copied.

The picture is not decoded: only markers and lengths are parsed (ITU-T T.81, annex B; JFIF 1.02), so that untrusted data
is never decompressed here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from service.errors import PhotoNotUpright, PhotoUnreadable

JPEG: Final = "image/jpeg"

_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2})
"""Baseline, extended and progressive with Huffman codes, which browsers can show."""
_OTHER_FRAMES: Final = frozenset({0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
_TABLES: Final = frozenset({0xC4, 0xDB, 0xDD})
"""Huffman codes, quantization, restart interval."""
_JFIF, _EXIF, _ADOBE = 0xE0, 0xE1, 0xEE
_ORIENTATION, _SHORT = 0x0112, 3
"""The tag, and the type of its value, by which EXIF (2.3, 4.6.4) says where the first row and column are."""
_ORIENTATIONS: Final = range(1, 9)
_SHORTEST_JFIF: Final = 14
_ADOBE_LENGTH: Final = 12
_END_OF_SCAN: Final = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")
"""Within a scan, 0xFF is followed by 0x00, by a restart marker, or by the marker that ends the scan."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG without metadata, with its width and height in pixels."""

    jpeg: bytes
    width: int
    height: int


def bare_picture(sent: bytes) -> Picture:
    """Return the picture in ``sent`` without metadata (position, time, camera, thumbnails, comments) or trailing data.

    The coded picture is copied byte by byte, so the quality is unchanged, and the function is idempotent. Raises
    PhotoUnreadable for anything but a complete JPEG, and PhotoNotUpright where the metadata say that the picture must
    be turned or mirrored to be seen as it was taken.
    """
    parts = [b"\xff\xd8"]
    size: tuple[int, int] | None = None
    scanned = False
    for marker, content, scan in _segments(sent):
        if marker in _FRAMES:
            if size is not None:
                raise PhotoUnreadable(pointer="", reason="two frames")
            size = _size_of(content)
            parts.append(_segment(marker, content))
        elif marker == _SCAN:
            if size is None or len(content) < 6:
                raise PhotoUnreadable(pointer="", reason="scan")
            scanned = True
            parts += (_segment(marker, content), scan)
        elif marker in _TABLES:
            parts.append(_segment(marker, content))
        elif marker == _EXIF and (orientation := _orientation(content)) > 1:
            raise PhotoNotUpright(pointer="", orientation=orientation)
        elif (shortened := _needed(marker, content)) is not None:
            parts.append(_segment(marker, shortened))
    if size is None or not scanned:
        raise PhotoUnreadable(pointer="", reason="no picture")
    return Picture(b"".join((*parts, b"\xff\xd9")), *size)


def _segments(sent: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield marker, content and, for the header of a scan, its coded data, up to the end of the picture."""
    if sent[:2] != b"\xff\xd8":
        raise PhotoUnreadable(pointer="", reason="start")
    at = 2
    while True:
        marker, at = _marker(sent, at)
        if marker == _END:
            return
        if marker in _OTHER_FRAMES or marker < 0xC0 or 0xD0 <= marker <= _START:
            raise PhotoUnreadable(pointer="", reason=f"marker {marker:02x}")
        length = int.from_bytes(sent[at : at + 2], "big")
        content = sent[at + 2 : at + length]
        if length < 2 or len(content) != length - 2:
            raise PhotoUnreadable(pointer="", reason="cut off")
        at += length
        scan = b""
        if marker == _SCAN:
            end = _END_OF_SCAN.search(sent, at)
            if end is None:
                raise PhotoUnreadable(pointer="", reason="cut off")
            scan = sent[at : end.start()]
            at = end.start()
        yield marker, content, scan


def _marker(sent: bytes, at: int) -> tuple[int, int]:
    """Return the marker at a position, after any fill bytes, and the position after it."""
    if sent[at : at + 1] != b"\xff":
        raise PhotoUnreadable(pointer="", reason="marker")
    while sent[at : at + 1] == b"\xff":
        at += 1
    if at >= len(sent):
        raise PhotoUnreadable(pointer="", reason="cut off")
    return sent[at], at + 1


def _size_of(frame: bytes) -> tuple[int, int]:
    """Return width and height from a frame header, which must be 8 bits, grey or colour."""
    if len(frame) < 6 or frame[0] != 8 or frame[5] not in {1, 3} or len(frame) != 6 + 3 * frame[5]:
        raise PhotoUnreadable(pointer="", reason="frame")
    width, height = int.from_bytes(frame[3:5], "big"), int.from_bytes(frame[1:3], "big")
    if not width or not height:
        raise PhotoUnreadable(pointer="", reason="frame")
    return width, height


def _needed(marker: int, content: bytes) -> bytes | None:
    """Return the part of an application segment that affects colours (JFIF without thumbnail, Adobe), or None."""
    if marker == _JFIF and content[:5] == b"JFIF\0" and len(content) >= _SHORTEST_JFIF:
        return content[:12] + b"\0\0"
    if marker == _ADOBE and content[:5] == b"Adobe" and len(content) >= _ADOBE_LENGTH:
        return content[:_ADOBE_LENGTH]
    return None


def _orientation(content: bytes) -> int:
    """Return the orientation in an EXIF segment; 1 (upright) where it states none, or cannot be read."""
    if content[:6] != b"Exif\0\0":
        return 1
    tiff = content[6:]
    orders: dict[bytes, Literal["little", "big"]] = {b"II*\0": "little", b"MM\0*": "big"}
    order = orders.get(tiff[:4])
    if order is None:
        return 1
    at = int.from_bytes(tiff[4:8], order)
    count = int.from_bytes(tiff[at : at + 2], order)
    for begin in range(at + 2, min(at + 2 + 12 * count, len(tiff) - 11), 12):
        tag, kind = (int.from_bytes(tiff[begin + part : begin + part + 2], order) for part in (0, 2))
        value = int.from_bytes(tiff[begin + 8 : begin + 10], order)
        if (tag, kind) == (_ORIENTATION, _SHORT) and value in _ORIENTATIONS:
            return value
    return 1


def _segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(content) + 2).to_bytes(2, "big") + content
