"""The differences that a log entry made to a record, item by item."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from service.households.ports import DamagedEntry, LogEntry

_ABSENT = object()


def partition(found: Iterable[LogEntry | DamagedEntry]) -> tuple[list[LogEntry], list[DamagedEntry]]:
    """Returns the entries that can be read, and the others."""
    readable: list[LogEntry] = []
    damaged: list[DamagedEntry] = []
    for each in found:
        if isinstance(each, LogEntry):
            readable.append(each)
        else:
            damaged.append(each)
    return readable, damaged


def differences_of(entry: LogEntry) -> list[dict[str, Any]]:
    """Returns each item that the entry changed: its JSON pointer, and the values before and after where there were any.

    Objects in lists are compared by their ids; objects without ids by their positions. The first registration and an
    erased entry have no differences. ``missing`` is left out, since it follows from the other items.
    """
    if entry.record is None or entry.replaced is None:
        return []
    found: list[dict[str, Any]] = []
    for name, before in entry.replaced.items():
        if name == "missing":
            continue
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
        for position, former, latter in _pairs(before, after):
            _compare(f"{pointer}/{position}", former, latter, found)
        return
    change: dict[str, Any] = {"pointer": pointer}
    if before is not _ABSENT:
        change["before"] = before
    if after is not _ABSENT:
        change["after"] = after
    found.append(change)


def _pairs(before: list[Any], after: list[Any]) -> list[tuple[int, Any, Any]]:
    """Returns each object with its position (now, or before it went) and its values before and after."""
    was = {each.get("id"): each for each in before}
    stands = {each.get("id") for each in after}
    if None in was or None in stands or len(was) < len(before) or len(stands) < len(after):
        return [(place, _at(before, place), _at(after, place)) for place in range(max(len(before), len(after)))]
    gone = [(place, each, _ABSENT) for place, each in enumerate(before) if each["id"] not in stands]
    return [*gone, *((place, was.get(each["id"], _ABSENT), each) for place, each in enumerate(after))]


def _at(values: list[Any], position: int) -> Any:
    return values[position] if position < len(values) else _ABSENT
