"""What the rules about households need from storage; service/storage implements it, service/wiring.py passes it in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol, TypeVar

from service.area import Communes
from service.households.changes import Change, Entry, Kind, Record, Tallies
from service.parcels.cells import Cells
from service.parcels.ports import Boundary
from service.unit_names import UnitId
from service.units.ports import UnitStore, VillageStore

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored household with the fingerprint of its content."""

    record: Record
    fingerprint: str


@dataclass(frozen=True, slots=True)
class HouseholdQuery:
    """Which households a list is to contain. ``after`` is the position after which the page starts."""

    limit: int
    area: Communes = None
    without: frozenset[str] = frozenset()
    """Households that are not to be found: their people restricted the use of their data."""
    communes: frozenset[UnitId] = frozenset()
    """Where households are stored; none for all communes."""
    former_communes: tuple[UnitId, ...] = ()
    """Former communes; households that are still stored under one of them belong to it too."""
    stage: str | None = None
    status: str | None = None
    text: str | None = None
    village: str | None = None
    """The name of a village, in any spelling."""
    bbox: tuple[float, float, float, float] | None = None
    near: tuple[float, float, float] | None = None
    """Longitude, latitude, and the distance in metres."""
    geometries: frozenset[str] = frozenset({"parcels.geometry", "location"})
    """The items by which an area finds households: not by those of which the reader may not see where they lie."""
    personal: bool = True
    """Whether anything encrypted is to be read: not for readers who are shown nothing of it.

    For them ``bbox`` is made of whole search squares, and a household is in it if one of its boundaries begins there.
    """
    updated_since: datetime | None = None
    also: frozenset[str] = frozenset()
    """Households that ``updated_since`` is to find too: for this reader they changed when a restriction was lifted."""
    after: tuple[Any, ...] | None = None


@dataclass(frozen=True, slots=True)
class HouseholdPage:
    """One page of a list; ``next_after`` is None on the last page."""

    records: list[Record]
    next_after: tuple[Any, ...] | None
    damaged: tuple[str, ...] = ()
    """The households that belong on this page, but whose stored record cannot be read."""
    majority_lag: timedelta = timedelta()
    """How far what can be read is behind what was written; known on the first page of a list in order of change."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One stored log entry, as history, feed and verification read it."""

    commune: UnitId
    offset: int
    kind: str
    household: str
    revision: int
    at: datetime
    actor: str
    record: Record | None
    replaced: dict[str, Any] | None
    note: dict[str, Any] | None
    salt: bytes | None
    digest: str
    hash: str
    damaged: bool = False
    """Whether record, replaced items and salt are missing because they cannot be read."""
    redacted_by: str | None = None
    """The erased household whose entry of the erasure has the digest of what is left of this one."""

    @property
    def key(self) -> str:
        """The entry's key among all logs."""
        return f"{self.commune}:{self.offset:012d}"


@dataclass(frozen=True, slots=True)
class DamagedEntry:
    """The place in the log of an entry that does not even say of which household it is and what happened."""

    log: UnitId
    offset: int
    revision: int
    """Its place in the history of the household by which it was found; 0 where it does not say."""

    @property
    def key(self) -> str:
        """As of a LogEntry."""
        return f"{self.log}:{self.offset:012d}"


@dataclass(frozen=True, slots=True)
class CommuneState:
    """Where a commune's log stands and what its tallies are at the end of ``day``."""

    commune: UnitId
    offset: int
    hash: str
    day: date | None
    tallies: Tallies


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another household that a write meets, with what its parcels are compared by: ids, boundaries and numbers."""

    household: str
    commune: UnitId
    parcels: tuple[Record, ...]
    former_commune: str | None = None
    """The former commune of the parcels that name none."""


class Transaction(Protocol):
    """One transaction: all of it happens or none."""

    def household(self, household_id: str) -> Stored:
        """The household as this transaction sees it. Raises HouseholdNotFound."""

    def known(self, household_ids: Iterable[str]) -> dict[str, Stored]:
        """Those of the households that are stored, by id, as this transaction sees them. Raises StoreDamaged."""

    def readable(self, household_ids: Iterable[str]) -> dict[str, Stored]:
        """The same without those that are stored damaged: they are skipped and stay as they are."""

    def closed_household(self, household_id: str) -> Record:
        """What an erasure uses of the household, without encrypted items, however damaged. Raises HouseholdNotFound."""

    def was_erased(self, household_id: str) -> bool:
        """Whether the log says that the household's people were erased."""

    def take_cells(self, cells: Iterable[int]) -> None:
        """Lock grid cells until the commit, so that another write to one of them is retried."""

    def take_communes(self, communes: Iterable[UnitId]) -> None:
        """Lock communes that nothing else is written to, so that another write to one of them is retried."""

    def neighbours(self, cells: Cells, held: Iterable[int], parcels: frozenset[str]) -> list[Neighbour]:
        """Households, except withdrawn ones, that touch one of the cells or hold one of the parcels; locks ``held``."""

    def apply(self, changes: Sequence[Change]) -> None:
        """Write records, log entries, counters and identities.

        Raises HouseholdIdTaken, HouseholdStale, PersonalNumberTaken; nothing of the transaction is then stored.
        """

    def redact_settlements(self, household_id: str) -> dict[str, str]:
        """Remove from other households' records and log entries why their overlaps with this one were settled.

        Returns for each redacted log entry, by its key, the digest of what is left of it.
        """

    def erase(self, entry: Entry) -> None:
        """Remove record, identities and what the log says of the household; append the entry ``erased``."""


