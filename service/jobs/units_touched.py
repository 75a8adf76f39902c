"""What refers to each unit that a list changes, and how drafts on phones that name its code will be read."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from service.access.account import Account
from service.errors import CommuneNotInForce, CommuneSuccessorUnknown, CommuneUnknown
from service.unit_names import UnitCode, UnitId
from service.units.directory import UnitDirectory
from service.units.provinces import province_of
from service.units.unit import Unit


def number(count: int, noun: str) -> str:
    """Return a number with its noun: "1 line", "2,000 lines"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class References:
    """How much of a register refers to each unit, by identity."""

    households: Mapping[UnitId, int]
    accounts: Mapping[UnitId, int]
    borders: Collection[UnitId]
    baselines: Mapping[UnitId, int]
    requests: Mapping[UnitId, int]
    villages: Mapping[UnitId, int]


@dataclass(frozen=True, slots=True)
class UnitTouched:
    """A unit that a list changes, with what refers to it."""

    name: str
    households: int
    accounts: int
    borders: int
    baselines: int
    requests: int
    villages: int

    def __str__(self) -> str:
        counts = (
            number(self.households, "household"),
            f"{number(self.accounts, 'account')} that name{'s' if self.accounts == 1 else ''} it",
            number(self.borders, "border"),
            number(self.baselines, "baseline"),
            f"{number(self.requests, 'open request')} of people",
            number(self.villages, "village"),
        )
        return f"touched: {self.name}: {', '.join(counts)}"

    @property
    def counts(self) -> tuple[int, ...]:
        """The numbers alone."""
        return self.households, self.accounts, self.borders, self.baselines, self.requests, self.villages


@dataclass(frozen=True, slots=True)
class DraftReading:
    """What becomes of a draft that names a commune's code, by the day of its capture."""

    name: str
    until: date | None
    """The last day on which the code has the meaning that it has today; None where a list ends none."""
    then: str
    later: str

    def __str__(self) -> str:
        if self.until is None:
            return f"drafts that name {self.name}: {self.then}"
        return f"drafts that name {self.name}: captured until {self.until}: {self.then}; captured later: {self.later}"


def units_touched(
    changed: Collection[UnitId], references: References, before: UnitDirectory, after: UnitDirectory, today: date
) -> list[UnitTouched]:
    """Return each changed unit to which anything refers, in order of its identity."""
    found = []
    for identity in sorted(changed):
        touched = UnitTouched(
            _named(identity, before if before.validities_of(identity) else after, today),
            references.households.get(identity, 0),
            references.accounts.get(identity, 0),
            int(identity in references.borders),
            references.baselines.get(identity, 0),
            references.requests.get(identity, 0),
            references.villages.get(identity, 0),
        )
        if any(touched.counts):
            found.append(touched)
    return found


def accounts_by_unit(accounts: Iterable[Account]) -> Counter[UnitId]:
    """Return how many accounts name each unit in their area."""
    return Counter(unit for account in accounts for unit in account.area)


def by_province(
    counts: Mapping[UnitId, int], before: UnitDirectory, after: UnitDirectory, day: date
) -> dict[UnitId | None, tuple[int, int]]:
    """Return for each province how many of the units lie in it, and the sum of their counts.

    A unit lies where it did before the list, and a new one where the list puts it: a province that loses a commune
    is the one that has to know.
    """
    found: dict[UnitId | None, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for identity, count in counts.items():
        directory = before if before.validities_of(identity) else after
        unit = directory.known_on(identity, day)
        province = None if unit is None else province_of(unit, directory, day)
        key = None if province is None else province.identity
        units, total = found[key]
        found[key] = (units + 1, total + count)
    return dict(found)


def draft_readings(
    changed: Collection[UnitId], before: UnitDirectory, after: UnitDirectory, today: date, day: date
) -> list[DraftReading]:
    """Return how drafts that name a code of today are read from ``day`` on, for every code that a list touches."""
    communes = [unit for unit in before.of_level("commune", today) if unit.identity in changed]
    return [_draft_reading(unit, after, today, day) for unit in communes]


def _draft_reading(unit: Unit, after: UnitDirectory, today: date, day: date) -> DraftReading:
    name = f"{unit.kind} {unit.name} ({unit.code})"
    last = _latest([each for each in after if each.level == "commune" and each.code == unit.code], today)
    if last is None or last.valid_to is None or last.day_after is None:
        return DraftReading(name, None, _read(unit.code, today, after, day), "")
    on = max(day, last.day_after)
    then, later = (_read(unit.code, captured, after, on) for captured in (last.valid_to, last.day_after))
    return DraftReading(name, last.valid_to, then, later)


def _latest(validities: Sequence[Unit], today: date) -> Unit | None:
    begun = [unit for unit in validities if unit.begins <= today]
    return begun[-1] if begun else None


def _read(code: UnitCode, captured: date, directory: UnitDirectory, on: date) -> str:
    """How a code of the day of capture is read on a later day, in words."""
    try:
        resolved = directory.resolve_commune(code, captured, on)
    except (CommuneUnknown, CommuneNotInForce, CommuneSuccessorUnknown) as refused:
        return f"refused ({refused.code}) until the officer chooses a commune"
    named = f"{resolved.commune.kind} {resolved.commune.name} ({resolved.commune.code})"
    if len(resolved.parts) < 2:
        return f"read as {named}"
    parts = ", ".join(part.code for part in resolved.parts)
    return f"read as {named}, where they wait until somebody decides on the part ({parts})"


def _named(identity: UnitId, directory: UnitDirectory, today: date) -> str:
    code, name = directory.called(identity, today)
    return f"{name} ({code})"
