"""What a reader sees of a record: all of it, with people masked, or without any person.

What is left of an item follows from what the schema says of it (`sensitivity` and `mask` of `schemas.language.Item`).
What the schema does not know, or says nothing about, is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final, Literal

from schemas.errors import FREE_TEXT, THE_ITEM
from schemas.household import HouseholdSchema
from schemas.language import Field, Given, Mask, Section, section_fields, section_of
from service.households.changes import Record
from service.households.revealed import FINDINGS, NOTES
from service.roles import Sight

LEAST_COUNT: Final = 5
"""Open data withhold counts of households from 1 to 4 by commune and ethnic group or poverty."""

_DEGREES_OF_100_METRES: Final = 3
"""0.001° is 111 m of latitude, and 102 to 109 m of longitude in Viet Nam."""
_HIDDEN: Final = "•"
_DIGITS_SHOWN: Final = 3
_POINTER: Final = "pointer"
"""What findings and missing items call the place of the item that they are about."""
_DETAILS: Final = "details"
"""What of a finding can reveal more than the item that it is about; `service.households.revealed` says what."""


def seen(record: Record, sight: Sight) -> Record:
    """Return the record as somebody with this sight may see it; the given one is not changed."""
    return record if sight is Sight.PERSONAL else _visible_part(record, _plan(HouseholdSchema, sight))


def seen_difference(change: Mapping[str, Any], sight: Sight) -> dict[str, Any] | None:
    """Return one change of a history (pointer, before, after) as somebody may see it; None when nothing may be seen.

    The values are put where they stood in the record, so that one rule holds for both.
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
    """Return what a log entry's note says of items that somebody may see: not the reason, which may name people.

    Readers who see no boundaries see no notes about overlaps either, as they see no such findings.
    """
    if note is None:
        return None
    shown = NOTES.keys() if sight is Sight.PERSONAL else _notes_shown(sight)
    return {name: value for name, value in note.items() if name in shown} or None


def seen_findings_of_a_check(findings: Iterable[Mapping[str, Any]], sight: Sight) -> Iterator[dict[str, Any]]:
    """Yield the findings about a boundary that the reader has sent, with what may be seen of their details.

    What they reveal of that boundary the reader knows. What they reveal of others follows the masks: otherwise, by
    trying areas, readers who see no boundaries would find out where they lie.
    """
    for each in findings:
        if sight is Sight.PERSONAL:
            yield dict(each)
        elif (shown := _details_shown(each["code"], sight, knows_the_item=True, checks=True)) is not None:
            yield {**each, _DETAILS: _members_shown(each.get(_DETAILS, {}), shown)}


def sees(path: str, sight: Sight) -> bool:
    """Return whether a reader sees all of an item, named as ``parcels.geometry``; only then may it be used for them.

    An item that is shown in part may not: a search by it, or what is computed from it, would reveal the rest.
    """
    return sight is Sight.PERSONAL or _visibility_at("/" + path.replace(".", "/"), sight) == "shown"


def shortened_name(name: str) -> str:
    """Return the initials of all words but the last: "Nguyễn Văn An" becomes "N. V. An".

    Of a name of one word the initial is left, since the word is the whole name: "An" becomes "A.". What has no letter
    ("-", "2") is no word.
    """
    words = [word for word in name.split() if any(map(str.isalpha, word))]
    initials = [f"{next(filter(str.isalpha, word))}." for word in words]
    return " ".join(initials if len(words) < 2 else [*initials[:-1], words[-1]])


def masked_number(number: str) -> str:
    """Return the last three characters, enough to distinguish two people at a counter; of three or fewer, none."""
    shown = number[-_DIGITS_SHOWN:] if len(number) > _DIGITS_SHOWN else ""
    return _HIDDEN * (len(number) - len(shown)) + shown


def rounded_position(position: Mapping[str, Any]) -> dict[str, Any]:
    """Return a GeoJSON point rounded to about 100 m."""
    return {**position, "coordinates": [round(part, _DEGREES_OF_100_METRES) for part in position["coordinates"]]}


def is_small(count: int) -> bool:
    """Whether a count is so small that it reveals single households; open data withhold it."""
    return 0 < count < LEAST_COUNT


# What may be seen ------------------------------------------------------------------------------------------------

