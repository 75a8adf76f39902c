"""Open data: how many households each commune has by ethnic group and by poverty class, without any small count.

Counts are published in publications. All workers publish the same one until the next: two tables made shortly after one
another would give away the single household by which they differ.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from schemas.codelists import code_lists
from schemas.protection import plain_at_rest
from service.clock import Clock, vietnam_day
from service.errors import DomainError, QueryInvalid
from service.households.masking import LEAST_COUNT, is_small, sees
from service.reports.ports import Count, OpenDataStore, Publication, Publications
from service.reports.small_cells import TOTAL, Cell, Name, with_totals, withheld
from service.roles import Sight
from service.unit_names import UnitId
from service.units.directory import UnitDirectory
from service.units.provinces import communes_by_province, province_of

ETHNIC_GROUP: Final = "ethnic_group"
POVERTY: Final = "poverty"
DIMENSIONS: Final = (ETHNIC_GROUP, POVERTY)
UNKNOWN: Final = "unknown"
"""The column of the households whose group is not known."""
OTHER: Final = "other"
"""The row of the communes that are not shown one by one."""

_NOT_KNOWN: Final = {"vi": "Chưa rõ", "en": "Not known"}
_OTHERS: Final = {"vi": "Các xã, phường không nêu riêng", "en": "Communes not shown one by one"}
_LEASE: Final = timedelta(minutes=10)
"""How long the lease to make a publication lasts; the worker that holds an older one has died."""
_CACHED: Final = timedelta(minutes=1)


_COUNTED_BY: Final = {"scheme": "head.ethnic_scheme", "group": "head.ethnic_group", "poverty": "poverty"}


def countable() -> dict[str, str]:
    """Returns the dimensions by which households may be counted, each with its item.

    An item that is encrypted, or hidden from readers who see people masked, counts as unknown.
    """
    return {name: item for name, item in _COUNTED_BY.items() if plain_at_rest(item) and sees(item, Sight.MASKED)}


class OpenDataPreparing(DomainError):
    """The first publication is being made; the request can be tried again."""

    code = "open-data.preparing"


@dataclass(frozen=True, slots=True)
class PublishedCount:
    """A published count of households; None is withheld."""

    households: int | None

    @property
    def withheld(self) -> bool:
        """Whether the count is not published."""
        return self.households is None


@dataclass(frozen=True, slots=True)
class TableCell(PublishedCount):
    """The count of one column of a row."""

    code: str


@dataclass(frozen=True, slots=True)
class Column:
    """A group that is counted."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class TableTotal:
    """The cells of a row, and its total."""

    cells: list[TableCell]
    total: PublishedCount


@dataclass(frozen=True, slots=True)
class TableRow(TableTotal):
    """The row of a commune; ``unit`` is None for the communes that are not shown one by one."""

    unit: str | None
    name: str


@dataclass(frozen=True, slots=True)
class OpenDataTable:
    """A published table of a province: a row for each commune, a column for each group that occurs."""

    by: str
    province: str
    published_on: date
    next_published_on: date
    least: int
    """Smaller counts are withheld."""
    columns: list[Column]
    rows: list[TableRow]
    total: TableTotal


class OpenData:
    """Publishes the tables of the publications in force, one for each province; makes the next when they are due."""

    def __init__(
        self, store: OpenDataStore, directory: Callable[[], UnitDirectory], clock: Clock, lasting: timedelta
    ) -> None:
        self._store = store
        self._directory = directory
        self._clock = clock
        self._lasting = lasting
        self._cached: tuple[Publications, datetime] | None = None

    def publication(self, province: str | None = None) -> Publication:
        """Returns a province's publication in force; without a code, of the only or the first province.

        Raises QueryInvalid for a code that no province of today has, OpenDataPreparing while another worker makes the
        first publications.
        """
        publications, code = self._publications(), self._code_of(province)
        nothing = Publication(publications.made_at, {by: {} for by in DIMENSIONS}, frozenset())
        return publications.by_province.get(code, nothing)

    def _code_of(self, province: str | None) -> str:
        known = [unit.code for unit in self._directory().of_level("province", vietnam_day(self._clock()))]
        if province is None and known:
            return known[0]
        if province not in known:
            raise QueryInvalid(pointer="/province", name="province", reason=" | ".join(known))
        return str(province)

    def _publications(self) -> Publications:
        now = self._clock()
        if self._cached is not None and timedelta(0) <= now - self._cached[1] < _CACHED:
            return self._cached[0]
        found = self._store.publications()
        if found is None or found.made_at + self._lasting <= now:
            found = self._next(found, now)
        self._cached = (found, now)
        return found

    def _next(self, last: Publications | None, now: datetime) -> Publications:
        if not self._store.lease(now, now + _LEASE):
            if last is None:
                raise OpenDataPreparing()
            return last
        found = self._store.publications()
        if found is not None and found.made_at + self._lasting > now:
            self._store.release()  # another worker made them in the meantime
            return found
        try:
            made = publications_of(self._store.count(countable()), self._directory(), now)
        except BaseException:
            self._store.release()
            raise
        if any(any(publication.tables.values()) for publication in made.by_province.values()):
            self._store.put_publications(made)
        else:
            self._store.release()  # there is nothing to show yet
        return made

    def table(self, by: str, language: str, province: str | None = None) -> OpenDataTable:
        """Returns a province's table of the publication in force: a row for each commune of today, also with nothing.

        Raises as ``publication``.
        """
        province = self._code_of(province)
        publication = self.publication(province)
        day = vietnam_day(publication.made_at)
        cells, directory = publication.tables[by], self._directory()
        names = {
            unit.identity: unit.name
            for unit in directory.of_level("commune", day)
            if (above := province_of(unit, directory, day)) is not None and above.code == province
        }
        counted = {row for row, _ in cells if row is not TOTAL and row != OTHER} | publication.gathered
        names.update({UnitId(one): directory.name_of(one) for one in counted if one not in names})
        columns = sorted({column for _, column in cells if column is not TOTAL}, key=lambda one: (one == UNKNOWN, one))
        labels = _labels(by, language)
        rows = []
        for code, identity in sorted((directory.called(identity, day)[0], identity) for identity in names):
            row = _row(cells, identity, columns, none_shown=identity in publication.gathered)
            rows.append(TableRow(row.cells, row.total, code, names[identity]))
        if publication.gathered and cells:
            row = _row(cells, OTHER, columns)
            rows.append(TableRow(row.cells, row.total, None, _OTHERS[language]))
        return OpenDataTable(
            by=by,
            province=province,
            published_on=day,
            next_published_on=vietnam_day(publication.made_at + self._lasting),
            least=LEAST_COUNT,
            columns=[Column(column, labels.get(column, column)) for column in columns],
            rows=rows,
            total=_row(cells, TOTAL, columns, none_shown=bool(publication.gathered) and not cells),
        )


