"""Comparing counters, log, identities and records with each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from service.area import Communes
from service.households.changes import COUNTS, FIRST_HASH, Record, entry_hash, salted_digest
from service.households.ports import LogEntry
from service.jobs.ports import EntryUnreadable, JobRepositories, LoggedRecord
from service.unit_names import UnitId
from service.units.attribution import FORMER_UNKNOWN


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where what the register counts is not what its records say."""

    what: str
    commune: str
    former: str | None
    counted: int | str | None
    recorded: int | str | None

    def __str__(self) -> str:
        place = self.commune if self.former in (None, FORMER_UNKNOWN) else f"{self.commune} (former {self.former})"
        return f"{self.what}: {place}: the register says {self.counted}, its records say {self.recorded}"


def reconcile(store: JobRepositories) -> Iterator[Difference]:
    """Recount everything from the records and yield each difference; an exact register yields none."""
    counted = {
        (state.commune, former): tally for state in store.states.now() for former, tally in state.tallies.items()
    }
    recorded = {(commune, former): counts for commune, former, counts in store.recount.counts()}
    for commune, former in sorted(counted.keys() | recorded.keys()):
        tally = counted.get((commune, former), {})
        found = recorded.get((commune, former), {})
        for name in COUNTS:
            if tally.get(name, 0) != found.get(name, 0):
                yield Difference(name, commune, former, tally.get(name, 0), found.get(name, 0))
    yield from _identity_differences(store)


@dataclass(frozen=True, slots=True)
class DamagedCounters:
    """A stored state or closing tally that cannot be read."""

    collection: str
    key: str

    def __str__(self) -> str:
        way_out = (
            "it is recounted at each read, until the commune is written to, or scripts/reconcile --repair"
            if self.collection == STATES
            else "the closing before it counts for the day, until it is restored from a backup; a closing never changes"
        )
        return f"damaged: {self.collection} {self.key}: {way_out}"


STATES = "commune_states"


def damaged_counters(store: JobRepositories) -> Iterator[DamagedCounters]:
    """Yield each state and each closing tally that is damaged."""
    yield from (DamagedCounters(collection, key) for collection, key in store.states.damaged())


def repair_counters(store: JobRepositories) -> Iterator[UnitId]:
    """Make the counters of each commune that are damaged or differ what its households say; yield the communes."""
    damaged = {UnitId(each.key) for each in damaged_counters(store) if each.collection == STATES}
    differing = {UnitId(each.commune) for each in reconcile(store) if each.what in COUNTS and each.commune}
    for commune in sorted(damaged | differing):
        store.states.repair(commune)
        yield commune


@dataclass(frozen=True, slots=True)
class RecordDifference:
    """A household's record that is not the one that the log's last entry about it has."""

    household: str
    commune: str | None
    offset: int | None
    reason: str

    def __str__(self) -> str:
        place = "" if self.offset is None else f" (log of commune {self.commune}, offset {self.offset})"
        return f"record: household {self.household}: {self.reason}{place}"


def reconcile_records(store: JobRepositories) -> Iterator[RecordDifference]:
    """Compare every record with its last entry in the log, by digest, and every household of the log with its record.

    Read in parts, each from one snapshot, so that it can run for hours while the register is in use.
    """
    after: str | None = None
    while records := store.recount.records(after=after, limit=_AT_ONCE):
        yield from (found for found in (_record_difference(each, store) for each in records) if found is not None)
        after = records[-1].stored.record["id"]
    after = None
    while known := store.recount.households(after=after, limit=_AT_ONCE):
        for household, there in known:
            if not there and not store.log.is_erased(household):
                yield RecordDifference(household, None, None, "the log knows it, but its record is gone")
        after = known[-1][0]


_AT_ONCE = 500


