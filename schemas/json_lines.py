"""Line numbers of the values in a JSON text, so that an error can be located in a file."""

import json
import re
from collections.abc import Iterator

from schemas.errors import pointer

_MARK = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+|\n')


def lines_by_pointer(text: str, first_line: int = 1) -> dict[str, int]:
    """Return the line of every value of a well-formed JSON text by its JSON pointer; an item is where its name is."""
    lines: dict[str, int] = {}
    path: list[str | int] = []
    #: For each open object or list, whether it is a list.
    open_lists: list[bool] = []
    is_name = False
    for mark, line in _marks(text, first_line):
        if mark == ":":
            is_name = False
        elif mark == ",":
            is_name = not open_lists[-1]
            if open_lists[-1]:
                path[-1] = int(path[-1]) + 1
        elif mark in ("}", "]"):
            open_lists.pop()
            path.pop()
            is_name = False
        elif is_name:
            path[-1] = json.loads(mark)
            lines[pointer(path)] = line
        else:
            lines.setdefault(pointer(path), line)
            if mark in ("{", "["):
                open_lists.append(mark == "[")
                path.append(0 if mark == "[" else "")
                is_name = mark == "{"
    return lines


def _marks(text: str, first_line: int) -> Iterator[tuple[str, int]]:
    line = first_line
    for match in _MARK.finditer(text):
        if match[0] == "\n":
            line += 1
        else:
            yield match[0], line