def publications_of(counts: Iterable[Count], directory: UnitDirectory, made_at: datetime) -> Publications:
    """Returns the publication of each province that has households."""
    day = vietnam_day(made_at)
    of_communes: dict[str, str] = {
        commune: directory.called(province, day)[0]
        for province, communes in communes_by_province(directory, day).items()
        for commune in communes
    }
    by_province: dict[str, list[Count]] = defaultdict(list)
    for count in counts:
        if (province := of_communes.get(count.commune)) is not None:
            by_province[province].append(count)
    return Publications(
        made_at, {code: publication_of(theirs, made_at) for code, theirs in sorted(by_province.items())}
    )


def publication_of(counts: Sequence[Count], made_at: datetime) -> Publication:
    """Returns the tables of all dimensions of one province, each without what must be withheld.

    The tables agree on the totals of rows, so these are always shown; what one table withholds is then independent of
    the others. A commune whose total must not be shown is not shown at all: a row of its own counts all such communes.
    """
    sizes: dict[str, int] = defaultdict(int)
    for count in counts:
        sizes[count.commune] += count.households
    by_size = sorted(sizes, key=lambda commune: (sizes[commune], commune))
    gathered = {commune for commune in by_size if is_small(sizes[commune])}
    while True:
        while gathered and (len(gathered) < 2 or is_small(sum(sizes[one] for one in gathered))):
            if gathered.issuperset(by_size):
                return Publication(made_at, {by: {} for by in DIMENSIONS}, frozenset(by_size))
            gathered.add(next(one for one in by_size if one not in gathered))
        whole = {by: with_totals(_counted(counts, by, gathered)) for by in DIMENSIONS}
        gone = {by: withheld(table, is_small) for by, table in whole.items()}
        totals = {row for cells in gone.values() for row, column in cells if column is TOTAL}
        if not totals:
            shown = {by: {c: None if c in gone[by] else n for c, n in table.items()} for by, table in whole.items()}
            return Publication(made_at, shown, frozenset(gathered))
        communes = {row for row in totals if row is not TOTAL and row != OTHER}
        if not communes and gathered.issuperset(by_size):
            return Publication(made_at, {by: {} for by in DIMENSIONS}, frozenset(by_size))
        gathered |= communes or {next(one for one in by_size if one not in gathered)}


def _counted(counts: Iterable[Count], by: str, gathered: Container[str]) -> dict[tuple[str, str], int]:
    table: dict[tuple[str, str], int] = defaultdict(int)
    for count in counts:
        column = count.poverty if by == POVERTY else _group(count.scheme, count.group)
        table[OTHER if count.commune in gathered else count.commune, column or UNKNOWN] += count.households
    return table


def _group(scheme: str | None, group: str | None) -> str | None:
    """Returns a group's column: its code of 1979, or that of another list after the list's name."""
    return group if group is None or scheme in (None, "1979") else f"{scheme}:{group}"


def _row(
    cells: Mapping[Cell, int | None], row: Name, columns: Iterable[str], *, none_shown: bool = False
) -> TableTotal:
    nothing = None if none_shown else 0
    return TableTotal(
        [TableCell(cells.get((row, column), nothing), column) for column in columns],
        PublishedCount(cells.get((row, TOTAL), nothing)),
    )


def _labels(by: str, language: str) -> dict[str, str]:
    """The names of the columns by code."""
    lists = code_lists()
    if by == POVERTY:
        labels = {entry.code: entry.name(language) for entry in lists["poverty_classes"]}
    else:
        labels = {f"census:{entry.code}": entry.name(language) for entry in lists["ethnic_groups_census"]}
        labels |= {entry.code: entry.name(language) for entry in lists["ethnic_groups"]}
    return labels | {UNKNOWN: _NOT_KNOWN[language]}
