"""Which details of a finding, and members of a log entry's note, are encrypted at rest.

Encrypted is what repeats a sealed item, or is declared nowhere. Code, severity and pointer of a finding stay as they
are, so that households can be found by their findings.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from schemas.errors import FREE_TEXT, THE_ITEM, Detail
from schemas.protection import plain_at_rest, sealed_items
from service.households.revealed import ABOUT_NOBODY, FINDINGS, NOTES

_REASON: Final = "status_reason"
"""The item that a reason is, and as which it is protected wherever else it is stored."""


def sealed_details(finding: Mapping[str, Any]) -> frozenset[str]:
    """Return the members of a finding's details that are sealed (one inside another as ``settled.reason``).

    Also those that are sealed already.
    """
    details = finding.get("details")
    if not details or not isinstance(details, Mapping):
        return frozenset()
    paths: list[str] = []
    there: list[str] = []
    for name, value in details.items():
        if isinstance(value, dict) and value:
            paths += [f"{name}.{inner}" for inner in value]
            there += [f"{name}.{inner}" for inner, part in value.items() if isinstance(part, bytes)]
        else:
            paths.append(name)
            if isinstance(value, bytes):
                there.append(name)
    by_rule = _sealed_by_rule(finding.get("code"), finding.get("pointer"), tuple(paths))
    return by_rule.union(there) if there else by_rule


def sealed_members(note: Mapping[str, Any]) -> frozenset[str]:
    """Return the members of a log entry's note that are sealed; also those that are sealed already."""
    return frozenset(name for name, value in note.items() if isinstance(value, bytes) or not _is_plain_in_notes(name))


@lru_cache(maxsize=4096)
def _sealed_by_rule(code: object, pointer: object, paths: tuple[str, ...]) -> frozenset[str]:
    reveals = FINDINGS.get(code) if isinstance(code, str) else None
    members = {} if reveals is None else reveals.members
    return frozenset(path for path in paths if not _is_plain(path, members, pointer))


def _is_plain(path: str, members: Mapping[str, Detail], pointer: object) -> bool:
    """Whether a member is declared, with all inside it, and repeats only items that lie in the database in clear."""
    declared = [detail.items for member, detail in members.items() if _leads_to(member, path)]
    sources = {item for items in declared for item in items}
    return bool(declared) and all(_source_is_plain(item, pointer) for item in sources)


def _leads_to(member: str, path: str) -> bool:
    return member == path or path.startswith(f"{member}.") or member.startswith(f"{path}.")


@lru_cache(maxsize=4096)
def _is_plain_in_notes(name: str) -> bool:
    if name in ABOUT_NOBODY:
        return True
    items = NOTES.get(name)
    return items is not None and all(_source_is_plain(item, None) for item in items)


def _source_is_plain(item: str, pointer: object) -> bool:
    if item == FREE_TEXT:
        return plain_at_rest(_REASON)
    return _whole_is_plain(_path_of(pointer) if item == THE_ITEM else item)


def _path_of(pointer: object) -> str:
    steps = pointer.split("/")[1:] if isinstance(pointer, str) else []
    return ".".join(step for step in steps if not step.isdigit())


def _whole_is_plain(path: str) -> bool:
    """Whether an item is plain, and if it is a section or list, all that is in it."""
    inside = (item.replace("[]", "").startswith(f"{path}.") for item in sealed_items())
    return plain_at_rest(path) and not any(inside)
