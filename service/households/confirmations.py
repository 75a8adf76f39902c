"""A confirmation belongs to the personal number that was compared with the card, not to the next one in its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from schemas.rules import errors
from service.households.changes import Record

_NUMBER: Final = "national_id"
_CONFIRMED: Final = "national_id_confirmed"

Person = Mapping[str, Any]


def without_carried_over(content: dict[str, Any], known: Record, *, today: date) -> dict[str, Any]:
    """Content without confirmations of numbers that replaced a confirmed one; ``known`` is the stored record.

    A client that sends the whole record sends the confirmation along with the new number, whether or not it knows the
    item. Where the new number contradicts sex or year of birth too, the confirmation stands: an officer who corrected
    the number and compared it with the card says it in the same way, and must not meet a wall.
    """
    confirmed = {person.get(_NUMBER) for person in _people(known) if person.get(_CONFIRMED)}
    if not confirmed:
        return content
    head = _considered(content.get("head"), known.get("head"), confirmed)
    before = known.get("members") or ()
    members = content.get("members")
    if members:
        counterparts = [*before, *[None] * len(members)]
        members = [_considered(each, other, confirmed) for each, other in zip(members, counterparts, strict=False)]
    considered = {**content, **({"head": head} if head else {}), **({"members": members} if members else {})}
    return content if considered == content or errors(considered, today=today) else considered


def confirmed_by(patch: object) -> bool:
    """Whether a merge patch itself says that the head's number was compared with the card."""
    head = patch.get("head") if isinstance(patch, dict) else None
    return isinstance(head, dict) and head.get(_CONFIRMED) is True


def without_unnamed(merged: Any, known: Record, patch: object) -> Any:
    """A patched record without the confirmation of the head's number, where the patch changes the number alone."""
    head = patch.get("head") if isinstance(patch, dict) else None
    if not isinstance(head, dict) or _CONFIRMED in head or not isinstance(merged.get("head"), dict):
        return merged
    if merged["head"].get(_NUMBER) == (known.get("head") or {}).get(_NUMBER):
        return merged
    return {**merged, "head": {name: value for name, value in merged["head"].items() if name != _CONFIRMED}}


def _considered(person: Any, before: Person | None, confirmed: set[Any]) -> Any:
    """The person, without a confirmation that was given to the number that stood in this place before."""
    if not person or not person.get(_CONFIRMED) or person.get(_NUMBER) in confirmed:
        return person
    if not before or not before.get(_CONFIRMED):
        return person
    return {name: value for name, value in person.items() if name != _CONFIRMED}


def _people(record: Mapping[str, Any]) -> Iterator[Person]:
    yield record.get("head") or {}
    yield from record.get("members") or ()