class Transactions(Protocol):
    """Where changes are committed."""

    def run(self, work: Callable[[Any], T], *, communes: Iterable[str] = (), cells: Iterable[int] = ()) -> T:
        """Run ``work`` in one transaction, again after transient errors. Raises StoreUnavailable, WriteContention.

        ``communes`` are those that it will write to, where they are known: the threads of one process then take turns
        there. ``cells`` are those that it will lock, where they are known: missing ones are then created beforehand,
        so that the transaction need not begin twice.
        """


class Restrictions(Protocol):
    """Households whose people restricted the use of their data."""

    def restricted(self) -> frozenset[str]:
        """Households that no other system may read, as the database has them now.

        Not cached: another worker may have carried out or lifted a restriction a moment ago.
        """

    def lifted_since(self, day: date) -> frozenset[str]:
        """Households that other systems may read again since this day or later."""


class Households(Protocol):
    """The households as they are now."""

    def fallen_in(self, geometry: Mapping[str, Any], area: Communes, items: Sequence[str]) -> Iterator[Record]:
        """Households, except withdrawn ones, that the index finds to meet a geometry, with the requested items.

        They are found by those of the items that are geometries (boundaries, the home).
        """

    def record(self, household_id: str, *, area: Communes, personal: bool = True) -> Record:
        """A household's record; ``personal`` as in HouseholdQuery. Raises HouseholdNotFound, also outside the area."""

    def commune_of(self, household_id: str, *, area: Communes) -> UnitId:
        """The commune where a household is stored, also one of which the rest is damaged. Raises as ``record``."""

    def page(self, query: HouseholdQuery) -> HouseholdPage:
        """One page of households."""

    def count(self, query: HouseholdQuery) -> int:
        """How many households a query finds in all."""

    def outside(self, household_ids: Iterable[str], area: frozenset[UnitId]) -> frozenset[str]:
        """Those of the households that are stored in a commune outside the area."""

    def find(self, household_id: str, *, area: Communes) -> Stored:
        """One household. Raises HouseholdErased, HouseholdNotFound, also for one outside the area, StoreDamaged."""

    def known(self, household_ids: Iterable[str]) -> dict[str, Stored]:
        """Those of the households that are stored. Raises StoreDamaged."""

    def holders_of(self, numbers: Iterable[str]) -> dict[str, str]:
        """Household by personal number, for the numbers that are taken."""


class Log(Protocol):
    """The communes' logs."""

    def history(
        self, household_id: str, *, before: tuple[int, str] | None, limit: int
    ) -> list[LogEntry | DamagedEntry]:
        """Log entries of a household, newest first, after the position ``before`` (revision, key).

        One of which record or note is damaged is there, marked as such; of one that is damaged further, its place. One
        that does not say its household or revision any more is not found.
        """

    def changes(
        self, after: Mapping[str, int], *, communes: Communes, limit: int
    ) -> tuple[list[LogEntry | DamagedEntry], bool]:
        """Entries after each commune's offset in ``after``, at most ``limit``, each commune's in order;
        and whether there are more. Those that are damaged as in ``history``."""

    def at_revision(self, household_id: str, revision: int) -> Stored | None:
        """The household as that revision left it, from the log; None where there was none, or it is erased.

        Raises StoreDamaged.
        """

    def last_actor(self, household_id: str, kind: Kind) -> str | None:
        """Who made the household's newest entry of a kind; None where there is none."""


class CommuneStates(Protocol):
    """The communes' states: where their logs stand, and their tallies."""

    def now(self, communes: Communes = None) -> list[CommuneState]:
        """The current state of each commune."""

    def on(self, day: date) -> list[CommuneState]:
        """Each commune's tallies as they stood at the end of ``day``."""

    def days(self, first: date, last: date) -> Iterator[CommuneState]:
        """Each commune's closing tallies of every day within the span on which it was written to, in order of day."""


class Parcels(Protocol):
    """Parcels by where they lie and who holds them."""

    def boundaries_of_meeting(self, geometry: Mapping[str, Any], communes: Communes) -> list[Boundary]:
        """All boundaries of the communes' households, except withdrawn ones, of which one meets a GeoJSON geometry."""

    def holders_of_parcel(self, parcel: str, area: Communes) -> list[str]:
        """The households within the area that hold a parcel of this id."""


class HouseholdRepositories(Protocol):
    """The repositories that the rules about households work on."""

    @property
    def transactions(self) -> Transactions: ...

    @property
    def households(self) -> Households: ...

    @property
    def log(self) -> Log: ...

    @property
    def states(self) -> CommuneStates: ...

    @property
    def parcels(self) -> Parcels: ...

    @property
    def villages(self) -> VillageStore: ...

    @property
    def units(self) -> UnitStore: ...


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a write: the record, whether it is new, and whether anything was written."""

    record: Record
    created: bool = False
    changed: bool = True
    neighbours: tuple[str, ...] = ()
    """The other households whose records were revised with it: an overlap or claim began, ended or was settled."""
