"""What all that writes households does alike: prepare content by the rules, commit changes with the overlaps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Generic, TypeVar

from service.clock import Clock
from service.households.changes import Change, Record
from service.households.overlaps import moved_boundaries, with_overlaps
from service.households.ports import HouseholdRepositories, Transaction
from service.households.registration import Prepared, prepare
from service.parcels.examination import BORDERLESS, ParcelExaminer
from service.units.directory import UnitDirectory

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
        self, content: dict[str, Any], household_id: str, *, today: date, known: Record | None = None
    ) -> Prepared:
        """Parsed content as the rules make it of the units and borders of now. Raises as ``prepare``."""
        return prepare(
            content, household_id, directory=self._directory(), today=today, known=known, examiner=self._examiner
        )

    def _commit(
        self, changes: Sequence[Change], befores: Mapping[str, Record], *, make_cells: bool = False
    ) -> list[Change]:
        """Commit changes in one transaction with what they mean for the neighbours; returns them with their overlaps.

        ``befores`` holds the record that each change replaces. With ``make_cells`` the missing cells of the overlap
        grid are created beforehand: for many households at once, among which some are sure to need a new one.
        """
        moved = moved_boundaries(changes, befores)

        def work(transaction: Transaction) -> list[Change]:
            overlapping = with_overlaps(changes, befores, transaction, self._examiner.rules.overlap, moved=moved)
            transaction.apply(overlapping)
            return overlapping

        communes = {entry.commune for change in changes for entry in change.entries}
        return self._store.transactions.run(work, communes=communes, cells=moved.held if make_cells else ())
