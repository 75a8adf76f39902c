"""scripts/rehome: move households to the communes in force today, after communes were merged or split."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial

from tqdm import tqdm

from service.clock import system_clock
from service.commands.database import command_settings, run
from service.errors import DomainError, StoreDamaged, StoreRefused
from service.jobs.rehoming import Rehoming
from service.processes import in_processes, most_processes
from service.settings import Settings, province_of
from service.storage.repositories import Repositories
from service.unit_names import UnitId
from service.units.unit_register import UnitRegister
from service.wiring import examiner_of

_ERRORS_PRINTED = 20
_WORTH_PROCESSES = 2_000
"""The number of households from which several processes pay off: each takes a second or two to start."""


def main(arguments: list[str] | None = None) -> int:
    """Move every household whose commune is no longer in force to the commune that took it over.

    Each move stands in both communes' logs, and what was verified stays verified. Can be repeated, and continues after
    it was stopped. Many households are moved in several processes. Those of a commune that was split move where their
    position says to which part they belong, or else their village, if the list of one part alone names it; the others
    stay until an officer transfers them. Exit status 1: some could not be moved.
    """
    parser = argparse.ArgumentParser(prog="scripts/rehome", description=main.__doc__)
    parser.add_argument("--data", metavar="DIR", help="folder of the running register (default: .run)")
    options = parser.parse_args(arguments)

    return run(lambda: _work(command_settings(options.data)))


@dataclass(frozen=True, slots=True)
class RehomingOutcome:
    """What became of one household, in a form that can be pickled for another process; ``error`` in words."""

    household_id: str
    moved: bool
    error: str | None


def rehomed(settings: Settings, groups: Sequence[tuple[UnitId, ...]], processes: int) -> Iterator[RehomingOutcome]:
    """Move the households of groups of communes that share no log, in one process or in several."""
    if processes > 1:
        yield from in_processes(partial(rehoming_groups, settings), groups, processes)
        return
    with rehoming_groups(settings) as work:
        for group in groups:
            yield from work(group)


@contextmanager
def rehoming_groups(settings: Settings) -> Iterator[Callable[[tuple[UnitId, ...]], Iterator[RehomingOutcome]]]:
    """Provide what one process does: move the households of a group."""
    with closing(Repositories(settings)) as store:
        rehoming = rehoming_of(store, settings)

        def work(group: tuple[UnitId, ...]) -> Iterator[RehomingOutcome]:
            for each in rehoming.run(group):
                yield RehomingOutcome(each.household_id, each.moved, None if each.error is None else _words(each.error))

        yield work


def _words(error: DomainError) -> str:
    """Why a household was not moved, and what to do where its record itself is wrong."""
    if isinstance(error, StoreDamaged | StoreRefused):
        return f"{error.code}: its record is damaged; restore its document from a backup, then run this again"
    return str(error)


def rehoming_of(store: Repositories, settings: Settings) -> Rehoming:
    """Return the job that moves the households of a register."""
    units = UnitRegister(store.units, settings.units_refresh_seconds)
    return Rehoming(store, units.directory, system_clock, examiner_of(store, settings, province_of(settings)))


def _work(settings: Settings) -> int:
    with closing(Repositories(settings)) as store:
        rehoming = rehoming_of(store, settings)
        waiting, groups = rehoming.waiting(), rehoming.groups()
    processes = min(most_processes(), len(groups)) if waiting >= _WORTH_PROCESSES else 1
    moved = open_ = failed = 0
    for each in tqdm(rehomed(settings, groups, processes), total=waiting, desc="households", unit=" households"):
        moved += each.moved
        open_ += not each.moved and each.error is None
        if each.error is not None:
            failed += 1
            if failed <= _ERRORS_PRINTED:
                tqdm.write(f"{each.household_id}: {each.error}", file=sys.stderr)
    print(f"{moved:,} households moved; {open_:,} stay until somebody decides or a list names a successor")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
