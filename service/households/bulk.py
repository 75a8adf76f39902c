"""Registering many households at once: the same rules as one at a time, committed in batches by commune."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, Literal

import uuid_utils

from schemas.errors import RecordInvalid
from service.actor import Actor
from service.clock import vietnam_day
from service.errors import (
    BoundaryUnplaceable,
    DomainError,
    HouseholdIdTaken,
    HouseholdWithdrawn,
    ParcelIdTaken,
    PersonalNumberTaken,
    StoreDamaged,
    StoreRefused,
)
from service.households.changes import Change
from service.households.far_parcels import far_parcels
from service.households.ports import HouseholdRepositories, Stored
from service.households.registration import (
    Prepared,
    household_id_of,
    parse,
    prepared_from,
    registration,
    resolve,
)
from service.households.repeats import made_by
from service.households.residence import residence_in
from service.households.times import Timed, corrected
from service.households.writer import HouseholdWriter
from service.retry import tries

BATCH = 250
"""Households in one transaction: many enough that the commit hardly counts, few enough to lock a commune for
milliseconds."""

_SAME_BATCH = 3
"""How often a batch is tried in which something is taken, but nobody is found to have it."""

COMMITTING = 2
"""Batches being committed while the next one is checked: the rules do not wait for the disk."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one record of a bulk: its position in the input, its id where it could be read,
    the error if refused."""

    position: int
    household_id: str | None
    result: Literal["registered", "unchanged", "refused"]
    error: DomainError | RecordInvalid | None = None


@dataclass(frozen=True, slots=True)
class _Parsed:
    position: int
    household_id: str
    content: dict[str, Any]
    timed: Timed
    resolved: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Waiting:
    position: int
    prepared: Prepared
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Refused:
    position: int
    household_id: str
    content: dict[str, Any]
    error: DomainError | RecordInvalid


class BulkRegistration(HouseholdWriter[HouseholdRepositories]):
    """Registers streams of records. What is refused is reported and skipped; the others are processed."""

    def register(self, bodies: Iterable[object], *, actor: Actor, batch: int = BATCH) -> Iterator[Outcome]:
        """Register records (JSON form). Yields an outcome for each, batch by batch, not in the order of the input.

        Run again over the same input, it registers what is missing and leaves the rest unchanged.
        """
        with ThreadPoolExecutor(COMMITTING) as committing:
            in_flight: deque[Future[list[Outcome]]] = deque()
            for step in self._batches(bodies, actor, batch):
                if isinstance(step, Outcome):
                    yield step
                    continue
                in_flight.append(committing.submit(self._commit_batch, step, actor))
                if len(in_flight) > COMMITTING:
                    yield from in_flight.popleft().result()
            while in_flight:
                yield from in_flight.popleft().result()

    def _batches(self, bodies: Iterable[object], actor: Actor, size: int) -> Iterator[Outcome | list[_Waiting]]:
        """Refusals by the rules, at once, and batches of one commune when they are full or the input ends."""
        waiting: dict[str, list[_Waiting]] = {}
        numbered = enumerate(bodies)
        while part := list(islice(numbered, size)):
            for step in self._ready(part, actor):
                if isinstance(step, Outcome):
                    yield step
                    continue
                commune = step.prepared.content["commune"]
                batch = waiting.setdefault(commune, [])
                batch.append(step)
                if len(batch) >= size:
                    yield waiting.pop(commune)
        yield from waiting.values()

    def _ready(self, part: Sequence[tuple[int, object]], actor: Actor) -> Iterator[Outcome | _Waiting]:
        """Records ready to be registered, or refused; the boundaries of all are examined together."""
        now = self._clock()
        directory, today, agency_of = self._directory(), vietnam_day(now), self._agency_of(now)
        part_of = self._parts(now, actor.area).part_of
        parsed: list[_Parsed] = []
        refused: list[_Refused] = []
        for position, body in part:
            household_id = content = None
            try:
                household_id = _id_of(body)
                content = parse(body, household_id, today=today)
                timed = corrected(content, now, None)
                resolved = resolve(timed, household_id, directory=directory, today=today, agency_of=agency_of)
                actor.require(resolved["commune"], directory.called(resolved["commune"], today)[0])
            except (DomainError, RecordInvalid) as error:
                if household_id is None or content is None:
                    yield Outcome(position, household_id, "refused", error)
                else:
                    refused.append(_Refused(position, household_id, content, error))
            else:
                parsed.append(_Parsed(position, household_id, content, timed, resolved))
        yield from self._unless_there(refused, actor)
        contents = [each.resolved for each in parsed]
        examinations = self._examiner.examine(contents, [None] * len(contents), partial(directory.called, on=today))
        for each, examination in zip(parsed, examinations, strict=True):
            try:
                noted = (*each.timed.findings, *far_parcels(each.resolved, directory, today))
                prepared = prepared_from(each.resolved, examination, each.household_id, today=today, noted=noted)
                if part_of(prepared.content, residence_in(prepared.content)) is not None:
                    prepared = self._prepare(each.content, each.household_id, now=now, part_of=part_of)
            except RecordInvalid as error:
                yield Outcome(each.position, each.household_id, "refused", error)
            else:
                yield _Waiting(each.position, prepared, each.content)

    def _commit_batch(self, batch: Sequence[_Waiting], actor: Actor) -> list[Outcome]:
        """Commit a batch as one transaction; when something in it is taken, report which and commit the others.

        Usually the look-up finds what is taken, and the batch becomes smaller. It may find nothing (a number whose
        holder has just been withdrawn, or whose household is gone): after ``_SAME_BATCH`` tries the batch is halved,
        until what is refused is refused for itself.
        """
        if not batch:
            return []
        refused: DomainError | None = None
        for _ in tries(_SAME_BATCH):
            # A batch can have waited for long until it was full: its time is that of the commit.
            at = self._clock()
            changes = [registration(each.prepared, at=at, actor=actor.name) for each in batch]
            try:
                self._commit(changes, {}, actor, make_cells=True)
            except (HouseholdIdTaken, PersonalNumberTaken) as error:
                remaining, taken = self._without_taken(batch, changes)
                if taken:
                    return [*taken, *self._commit_batch(remaining, actor)]
                refused = error
            except (BoundaryUnplaceable, ParcelIdTaken, StoreDamaged, StoreRefused) as error:
                refused = error
                break
            else:
                return [Outcome(each.position, each.prepared.household_id, "registered") for each in batch]
        assert refused is not None  # noqa: S101 - the first try is always made
        return self._commit_in_halves(batch, actor, refused)

    def _commit_in_halves(self, batch: Sequence[_Waiting], actor: Actor, error: DomainError) -> list[Outcome]:
        """Find the record that the store refused for itself, and commit the others."""
        if len(batch) == 1:
            return [Outcome(batch[0].position, batch[0].prepared.household_id, "refused", error)]
        middle = len(batch) // 2
        return [*self._commit_batch(batch[:middle], actor), *self._commit_batch(batch[middle:], actor)]

    def _without_taken(
        self, batch: Sequence[_Waiting], changes: Sequence[Change]
    ) -> tuple[list[_Waiting], list[Outcome]]:
        """Split a batch into what is still to be registered and outcomes for what is taken, in the store or within
        the batch. ``changes`` are those of the batch."""
        known, damaged = self._known([w.prepared.household_id for w in batch])
        holders = self._store.households.holders_of(number for change in changes for number in change.takes)
        remaining: list[_Waiting] = []
        outcomes: list[Outcome] = []
        for each, change in zip(batch, changes, strict=True):
            household_id = each.prepared.household_id
            stored = known.get(household_id)
            number = next((n for n in sorted(change.takes) if holders.get(n, household_id) != household_id), None)
            if household_id in damaged:
                outcomes.append(Outcome(each.position, household_id, "refused", StoreDamaged(reason="record")))
            elif stored is not None:
                outcomes.append(self._already_there(each.position, each.content, stored))
            elif number is not None:
                taken = PersonalNumberTaken(pointer="/head/national_id", national_id=number)
                outcomes.append(Outcome(each.position, household_id, "refused", taken))
            else:
                remaining.append(each)
                known[household_id] = Stored(change.record, change.fingerprint)
                holders.update(dict.fromkeys(change.takes, household_id))
        return remaining, outcomes

    def _known(self, household_ids: Sequence[str]) -> tuple[dict[str, Stored], frozenset[str]]:
        """Those of the households that are stored, and the ids of those that are stored damaged."""
        try:
            return self._store.households.known(household_ids), frozenset()
        except StoreDamaged:
            if len(household_ids) == 1:
                return {}, frozenset(household_ids)
        middle = len(household_ids) // 2
        (known, damaged), (others, other_damaged) = map(self._known, (household_ids[:middle], household_ids[middle:]))
        return known | others, damaged | other_damaged

    def _unless_there(self, refused: Sequence[_Refused], actor: Actor) -> Iterator[Outcome]:
        """Records that would not be registered today: refused, but for those that were before.

        A newer list of units can have given the code of their commune another meaning since.
        """
        known = self._known([each.household_id for each in refused])[0] if refused else {}
        for each in refused:
            stored = known.get(each.household_id)
            if stored is None or not (actor.area is None or stored.record["commune"] in actor.area):
                yield Outcome(each.position, each.household_id, "refused", each.error)
            else:
                yield self._already_there(each.position, each.content, stored, each.error)

    def _already_there(
        self,
        position: int,
        content: dict[str, Any],
        stored: Stored,
        refused: DomainError | RecordInvalid | None = None,
    ) -> Outcome:
        """What becomes of content whose household is stored: nothing if it is the same write again.

        ``refused`` is why a new household with it would be refused.
        """
        record = stored.record
        household_id: str = record["id"]
        if record["status"] == "withdrawn":
            withdrawn = HouseholdWithdrawn(id=household_id, reason=record.get("status_reason", ""), current=record)
            return Outcome(position, household_id, "refused", withdrawn)
        if self._says_the_same(content, stored, self._clock()) or made_by(
            self._store, self._directory(), 1, content, household_id
        ):
            return Outcome(position, household_id, "unchanged")
        taken = HouseholdIdTaken(pointer="/id", id=household_id, revision=record["revision"])
        return Outcome(position, household_id, "refused", refused or taken)


def _id_of(body: object) -> str:
    """The record's own id, or a new one. Raises HouseholdIdInvalid."""
    sent = body.get("id") if isinstance(body, dict) else None
    return household_id_of(sent) if isinstance(sent, str) else str(uuid_utils.uuid7())
