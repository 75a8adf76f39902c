"""What loading a list of units would do to a register: to households, accounts, borders, baselines and coverage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from service.access.account import Account
from service.area import Area
from service.households.ports import CommuneState
from service.jobs.units_touched import (
    DraftReading,
    References,
    UnitTouched,
    accounts_by_unit,
    by_province,
    draft_readings,
    number,
    units_touched,
)
from service.reports.coverage import CoverageRow, rows_of, total_of
from service.reports.ports import Baseline
from service.unit_names import UnitId
from service.units.areas import area_of_units, named_unit
from service.units.attribution import of_tally_key
from service.units.directory import UnitDirectory
from service.units.editions import PlannedEdition
from service.units.unit import Unit
from service.units.unit_list import UnitFault, UnitLine, UnitListInvalid

NAMED: Final = 20
"""So many accounts are named; of the others the number."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What of a register a list of units can touch."""

    states: Sequence[CommuneState]
    accounts: Sequence[Account]
    borders: frozenset[UnitId]
    baselines: Sequence[Baseline]
    requests: Mapping[UnitId, int] = field(default_factory=dict)
    """Open requests of people, by the commune of their household."""
    villages: Mapping[UnitId, int] = field(default_factory=dict)
    """How many villages the list of a commune has."""


@dataclass(frozen=True, slots=True)
class ProvinceEffect:
    """What a list changes in a province, where the register holds several."""

    name: str
    communes: int
    households: int
    before: int
    after: int

    def __str__(self) -> str:
        touched = f"{number(self.communes, 'commune')} touched, with {number(self.households, 'household')}"
        return f"province {self.name}: {touched}; registered {self.before:,} before, {self.after:,} after"


@dataclass(frozen=True, slots=True)
class Effects:
    """What changes with a list. ``rows`` are coverage by commune on the day from which the list counts, before and
    after, where they differ.
    """

    communes: int
    households: int
    without_successor: dict[str, int]
    accounts: list[str]
    ended_accounts: dict[str, tuple[str, ...]]
    borders_missing: list[Unit]
    baselines: int
    rows: list[tuple[str, int, int]]
    totals: tuple[int, int]
    touched: list[UnitTouched]
    drafts: list[DraftReading]
    provinces: list[ProvinceEffect]

    def lines(self) -> Iterator[str]:
        """The effects in sentences."""
        touched = f"{number(self.households, 'household')} and {number(self.baselines, 'baseline')}"
        yield f"communes touched: {self.communes:,}, with {touched}"
        for name, households in self.without_successor.items():
            yield f"WARNING: {name} ends without a successor: {number(households, 'household')} left in it"
        for name, codes in self.ended_accounts.items():
            yield f"WARNING: account {name} names {', '.join(codes)}, which covers nothing any more"
        named = ", ".join(self.accounts[:NAMED]) + (", …" if len(self.accounts) > NAMED else "")
        yield f"accounts whose area changes: {len(self.accounts)}" + (f" ({named})" if named else "")
        if self.borders_missing:
            missing = ", ".join(unit.code for unit in self.borders_missing[:NAMED])
            yield f"communes without a border of their own: {len(self.borders_missing)} ({missing}): load newer borders"
        for name, before, after in self.rows:
            yield f"registered in {name}: {before:,} before, {after:,} after"
        yield from map(str, self.provinces)
        yield f"registered in all: {self.totals[0]:,} before, {self.totals[1]:,} after"
        yield from map(str, self.touched)
        yield from _of_phones(self.drafts)


def _of_phones(drafts: Sequence[DraftReading]) -> Iterator[str]:
    """What becomes of what is only on phones, in sentences."""
    yield "photos: not touched; each belongs to its household and goes with it to another commune"
    yield "drafts: only on phones, so the register cannot count them; each is read as of the day of its phone's list"
    yield from map(str, drafts)