_Change = Callable[[Any], Any]
"""Returns what may be seen of a value, or ``_GONE``."""

_GONE: Final = object()


@dataclass(frozen=True, slots=True)
class _Plan:
    """What may be seen of a section, made once for each process."""

    visible: frozenset[str]
    """The items of which anything may be seen; every other name is left out."""
    changes: tuple[tuple[str, _Change], ...]
    """The items of which a part may be seen."""
    inside: tuple[tuple[str, _Plan], ...]
    """The objects, and the lists of objects, with what may be seen of each."""

    is_open: bool
    """Whether what is visible, also of the objects inside, is visible as it is."""
    is_whole: bool
    """Whether all that the schema knows, also of the objects inside, is visible as it is."""


@cache
def _plan(section: type[Section], sight: Sight) -> _Plan:
    visible: set[str] = set()
    changes: list[tuple[str, _Change]] = []
    inside: list[tuple[str, _Plan]] = []
    for name, field in section_fields(section).items():
        mask = _mask_of(field, sight)
        if mask == "hidden":
            continue
        inner = section_of(field)
        visible.add(name)
        if inner is not None and mask == "shown":
            inside.append((name, _plan(inner, sight)))
        elif isinstance(field, Given) and field.computed_from is not None:
            changes.append((name, _computed_from_visible_items(sight, field.computed_from)))
        elif isinstance(field, Given) and field.open_members:
            changes.append((name, _about_visible_items(sight, field.open_members)))
        elif mask != "shown":
            changes.append((name, _MASKS[mask]))
    is_open = not changes and all(plan.is_open for _, plan in inside)
    is_whole = is_open and len(visible) == len(section_fields(section)) and all(plan.is_whole for _, plan in inside)
    return _Plan(frozenset(visible), tuple(changes), tuple(inside), is_open, is_whole)


def _mask_of(field: Field, sight: Sight) -> Mask:
    item = field.item
    if sight is Sight.NOBODY and (item.sensitivity != "plain" or item.mask != "shown"):
        return "hidden"
    return item.mask


def _visible_part(items: dict[str, Any], plan: _Plan) -> dict[str, Any]:
    """Return a copy with what may be seen, which shares with ``items`` what may be seen as it is."""
    shown = items.copy()
    if not plan.visible.issuperset(items):
        for name in items.keys() - plan.visible:
            del shown[name]
    for name, change in plan.changes:
        if (value := shown.get(name)) is not None:
            changed = change(value)
            if changed is _GONE:
                del shown[name]
            else:
                shown[name] = changed
    for name, inner in plan.inside:
        if (value := shown.get(name)) is None or (inner.is_open and _is_visible(value, inner)):
            continue
        if type(value) is list:
            shown[name] = [_visible_part(each, inner) for each in value if type(each) is dict]
        elif type(value) is dict:
            shown[name] = _visible_part(value, inner)
        else:
            del shown[name]
    return shown


def _is_visible(value: Any, plan: _Plan) -> bool:
    """Whether an object, or each of a list, holds nothing that an open plan does not know."""
    for each in value if type(value) is list else (value,):
        if type(each) is not dict or not plan.visible.issuperset(each):
            return False
        for name, inner in plan.inside:
            if name in each and not _is_visible(each[name], inner):
                return False
    return True


def _text(mask: Callable[[str], str]) -> _Change:
    return lambda value: mask(value) if type(value) is str else _GONE


def _position(value: Any) -> Any:
    try:
        return rounded_position(value)
    except (KeyError, TypeError):
        return _GONE  # no point


_Visibility = Literal["hidden", "part", "shown"]
"""How much may be seen of an item: nothing, a part, all of it."""


def _about_visible_items(sight: Sight, members: frozenset[str]) -> _Change:
    """Return what leaves out of a list the objects whose ``pointer`` leads to an item of which nothing may be seen.

    Of the others ``members`` are left and, of a finding, the details that reveal only what may be seen.
    """

    def change(value: Any) -> Any:
        if not isinstance(value, list):
            return _GONE
        return [shown for each in value if isinstance(each, dict) and (shown := part_of(each)) is not None]

    def part_of(each: dict[str, Any]) -> dict[str, Any] | None:
        visibility = _visibility_at(each.get(_POINTER), sight)
        if visibility == "hidden":
            return None
        shown = {name: part for name, part in each.items() if name in members}
        if "code" not in members:
            return shown
        code = each.get("code")
        details = _details_shown(code, sight, knows_the_item=visibility == "shown") if type(code) is str else None
        if details is None:
            return None
        given = each.get(_DETAILS)
        if isinstance(given, dict) and ((left := _members_shown(given, details)) or not given):
            shown[_DETAILS] = left
        return shown

    return change


