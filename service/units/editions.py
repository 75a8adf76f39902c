"""Editions of lists of units: what a list changes of the units that the register has, and what it may not change."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from service.unit_names import NO_IDENTITY, UnitCode
from service.units.directory import UnitDirectory
from service.units.unit import Unit
from service.units.unit_list import UNKNOWN_DAY, UnitFault, UnitLine, UnitListInvalid, contradictions

_DIGITS: Final = {"province": 2, "district": 3, "commune": 5}
"""How many digits a code has (Decision 124/2004/QĐ-TTg)."""
_WEST, _SOUTH, _EAST, _NORTH = 102.0, 6.0, 118.0, 23.5
"""Viet Nam with its islands, in degrees."""

Key = tuple[str, UnitCode, date | None]


@dataclass(frozen=True, slots=True)
class Edition:
    """One list as it was loaded: from which source, by whom, and which validities it contains.

    ``shipped`` is the code of the province whose list came with a version of the program; None where an operator loaded
    the list. ``units`` are the validities as the list has them.
    """

    number: int
    source: str
    day: date
    author: str
    at: datetime
    units: tuple[Unit, ...]
    withdrawn: tuple[Key, ...] = ()
    shipped: str | None = None


@dataclass(frozen=True, slots=True)
class UnrecordedEdition:
    """The contents of the audit entry about an edition: its file, and how many validities changed."""

    number: int
    source: str
    day: date
    author: str
    at: datetime
    file: str
    changed: int


@dataclass(frozen=True, slots=True)
class PlannedEdition:
    """What a list changes: validities that are put in, or in place of those with their keys, and those that go first.

    A key that goes and is put in again is another unit's: an earlier one of the same code that was not known before.
    """

    put: tuple[Unit, ...]
    withdrawn: tuple[Unit, ...]
    after: tuple[Unit, ...]
    """All validities of the register afterwards."""


def planned(lines: Sequence[UnitLine], existing: Sequence[Unit]) -> PlannedEdition:
    """Return what a list of changes does to the existing units.

    A validity with the same code, level and first day is corrected; with ``replaces`` a line puts off or brings forward
    a validity, which stays the same unit; with ``withdrawn`` one is taken back. Raises UnitListInvalid with every
    fault: the register is then as it was.
    """
    faults = list(_faults_of_lines(lines, existing))
    by_key = {unit.key: unit for unit in existing}
    put: list[tuple[int, Unit]] = []
    gone: dict[Key, Unit] = {}
    for line in lines:
        unit, key = line.unit, _key_of(line, by_key)
        if (line.withdrawn or line.replaces not in (None, UNKNOWN_DAY)) and key not in by_key:
            column = "withdrawn" if line.withdrawn else "replaces"
            faults.append(UnitFault(line.number, column, f"{unit.code} from {key[2] or '…'} is not in the register"))
        elif line.withdrawn:
            gone[key] = by_key[key]
        elif key != unit.key:
            gone[key] = by_key[key]
            put.append((line.number, replace(unit, identity=by_key[key].identity)))
        else:
            put.append((line.number, unit))
    keys = {unit.key for _, unit in put}
    staying = [unit for unit in existing if unit.key not in keys and unit.key not in gone]
    faults.extend(contradictions([*((0, unit) for unit in staying), *put]))
    if faults:
        raise UnitListInvalid(faults)
    renewed = {unit.key for _, unit in put if unit.identity}
    withdrawn = tuple(unit for key, unit in gone.items() if key not in renewed)
    return PlannedEdition(tuple(unit for _, unit in put), withdrawn, (*staying, *(unit for _, unit in put)))


def _key_of(line: UnitLine, existing: Mapping[Key, Unit]) -> Key:
    """Return the key of the existing validity that a line is about: its own, or that of the one that it replaces.

    The validity whose first day was not known is replaced once: where the register has the line's own, it was.
    """
    unit = line.unit
    if line.replaces is None:
        return unit.key
    if line.replaces != UNKNOWN_DAY:
        return unit.level, unit.code, line.replaces
    unknown: Key = (unit.level, unit.code, None)
    return unknown if unknown in existing and unit.key not in existing else unit.key


def _faults_of_lines(lines: Sequence[UnitLine], existing: Sequence[Unit]) -> Iterator[UnitFault]:
    """Yield what is wrong with single lines."""
    if not lines:
        yield UnitFault(1, "code", "the list has a header and no unit")
    units = [line.unit for line in lines]
    codes = {(unit.level, unit.code.zfill(_DIGITS[unit.level])) for unit in (*existing, *units)}
    eaten = any(len(unit.code) < _DIGITS[unit.level] for unit in units)
    for line in lines:
        unit = line.unit
        yield from _faults_of_codes(line, codes, eaten=eaten)
        if unit.longitude is not None and not _WEST <= unit.longitude <= _EAST:
            yield UnitFault(line.number, "longitude", f"{unit.longitude} is not in Viet Nam")
        if unit.latitude is not None and not _SOUTH <= unit.latitude <= _NORTH:
            yield UnitFault(line.number, "latitude", f"{unit.latitude} is not in Viet Nam")


def _faults_of_codes(line: UnitLine, codes: Collection[tuple[str, str]], *, eaten: bool) -> Iterator[UnitFault]:
    """Yield the codes of a line that have not as many digits as their level; a spreadsheet takes zeros away.

    ``codes`` are those of the list and the register, ``eaten`` says whether zeros are missing before units of the list.
    Otherwise a short successor is rather the code of a unit of another level than one without its zeros.
    """
    unit, digits = line.unit, _DIGITS[line.unit.level]
    if len(unit.code) != digits:
        reason = f"a {unit.level} has a code of {digits} digits"
        yield UnitFault(line.number, "code", reason + _zeros_missing(unit.code, digits))
    for part in unit.heirs:
        if advice := _zeros_missing(part.code, digits):
            meant = eaten or (unit.level, part.code.zfill(digits)) in codes
            others = [level for level in _DIGITS if level != unit.level and (level, part.code) in codes]
            advice = advice if meant else f", {part.code} is {f'a {others[0]}' if others else 'not one'}"
            yield UnitFault(line.number, "successor", f"the successor of a {unit.level} has {digits} digits{advice}")
    # The parent of a commune can be a district or a province.
    if unit.parent is not None and (advice := _zeros_missing(unit.parent, _DIGITS["province"])):
        yield UnitFault(line.number, "parent", f"a parent has a code of {_DIGITS['province']} digits at least{advice}")


def _zeros_missing(code: str, digits: int) -> str:
    """Return what to do about a code that is too short; nothing for another one."""
    if len(code) >= digits:
        return ""
    cause = "spreadsheets take away the zeros before a number"
    return f" ({cause}): format the column as text and write {code.zfill(digits)!r}, or export the list again"


def remarks(plan: PlannedEdition, before: UnitDirectory, after: UnitDirectory, today: date) -> Iterator[str]:
    """Yield warnings for the operator about an accepted list: what it leaves out, and what is in the past."""
    known = {unit.identity for unit in before}
    for unit in sorted(after, key=lambda each: (each.code, each.begins)):
        if unit.level != "commune" or unit.key not in {each.key for each in plan.put}:
            continue
        named = f"{unit.kind} {unit.name} ({unit.code})"
        first = unit.identity not in known and after.validities_of(unit.identity)[0].key == unit.key
        if first and unit.valid_from is not None:
            if not after.predecessors_of(unit):
                yield f"{named} begins on {unit.valid_from} without a predecessor: if it was split off, name it there"
            if unit.valid_from <= today and before.of_level("commune", unit.valid_from):
                yield f"{named} begins on {unit.valid_from}, in the past: records since then stay where they are"
        if unit.valid_to is not None and unit.identity in known and not after.successions_from(unit):
            yield f"{named} ends on {unit.valid_to} without a successor: nobody takes over its households"


def shipped_lines(
    lines: Iterable[UnitLine], existing: Sequence[Unit], editions: Sequence[Edition], province: str
) -> tuple[list[UnitLine], int]:
    """Return the lines of a shipped list that may be loaded, and how many may not since operators loaded others.

    A new version of the program changes what earlier versions shipped, and nothing that an operator corrected, put off
    or took back.
    """
    operators = {key for edition in editions if edition.shipped is None for key in _keys_of(edition)}
    codes = {code for _, code, _ in operators}
    earlier = [edition for edition in editions if edition.shipped == province]
    before = {unit.key: _bare(unit) for edition in earlier for unit in edition.units}
    stored = {unit.key: _bare(unit) for unit in existing}
    taken, left = [], 0
    for line in lines:
        there = stored.get(line.unit.key)
        if there == _bare(line.unit):
            continue
        ours = there is None or there == before.get(line.unit.key)
        if ours and line.unit.key not in operators and line.unit.code not in codes:
            taken.append(line)
        else:
            left += 1
    return taken, left


def _keys_of(edition: Edition) -> Iterator[Key]:
    yield from (unit.key for unit in edition.units)
    yield from edition.withdrawn


def _bare(unit: Unit) -> Unit:
    """A validity as a list has it, without an identity."""
    return replace(unit, identity=NO_IDENTITY)
