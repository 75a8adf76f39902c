"""Open data: how many households each commune has by ethnic group and by poverty class, without any small count.

Counts are published in editions. All workers answer from the same one until the next, since two tables that were made
shortly after one another tell of the single household by which they differ.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from schemas.codelists import code_lists
from service.clock import Clock, vietnam_day
from service.errors import DomainError
from service.households.masking import LEAST_COUNT, is_small
from service.reports.small_cells import TOTAL, Cell, Name, with_totals, withheld
from service.units.directory import UnitDirectory

ETHNIC_GROUP: Final = "ethnic_group"
POVERTY: Final = "poverty"
DIMENSIONS: Final = (ETHNIC_GROUP, POVERTY)
UNKNOWN: Final = "unknown"
"""The column of the households of which it is not known."""
OTHER: Final = "other"
"""The row of the communes that are not shown one by one."""

_NOT_KNOWN: Final = {"vi": "Chưa rõ", "en": "Not known"}
_OTHERS: Final = {"vi": "Các xã, phường không nêu riêng", "en": "Communes not shown one by one"}
_LONGEST_MAKING: Final = timedelta(minutes=10)
"""After so long, another worker may begin: the one that did has died."""
_LOOKED_AT_AGAIN: Final = timedelta(minutes=1)


class OpenDataPreparing(DomainError):
    """The first edition is being made; the request can be tried again."""

    code = "open-data.preparing"


@dataclass(frozen=True, slots=True)
class Count:
    """How many households of a commune have an ethnic group (in a scheme of codes) and a poverty class."""

    commune: str
    scheme: str | None
    group: str | None
    poverty: str | None
    households: int


@dataclass(frozen=True, slots=True)
class Edition:
    """What is published from ``made_at`` on: by dimension, a table's cells and totals; None is withheld."""

    made_at: datetime
    tables: Mapping[str, Mapping[Cell, int | None]]
    gathered: frozenset[str]
    """Communes of which nothing is shown but their sum, in the row OTHER."""


class OpenDataStore(Protocol):
    """Counts and editions as storage has them."""

    def count(self) -> list[Count]:
        """Households that are not withdrawn, by commune, ethnic group of the head and poverty class."""

    def edition(self) -> Edition | None:
        """The last edition."""

    def keep(self, edition: Edition) -> None:
        """Put an edition in the place of the last, and give up the claim to make one."""

    def claim(self, now: datetime, until: datetime) -> bool:
        """Take it upon oneself to make the next edition; answers False while another worker does."""

    def give_up(self) -> None:
        """No edition was made after all; another worker may."""


class OpenData:
    """Answers the tables of the edition in force; makes the next one when it is due."""

    def __init__(
        self, store: OpenDataStore, directory: Callable[[], UnitDirectory], clock: Clock, lasting: timedelta
    ) -> None:
        self._store = store
        self._directory = directory
        self._clock = clock
        self._lasting = lasting
        self._known: tuple[Edition, datetime] | None = None

    def edition(self) -> Edition:
        """The edition in force. Raises OpenDataPreparing while the first one is being made by another worker."""
        now = self._clock()
        if self._known is not None and timedelta(0) <= now - self._known[1] < _LOOKED_AT_AGAIN:
            return self._known[0]
        found = self._store.edition()
        if found is None or found.made_at + self._lasting <= now:
            found = self._next(found, now)
        self._known = (found, now)
        return found

    def _next(self, last: Edition | None, now: datetime) -> Edition:
        if not self._store.claim(now, now + _LONGEST_MAKING):
            if last is None:
                raise OpenDataPreparing()
            return last
        found = self._store.edition()
        if found is not None and found.made_at + self._lasting > now:
            self._store.give_up()  # another worker made it in the meantime
            return found
        try:
            made = edition_of(self._store.count(), now)
        except BaseException:
            self._store.give_up()
            raise
        if any(made.tables.values()):
            self._store.keep(made)
        else:
            self._store.give_up()  # there is nothing to show yet
        return made

    def table(self, by: str, language: str) -> dict[str, Any]:
        """A table of the edition in force: a row for each commune of today, a column for each group that occurs."""
        edition = self.edition()
        day = vietnam_day(edition.made_at)
        cells, directory = edition.tables[by], self._directory()
        names = {unit.code: unit.name for unit in directory.of_level("commune", day)}
        counted = {row for row, _ in cells if row is not TOTAL and row != OTHER} | edition.gathered
        names.update({code: directory.name_of(code) for code in counted if code not in names})
        columns = sorted({column for _, column in cells if column is not TOTAL}, key=lambda one: (one == UNKNOWN, one))
        labels = _labels(by, language)
        rows = [
            {"unit": code, "name": names[code], **_row(cells, code, columns, none_shown=code in edition.gathered)}
            for code in sorted(names)
        ]
        if edition.gathered and cells:
            rows.append({"unit": None, "name": _OTHERS[language], **_row(cells, OTHER, columns)})
        return {
            "by": by,
            "edition": day.isoformat(),
            "next_edition": vietnam_day(edition.made_at + self._lasting).isoformat(),
            "least": LEAST_COUNT,
            "columns": [{"code": column, "name": labels.get(column, column)} for column in columns],
            "rows": rows,
            "total": _row(cells, TOTAL, columns, none_shown=bool(edition.gathered) and not cells),
        }


