"""scripts/migrate: bring the database to what this version needs."""

from __future__ import annotations

import argparse
import sys

from tqdm import tqdm

from schemas.versions import SCHEMA_VERSION
from service.clock import system_clock
from service.commands.database import command_settings, run
from service.jobs.schema_migration import SchemaMigration
from service.settings import Settings
from service.storage.migration import migrate
from service.storage.store import MongoStore
from service.units.unit_register import UnitRegister
from service.wiring import examiner_of

_TOLD = 20
"""How many records that cannot be migrated are told one by one."""


def main(arguments: list[str] | None = None) -> int:
    """Make collections, indexes, validators and the list of units; bring records to the schema version in force.

    Run again, it changes nothing; killed and run again, it goes on where it was. Exit code 1: some records stay as
    they are.
    """
    parser = argparse.ArgumentParser(prog="scripts/migrate", description=main.__doc__)
    parser.add_argument("--data", metavar="DIR", help="folder of the running register (default: .run)")
    options = parser.parse_args(arguments)

    def work() -> int:
        settings = command_settings(options.data)
        migrate(settings)
        kept = migrate_records(settings)
        if kept:
            print(f"{kept} records stay at their version until somebody mends them", file=sys.stderr)
            return 1
        print("the database is as this version needs it")
        return 0

    return run(work)


def migrate_records(settings: Settings) -> int:
    """Revise records of earlier schema versions through the log, with a progress bar; answers how many had to stay."""
    store = MongoStore(settings)
    try:
        units = UnitRegister(store, settings.units_refresh_seconds)
        migration = SchemaMigration(store, units.directory, system_clock, examiner_of(store, settings))
        waiting = migration.waiting()
        if not waiting:
            return 0
        kept = 0
        for each in tqdm(migration.run(), total=waiting, desc=f"records to version {SCHEMA_VERSION}", unit=" records"):
            if each.error is not None:
                kept += 1
                if kept <= _TOLD:
                    tqdm.write(f"{each.household_id}: {each.error}", file=sys.stderr)
        return kept
    finally:
        store.close()


if __name__ == "__main__":
    sys.exit(main())
