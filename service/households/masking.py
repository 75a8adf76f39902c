"""What a reader sees of a record: all of it, with persons masked, or without any person (DOMAIN, personal data)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from schemas.household import HouseholdSchema
from schemas.language import Field, Many, Part, Section, section_fields
from service.households.changes import Record
from service.roles import Sight

LEAST_COUNT: Final = 5
"""Open data give no count of households between 1 and 4 by commune and ethnic group or poverty."""

_DEGREES_OF_100_METRES: Final = 3
"""0.001° is 111 m of latitude and 105 m of longitude in Nghệ An."""
_HIDDEN: Final = "•"


def seen(record: Record, sight: Sight) -> Record:
    """The record as somebody with this sight may see it; the given one stays as it is."""
    if sight is Sight.PERSONAL:
        return record
    if sight is Sight.MASKED:
        return _masked(record)
    return _without_persons(record)


def seen_change(change: Mapping[str, Any], sight: Sight) -> dict[str, Any] | None:
    """One change of a history (pointer, before, after) as somebody may see it; None when nothing of it may be seen.

    The values are looked at in the place where they stood in the record, so that one rule holds for both.
    """
    if sight is Sight.PERSONAL:
        return dict(change)
    steps = [step.replace("~1", "/").replace("~0", "~") for step in change["pointer"].split("/")[1:]]
    shown: dict[str, Any] = {"pointer": change["pointer"]}
    for side in ("before", "after"):
        if side in change:
            value = _taken(seen(_placed(steps, change[side]), sight), steps)
            if value is not _GONE:
                shown[side] = value
    return shown if len(shown) > 1 else None


def seen_note(note: Mapping[str, Any] | None, sight: Sight) -> dict[str, Any] | None:
    """A log entry's note: what was written freely (a reason) may name people."""
    if note is None:
        return None
    if sight is Sight.PERSONAL:
        return dict(note)
    return {name: value for name, value in note.items() if name != "reason"} or None


def shortened_name(name: str) -> str:
    """Initials of all but the last word: "Nguyễn Văn An" becomes "N. V. An"."""
    *others, last = name.split(" ")
    return " ".join([*(f"{word[:1]}." for word in others if word), last])


def masked_number(number: str) -> str:
    """All but the last three characters hidden: enough to tell two people apart at a counter."""
    return _HIDDEN * max(0, len(number) - 3) + number[-3:]


def rounded_position(position: Mapping[str, Any]) -> dict[str, Any]:
    """A GeoJSON point rounded to about 100 m."""
    return {**position, "coordinates": [round(part, _DEGREES_OF_100_METRES) for part in position["coordinates"]]}


def is_small(count: int) -> bool:
    """Whether a count is so small that it tells of single households; open data withhold it."""
    return 0 < count < LEAST_COUNT


# Masked ---------------------------------------------------------------------------------------------------------

_Mask = Callable[[Any], Any]

_OF_A_PERSON: Final[Mapping[str, _Mask | None]] = {
    "full_name": shortened_name,
    "national_id": masked_number,
    "old_id_number": masked_number,
    "phone": masked_number,
    "birth_date": lambda date: str(date)[:4],
}
_OF_A_PARCEL: Final[Mapping[str, _Mask | None]] = {
    "certificate_serial": masked_number,
    "certificate_register_number": masked_number,
}
_OF_A_CONSENT: Final[Mapping[str, _Mask | None]] = {"evidence_reference": None}
_OF_A_HOUSEHOLD: Final[Mapping[str, _Mask | None]] = {
    "location": rounded_position,
    "address": None,
    "note": None,
    "status_reason": None,
}


def _masked(record: Record) -> Record:
    shown = _changed(record, _OF_A_HOUSEHOLD)
    if isinstance(shown.get("head"), Mapping):
        shown["head"] = _changed(shown["head"], _OF_A_PERSON)
    for name, masks in (("members", _OF_A_PERSON), ("parcels", _OF_A_PARCEL), ("consents", _OF_A_CONSENT)):
        if isinstance(shown.get(name), list):
            shown[name] = [_changed(each, masks) if isinstance(each, Mapping) else each for each in shown[name]]
    return shown


def _changed(items: Mapping[str, Any], masks: Mapping[str, _Mask | None]) -> dict[str, Any]:
    """A copy with the named items masked; those whose mask is None are left out."""
    shown = dict(items)
    for name, mask in masks.items():
        if shown.get(name) is None:
            continue
        if mask is None:
            del shown[name]
        else:
            shown[name] = mask(shown[name])
    return shown


# Nobody ---------------------------------------------------------------------------------------------------------


def _without_persons(record: Record) -> Record:
    """Only what the definition calls plain; free text that the register was given (a reason) goes too."""
    shown = _plain_part(record, HouseholdSchema)
    shown.pop("status_reason", None)
    if "findings" in shown:
        shown["findings"] = [
            {name: value for name, value in finding.items() if name != "details"} for finding in shown["findings"]
        ]
    return shown


def _plain_part(items: Mapping[str, Any], section: type[Section]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    kinds = _kinds_of(section)
    for name, value in items.items():
        kind = kinds.get(name, True)
        if kind is True:
            shown[name] = value
        elif kind is False or value is None:
            continue
        elif isinstance(value, list):
            shown[name] = [_plain_part(each, kind) for each in value if isinstance(each, Mapping)]
        elif isinstance(value, Mapping):
            shown[name] = _plain_part(value, kind)
    return {name: value for name, value in shown.items() if name not in _PEOPLE}


_PEOPLE: Final = frozenset({"head", "members", "consents"})


@cache
def _kinds_of(section: type[Section]) -> dict[str, bool | type[Section]]:
    """For each item: True (plain), False (personal or sensitive), or the section whose items are asked in turn."""
    kinds: dict[str, bool | type[Section]] = {}
    for name, field in section_fields(section).items():
        inner = _section_in(field)
        if field.item.sensitivity != "plain":
            kinds[name] = False
        else:
            kinds[name] = True if inner is None else inner
    return kinds


def _section_in(field: Field) -> type[Section] | None:
    part = field.inner if isinstance(field, Many) else field
    return part.section if isinstance(part, Part) else None


# A value at its place -------------------------------------------------------------------------------------------

_GONE: Final = object()


def _placed(steps: list[str], value: Any) -> dict[str, Any]:
    """A record with nothing in it but the value at its place; a list holds only the element that is named."""
    for step in reversed(steps):
        value = [value] if step.isdigit() else {step: value}
    return value if isinstance(value, dict) else {}


def _taken(record: Any, steps: list[str]) -> Any:
    for step in steps:
        if step.isdigit() and isinstance(record, list):
            record = record[0] if record else _GONE
        elif isinstance(record, Mapping):
            record = record.get(step, _GONE)
        else:
            return _GONE
        if record is _GONE:
            return _GONE
    return record