def edition_of(counts: Sequence[Count], made_at: datetime) -> Edition:
    """The tables of all dimensions, each without what must be withheld.

    The tables agree on the totals of rows, so these are always shown, and what one table withholds is independent of
    the others. A commune whose total must not be shown is not shown at all, but counted in a row of such communes.
    """
    sizes: dict[str, int] = defaultdict(int)
    for count in counts:
        sizes[count.commune] += count.households
    by_size = sorted(sizes, key=lambda commune: (sizes[commune], commune))
    gathered = {commune for commune in by_size if is_small(sizes[commune])}
    while True:
        while gathered and (len(gathered) < 2 or is_small(sum(sizes[one] for one in gathered))):
            if gathered.issuperset(by_size):
                return Edition(made_at, {by: {} for by in DIMENSIONS}, frozenset(by_size))
            gathered.add(next(one for one in by_size if one not in gathered))
        whole = {by: with_totals(_counted(counts, by, gathered)) for by in DIMENSIONS}
        gone = {by: withheld(table, is_small) for by, table in whole.items()}
        totals = {row for cells in gone.values() for row, column in cells if column is TOTAL}
        if not totals:
            shown = {by: {c: None if c in gone[by] else n for c, n in table.items()} for by, table in whole.items()}
            return Edition(made_at, shown, frozenset(gathered))
        communes = {row for row in totals if row is not TOTAL and row != OTHER}
        if not communes and gathered.issuperset(by_size):
            return Edition(made_at, {by: {} for by in DIMENSIONS}, frozenset(by_size))
        gathered |= communes or {next(one for one in by_size if one not in gathered)}


def _counted(counts: Iterable[Count], by: str, gathered: Container[str]) -> dict[tuple[str, str], int]:
    table: dict[tuple[str, str], int] = defaultdict(int)
    for count in counts:
        column = count.poverty if by == POVERTY else _group(count.scheme, count.group)
        table[OTHER if count.commune in gathered else count.commune, column or UNKNOWN] += count.households
    return table


def _group(scheme: str | None, group: str | None) -> str | None:
    """A group's column: its code of 1979, or that of another list after the list's name."""
    return group if group is None or scheme in (None, "1979") else f"{scheme}:{group}"


def _row(
    cells: Mapping[Cell, int | None], row: Name, columns: Iterable[str], *, none_shown: bool = False
) -> dict[str, Any]:
    nothing = None if none_shown else 0
    return {
        "cells": [{"code": column, **_shown(cells.get((row, column), nothing))} for column in columns],
        "total": _shown(cells.get((row, TOTAL), nothing)),
    }


def _shown(number: int | None) -> dict[str, Any]:
    """A number, or that it is withheld."""
    return {"households": number, "withheld": number is None}


def _labels(by: str, language: str) -> dict[str, str]:
    """What the columns are called, by code."""
    lists = code_lists()
    if by == POVERTY:
        labels = {entry.code: entry.name(language) for entry in lists["poverty_classes"]}
    else:
        labels = {f"census:{entry.code}": entry.name(language) for entry in lists["ethnic_groups_census"]}
        labels |= {entry.code: entry.name(language) for entry in lists["ethnic_groups"]}
    return labels | {UNKNOWN: _NOT_KNOWN[language]}
