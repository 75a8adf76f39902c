"""The only way out: a Reader returns records within the area, none restricted, masked, and noted for the trail.

Whatever leaves the register is taken from a Reader. It is made once for a request or a job, from the principal (area,
sight) and the purpose, so that no view has to remember any of this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Final, TypeVar

from shapely.geometry.base import BaseGeometry

from schemas.errors import ItemError, RecordInvalid
from service.area import Communes
from service.clock import vietnam_day
from service.errors import PermissionMissing
from service.households.area_search import Affected, households_beginning_in, households_in, items_for
from service.households.changes import Record
from service.households.history import partition
from service.households.masking import sees
from service.households.parcel_checks import MOST_NEIGHBOURS, CheckedParcel, Question
from service.households.ports import (
    HouseholdPage,
    HouseholdQuery,
    Households,
    Log,
    LogEntry,
    Restrictions,
    Written,
)
from service.households.refusals import seen_errors
from service.households.registration import household_id_of
from service.households.released import FeedPage, HistoryPage, Released, ReleasedCheck, WholeHousehold
from service.households.releasing import WITHHELD_TEXT, Note, Releasing, Wording
from service.households.residence import Residences
from service.households.stages import findings_in_json
from service.households.usable_items import may_use, require_seen, usable_query
from service.parcels.examination import known_system, record_in
from service.parcels.regions import whole_squares
from service.principal import Principal
from service.roles import Permission, Role, Sight
from service.unit_names import UnitId

T = TypeVar("T")

ENTRIES_AT_ONCE: Final = 1_000
"""How many log entries are read in one round trip of a whole history."""
_EARLIEST: Final = datetime(1900, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a Reader takes records from; made once for each process."""

    records: Households
    log: Log
    restrictions: Restrictions
    residences: Callable[[], Residences]
    """Writes the residences of records as codes of today."""
    check: Callable[[Question, Communes], CheckedParcel]
    """Compares a boundary with those of these communes."""


