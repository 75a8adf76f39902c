"""scripts/units: load a list of administrative units."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from service.commands.database import command_settings, run
from service.registry.units import UnitListInvalid
from service.storage.migration import UNITS_FILE, load_units
from service.storage.store import MongoStore


def main(arguments: list[str] | None = None) -> int:
    """Load administrative units from a CSV (columns as schemas/codelists/units.csv): another province's, or a newer list.

    No household is changed. A list that contradicts itself is refused whole, with every line at fault.
    """
    parser = argparse.ArgumentParser(prog="scripts/units", description=main.__doc__)
    parser.add_argument(
        "--list", metavar="FILE", help="a list of units (CSV); without it, the one that comes with the register"
    )
    parser.add_argument("--data", metavar="DIR", help="folder of the running register (default: .run)")
    options = parser.parse_args(arguments)

    def work() -> int:
        file = Path(options.list) if options.list else UNITS_FILE
        if not file.exists():
            print(f"{file} is not there", file=sys.stderr)
            return 2
        store = MongoStore(command_settings(options.data))
        try:
            changed = load_units(store, file, print)
        except UnitListInvalid as error:
            print(f"{file} was not loaded:\n{error}", file=sys.stderr)
            return 1
        finally:
            store.close()
        if not changed:
            print(f"nothing to do: the register has all of {file.name}")
        return 0

    return run(work)


if __name__ == "__main__":
    sys.exit(main())
