"""The feed's cursor: an offset for each log, in few characters, since clients store it and send it in every address."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from itertools import accumulate, pairwise
from typing import Final

from service.errors import CursorInvalid

_NUMBER: Final = re.compile(r"[0-9]{5}")
"""Nearly every log is named by a commune's code. Others are written out."""
_TEXT: Final = re.compile(r"[0-9A-Za-z.:@_-]{1,60}")
_LONGEST: Final = 20_000
_SIZES: Final = range(32)


def written_offsets(offsets: Mapping[str, int]) -> str:
    """The cursor for the offsets of logs, URL-safe: of 130 communes 290 characters at 150 entries each, 410 at 4,600.

    Names are written as distances between sorted numbers and offsets as what they exceed the least of them by, all in
    Golomb-Rice codes: a few low bits as they are and the rest in unary, with as many low bits as make it shortest.
    """
    known = {log: offset for log, offset in offsets.items() if offset > 0}
    numbers = sorted(int(log) for log in known if _NUMBER.fullmatch(log))
    gaps = [number - before - 1 for before, number in pairwise(numbers)]
    counts = [known[f"{number:05}"] for number in numbers]
    first, least = (numbers[0], min(counts)) if numbers else (0, 0)
    above = [count - least for count in counts]
    bits = f"1{len(numbers):016b}{first:017b}{_coded([least])}{_coded(gaps)}{_coded(above)}"
    packed = base64.urlsafe_b64encode(int(bits, 2).to_bytes(-(-len(bits) // 8), "big")).rstrip(b"=").decode()
    others = [f"{log}={known[log]}" for log in sorted(known) if not _NUMBER.fullmatch(log)]
    return "~".join([packed, *others])


def read_offsets(cursor: str) -> dict[str, int]:
    """The offsets that a cursor stands for. Raises CursorInvalid for one that ``written_offsets`` did not make."""
    try:
        if len(cursor) > _LONGEST:
            raise ValueError
        packed, *others = cursor.split("~")
        offsets = dict(_unpacked(packed))
        for log, _, offset in (other.partition("=") for other in others):
            if not _TEXT.fullmatch(log) or not offset.isdecimal() or len(offset) > 15:
                raise ValueError
            offsets[log] = int(offset)
        if written_offsets(offsets) != cursor:
            raise ValueError
    except (ValueError, binascii.Error):
        raise CursorInvalid(name="after") from None
    return offsets


def _unpacked(packed: str) -> Iterator[tuple[str, int]]:
    content = base64.b64decode(packed.encode() + b"=" * (-len(packed) % 4), altchars=b"-_", validate=True)
    bits = _Bits(f"{int.from_bytes(content, 'big'):b}"[1:])
    count, first = bits.number(16), bits.number(17)
    (least,) = bits.coded(1)
    gaps, above = bits.coded(max(count - 1, 0)), bits.coded(count)
    bits.require_end()
    numbers = accumulate(gaps, lambda number, gap: number + gap + 1, initial=first)
    for number, more in zip(numbers, above, strict=False):
        yield f"{number:05}", least + more


def _coded(values: list[int]) -> str:
    """The values in the Rice code that is shortest for them, which its first five bits name."""
    size = min(_SIZES, key=lambda low: sum((value >> low) + 1 + low for value in values))
    low = [f"{value & ((1 << size) - 1):0{size}b}" if size else "" for value in values]
    return f"{size:05b}" + "".join("1" * (value >> size) + "0" + rest for value, rest in zip(values, low, strict=True))


class _Bits:
    """Reads a text of bits from its beginning. Raises ValueError where it ends too soon."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def number(self, length: int) -> int:
        if self._at + length > len(self._text):
            raise ValueError
        self._at += length
        return int(self._text[self._at - length : self._at] or "0", 2)

    def coded(self, count: int) -> list[int]:
        size = self.number(5)
        return [self._one(size) for _ in range(count)]

    def _one(self, size: int) -> int:
        end = self._text.index("0", self._at)
        high, self._at = end - self._at, end + 1
        return high << size | self.number(size)

    def require_end(self) -> None:
        if self._at != len(self._text):
            raise ValueError