def effects_of(
    plan: PlannedEdition, before: UnitDirectory, after: UnitDirectory, situation: Situation, today: date
) -> Effects:
    """Return the effects of a list. Raises UnitListInvalid where no commune is in force afterwards."""
    changed = {unit.identity for unit in (*before, *after)} & _touched(plan, before, after)
    day = max([today, *(unit.day_after or unit.begins for unit in plan.put)])
    if not after.of_level("commune", day):
        raise UnitListInvalid([UnitFault(0, "communes", f"no commune is in force from {day} on", "the list")])
    counts = {state.commune: _registered(state) for state in situation.states}
    communes = [unit for unit in after.of_level("commune", day) if unit.identity in changed]
    ended = [
        unit
        for unit in after
        if unit.level == "commune" and unit.identity in changed and unit.valid_to is not None
        if not after.heirs_of(unit, max(day, unit.begins))
    ]
    old, new = (_by_name(rows_of(each, "commune", day, situation.states, area=None)) for each in (before, after))
    names = [*new, *(name for name in old if name not in new)]
    return Effects(
        communes=sum(_is_commune(each, before, after) for each in changed),
        households=sum(counts.get(identity, 0) for identity in changed),
        without_successor={f"{unit.kind} {unit.name} ({unit.code})": counts.get(unit.identity, 0) for unit in ended},
        accounts=[each.username for each in _accounts_that_change(situation.accounts, before, after, day)],
        ended_accounts=dict(_ended(situation.accounts, before, after, day)),
        borders_missing=[unit for unit in communes if situation.borders and unit.identity not in situation.borders],
        baselines=sum(_unit_of(each, before) in changed for each in situation.baselines),
        rows=[(name, old.get(name, 0), new.get(name, 0)) for name in names if old.get(name, 0) != new.get(name, 0)],
        totals=(sum(old.values()), sum(new.values())),
        touched=units_touched(changed, _references(counts, before, situation), before, after, today),
        drafts=draft_readings(changed, before, after, today, day),
        provinces=_province_effects(changed, counts, before, after, situation.states, day),
    )


def _references(counts: Mapping[UnitId, int], before: UnitDirectory, situation: Situation) -> References:
    return References(
        households=counts,
        accounts=accounts_by_unit(situation.accounts),
        borders=situation.borders,
        baselines=Counter(_unit_of(each, before) for each in situation.baselines),
        requests=situation.requests,
        villages=situation.villages,
    )


def _province_effects(
    changed: Iterable[UnitId],
    counts: Mapping[UnitId, int],
    before: UnitDirectory,
    after: UnitDirectory,
    states: Sequence[CommuneState],
    day: date,
) -> list[ProvinceEffect]:
    """Return the effects by province; none where the register holds only one, before and after."""
    provinces = {unit.identity: unit for each in (before, after) for unit in each.of_level("province", day)}
    if len(provinces) < 2:
        return []
    communes = {each: counts.get(each, 0) for each in changed if _is_commune(each, before, after)}
    touched = by_province(communes, before, after, day)
    old, new = (
        {row.unit.identity: row.registered for row in rows_of(each, "province", day, states, area=None) if row.unit}
        if each.of_level("province", day)
        else {}
        for each in (before, after)
    )
    return [
        ProvinceEffect(
            f"{unit.name} ({unit.code})", *touched.get(identity, (0, 0)), old.get(identity, 0), new.get(identity, 0)
        )
        for identity, unit in sorted(provinces.items())
    ]


def _is_commune(identity: UnitId, before: UnitDirectory, after: UnitDirectory) -> bool:
    validities = before.validities_of(identity) or after.validities_of(identity)
    return bool(validities) and validities[0].level == "commune"


_WAY_OUT: Final = "; let it end today, and name the communes that go on as its successors (CODE;CODE)"


def taken_back_in_use(
    lines: Iterable[UnitLine], before: UnitDirectory, states: Sequence[CommuneState]
) -> Iterator[UnitFault]:
    """Yield each line that takes a unit back to which households, or their former communes, refer.

    A commune whose log has entries is referred to as well: no tally counts the withdrawn households stored in it.
    A line that only takes one validity back is none, where another one of the same unit stays or takes its place.
    """
    taken = {(line.unit.level, line.unit.code, line.replaces or line.unit.valid_from): line for line in lines}
    gone = {key for key, line in taken.items() if line.withdrawn}
    referring = dict(_referring(states))
    for identity in sorted({*referring, *(state.commune for state in states if state.offset)}):
        validities = before.validities_of(identity)
        withdrawn = [taken[unit.key] for unit in validities if unit.key in gone]
        if validities and len(withdrawn) == len(validities):
            why = _refer(referring[identity]) if identity in referring else "its log has entries"
            reason = f"{_named(identity, before)} cannot be taken back: {why}{_WAY_OUT}"
            yield UnitFault(withdrawn[-1].number, "withdrawn", reason)


