"""What all that writes households does alike: prepare content by the rules, commit changes with the overlaps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Generic, TypeVar

from service.actor import Actor
from service.clock import Clock
from service.errors import WriteContention
from service.households.changes import Change, Record
from service.households.overlaps import moved_boundaries, with_overlaps
from service.households.ports import HouseholdRepositories, Transaction
from service.households.registration import Prepared, prepare
from service.parcels.examination import BORDERLESS, ParcelExaminer
from service.units.directory import UnitDirectory

OLDEST_STAMP: Final = timedelta(seconds=30)
"""How long after ``updated_at`` was read from the clock a transaction with it may begin."""
SETTLED_AFTER: Final = timedelta(minutes=3)
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
    ) -> None:
        self._store = store
        self._directory = directory
        self._clock = clock
        self._examiner = examiner

    def _prepare(
        self,
        content: dict[str, Any],
        household_id: str,
        *,
        now: datetime,
        known: Record | None = None,
        times_of: Record | None = None,
        confirmed_anew: bool = False,
    ) -> Prepared:
        """Parsed content as the rules make it of the units and borders of now. Raises as ``prepare``."""
        return prepare(
            content,
            household_id,
            directory=self._directory(),
            now=now,
            known=known,
            times_of=times_of,
            confirmed_anew=confirmed_anew,
            examiner=self._examiner,
        )

    def _commit(
        self, changes: Sequence[Change], befores: Mapping[str, Record], actor: Actor, *, make_cells: bool = False
    ) -> list[Change]:
        """Commit changes in one transaction with what they mean for the neighbours; returns them with their overlaps.

        ``befores`` holds the record that each change replaces; ``actor`` is who makes them. With ``make_cells`` the
        missing cells of the overlap grid are created beforehand: for many households at once, among which some are
        sure to need a new one.
        Raises WriteContention where the stamps of the changes are too old to begin a transaction with.
        """
        moved = moved_boundaries(changes, befores)
        oldest = min(change.record["updated_at"] for change in changes)

        def work(transaction: Transaction) -> list[Change]:
            if self._clock() - oldest > OLDEST_STAMP:
                raise WriteContention()
            rules = self._examiner.rules.overlap
            overlapping = with_overlaps(changes, befores, transaction, rules, area=actor.area, moved=moved)
            transaction.apply(overlapping)
            return overlapping

        communes = {entry.commune for change in changes for entry in change.entries}
        return self._store.transactions.run(work, communes=communes, cells=moved.held if make_cells else ())
