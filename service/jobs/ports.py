"""What the work that outlives a request needs of storage, beyond what the rules about households need of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from service.households import ports
from service.households.changes import Record
from service.households.ports import LogEntry, Stored
from service.unit_names import UnitId


class EntryUnreadable(Exception):
    """A stored log entry that lacks an item, or whose encrypted items cannot be opened: it was damaged."""


@dataclass(frozen=True, slots=True)
class LoggedRecord:
    """A household's record according to the last log entry about it, and this entry; None where there is none.

    ``is_found``: whether a search by its people's numbers and phones finds it, and a search by others' does not.
    """

    stored: Stored
    entry: LogEntry | None
    fingerprint: str | None
    is_found: bool = True


@dataclass(frozen=True, slots=True)
class RecordsRead:
    """Some households in order of id: their records, the ids of those that are stored damaged, and the last id."""

    records: list[Record]
    damaged: tuple[str, ...]
    last: str | None
    """None where there was none left to read."""


class Households(ports.Households, Protocol):
    """The households as they are now, also those that another version of the schema checked."""

    def count_of_other_versions(self, version: str) -> int:
        """How many households were checked by another schema version."""

    def of_other_versions(self, version: str, *, after: str | None, limit: int) -> RecordsRead:
        """Households of another schema version in order of id, after ``after``; a damaged one is skipped."""

    def counts_of_communes(self, communes: frozenset[UnitId]) -> dict[UnitId, int]:
        """How many households, withdrawn ones too, are stored under these communes; those without are left out."""

    def of_commune(self, commune: UnitId, *, after: str | None, limit: int) -> RecordsRead:
        """Households, also withdrawn ones, of a commune in order of id, after ``after``; as ``of_other_versions``."""


class Log(ports.Log, Protocol):
    """The communes' logs, read from end to end."""

    def walk(self, commune: str) -> Iterator[LogEntry]:
        """All entries of a commune's log in order of offset. Raises EntryUnreadable at one that is damaged."""

    def is_erased(self, household_id: str) -> bool:
        """Whether the log says that the household's people were erased."""

    def redacted_digest(self, erased: str, key: str) -> str | None:
        """The digest of a redacted log entry, as the entry of an erasure recorded it; None where it did not."""

    def communes(self) -> Iterator[UnitId]:
        """Communes that have a log, whether or not they have a state."""


class Recount(Protocol):
    """What the records themselves say, past the counters and identities that are derived from them."""

    def counts(self) -> Iterator[tuple[UnitId, str, dict[str, int]]]:
        """Commune, key of the tally (former commune) and counts."""

    def identities(self) -> Iterator[tuple[str, str]]:
        """Every personal number that is taken, with its household."""

    def heads(self) -> Iterator[tuple[str, str]]:
        """Personal number and household id of every household that is not withdrawn and whose head has a number."""

    def records(self, *, after: str | None, limit: int) -> list[LoggedRecord]:
        """Records in order of id, after ``after``, each with the last entry of the log that has a record of it."""

    def households(self, *, after: str | None, limit: int) -> list[tuple[str, bool]]:
        """Households that the log knows, in order of id, after ``after``; and whether a record of each is there."""


class CommuneStates(ports.CommuneStates, Protocol):
    """The communes' states, which a job can make before it writes to many communes, and make anew."""

    def make(self, communes: Iterable[str]) -> None:
        """Make the states of communes that have none."""

    def damaged(self) -> Iterator[tuple[str, str]]:
        """Collection and key of each state and of each closing tally that is damaged."""

    def repair(self, commune: UnitId) -> None:
        """Make a commune's tallies what its households say; of a damaged state make everything anew."""


class JobRepositories(ports.HouseholdRepositories, Protocol):
    """The repositories that reconciliation and migration work on."""

    @property
    def households(self) -> Households: ...

    @property
    def log(self) -> Log: ...

    @property
    def states(self) -> CommuneStates: ...

    @property
    def recount(self) -> Recount: ...
