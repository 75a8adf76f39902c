"""scripts/migrate: bring the database to the state that this version needs."""

from __future__ import annotations

import argparse
import sys

from tqdm import tqdm

from schemas.versions import SCHEMA_VERSION
from service.clock import system_clock
from service.commands.database import command_settings, run
from service.jobs.schema_migration import SchemaMigration
from service.province import province_of
from service.settings import Settings
from service.storage.migration import migrate
from service.storage.repositories import Repositories
from service.units.unit_register import UnitRegister
from service.wiring import examiner_of

_ERRORS_PRINTED = 20
"""How many records that cannot be migrated are printed one by one."""


def main(arguments: list[str] | None = None) -> int:
    """Create collections, indexes, validators and the list of units; migrate records to the current schema version.

    Idempotent: a second run changes nothing, and a run that was killed can be resumed. Exit status 1: some records
    could not be migrated.
    """
    parser = argparse.ArgumentParser(prog="scripts/migrate", description=main.__doc__)
    parser.add_argument("--data", metavar="DIR", help="folder of the running register (default: .run)")
    options = parser.parse_args(arguments)

    def work() -> int:
        settings = command_settings(options.data)
        migrate(settings)
        failed = migrate_records(settings)
        if failed:
            print(f"{failed} records stay at their version until somebody corrects them", file=sys.stderr)
            return 1
        print("the database is as this version needs it")
        return 0

    return run(work)


def migrate_records(settings: Settings) -> int:
    """Revise records of earlier schema versions through the log, with a progress bar; returns how many failed."""
    store = Repositories(settings)
    try:
        units = UnitRegister(store.units, settings.units_refresh_seconds)
        migration = SchemaMigration(
            store, units.directory, system_clock, examiner_of(store, settings, province_of(settings))
        )
        waiting = migration.waiting()
        if not waiting:
            return 0
        failed = 0
        for each in tqdm(migration.run(), total=waiting, desc=f"records to version {SCHEMA_VERSION}", unit=" records"):
            if each.error is not None:
                failed += 1
                if failed <= _ERRORS_PRINTED:
                    tqdm.write(f"{each.household_id}: {each.error}", file=sys.stderr)
        return failed
    finally:
        store.close()


if __name__ == "__main__":
    sys.exit(main())
