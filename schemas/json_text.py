"""JSON text to Python values; what JSON readers interpret differently is refused."""

import json
import re
from typing import Any, NoReturn

from schemas.errors import JsonInvalid

MAX_DEPTH = 32
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def parse_json(body: bytes) -> object:
    """Parse UTF-8 JSON text.

    Raises JsonInvalid for malformed text (with line and column), NaN and Infinity, a key twice in one object,
    lone surrogates, bytes that are not UTF-8, and nesting deeper than `MAX_DEPTH`.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise JsonInvalid("json.encoding", position=error.start) from None
    try:
        data: object = _decoder.decode(text)
    except json.JSONDecodeError as error:
        raise JsonInvalid("json.malformed", line=error.lineno, column=error.colno) from None
    except RecursionError:
        raise JsonInvalid("json.too-deep", max=MAX_DEPTH) from None
    except ValueError:
        # Python refuses integers of more than 4,300 digits.
        raise JsonInvalid("json.number-too-long") from None
    if text.count("[") + text.count("{") > MAX_DEPTH:
        _refuse_deep(data)
    if _SURROGATE_ESCAPE.search(text) and _holds_surrogate(data):
        raise JsonInvalid("json.surrogate")
    return data


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise JsonInvalid("json.duplicate-key", key=key[:60].encode("utf-8", "replace").decode())
            seen.add(key)
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise JsonInvalid("json.not-a-number", value=name)


_decoder = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_refuse_constant)


def _refuse_deep(data: object) -> None:
    level = [data] if isinstance(data, (dict, list)) else []
    depth = 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise JsonInvalid("json.too-deep", max=MAX_DEPTH)
        level = [
            child
            for container in level
            for child in (container.values() if isinstance(container, dict) else container)
            if isinstance(child, (dict, list))
        ]


def _holds_surrogate(data: object) -> bool:
    waiting = [data]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            if _SURROGATE.search(value):
                return True
        elif isinstance(value, dict):
            waiting.extend(value.keys())
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return False
