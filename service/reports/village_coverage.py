"""Coverage by village of one commune.

Counters are by commune, so the households of the one commune are counted when somebody asks, by its index: a write
moves no further counter. Hence only the present can be reported, not how it stood on a past day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Final

from service.clock import Clock, vietnam_day
from service.errors import CoverageOutsideArea, QueryInvalid
from service.households.reading import Reader
from service.reports.coverage import CoverageReport, CoverageRow, add_counts, total_of
from service.reports.days import require_known_geography
from service.reports.ports import Baseline, VillageCount, VillageCounts
from service.reports.reach import whole_units
from service.unit_names import UnitCode
from service.units.areas import communes_of
from service.units.attribution import Attribution, tally_key
from service.units.directory import UnitDirectory
from service.units.geographies import latest_geography
from service.units.ports import VillageStore
from service.units.unit import Unit
from service.units.village_register import Meant, meant_by
from service.units.villages import Village, VillageFinder, VillageList, lineage_of, list_of

VILLAGE: Final = "village"
"""The level below communes, whose rows are not units of the list but villages of one commune."""

_KIND: Final = "thôn"


class VillageCoverage:
    """Reports how much of each village of a commune is registered."""

    def __init__(
        self,
        counts: VillageCounts,
        villages: VillageStore,
        directory: Callable[[], UnitDirectory],
        clock: Clock,
        units_since: date,
    ) -> None:
        self._counts = counts
        self._villages = villages
        self._directory = directory
        self._clock = clock
        self._units_since = units_since

    def report(self, code: str, geography: date | None, as_of: date | None, reader: Reader) -> CoverageReport:
        """Returns coverage by village of the commune that has the code on ``geography``, by default today.

        The last row counts the households whose village is not in the list or not clear; all rows together count what
        the commune's own row counts. Raises PermissionMissing for readers who are not shown a household's village, as
        ``meant_by``, QueryInvalid for another day than today and for an unknown geography, CoverageOutsideArea for a
        commune that does not lie wholly in the reader's area.
        """
        reader.require("village")
        today = vietnam_day(self._clock())
        if as_of not in (None, today):
            raise QueryInvalid(pointer="/as_of", name="as_of", reason="village-as-of")
        directory = self._directory()
        if geography is None:
            geography = latest_geography(directory, "commune", today)
        require_known_geography(geography, self._units_since, today)
        meant = meant_by(code, geography, directory, today)
        whole = whole_units(directory, "commune", geography, reader.communes)
        if whole is not None and meant.named.identity not in whole:
            raise CoverageOutsideArea(unit=code)
        commune = meant.commune.identity
        villages = list_of(commune, directory, self._villages.lists_of(lineage_of(commune, directory)), today)
        found = self._counts.by_village(communes_of(meant.named, directory, today))
        attribution = Attribution(directory, "commune", geography)
        counted = (
            each for each in found if attribution.unit_of(each.commune, tally_key(each.former)) == meant.named.identity
        )
        rows = _rows(meant, villages, counted, directory, geography)
        return CoverageReport(VILLAGE, geography, today, rows, total_of(rows))


def _rows(
    meant: Meant, villages: VillageList, counted: Iterable[VillageCount], directory: UnitDirectory, on: date
) -> list[CoverageRow]:
    concerned = list(filter(meant.concerns, villages.villages))
    names = _names(concerned, directory, on)
    rows = {
        village.id: CoverageRow(_as_unit(village, name), expected=village.expected, sources=_sources(village))
        for village, name in zip(concerned, names, strict=True)
    }
    unknown = CoverageRow(None)
    finder = VillageFinder(villages, directory)

    def village_of(each: VillageCount) -> str | None:
        former = directory.former_of(each.commune, each.former)
        village = finder.find(each.village or "", each.commune, None if former is None else former.identity)
        return None if village is None else village.id

    add_counts(rows, unknown, ((village_of(each), each.counts) for each in counted))
    return [*rows.values(), unknown]


def _sources(village: Village) -> list[Baseline]:
    """What says how many households a village has; nothing where its list does not say who did, and when."""
    expected, source, on = village.expected, village.expected_source, village.expected_on
    return [] if expected is None or source is None or on is None else [Baseline(village.id, expected, source, on)]


def _names(villages: Sequence[Village], directory: UnitDirectory, on: date) -> list[str]:
    """The names of villages; of two with the same name each with the name of its former commune."""
    times = Counter(village.key[1] for village in villages)
    return [
        f"{village.name} ({directory.called(village.former, on)[1]})"
        if village.former is not None and times[village.key[1]] > 1
        else village.name
        for village in villages
    ]


def _as_unit(village: Village, name: str) -> Unit:
    return Unit(
        code=UnitCode(village.id),
        name=name,
        kind=_KIND,
        level=VILLAGE,
        parent=None,
        valid_from=None,
        valid_to=None,
        successor=None,
        longitude=None,
        latitude=None,
        source="",
        name_en=name,
    )
