"""What all writers of households share: prepare content by the rules, commit changes with the overlaps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any, Final, Generic, TypeVar

from schemas.errors import RecordInvalid
from service.actor import Actor
from service.area import Communes
from service.clock import Clock, vietnam_day
from service.errors import DomainError, WriteContention
from service.households.agencies import AgencyOf, agency_of_province
from service.households.changes import Change, Record
from service.households.overlaps import moved_parcels, with_overlaps
from service.households.parts import PartOf, Parts, undecided
from service.households.ports import HouseholdRepositories, Stored, Transaction
from service.households.registration import Prepared, prepare
from service.households.repeats import lists_at
from service.parcels.examination import BORDERLESS, ParcelExaminer
from service.parcels.number_claims import NumberClaim
from service.unit_names import UnitId
from service.units.directory import UnitDirectory

OLDEST_STAMP: Final = timedelta(seconds=30)
"""How long after ``updated_at`` was read from the clock a transaction with it may begin."""
COMPLETE_AFTER: Final = timedelta(minutes=3)
"""After so long no change with an earlier ``updated_at`` is still to come: MongoDB ends a transaction within 90 seconds
of its beginning, and clocks of several machines differ by less than the minute that is left."""

Repositories = TypeVar("Repositories", bound=HouseholdRepositories)


class HouseholdWriter(Generic[Repositories]):
    """The base of registration one by one, in bulk, and of migration."""

    def __init__(
        self,
        store: Repositories,
        directory: Callable[[], UnitDirectory],
        clock: Clock,
        examiner: ParcelExaminer = BORDERLESS,
        agencies: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """``agencies`` are the identifiers of the agencies that make records, by the code of their province."""
        self._store = store
        self._directory = directory
        self._clock = clock
        self._examiner = examiner
        self._agencies = agencies

    def _agency_of(self, now: datetime) -> AgencyOf:
        return agency_of_province(self._agencies, self._directory(), vietnam_day(now))

    def _prepare(
        self,
        content: dict[str, Any],
        household_id: str,
        *,
        now: datetime,
        known: Record | None = None,
        times_of: Record | None = None,
        part_of: PartOf = undecided,
        directory: UnitDirectory | None = None,
    ) -> Prepared:
        """Parsed content as the rules make it of the units and borders of now, or of another list of units.

        Raises as ``prepare``.
        """
        return prepare(
            content,
            household_id,
            directory=directory or self._directory(),
            now=now,
            known=known,
            times_of=times_of,
            examiner=self._examiner,
            agency_of=self._agency_of(now),
            part_of=part_of,
            lists_at=partial(lists_at, self._store.units),
        )

    def _says_the_same(self, content: dict[str, Any], stored: Stored, now: datetime) -> bool:
        """Whether content is equal to the stored content of a household."""
        try:
            prepared = self._prepare(content, stored.record["id"], now=now, known=stored.record)
        except (DomainError, RecordInvalid):
            return False
        return prepared.says_the_same(stored.fingerprint)

    def _parts(self, now: datetime, area: Communes) -> Parts:
        """Finds the part of a split commune to which a household belongs, among those within ``area``."""
        return Parts(self._store.villages, self._examiner.borders, self._directory(), vietnam_day(now), area)

    def _commit(
        self, changes: Sequence[Change], befores: Mapping[str, Record], actor: Actor, *, make_cells: bool = False
    ) -> list[Change]:
        """Commit changes in one transaction with what they mean for the neighbours; returns them with their overlaps
        and claims.

        ``befores`` holds the record that each change replaces; ``actor`` is who makes them. With ``make_cells`` the
        missing cells of the overlap grid are created beforehand: for many households at once, among which some are
        sure to need a new one.
        Raises WriteContention where the stamps of the changes are too old to begin a transaction with.
        """
        moved = moved_parcels(changes, befores)
        oldest = min(change.record["updated_at"] for change in changes)

        communes = {entry.commune for change in changes for entry in change.entries}
        elsewhere = self._communes_of(moved.claims) - communes

        def work(transaction: Transaction) -> list[Change]:
            if self._clock() - oldest > OLDEST_STAMP:
                raise WriteContention()
            transaction.take_communes(elsewhere)
            rules = self._examiner.rules.overlap
            overlapping = with_overlaps(changes, befores, transaction, rules, area=actor.area, moved=moved)
            transaction.apply(overlapping)
            return overlapping

        return self._store.transactions.run(work, communes=communes | elsewhere, cells=moved.held if make_cells else ())

    def _communes_of(self, claims: Iterable[NumberClaim]) -> frozenset[UnitId]:
        """The communes of today on whose land parcels are that are claimed by number.

        Each write that claims one locks them all, so that two households of different communes that claim the same
        parcel at once see each other. Nearly always it is the household's own commune alone, whose state every write
        to it updates anyway.
        """
        directory, today = self._directory(), vietnam_day(self._clock())
        validities = (directory.validities_of(former) for former in {claim.key[0] for claim in claims})
        heirs = (directory.heirs_of(each[-1], max(today, each[-1].begins)) for each in validities if each)
        return frozenset(heir.identity for each in heirs for heir in each)
