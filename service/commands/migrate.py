"""scripts/migrate: bring the database to what this version needs."""

from __future__ import annotations

import argparse
import sys

from service.commands.database import command_settings, run
from service.storage.migration import migrate


def main(arguments: list[str] | None = None) -> int:
    """Make collections, indexes, validators and the list of units; run again, it changes nothing."""
    parser = argparse.ArgumentParser(prog="scripts/migrate", description=main.__doc__)
    parser.add_argument("--data", metavar="DIR", help="folder of the running register (default: .run)")
    options = parser.parse_args(arguments)

    def work() -> int:
        migrate(command_settings(options.data))
        print("the database is as this version needs it")
        return 0

    return run(work)


if __name__ == "__main__":
    sys.exit(main())
