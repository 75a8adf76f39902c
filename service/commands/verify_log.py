"""scripts/verify-log: walk every commune's log and name the first break."""

from __future__ import annotations

import argparse
import sys

from service.commands.database import command_settings, run
from service.registry.reconciliation import verify_log
from service.storage.store import MongoStore


def main(arguments: list[str] | None = None) -> int:
    """Walk the logs: offsets without a gap, hashes chained, digests over the records. Exit code 1 names each
    log's first break.
    """
    parser = argparse.ArgumentParser(prog="scripts/verify-log", description=main.__doc__)
    parser.add_argument("--data", metavar="DIR", help="folder of the running register (default: .run)")
    parser.add_argument("--commune", action="append", metavar="CODE", help="only this commune's log; can be repeated")
    options = parser.parse_args(arguments)
    communes = frozenset(options.commune) if options.commune else None

    def work() -> int:
        store = MongoStore(command_settings(options.data))
        entries = logs = 0
        breaks = []
        try:
            for log in verify_log(store, communes):
                logs += 1
                entries += log.entries
                if log.broken:
                    breaks.append(log.broken)
                    print(f"BROKEN  {log.broken}", flush=True)
        finally:
            store.close()
        if breaks:
            print(f"{len(breaks)} of {logs} logs are broken")
            return 1
        print(f"{logs} logs with {entries:,} entries hold: no gap, every hash follows from the one before")
        return 0

    return run(work)


if __name__ == "__main__":
    sys.exit(main())
