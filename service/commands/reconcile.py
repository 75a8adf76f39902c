"""scripts/reconcile: compare the counters with a recount of the records, and the records with the log."""

from __future__ import annotations

import argparse
import sys

from service.commands.database import command_settings, run
from service.jobs.reconciliation import damaged_counters, reconcile, reconcile_records, repair_counters
from service.storage.repositories import Repositories


def main(arguments: list[str] | None = None) -> int:
    """Recount every counter and identity from the records, and compare each record with its last log entry.

    With --repair, first make the counters of communes that are damaged, or differ, what the households say. Exit
    status 0: no difference; 1: differences, which are listed.
    """
    parser = argparse.ArgumentParser(prog="scripts/reconcile", description=main.__doc__)
    parser.add_argument("--data", metavar="DIR", help="folder of the running register (default: .run)")
    parser.add_argument(
        "--repair", action="store_true", help="first recount the communes whose counters are damaged or differ"
    )
    options = parser.parse_args(arguments)

    def work() -> int:
        store = Repositories(command_settings(options.data))
        try:
            for commune in repair_counters(store) if options.repair else ():
                print(f"repaired: the counters of commune {commune} are what its households say", flush=True)
            with store.database.snapshot():
                differences: list[object] = [*damaged_counters(store), *reconcile(store)]
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
