"""Coverage: of the households expected in each unit, how many are registered, standardized, digitized and verified.

Coverage reads the counters of the communes (130 small documents), never the households.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, NamedTuple, TypeVar

from service.area import WHOLE_REGISTER, Communes
from service.clock import Clock, vietnam_day
from service.errors import CoverageOutsideArea, LevelNotInForce, UnitNotFound
from service.households.changes import COUNTS, Tallies
from service.households.ports import CommuneState, CommuneStates
from service.reports.days import require_known_geography, require_past, trend_span
from service.reports.expectations import Expectations
from service.reports.ports import Baseline, BaselineStore
from service.reports.reach import has_parts, require_everything, whole_units
from service.unit_names import UnitCode
from service.units.attribution import attribution_of, successor_unknown
from service.units.directory import UnitDirectory
from service.units.geographies import latest_geography
from service.units.unit import Unit

COUNTRY: Final = "country"
"""The level above provinces, which no unit has: one row for everything that the register holds."""

EVERYTHING: Final = Unit(
    code=UnitCode(WHOLE_REGISTER),
    name="các tỉnh, thành phố trong sổ",
    kind="toàn bộ",
    level=COUNTRY,
    parent=None,
    valid_from=None,
    valid_to=None,
    successor=None,
    longitude=None,
    latitude=None,
    source="",
    name_en="All provinces of the register",
)
"""The row of this level. It is not named after the country, of which a register may hold some provinces only."""

K = TypeVar("K")

_NOTHING = dict.fromkeys(COUNTS, 0)


@dataclass(slots=True)
class CoverageRow:
    """The coverage of one unit; ``unit`` is None for households whose former commune is not known."""

    unit: Unit | None
    counts: dict[str, int] = field(default_factory=lambda: dict(_NOTHING))
    expected: int | None = None
    sources: list[Baseline] = field(default_factory=list)
    successor_unknown: bool = False
    """Whether the unit ended and no list says which others took it over: in later geographies its households are in the
    row without a unit."""
    complete: bool = True
    """Whether what is expected is of all that is counted here; percentages of a part would flatter."""

    @property
    def code(self) -> str | None:
        """The unit's code."""
        return None if self.unit is None else self.unit.code

    @property
    def name(self) -> str | None:
        """The unit's name, without its kind."""
        return None if self.unit is None else self.unit.name

    @property
    def kind(self) -> str | None:
        """The unit's kind: phường, xã …"""
        return None if self.unit is None else self.unit.kind

    @property
    def expected_source(self) -> str | None:
        """The sources of the baselines that make up what is expected."""
        return "; ".join(sorted({baseline.source for baseline in self.sources})) or None

    @property
    def expected_on(self) -> date | None:
        """The date of the latest of these baselines."""
        return max((baseline.date for baseline in self.sources), default=None)

    @property
    def registered(self) -> int:
        """How many households are registered."""
        return self.counts["registered"]

    @property
    def standardized(self) -> int:
        """How many of them are standardized."""
        return self.counts["standardized"]

    @property
    def digitized(self) -> int:
        """How many of them are digitized."""
        return self.counts["digitized"]

    @property
    def verified(self) -> int:
        """How many of them are verified."""
        return self.counts["verified"]

    @property
    def registered_pct(self) -> float | None:
        """The registered of those expected, in per cent."""
        return self._percentage(self.registered)

    @property
    def standardized_pct(self) -> float | None:
        """The standardized of those expected, in per cent."""
        return self._percentage(self.standardized)

    @property
    def digitized_pct(self) -> float | None:
        """The digitized of those expected, in per cent."""
        return self._percentage(self.digitized)

    def add(self, counts: Mapping[str, int]) -> None:
        """Count these households too."""
        for name, count in counts.items():
            self.counts[name] += count

    def _percentage(self, count: int) -> float | None:
        return percentage(count, self.expected if self.complete else None)


@dataclass(slots=True)
class Total(CoverageRow):
    """The sum of all rows, and how many of them are units, with a baseline and in all."""

    units: int = 0
    units_with_baseline: int = 0


class Together(NamedTuple):
    """The baselines of several units together, and whether they cover all of them."""

    baselines: list[Baseline]
    complete: bool


