"""scripts/reconcile: recount from the records and hold the counters against it."""

from __future__ import annotations

import argparse
import sys

from service.commands.database import command_settings, run
from service.registry.reconciliation import reconcile
from service.storage.store import MongoStore


def main(arguments: list[str] | None = None) -> int:
    """Recount every counter and identity from the records. Exit code 0: no difference; 1: differences, listed."""
    parser = argparse.ArgumentParser(prog="scripts/reconcile", description=main.__doc__)
    parser.add_argument("--data", metavar="DIR", help="folder of the running register (default: .run)")
    options = parser.parse_args(arguments)

    def work() -> int:
        store = MongoStore(command_settings(options.data))
        try:
            with store.snapshot() as view:
                differences = list(reconcile(view))
                registered = sum(tally.get("registered", 0) for head in view.heads() for tally in head.tallies.values())
        finally:
            store.close()
        for difference in differences:
            print(difference)
        if differences:
            print(f"{len(differences)} differences")
            return 1
        print(f"no difference: the counters say {registered:,} households, and so do the records")
        return 0

    return run(work)


if __name__ == "__main__":
    sys.exit(main())