def _record_difference(logged: LoggedRecord, store: JobRepositories) -> RecordDifference | None:
    record, entry = logged.stored.record, logged.entry
    if entry is None or entry.salt is None:
        return RecordDifference(record["id"], None, None, "no entry of the log has a record of it that can be read")
    logged_at = (entry.household, entry.revision, entry.commune)
    if logged_at != (record["id"], record["revision"], record["commune"]):
        reason = f"it is at revision {record['revision']}, the last entry made revision {entry.revision}"
    elif not _is_what_was_written(entry, record, store):
        reason = "it is not the record that this entry made"
    elif logged.stored.fingerprint != logged.fingerprint:
        reason = "its fingerprint is not the one that this entry has"
    elif not logged.is_found:
        reason = (
            "a search by its people's numbers does not find it, or finds it by others': scripts/rotate-keys --records"
        )
    else:
        return None
    return RecordDifference(record["id"], entry.commune, entry.offset, reason)


def _identity_differences(store: JobRepositories) -> Iterator[Difference]:
    held = dict(store.recount.identities())
    for number, household in store.recount.heads():
        holder = held.pop(number, None)
        if holder != household:
            yield Difference("identity", household, None, holder, household)
    for household in held.values():
        yield Difference("identity", household, None, household, None)


@dataclass(frozen=True, slots=True)
class Break:
    """The first place where a commune's log does not hold."""

    commune: str
    offset: int
    reason: str

    def __str__(self) -> str:
        return f"commune {self.commune}, offset {self.offset}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Verified:
    """How much of a log was walked, and where it breaks if it does."""

    commune: str
    entries: int
    broken: Break | None


def verify_log(store: JobRepositories, communes: Communes = None) -> Iterator[Verified]:
    """Walk each commune's log from its beginning:
    offsets without a gap, each hash over the one before, each digest over its record."""
    states = store.states.now(communes)
    for state in states:
        entries, broken, last = _walk(store, state.commune, until=state.offset)
        if broken is None and (entries, last) != (state.offset, state.hash):
            broken = Break(
                state.commune, entries + 1, f"the log ends at offset {entries}, its commune state says {state.offset}"
            )
        yield Verified(state.commune, entries, broken)
    for commune in sorted(set(store.log.communes()) - {state.commune for state in states}):
        if (communes is None or commune in communes) and not store.states.now(frozenset({commune})):
            yield Verified(commune, 0, Break(commune, 1, "the log has entries, but its commune state is gone"))


def _walk(store: JobRepositories, commune: str, *, until: int) -> tuple[int, Break | None, str]:
    """Walk to the offset of the state: what is written meanwhile is left to the next run."""
    previous, offset = FIRST_HASH, 0
    try:
        for entry in store.log.walk(commune):
            if offset == until:
                break
            offset += 1
            if entry.offset != offset:
                return (
                    offset - 1,
                    Break(commune, offset, f"missing; the next entry has offset {entry.offset}"),
                    previous,
                )
            reason = _fault_of(entry, previous, store) or _blank_of(entry, store)
            if reason is not None:
                return offset, Break(commune, offset, reason), previous
            previous = entry.hash
    except EntryUnreadable as error:
        return offset + 1, Break(commune, offset + 1, str(error)), previous
    return offset, None, previous


def _blank_of(entry: LogEntry, store: JobRepositories) -> str | None:
    """An entry's personal content is missing only where a later entry says that the household was erased."""
    if entry.salt is not None or store.log.is_erased(entry.household):
        return None
    return "its content is gone, but no entry says that the household was erased"


def _fault_of(entry: LogEntry, previous: str, store: JobRepositories) -> str | None:
    expected = entry_hash(
        previous,
        entry.commune,
        entry.offset,
        entry.kind,
        entry.household,
        entry.revision,
        entry.at,
        entry.actor,
        entry.digest,
    )
    if expected != entry.hash:
        return "its hash does not follow from the entry before it and what it says"
    if entry.salt is None:
        return None if entry.record is None else "its record is there, but not the salt of its digest"
    if not _is_what_was_written(entry, entry.record, store):
        return "its record is not the one that was written"
    return None


def _is_what_was_written(entry: LogEntry, record: Record | None, store: JobRepositories) -> bool:
    """Whether a record is the entry's, by digest; of a redacted entry, by the one that the erasure recorded."""
    digest = salted_digest(entry.salt or b"", record, entry.replaced, entry.note)
    if digest == entry.digest:
        return True
    return entry.redacted_by is not None and store.log.redacted_digest(entry.redacted_by, entry.key) == digest
