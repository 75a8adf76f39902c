"""What changed in a log entry, item by item."""

from __future__ import annotations

from typing import Any

from service.registry.ports import LogEntry

_ABSENT = object()


def changes_of(entry: LogEntry) -> list[dict[str, Any]]:
    """Each item that the entry changed: its JSON pointer with the values before and after (left out where there was
    none).

    Lists are compared place by place; the first registration and an erased entry have no changes to tell.
    """
    if entry.record is None or entry.replaced is None:
        return []
    found: list[dict[str, Any]] = []
    for name, before in entry.replaced.items():
        known = _ABSENT if before is None else before
        _compare(f"/{name}", known, entry.record.get(name, _ABSENT), found)
    return found


def _compare(pointer: str, before: Any, after: Any, found: list[dict[str, Any]]) -> None:
    if before is after or before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for name in [*before, *(name for name in after if name not in before)]:
            escaped = name.replace("~", "~0").replace("/", "~1")
            _compare(f"{pointer}/{escaped}", before.get(name, _ABSENT), after.get(name, _ABSENT), found)
        return
    both_lists = isinstance(before, list) and isinstance(after, list)
    if both_lists and all(isinstance(each, dict) for each in (*before, *after)):
        for position in range(max(len(before), len(after))):
            _compare(f"{pointer}/{position}", _at(before, position), _at(after, position), found)
        return
    change: dict[str, Any] = {"pointer": pointer}
    if before is not _ABSENT:
        change["before"] = before
    if after is not _ABSENT:
        change["after"] = after
    found.append(change)


def _at(values: list[Any], position: int) -> Any:
    return values[position] if position < len(values) else _ABSENT
