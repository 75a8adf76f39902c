"""Which details of a finding are encrypted at rest: what repeats a sealed item, or is declared nowhere.

Code, severity and pointer stay as they are, so that households can be found by their findings.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from schemas.errors import FREE_TEXT, THE_ITEM, Detail
from schemas.protection import plain_at_rest, sealed_items
from service.households.revealed import FINDINGS


def sealed_details(finding: Mapping[str, Any]) -> frozenset[str]:
    """Return the members of a finding's details that are sealed; also those that are sealed already."""
    details = finding.get("details")
    if not details or not isinstance(details, Mapping):
        return frozenset()
    names = _sealed_by_rule(finding.get("code"), finding.get("pointer"), tuple(details))
    there = {name for name, value in details.items() if isinstance(value, bytes)}
    return names | there if there else names


@lru_cache(maxsize=4096)
def _sealed_by_rule(code: object, pointer: object, names: tuple[str, ...]) -> frozenset[str]:
    reveals = FINDINGS.get(code) if isinstance(code, str) else None
    members = {} if reveals is None else reveals.members
    return frozenset(name for name in names if not _is_plain(name, members, pointer))


def _is_plain(name: str, members: Mapping[str, Detail], pointer: object) -> bool:
    """Whether a member is declared, and repeats only items that lie in the database in clear.

    Free text is stored there in clear, as the item ``status_reason`` is (``REPEATED_IN_CLEAR``).
    """
    declared = [detail.items for member, detail in members.items() if member.partition(".")[0] == name]
    sources = {item for items in declared for item in items if item != FREE_TEXT}
    return bool(declared) and all(_whole_is_plain(_path_of(pointer) if i == THE_ITEM else i) for i in sources)


def _path_of(pointer: object) -> str:
    steps = pointer.split("/")[1:] if isinstance(pointer, str) else []
    return ".".join(step for step in steps if not step.isdigit())


def _whole_is_plain(path: str) -> bool:
    """Whether an item is plain, and if it is a section or list, all that is in it."""
    inside = (item.replace("[]", "").startswith(f"{path}.") for item in sealed_items())
    return plain_at_rest(path) and not any(inside)