@dataclass(frozen=True, slots=True)
class CoverageReport:
    """Coverage by unit of one level, in the geography of one day, as it stood at the end of another."""

    level: str
    geography: date
    as_of: date
    rows: list[CoverageRow]
    total: Total


@dataclass(frozen=True, slots=True)
class TrendDay:
    """The counts of a unit at the end of one day."""

    date: date
    registered: int
    standardized: int
    digitized: int
    verified: int


@dataclass(frozen=True, slots=True)
class Trend:
    """The counts of a unit day by day, both ends included."""

    unit: str
    first: date
    last: date
    days: list[TrendDay]


def percentage(count: int, expected: int | None) -> float | None:
    """Returns ``count`` of ``expected`` in per cent with one decimal; None without a baseline, or for one of zero."""
    return round(100 * count / expected, 1) if expected else None


class Coverage:
    """Reports coverage at each level, in the geography of any date, as of any date."""

    def __init__(
        self,
        states: CommuneStates,
        baselines: BaselineStore,
        directory: Callable[[], UnitDirectory],
        clock: Clock,
        units_since: date,
    ) -> None:
        self._states = states
        self._baselines = baselines
        self._directory = directory
        self._clock = clock
        self._units_since = units_since

    def report(
        self, level: str, geography: date | None = None, as_of: date | None = None, *, area: Communes
    ) -> CoverageReport:
        """Returns coverage by unit of ``level``; without a geography, in today's or the last that had such units.

        Rows are the units that lie wholly in the area; what is counted in others is in the row without a unit. Raises
        QueryInvalid for a geography before the list of units begins and for a day to come, LevelNotInForce when the
        geography has no units of that level, CoverageOutsideArea when none lies in the area.
        """
        today = vietnam_day(self._clock())
        as_of = today if as_of is None else as_of
        require_past(as_of, today)
        if geography is not None:
            require_known_geography(geography, self._units_since, today)
        directory = self._directory()
        by = "province" if level == COUNTRY else level
        if geography is None:
            geography = latest_geography(directory, by, today)
        if level == COUNTRY:
            require_everything(directory, today, area, level)
        states = self._states.now(area) if as_of == today else self._states.on(as_of)
        if area is not None:
            states = [state for state in states if state.commune in area]
        rows = rows_of(directory, by, geography, states, area=area)
        together = expect(rows, directory, by, geography, self._baselines.baselines(as_of))
        total = total_of(rows, together)
        if level == COUNTRY:
            rows = [everything_of(total)]
            total = total_of(rows)
        return CoverageReport(level, geography, as_of, rows, total)

    def trend(self, code: str, first: date | None, last: date | None, *, area: Communes) -> Trend:
        """Returns the counts of one unit at the end of each day; the unit is one in force today, or the last so coded.

        Raises UnitNotFound, CoverageOutsideArea for a unit that does not lie wholly in the area, QueryInvalid for a
        wrong span.
        """
        today = vietnam_day(self._clock())
        first, last = trend_span(first, last, today)
        directory = self._directory()
        inside = membership(directory, code, today, area=area)
        reading: dict[str, Tallies] = {}
        before = self._states.on(first - timedelta(days=1)) if first > date.min else []
        for state in before:
            reading[state.commune] = state.tallies
        moved: dict[date, list[CommuneState]] = {}
        for state in self._states.days(first, last):
            if state.day is not None:
                moved.setdefault(state.day, []).append(state)
        days = []
        for position in range((last - first).days + 1):
            day = first + timedelta(days=position)
            reading.update({state.commune: state.tallies for state in moved.get(day, ())})
            days.append(TrendDay(day, **_sum(reading, inside)))
        return Trend(code, first, last, days)


