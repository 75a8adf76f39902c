"""scripts/migrate: bring the database to the state that this version needs."""

from __future__ import annotations

import argparse
import sys
from contextlib import closing

from tqdm import tqdm

from schemas.errors import RecordInvalid
from schemas.versions import SCHEMA_VERSION
from service.clock import system_clock
from service.commands.database import command_settings, run
from service.commands.units import record_loaded
from service.errors import DomainError, StoreDamaged
from service.exit_statuses import RECORDS_SKIPPED
from service.jobs.schema_migration import Migrated, SchemaMigration
from service.settings import Settings, province_of
from service.storage.migration import migrate
from service.storage.repositories import Repositories
from service.units.unit_register import UnitRegister
from service.wiring import examiner_of


def main(arguments: list[str] | None = None) -> int:
    """Create collections, indexes, validators and the list of units; migrate records to the current schema version.

    Idempotent: a second run changes nothing, and a run that was killed can be resumed. Records that are damaged or
    that the current version refuses are skipped, listed by id and counted. All others are migrated, so the register can
    serve them: the exit status is 0, or 3 with --strict.
    """
    parser = argparse.ArgumentParser(prog="scripts/migrate", description=main.__doc__)
    parser.add_argument("--data", metavar="DIR", help="folder of the running register (default: .run)")
    parser.add_argument("--strict", action="store_true", help="end with status 3 if a record was skipped")
    options = parser.parse_args(arguments)

    def work() -> int:
        settings = command_settings(options.data)
        migrate(settings)
        with closing(Repositories(settings)) as store:
            record_loaded(store, settings)
        skipped = migrate_records(settings)
        for each in skipped:
            print(f"record: household {each.household_id}: {_reason(each)}", file=sys.stderr, flush=True)
        print("the database is as this version needs it")
        if skipped:
            print(_summary(skipped), file=sys.stderr, flush=True)
        return RECORDS_SKIPPED if skipped and options.strict else 0

    return run(work)


def migrate_records(settings: Settings) -> list[Migrated]:
    """Revise records of earlier schema versions through the log, with a progress bar; returns those skipped."""
    store = Repositories(settings)
    try:
        units = UnitRegister(store.units, settings.units_refresh_seconds)
        migration = SchemaMigration(
            store, units.directory, system_clock, examiner_of(store, settings, province_of(settings))
        )
        waiting = migration.waiting()
        if not waiting:
            return []
        records = tqdm(migration.run(), total=waiting, desc=f"records to version {SCHEMA_VERSION}", unit=" records")
        return [each for each in records if each.error is not None]
    finally:
        store.close()


def _reason(skipped: Migrated) -> str:
    """Why a record stays at its version, without the values of its items, and what to do about it."""
    if isinstance(skipped.error, StoreDamaged):
        return "it is stored damaged; restore its document from a backup"
    if isinstance(skipped.error, RecordInvalid):
        places = ", ".join(f"{error.code} at {error.pointer or '/'}" for error in skipped.error.errors)
        return f"{places}; correct these items with the version before"
    return skipped.error.code if isinstance(skipped.error, DomainError) else str(skipped.error)


def _summary(skipped: list[Migrated]) -> str:
    damaged = sum(isinstance(each.error, StoreDamaged) for each in skipped)
    return (
        f"{len(skipped)} of the records stay at their version ({damaged} damaged, {len(skipped) - damaged} refused); "
        "they are listed above. The register serves all others. Restore or correct them, then run scripts/migrate "
        "again."
    )


if __name__ == "__main__":
    sys.exit(main())