class Reader:
    """Returns what one principal may see for one purpose."""

    def __init__(
        self,
        sources: Sources,
        principal: Principal,
        purpose: Permission,
        *,
        note: Note,
        wording: Wording | None = None,
        report_damaged: Note = lambda _: None,
    ) -> None:
        """Raises PermissionMissing where the principal does not hold the permission that the purpose needs."""
        self._sources = sources
        self._purpose = purpose
        self._sight = principal.sight
        self._sees_somebody = principal.sees_somebody
        area = principal.area_for(purpose)
        self.communes = area.communes()
        """Where the purpose's permission holds."""
        self.surroundings = area.surroundings
        """The communes of the provinces of the area: from there, boundaries are shown as neighbours."""
        self._is_other_system = principal.role is Role.SYSTEM
        self._take_note = note
        self.report_damaged = report_damaged
        """Reports households whose stored data are damaged in part."""
        self._releasing = Releasing(
            principal.sight,
            wording,
            report_damaged,
            residences=lambda: self._residences,
            restricted=lambda: self.restricted,
        )

    @cached_property
    def _residences(self) -> Residences:
        return self._sources.residences()

    @cached_property
    def restricted(self) -> frozenset[str]:
        """Households that do not leave: no other system gets those whose people restricted the use of their data."""
        return self._sources.restrictions.restricted() if self._is_other_system else frozenset()

    @property
    def sees_persons(self) -> bool:
        """Whether the principal sees all of a person."""
        return self._sight is Sight.PERSONAL

    @property
    def people_shown(self) -> str:
        """How much of people the principal is shown, for the response to state; nothing is decided by it."""
        return self._sight.value

    def require(self, item: str) -> None:
        """Raise PermissionMissing unless the principal is shown an item, and so may have counts by it."""
        require_seen(item, self._sight)

    def released(self, record: Record) -> Record:
        """A record at hand (just written, or found stale) as it may leave, each finding with its text.

        Raises HouseholdNotFound for one that is restricted.
        """
        return self.release(record).record

    def release(self, record: Record) -> Released:
        """As ``released``, and whether it is the whole record."""
        shown = self._releasing.seen(record)
        self._note([record["id"]])
        return Released(self._releasing.with_words(shown), whole=self.sees_persons and shown == record)

    def release_written(self, written: Written) -> Released:
        """The record of a write as it may leave. The audit entry also has the other households that it revised."""
        found = self.release(written.record)
        self.note_revised(written.neighbours)
        return found

    def note_revised(self, households: Iterable[str]) -> None:
        """Note the other households whose records a write revised, even if the principal sees nothing of them."""
        self._take_note(households)

    def _released(self, record: Record) -> Record:
        """A record as it may leave; the caller adds the audit entry. Raises HouseholdNotFound for a restricted one."""
        return self._releasing.with_words(self._releasing.seen(record))

    def household(self, household_id: str, crs: str | None = None) -> Record:
        """One household, its boundaries in the system ``crs``. Raises HouseholdNotFound, ReferenceSystemUnknown."""
        return self.release_household(household_id, crs).record

    def release_household(self, household_id: str, crs: str | None = None) -> Released:
        """As ``household``, and whether it is the whole record."""
        known_system(crs)
        record = self._stored(household_id, personal=self._sight is not Sight.NOBODY)
        found = self.release(record)
        return replace(found, record=record_in(found.record, crs))

    def households(self, query: HouseholdQuery, crs: str | None = None) -> HouseholdPage:
        """A page of the households that a query finds within reach. Raises as ``count``, ReferenceSystemUnknown.

        Those that are stored damaged are named by their ids (``damaged``) and reported.
        """
        known_system(crs)
        page = self._sources.records.page(self._within_reach(query))
        self.report_damaged(page.damaged)
        records = [self._released(record) for record in page.records]
        if crs is not None:
            records = [record_in(record, crs) for record in records]
        self._note([record["id"] for record in page.records])  # at once: a streamed response has an entry for each note
        return replace(page, records=records)

    def count(self, query: HouseholdQuery) -> int:
        """How many households a query finds within reach. Raises PermissionMissing for a text that may not be tried."""
        return self._sources.records.count(self._within_reach(query))

    def fallen_in(self, drawn: BaseGeometry) -> list[Affected]:
        """The households that fall into a drawn area, in order of their ids."""
        records, items = self._sources.records, items_for(lambda item: may_use(item, self._sight))
        if self._sight is Sight.NOBODY:
            within = households_beginning_in(records, whole_squares(drawn.bounds), self.communes, items)
        else:
            within = households_in(records, drawn, self.communes, items)
        shared = (each for each in within if each.household not in self.restricted)
        coded = (replace(each, commune=self._residences.code_of(each.commune)) for each in shared)
        found = sorted(coded, key=lambda each: each.household)
        self._note(affected.household for affected in found)
        return found

    def history(self, household_id: str, *, before: tuple[int, str] | None, limit: int) -> HistoryPage:
        """A household's log entries, newest first, after the position ``before``; each with what changed in it.

        Raises HouseholdNotFound.
        """
        household = household_id_of(household_id)
        self._sources.records.commune_of(household, area=self.communes)
        self._releasing.require_shared(household)
        found = self._sources.log.history(household, before=before, limit=limit + 1)
        self._note([household])
        readable, damaged = partition(found[:limit])
        self.report_damaged([each.key for each in damaged])
        entries = [self._entry_with_differences(entry) for entry in readable]
        last = found[limit - 1] if len(found) > limit else None
        return HistoryPage(entries, None if last is None else (last.revision, last.key), damaged)

    def whole(self, household_id: str) -> WholeHousehold:
        """All that the register holds of a household, for a copy that its people requested.

        Raises PermissionMissing for readers who do not see all of them, HouseholdNotFound.
        """
        self._require_sight()
        record = self._stored(household_id)
        return WholeHousehold(self.released(record), self._whole_history(record["id"]))

    def changes(self, after: Mapping[str, int], *, of: frozenset[UnitId] | None = None, limit: int) -> FeedPage:
        """The log's entries after each log's offset, and whether there are more; only those ``of`` these communes.

        The entries of a household that is restricted, or has left the area since, keep their places in the log, without
        the record and without free text.
        """
        communes = self.communes
        if of is not None:
            communes = of if communes is None else communes & of
        found, more = self._sources.log.changes(after, communes=communes, limit=limit)
        readable, damaged = partition(found)
        self.report_damaged([each.key for each in damaged])
        hidden = self.restricted | self._left(entry.household for entry in readable)
        entries = [self._releasing.entry(entry, hidden) for entry in readable]
        self._note([entry["household"] for entry in entries if entry["record"] is not None])
        return FeedPage(entries, more, damaged)

    def stored_beside(self, household_id: str, find: Callable[[Record], T]) -> T:
        """What ``find`` finds beside a household's record (photos of papers), for readers who see all of its people.

        Raises PermissionMissing, HouseholdNotFound, and what ``find`` raises; only what it found is noted.
        """
        self._require_sight()
        record = self._stored(household_id)
        found = find(record)
        self._note([record["id"]])
        return found

    def beside(self, household_id: str, written: T) -> T:
        """What is stored beside a household's record (a photo just taken, a request of its people), as it is.

        The household itself need not be there any more. Raises PermissionMissing, HouseholdNotFound.
        """
        self._require_sight()
        self._releasing.require_shared(household_id)
        self._note([household_id])
        return written

    def all_beside(self, values: Iterable[T], household_of: Callable[[T], str]) -> list[T]:
        """As ``beside`` of several households, without those that are restricted. Raises PermissionMissing."""
        self._require_sight()
        shown = [value for value in values if household_of(value) not in self.restricted]
        self._note(household_of(value) for value in shown)
        return shown

    def check_boundary(self, question: Question) -> ReleasedCheck:
        """What registering a boundary would find, and the boundaries around it.

        Those are shown to readers who see boundaries, of the provinces of the area; none of a household that is
        restricted. Whose they are is noted, since by trying areas somebody could collect them.
        """
        checked = self._sources.check(question, self.surroundings)
        around = checked.neighbours if self._sees_boundaries else []
        around = [each for each in around if each.household not in self.restricted]
        findings = self._releasing.findings_of_a_check(findings_in_json(checked.findings))
        shown = around[:MOST_NEIGHBOURS]
        named = (finding.get("details", {}).get("household") for finding in findings)
        self._note([*(each.household for each in shown), *filter(None, named)])
        more = len(around) > len(shown)
        return ReleasedCheck(checked.measured_area_m2, findings, checked.proposal, shown, more)

    def refusal(self, error: RecordInvalid) -> Sequence[ItemError]:
        """What is wrong with a record; noted where it reveals what is stored."""
        if error.household is not None and not all(map(error.is_about_sent, error.errors)):
            self._note([error.household])
        return error.errors if self.sees_persons else seen_errors(error, self._sight)

    def free_text(self, text: str) -> str:
        """What somebody wrote freely (a reason), for readers who see persons: it may name people."""
        return text if self.sees_persons else WITHHELD_TEXT

    def _stored(self, household_id: str, *, personal: bool = True) -> Record:
        record = self._sources.records.record(household_id_of(household_id), area=self.communes, personal=personal)
        self._releasing.require_shared(record["id"])
        return record

    @cached_property
    def _sees_boundaries(self) -> bool:
        return sees("parcels.geometry", self._sight) and sees("parcels.id", self._sight)

    def _require_sight(self) -> None:
        if not self.sees_persons:
            raise PermissionMissing(permission=str(self._purpose))

    def _note(self, household_ids: Iterable[str]) -> None:
        """Note whose records are shown; a reader who sees no persons was shown nobody."""
        if self._sees_somebody:
            self._take_note(household_ids)

    def _within_reach(self, query: HouseholdQuery) -> HouseholdQuery:
        query = usable_query(query, self._sight)
        also = self._lifted_since(query.updated_since)
        return replace(query, area=self.communes, without=self.restricted, also=also)

    def _lifted_since(self, moment: datetime | None) -> frozenset[str]:
        """Households that come back to another system; a day earlier than needed, as a list may have what was known."""
        if moment is None or not self._is_other_system:
            return frozenset()
        return self._sources.restrictions.lifted_since(vietnam_day(max(moment, _EARLIEST)) - timedelta(days=1))

    def _left(self, household_ids: Iterable[str]) -> frozenset[str]:
        """Those of the households that are in another area today: what was registered here is theirs to see."""
        return frozenset() if self.communes is None else self._sources.records.outside(household_ids, self.communes)

    def _entry_with_differences(self, entry: LogEntry) -> dict[str, Any]:
        shown = self._releasing.entry(entry, self.restricted)
        return {**shown, "differences": self._releasing.differences(entry)}

    def _whole_history(self, household: str) -> Iterator[dict[str, Any]]:
        """What happened to a household, newest first, to the very first entry."""
        before: tuple[int, str] | None = None
        while found := self._sources.log.history(household, before=before, limit=ENTRIES_AT_ONCE):
            readable, damaged = partition(found)
            self.report_damaged([each.key for each in damaged])
            for each in readable:
                yield {**self._entry_with_differences(each), "damaged": each.damaged or None}
            before = (found[-1].revision, found[-1].key)
            if len(found) < ENTRIES_AT_ONCE:
                return