def rows_of(
    directory: UnitDirectory, level: str, geography: date, states: Iterable[CommuneState], *, area: Communes
) -> list[CoverageRow]:
    """Returns a row for every unit of the level in force on ``geography``, and one for what is attributed to none."""
    units = directory.of_level(level, geography)
    if not units:
        raise LevelNotInForce(level=level, geography=geography.isoformat())
    attribution = attribution_of(directory, level, geography)
    rows = {unit.identity: CoverageRow(unit, successor_unknown=successor_unknown(unit, directory)) for unit in units}
    unattributed = CoverageRow(None)
    whole = whole_units(directory, level, geography, area)
    if whole is not None:
        rows = {identity: row for identity, row in rows.items() if identity in whole}
        unattributed.complete = not has_parts(directory, level, geography, area)
        if not rows:
            raise CoverageOutsideArea(unit=level)
    tallies = ((state.commune, key, tally) for state in states for key, tally in state.tallies.items())
    add_counts(rows, unattributed, ((attribution.unit_of(commune, key), tally) for commune, key, tally in tallies))
    attributed = list(rows.values())
    return [*attributed, unattributed] if attribution.can_fail or any(unattributed.counts.values()) else attributed


def add_counts(
    rows: Mapping[K, CoverageRow], unattributed: CoverageRow, counted: Iterable[tuple[K | None, Mapping[str, int]]]
) -> None:
    """Add the counts of each group of households to the row of its unit; to ``unattributed`` where it has none."""
    for key, counts in counted:
        row = unattributed if key is None else rows.get(key, unattributed)
        row.add(counts)


def everything_of(total: Total) -> CoverageRow:
    """Returns one row for all provinces, whose ``total`` it is; it has an expected number only where that is of all."""
    row = CoverageRow(EVERYTHING, total.counts)
    if total.complete:
        row.expected, row.sources = total.expected, total.sources
    return row


def expect(
    rows: list[CoverageRow], directory: UnitDirectory, level: str, geography: date, baselines: list[Baseline]
) -> Together | None:
    """Fill in what is expected: a unit's own latest baseline, or the sum over its communes when it is known of all.

    Returns the baselines of the rows together where it is not known of each of them: it can be of several, the parts of
    a commune that was split without shares.
    """
    expectations = Expectations(directory, level, geography, baselines)
    units = [row.unit for row in rows if row.unit is not None]
    for row in rows:
        if row.unit is not None and (found := expectations.of(row.unit)):
            row.sources = found
            row.expected = sum(baseline.households for baseline in found)
    if all(row.expected is not None for row in rows if row.unit is not None):
        return None
    return Together(*expectations.of_all(units))


def total_of(rows: Iterable[CoverageRow], together: Together | None = None) -> Total:
    """Returns the sum of all rows; it has percentages only when it is known of all units how many are expected.

    ``together`` is what ``expect`` returned.
    """
    total = Total(None)
    for row in rows:
        total.units += row.unit is not None
        total.add(row.counts)
        if row.expected is not None:
            total.expected = (total.expected or 0) + row.expected
            total.sources.extend(row.sources)
            total.units_with_baseline += row.unit is not None
        elif row.unit is not None and not (together and together.complete):
            total.complete = False
        if not row.complete:
            total.complete = False
    if together and together.baselines:
        total.expected = sum(each.households for each in together.baselines)
        total.sources = together.baselines
    return total


def membership(directory: UnitDirectory, code: str, today: date, *, area: Communes) -> Callable[[str, str], bool]:
    """Returns a test by commune and key of a tally: does a household counted there belong to the unit of that code?

    The code means the unit that has it today, else the former unit that last had it; WHOLE_REGISTER means every unit.
    Raises UnitNotFound, CoverageOutsideArea.
    """
    if code == WHOLE_REGISTER:
        require_everything(directory, today, area, code)
        return lambda commune, tally: True  # noqa: ARG005 - the same signature
    candidates = [unit for unit in directory if unit.code == code]
    if not candidates:
        raise UnitNotFound(code=code)
    unit = next((each for each in candidates if each.in_force_on(today)), candidates[-1])
    geography = today if unit.in_force_on(today) else (unit.valid_to or today)
    whole = whole_units(directory, unit.level, geography, area)
    if whole is not None and unit.identity not in whole:
        raise CoverageOutsideArea(unit=code)
    attribution = attribution_of(directory, unit.level, geography)

    def inside(commune: str, tally: str) -> bool:
        return attribution.unit_of(commune, tally) == unit.identity

    return inside


def _sum(reading: dict[str, Tallies], inside: Callable[[str, str], bool]) -> dict[str, int]:
    counts = dict(_NOTHING)
    for commune, tallies in reading.items():
        for key, tally in tallies.items():
            if inside(commune, key):
                for name, count in tally.items():
                    counts[name] += count
    return counts