def _computed_from_visible_items(sight: Sight, sources: Mapping[str, Sequence[str]]) -> _Change:
    """Return what leaves out of an object the facts that are computed from an item that is not shown whole."""
    visible = frozenset(fact for fact, items in sources.items() if all(sees(item, sight) for item in items))

    def change(value: Any) -> Any:
        if not isinstance(value, dict):
            return _GONE
        if visible.issuperset(value):
            return value
        return {name: fact for name, fact in value.items() if name in visible}

    return change


@dataclass(frozen=True, slots=True)
class _Members:
    """The members of an object that may be seen: ``whole``, or those ``inside`` them."""

    whole: frozenset[str]
    inside: Mapping[str, _Members]


@lru_cache(maxsize=4096)
def _details_shown(code: str, sight: Sight, *, knows_the_item: bool, checks: bool = False) -> _Members | None:
    """Return which details of a finding may be seen; None where nothing may be seen of the finding.

    ``checks`` where the reader asked about a boundary: whatever is not about other households is then the reader's own.
    """
    reveals = FINDINGS.get(code)
    if reveals is None or not all(sees(item, sight) for item in reveals.of_others):
        return None

    def may_see(item: str) -> bool:
        if item == THE_ITEM:
            return knows_the_item
        return sees(item, sight) or (checks and not reveals.of_others and item != FREE_TEXT)

    return _members([member for member, detail in reveals.members.items() if all(map(may_see, detail.items))])


def _members(paths: Sequence[str]) -> _Members:
    """Return the members that paths such as ``settled.by`` lead to."""
    ways = [path.partition(".") for path in paths]
    inner = {name for name, _, rest in ways if rest}
    inside = {name: _members([rest for first, _, rest in ways if rest and first == name]) for name in inner}
    return _Members(frozenset(name for name, _, rest in ways if not rest), inside)


def _members_shown(value: dict[str, Any], shown: _Members) -> dict[str, Any]:
    if shown.whole.issuperset(value):
        return value
    found = {name: part for name, part in value.items() if name in shown.whole}
    for name, inner in shown.inside.items():
        if isinstance(part := value.get(name), dict):
            found[name] = _members_shown(part, inner)
    return found


@cache
def _notes_shown(sight: Sight) -> frozenset[str]:
    return frozenset(name for name, items in NOTES.items() if all(sees(item, sight) for item in items))


@lru_cache(maxsize=4096)
def _visibility_at(pointer: object, sight: Sight) -> _Visibility:
    """Return how much may be seen of the item that a JSON pointer leads to; nothing where there is no pointer.

    The first item on the way that is not shown decides; of a section that is shown, what is inside.
    """
    if not isinstance(pointer, str):
        return "hidden"
    section: type[Section] | None = HouseholdSchema
    for step in pointer.split("/")[1:]:
        if step.isdigit():
            continue
        if section is None:  # inside an item without a schema of its own, such as a boundary
            return "shown"
        field = section_fields(section).get(step)
        mask = "hidden" if field is None else _mask_of(field, sight)
        if field is None or mask != "shown":
            return "hidden" if mask == "hidden" else "part"
        if isinstance(field, Given) and (field.open_members or field.computed_from is not None):
            return "part"
        section = section_of(field)
    return "shown" if section is None or _plan(section, sight).is_whole else "part"


_MASKS: Final[Mapping[Mask, _Change]] = {
    "initials": _text(shortened_name),
    "last_three": _text(masked_number),
    "year": _text(lambda day: day[:4]),
    "coarse_position": _position,
}
"""What is left of an item for each mask; of sections and lists that have another mask than ``shown``, nothing is."""


# A value at its place -------------------------------------------------------------------------------------------


def _placed(steps: list[str], value: Any) -> dict[str, Any]:
    """Return a record that holds only the value at its place; a list holds only the element that is named."""
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
