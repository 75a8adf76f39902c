"""What the jobs that revise many households do alike."""

from __future__ import annotations

from collections.abc import Callable

from service.actor import REGISTER_ITSELF
from service.errors import HouseholdStale
from service.households.changes import Change, Record
from service.households.writer import HouseholdWriter
from service.jobs.ports import JobRepositories
from service.retry import retried


class JobWriter(HouseholdWriter[JobRepositories]):
    """The base of jobs that revise households batch by batch."""

    def _committed_alone(self, before: Record, change_from: Callable[[Record], Change | None]) -> bool:
        """Commit the change of one household; returns False where there is none to make, or none any more.

        If somebody else revised the household meanwhile, the change is made again, of the new record. Raises what
        ``change_from`` and ``_commit`` raise, but HouseholdStale; WriteContention at the bound of ``retried``.
        """

        def attempt() -> bool:
            nonlocal before
            change = change_from(before)
            if change is None:
                return False
            try:
                self._commit([change], {before["id"]: before}, REGISTER_ITSELF)
            except HouseholdStale as stale:
                before = stale.current
                raise
            return True

        return retried(attempt, when=HouseholdStale)
