"""scripts/reconcile: compare the counters with a recount of the records, and the records with the log."""

from __future__ import annotations

import argparse
import sys

from service.commands.database import command_settings, run
from service.jobs.reconciliation import reconcile, reconcile_records
from service.storage.repositories import Repositories


def main(arguments: list[str] | None = None) -> int:
    """Recount every counter and identity from the records, and compare each record with its last log entry.

    Exit status 0: no difference; 1: differences, which are listed.
    """
    parser = argparse.ArgumentParser(prog="scripts/reconcile", description=main.__doc__)
    parser.add_argument("--data", metavar="DIR", help="folder of the running register (default: .run)")
    options = parser.parse_args(arguments)

    def work() -> int:
        store = Repositories(command_settings(options.data))
        try:
            with store.database.snapshot():
                differences: list[object] = list(reconcile(store))
                registered = sum(
                    tally.get("registered", 0) for state in store.states.now() for tally in state.tallies.values()
                )
            for difference in differences:
                print(difference, flush=True)
            for difference in reconcile_records(store):
                differences.append(difference)
                print(difference, flush=True)
        finally:
            store.close()
        if differences:
            print(f"{len(differences)} differences")
            return 1
        print(
            f"no difference: the counters say {registered:,} households, and so do the records, each as the log has it"
        )
        return 0

    return run(work)


if __name__ == "__main__":
    sys.exit(main())
