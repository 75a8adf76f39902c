"""Moving households to the communes in force today, after a list of units merged, split or corrected theirs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from service.actor import REGISTER_ITSELF
from service.clock import vietnam_day
from service.errors import DomainError, StoreDamaged, StoreUnavailable, WriteContention
from service.households.changes import Change, Record
from service.households.parts import Parts
from service.households.registration import fingerprint_of_record
from service.households.residence import current_residence
from service.households.writer import OLDEST_STAMP
from service.jobs.writer import JobWriter
from service.retry import tries
from service.unit_names import UnitId
from service.units.directory import UnitDirectory

BATCH: Final = 250
_FRESH: Final = OLDEST_STAMP / 3
"""So long after a batch was prepared it can be committed as it is."""

_LEFT_OPEN_SECONDS: Final = 120
"""So long a batch waits for others to write to its communes. The transaction of a process that was killed stays open,
and locks what it wrote, until MongoDB ends it within 90 seconds (``transactionLifetimeLimitSeconds`` is 60)."""


@dataclass(frozen=True, slots=True)
class Rehomed:
    """What became of one household: moved to another commune, or left where it is until somebody decides."""

    household_id: str
    moved: bool = True
    error: DomainError | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Households of one commune, with the changes that move them and the time of these."""

    records: Sequence[Record]
    changes: Sequence[Change]
    at: datetime
    damaged: Sequence[str] = ()
    """Households that cannot be read; they are skipped and stay where they are; the others are processed."""


class Rehoming(JobWriter):
    """Moves every household whose commune is not in force any more; killed and restarted, it continues where it was.

    Each move is a transfer in both communes' logs that leaves the status as it is: nobody has written anything new
    about the household. A unit that was renamed or given another code is the same unit, so its households stay. Of a
    commune that was split, those move whose home or parcels lie within one part, else those whose village only the
    list of one part names; the others stay for an officer, who transfers them.
    """

    def waiting(self) -> int:
        """How many households are stored under communes that are not in force today."""
        return sum(self._counts().values())

    def groups(self) -> list[tuple[UnitId, ...]]:
        """The communes whose households wait, the most households first, in groups that share no log.

        Communes that were merged into one write to that one's log; two groups can be moved at the same time.
        """
        counts = self._counts()
        groups: list[tuple[set[UnitId], list[UnitId]]] = []
        for commune in sorted(counts):
            logs, members = self._logs_of(commune), [commune]
            for group in [each for each in groups if each[0] & logs]:
                groups.remove(group)
                logs, members = logs | group[0], [*group[1], *members]
            groups.append((logs, members))
        sized = sorted(((sum(counts[each] for each in members), members) for _, members in groups), reverse=True)
        return [tuple(members) for _, members in sized]

    def run(self, communes: Iterable[UnitId] | None = None, batch: int = BATCH) -> Iterator[Rehomed]:
        """Move the households of these communes (without: of all), batch by batch; each batch is one transaction.

        While a batch is committed the next one is read and prepared.
        """
        chosen = sorted(self._counts() if communes is None else communes)
        # A transaction that finds one missing has to begin again.
        self._store.states.make(set().union(*map(self._logs_of, chosen)))
        batches = self.batches(chosen, batch)
        with ThreadPoolExecutor(1) as reading:
            following = reading.submit(next, batches, None)
            while (ready := following.result()) is not None:
                following = reading.submit(next, batches, None)
                yield from self._move(ready)

    def _logs_of(self, commune: UnitId) -> set[UnitId]:
        """The communes to whose logs moving the households of a commune can write."""
        directory, today = self._directory(), vietnam_day(self._clock())
        validity = directory.known_on(commune, today)
        heirs = () if validity is None else directory.heirs_of(validity, today)
        return {commune, *(heir.identity for heir in heirs)}

    def _counts(self) -> dict[UnitId, int]:
        """How many households wait in each commune that is not in force today."""
        directory, today = self._directory(), vietnam_day(self._clock())
        communes = {unit.identity for unit in directory if unit.level == "commune"}
        ended = frozenset(one for one in communes if directory.validity_on(one, today) is None)
        return self._store.households.counts_of_communes(ended)

    def batches(self, communes: Iterable[UnitId], size: int = BATCH) -> Iterator[Batch]:
        """The households of these communes batch by batch, with what moves them; nothing is written."""
        for commune in communes:
            after: str | None = None
            while (read := self._store.households.of_commune(commune, after=after, limit=size)).last is not None:
                after = read.last
                yield self._batch(read.records, read.damaged)

    def _batch(self, records: Sequence[Record], damaged: Sequence[str]) -> Batch:
        now, directory = self._clock(), self._directory()
        parts = self._parts(now, area=None)
        moves = (self._change(record, now, directory, parts) for record in records)
        return Batch(records, [change for change in moves if change is not None], now, damaged)

    def _move(self, ready: Batch) -> Iterator[Rehomed]:
        befores = {record["id"]: record for record in ready.records}
        one_by_one = False
        for _ in tries(None, seconds=_LEFT_OPEN_SECONDS):
            if self._clock() - ready.at > _FRESH:  # nobody took a result for a while: a commit would be refused
                ready = self._batch(ready.records, ready.damaged)
            try:
                if ready.changes:
                    self._commit(ready.changes, befores, REGISTER_ITSELF)
                break
            except StoreUnavailable:
                raise
            except WriteContention:
                ready = self._batch(ready.records, ready.damaged)
            except DomainError:
                one_by_one = True  # one of them was revised meanwhile, or cannot be stored: the others are not held up
                break
        else:
            raise WriteContention()
        moving = {change.record["id"] for change in ready.changes}
        yield from (Rehomed(each, moved=False, error=StoreDamaged(reason="record")) for each in ready.damaged)
        yield from (Rehomed(record["id"], moved=False) for record in ready.records if record["id"] not in moving)
        if one_by_one:
            yield from (self._alone(befores[change.record["id"]]) for change in ready.changes)
        else:
            yield from (Rehomed(each) for each in sorted(moving))

    def _alone(self, before: Record) -> Rehomed:
        try:
            return Rehomed(before["id"], moved=self._committed_alone(before, self._change_now))
        except StoreUnavailable:
            raise
        except DomainError as error:
            return Rehomed(before["id"], moved=False, error=error)

    def _change_now(self, before: Record) -> Change | None:
        """The move by the list of units and the boundaries of this moment."""
        now = self._clock()
        return self._change(before, now, self._directory(), self._parts(now, area=None))

    def _change(self, before: Record, now: datetime, directory: UnitDirectory, parts: Parts) -> Change | None:
        """The move of a household to its commune of today; None where it has none, or where it is open which."""
        today = vietnam_day(now)
        residence = current_residence(before, directory, today)
        residence = parts.part_of(before, residence) or residence
        if residence.commune == before["commune"]:
            return None
        record: Record = {name: value for name, value in before.items() if name != "former_commune"}
        record |= {"commune": residence.commune, "commune_as_of": residence.as_of.isoformat()}
        if residence.former is not None:
            record["former_commune"] = residence.former
        return Change.revision(
            before,
            record,
            "transferred",
            at=now,
            actor=REGISTER_ITSELF.name,
            fingerprint=fingerprint_of_record(record),
            note={"rehomed": today.isoformat()},
            residence_only=True,
        )
