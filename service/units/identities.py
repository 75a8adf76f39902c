"""Which validities are the same unit, and which identity each unit has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from service.unit_names import UnitCode, UnitId
from service.units.unit import Succession, SuccessionKind, Unit

RECORDS_SINCE = date(2026, 1, 1)
"""No household was stored before this day, so none refers to a unit that ended before it."""


def with_identities(
    units: Iterable[Unit], known: Iterable[Unit] = (), taken: Iterable[UnitId] = ()
) -> tuple[Unit, ...]:
    """Return the units, each with its identity.

    A unit that follows exactly one other, which has no further successor, is that unit under another name, code, kind
    or parent. ``known`` are validities whose identities were given before; ``taken`` identities are of units that are
    no longer in the list, and are never given again. A new unit's identity is its first code, or with its first day
    where that code named another unit; in one list with two of them, the unit that households can refer to has the
    code itself.
    """
    rows = tuple(units)
    given = {unit.key: unit.identity for unit in known if unit.identity}
    given |= {unit.key: unit.identity for unit in rows if unit.identity}
    used = {*given.values(), *taken}
    chains = sorted(_chains(rows), key=lambda chain: _order(chain[0], chain[-1]))
    for chain in chains:
        old = next((given[unit.key] for unit in chain if unit.key in given), None)
        identity = _new_identity(chain[0], used) if old is None else old
        used.add(identity)
        for unit in chain:
            given.setdefault(unit.key, identity)
    return tuple(unit if unit.identity else replace(unit, identity=given[unit.key]) for unit in rows)


def successions_of(units: Sequence[Unit]) -> Iterator[Succession]:
    """Yield the table of successions that a list of units with identities says, in the order of the units."""
    by_code = _by_code(units)
    for unit in units:
        for heir, share in _heirs_of(unit, by_code):
            assert unit.day_after is not None  # noqa: S101 - a unit with heirs has an end
            yield Succession(unit, heir, unit.day_after, _kind_of(unit, heir), share)


def _kind_of(before: Unit, after: Unit) -> SuccessionKind:
    if before.parts:
        return "split"
    if before.identity != after.identity:
        return "merged"
    if before.parent != after.parent:
        return "moved"
    return "renamed" if before.code == after.code else "recoded"


def _by_code(units: Iterable[Unit]) -> dict[UnitCode, list[Unit]]:
    by_code: dict[UnitCode, list[Unit]] = defaultdict(list)
    for unit in units:
        by_code[unit.code].append(unit)
    return by_code


def _heirs_of(unit: Unit, by_code: dict[UnitCode, list[Unit]]) -> Iterator[tuple[Unit, float | None]]:
    """Yield the units that follow a unit, as they are on the first day after it, with their shares."""
    day = unit.day_after
    if day is None:
        return
    for part in unit.heirs:
        found = next((heir for heir in by_code.get(part.code, ()) if heir.in_force_on(day)), None)
        if found is not None:
            yield found, part.share


def _chains(units: Sequence[Unit]) -> list[list[Unit]]:
    """Return the validities of each unit together, earliest first."""
    by_code = _by_code(units)
    before: dict[tuple[object, ...], list[Unit]] = defaultdict(list)
    after: dict[tuple[object, ...], Unit] = {}
    for unit in units:
        for heir, _ in _heirs_of(unit, by_code):
            before[heir.key].append(unit)
    for key, predecessors in before.items():
        only = predecessors[0]
        heirs = [heir for heir, _ in _heirs_of(only, by_code)]
        alone = len(predecessors) == len(heirs) == 1 and not only.parts
        if alone and heirs[0].key == key and heirs[0].valid_from == only.day_after and heirs[0].level == only.level:
            after[only.key] = heirs[0]
    continued = {unit.key for unit in after.values()}
    chains = []
    for unit in units:
        if unit.key in continued:
            continue
        chain = [unit]
        while (following := after.get(chain[-1].key)) is not None:
            chain.append(following)
        chains.append(chain)
    return chains


def _order(first: Unit, last: Unit) -> tuple[str, bool, int]:
    """Units that households can refer to come first, by their beginning; then the others, the latest first."""
    holds_records = last.valid_to is None or last.valid_to >= RECORDS_SINCE
    day = first.begins.toordinal()
    return first.code, not holds_records, day if holds_records else -day


def _new_identity(unit: Unit, used: set[UnitId]) -> UnitId:
    first = UnitId(unit.code)
    if first not in used:
        return first
    dated = f"{unit.code}-{unit.valid_from or 'before'}"
    identity, number = UnitId(dated), 1
    while identity in used:
        number += 1
        identity = UnitId(f"{dated}-{number}")
    return identity
