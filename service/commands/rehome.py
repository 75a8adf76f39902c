"""scripts/rehome: move households to the communes in force today, after communes were merged or split."""

from __future__ import annotations

import argparse
import sys
from contextlib import closing

from tqdm import tqdm

from service.clock import system_clock
from service.commands.database import command_settings, run
from service.jobs.rehoming import Rehoming
from service.province import province_of
from service.storage.repositories import Repositories
from service.units.unit_register import UnitRegister
from service.wiring import examiner_of

_ERRORS_PRINTED = 20


def main(arguments: list[str] | None = None) -> int:
    """Move every household whose commune is no longer in force to the commune that took it over.

    Each move stands in both communes' logs, and what was verified stays verified. Can be repeated, and continues after
    it was stopped. Households of a commune that was split move where their position says to which part they belong;
    the others stay until an officer transfers them. Exit status 1: some could not be moved.
    """
    parser = argparse.ArgumentParser(prog="scripts/rehome", description=main.__doc__)
    parser.add_argument("--data", metavar="DIR", help="folder of the running register (default: .run)")
    options = parser.parse_args(arguments)

    def work() -> int:
        settings = command_settings(options.data)
        with closing(Repositories(settings)) as store:
            units = UnitRegister(store.units, settings.units_refresh_seconds)
            examiner = examiner_of(store, settings, province_of(settings))
            rehoming = Rehoming(store, units.directory, system_clock, examiner)
            moved = open_ = failed = 0
            for each in tqdm(rehoming.run(), total=rehoming.waiting(), desc="households", unit=" households"):
                moved += each.moved
                open_ += not each.moved and each.error is None
                if each.error is not None:
                    failed += 1
                    if failed <= _ERRORS_PRINTED:
                        tqdm.write(f"{each.household_id}: {each.error}", file=sys.stderr)
        print(f"{moved:,} households moved; {open_:,} stay until somebody decides or a list names a successor")
        return 1 if failed else 0

    return run(work)


if __name__ == "__main__":
    sys.exit(main())
