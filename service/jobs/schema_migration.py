"""Migrating stored records to the current schema version, through the log like any other write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.errors import RecordInvalid
from schemas.parsing import parse_household
from schemas.versions import SCHEMA_VERSION, VersionUnknown, migrate
from service.actor import REGISTER_ITSELF
from service.clock import vietnam_day
from service.errors import DomainError, StoreDamaged, StoreUnavailable
from service.households.changes import Change, Record
from service.households.registration import content_of, replacement
from service.households.residence import Residences
from service.jobs.writer import JobWriter

BATCH = 250

_NONE: frozenset[str] = frozenset()
_ENDED = frozenset({"consent.registration-missing"})
"""Rules that do not hold for a withdrawn household: it can be the withdrawal of this consent that ended it."""


@dataclass(frozen=True, slots=True)
class Migrated:
    """What became of one record: migrated, or unchanged with the error that prevented it."""

    household_id: str
    error: RecordInvalid | DomainError | VersionUnknown | None = None


class SchemaMigration(JobWriter):
    """Revises every record of an earlier schema version; killed and restarted, it continues where it was."""

    def waiting(self) -> int:
        """How many records are of another version."""
        return self._store.households.count_of_other_versions(SCHEMA_VERSION)

    def run(self, batch: int = BATCH) -> Iterator[Migrated]:
        """Migrate them, batch by batch; each batch is one transaction, so a record is migrated wholly or not at all."""
        last: str | None = None
        while True:
            read = self._store.households.of_other_versions(SCHEMA_VERSION, after=last, limit=batch)
            yield from (Migrated(damaged, StoreDamaged(reason="record")) for damaged in read.damaged)
            if read.records:
                yield from self._migrate(read.records)
            if (last := read.last) is None:
                return

    def _migrate(self, records: Sequence[Record]) -> Iterator[Migrated]:
        changes: list[Change] = []
        befores = {record["id"]: record for record in records}
        now = self._clock()
        for record in records:
            try:
                changes.append(self._change(record, now))
            except (RecordInvalid, DomainError, VersionUnknown) as error:
                yield Migrated(record["id"], error)
        try:
            if changes:
                self._commit(changes, befores, REGISTER_ITSELF)
        except StoreUnavailable:
            raise
        except DomainError:
            # One of them was revised meanwhile, or cannot be stored: one by one, the others are not held up.
            for change in changes:
                yield self._alone(befores[change.record["id"]])
            return
        yield from (Migrated(change.record["id"]) for change in changes)

    def _alone(self, before: Record) -> Migrated:
        try:
            self._committed_alone(before, self._change_now)
        except StoreUnavailable:
            raise
        except (RecordInvalid, DomainError, VersionUnknown) as error:
            return Migrated(before["id"], error)
        return Migrated(before["id"])

    def _change_now(self, before: Record) -> Change | None:
        """The change of a record that can have been migrated meanwhile; None then."""
        return None if before["schema_version"] == SCHEMA_VERSION else self._change(before, self._clock())

    def _change(self, before: Record, now: datetime) -> Change:
        """The revision with the same content in the new version.

        Status and reason stay, since the household itself did not change.
        """
        household_id = before["id"]
        today = vietnam_day(now)
        sent = content_of(Residences(self._directory(), today).shown(before))
        migrated = migrate({"id": household_id, **sent, "schema_version": before["schema_version"]})
        del migrated["schema_version"]
        content = parse_household(migrated, today=today, without=_ENDED if before["status"] == "withdrawn" else _NONE)
        prepared = self._prepare(content, household_id, now=now, known=before)
        note = {"schema_version": {"from": before["schema_version"], "to": SCHEMA_VERSION}}
        return replacement(prepared, before, at=now, actor=REGISTER_ITSELF.name, keep_status=True, note=note)
