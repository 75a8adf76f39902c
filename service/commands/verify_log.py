"""scripts/verify-log: verify every commune's log, or export and compare anchors of log and audit trail."""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from service.access.keys import key_folder
from service.commands.anchors import AnchorInvalid, anchor_lines, held_against, read_anchors
from service.commands.database import command_settings, run
from service.jobs.reconciliation import verify_log
from service.storage.repositories import Repositories
from service.storage.trail.reading import TrailReader
from service.unit_names import UnitId


def main(arguments: list[str] | None = None) -> int:
    """Verify the logs: gapless offsets, chained hashes, digests over the records. Exit status 1: broken logs, with
    each log's first break.
    """
    parser = argparse.ArgumentParser(prog="scripts/verify-log", description=main.__doc__)
    parser.add_argument("--data", metavar="DIR", help="folder of the running register (default: .run)")
    parser.add_argument("--commune", action="append", metavar="CODE", help="only logs of this code; can be repeated")
    parser.add_argument(
        "--anchors", action="store_true", help="export signed anchors of log and audit trail, to store elsewhere"
    )
    parser.add_argument(
        "--against",
        metavar="FILE",
        type=Path,
        help="compare log and audit trail with anchors exported earlier",
    )
    options = parser.parse_args(arguments)
    if options.anchors or options.against:
        return run(lambda: _anchored(options))

    def work() -> int:
        store = Repositories(command_settings(options.data))
        entries = logs = 0
        breaks = []
        try:
            named = frozenset(options.commune or ())
            # A name that no unit has is a log's own, as the feed and the anchors give it.
            of_codes = {unit.identity for unit in store.units.unit_list() if unit.code in named}
            communes = of_codes | {UnitId(name) for name in named}
            for log in verify_log(store, frozenset(communes) or None):
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


def _anchored(options: argparse.Namespace) -> int:
    settings = command_settings(options.data)
    keys = key_folder(settings)
    with closing(Repositories(settings)) as store:
        trail = TrailReader(store.database.mongo, retained=timedelta(days=settings.trail_days))
        if options.anchors:
            for line in anchor_lines(store, trail, keys):
                print(line)
            return 0
        try:
            anchors, own = read_anchors(options.against.read_bytes(), keys)
        except (AnchorInvalid, OSError) as error:
            print(f"{options.against}: {error}", file=sys.stderr)
            return 2
        if not own:
            print(
                "note: the key that signed these anchors is no longer the register's; rely on where you stored the file"
            )
        faults = list(held_against(store, trail, anchors))
    for fault in faults:
        print(f"BROKEN  {fault}")
    if not faults:
        print(f"log and trail hold all {len(anchors)} anchors")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