def put_off_in_use(
    lines: Iterable[UnitLine],
    plan: PlannedEdition,
    before: UnitDirectory,
    states: Iterable[CommuneState],
    today: date,
) -> Iterator[UnitFault]:
    """Yield each line that would postpone the beginning of a unit in which households are stored already.

    Until that day they would be in no commune, and only accounts of the whole register would see them.
    """
    renewed = {unit.identity: unit for unit in plan.put if unit.identity and unit.begins > today}
    placed = {line.unit.key: line.number for line in lines}
    for identity, households in _referring(states):
        unit, validities = renewed.get(identity), before.validities_of(identity)
        if unit is None or validities[0].begins > today or validities[0].key in {each.key for each in plan.after}:
            continue
        reason = f"{_named(identity, before)} has begun, and {_refer(households)}{_WAY_OUT}"
        yield UnitFault(placed[unit.key], "valid_from", reason)


def _referring(states: Iterable[CommuneState]) -> list[tuple[UnitId, int]]:
    """Return how many households name each unit as their commune or their former one, in order of identity.

    Units that no household names are left out.
    """
    named: Counter[UnitId] = Counter()
    for state in states:
        for key, tally in state.tallies.items():
            for identity in {state.commune, of_tally_key(key)} - {None}:
                named[UnitId(str(identity))] += tally.get("registered", 0)
    return sorted((identity, households) for identity, households in named.items() if households)


def _refer(households: int) -> str:
    return f"{number(households, 'household')} refer{'s' if households == 1 else ''} to it"


def _named(identity: UnitId, directory: UnitDirectory) -> str:
    code, name = directory.called(identity, date.max)
    return f"{name} ({code})"


def _touched(plan: PlannedEdition, before: UnitDirectory, after: UnitDirectory) -> set[UnitId]:
    known = {unit.key: unit for unit in before}
    put = {unit.key for unit in plan.put}
    touched = {unit.identity for unit in plan.withdrawn}
    return touched | {unit.identity for unit in after if unit.key in put and known.get(unit.key) != unit}


def _registered(state: CommuneState) -> int:
    return sum(tally.get("registered", 0) for tally in state.tallies.values())


def _by_name(rows: Iterable[CoverageRow]) -> dict[str, int]:
    return {
        "no commune yet" if row.unit is None else f"{row.unit.name} ({row.unit.code})": total_of([row]).registered
        for row in rows
    }


def _accounts_that_change(
    accounts: Iterable[Account], before: UnitDirectory, after: UnitDirectory, day: date
) -> Iterator[Account]:
    for account in accounts:
        if _area(account, before, day).communes() != _area(account, after, day).communes():
            yield account


def _ended(
    accounts: Iterable[Account], before: UnitDirectory, after: UnitDirectory, day: date
) -> Iterator[tuple[str, tuple[str, ...]]]:
    for account in accounts:
        known = _area(account, before, day).ended
        ended = [unit for unit in _area(account, after, day).ended if unit not in known]
        if ended:
            yield account.username, tuple(named_unit(unit, before, day)[0] for unit in ended)


def _area(account: Account, directory: UnitDirectory, day: date) -> Area:
    return area_of_units(account.area, directory, day)


def _unit_of(baseline: Baseline, directory: UnitDirectory) -> UnitId:
    return baseline.identity or directory.meant(baseline.unit, baseline.date).identity


AccountPages = Callable[[str | None], list[Account]]
"""Returns the accounts behind a name."""


def all_accounts(page: AccountPages) -> list[Account]:
    """Return all accounts, read page by page."""
    found: list[Account] = []
    while batch := page(found[-1].username if found else None):
        found.extend(batch)
    return found
