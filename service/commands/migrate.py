"""scripts/migrate: bring the database to the state that this version needs."""

from __future__ import annotations

import argparse
import sys

from tqdm import tqdm

from schemas.errors import RecordInvalid
from schemas.versions import SCHEMA_VERSION
from service.clock import system_clock
from service.commands.database import command_settings, run
from service.errors import DomainError, StoreDamaged
from service.jobs.schema_migration import Migrated, SchemaMigration
from service.province import province_of
from service.settings import Settings
from service.storage.migration import migrate
from service.storage.repositories import Repositories
from service.units.unit_register import UnitRegister
from service.wiring import examiner_of


def main(arguments: list[str] | None = None) -> int:
    """Create collections, indexes, validators and the list of units; migrate records to the current schema version.

    Idempotent: a second run changes nothing, and a run that was killed can be resumed. Exit status 1: some records,
    which are listed, are damaged or could not be migrated; all others are.
    """
    parser = argparse.ArgumentParser(prog="scripts/migrate", description=main.__doc__)
    parser.add_argument("--data", metavar="DIR", help="folder of the running register (default: .run)")
    options = parser.parse_args(arguments)

    def work() -> int:
        settings = command_settings(options.data)
        migrate(settings)
        failed = migrate_records(settings)
        for each in failed:
            print(f"record: household {each.household_id}: {_reason(each)}", file=sys.stderr, flush=True)
        if failed:
            print(f"{len(failed)} records stay at their version until somebody corrects them", file=sys.stderr)
            return 1
        print("the database is as this version needs it")
        return 0

    return run(work)


def migrate_records(settings: Settings) -> list[Migrated]:
    """Revise records of earlier schema versions through the log, with a progress bar; returns those that failed."""
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


def _reason(failed: Migrated) -> str:
    """Why a record stays at its version, without the values of its items."""
    if isinstance(failed.error, StoreDamaged):
        return "it is stored damaged; restore it from a backup"
    if isinstance(failed.error, RecordInvalid):
        return ", ".join(f"{error.code} at {error.pointer or '/'}" for error in failed.error.errors)
    return failed.error.code if isinstance(failed.error, DomainError) else str(failed.error)


if __name__ == "__main__":
    sys.exit(main())
