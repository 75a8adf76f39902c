"""A confirmation says that a number that contradicts sex or year of birth is right: it falls with what it confirms."""

from __future__ import annotations

from typing import Any, Final

from schemas.rules.people import contradicts
from service.households.changes import Record

_CONFIRMED: Final = "national_id_confirmed"


def without_needless(content: dict[str, Any]) -> dict[str, Any]:
    """Parsed content without confirmations of numbers that contradict nothing.

    A client that sends the whole record sends the confirmation along, whether or not it knows the item, also when the
    number or what it contradicted has been corrected. Where there still is a contradiction, the confirmation stands: an
    officer who corrected the number and compared it with the card says it in the same way, and must not meet a wall.
    """
    head, members = content.get("head"), content.get("members")
    stored = dict(content)
    if head and _is_needless(head):
        stored["head"] = _without(head)
    if members and any(map(_is_needless, members)):
        stored["members"] = [_without(each) if _is_needless(each) else each for each in members]
    return stored


def without_unnamed(merged: Any, known: Record, patch: object) -> Any:
    """A patched record without the confirmation of the head's number, where the patch changes what was confirmed.

    That is the number, the sex and the year of birth. A patch that confirms them says so itself.
    """
    head = patch.get("head") if isinstance(patch, dict) else None
    if not isinstance(head, dict) or _CONFIRMED in head or not isinstance(merged.get("head"), dict):
        return merged
    if _compared(merged["head"]) == _compared(known.get("head") or {}):
        return merged
    return {**merged, "head": _without(merged["head"])}


def _is_needless(person: Record) -> bool:
    return _CONFIRMED in person and person[_CONFIRMED] is True and not contradicts(person)


def _compared(person: Record) -> tuple[Any, ...]:
    """What a number is compared with on the card, as it was sent."""
    return person.get("national_id"), person.get("sex"), str(person.get("birth_date"))[:4]


def _without(person: Record) -> dict[str, Any]:
    return {name: value for name, value in person.items() if name != _CONFIRMED}
