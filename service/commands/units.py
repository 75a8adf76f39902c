"""scripts/units: load a list of administrative units, or the borders of communes (option ``--borders``)."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import shapely
from tqdm import tqdm

from service.clock import system_clock, vietnam_day
from service.commands.database import command_settings, run
from service.households.ports import CommuneState
from service.jobs.edition_effects import Situation, all_accounts, effects_of, put_off_in_use, taken_back_in_use
from service.jobs.edition_trail import record_editions
from service.jobs.units_touched import number
from service.settings import Settings, province_of, provinces_of
from service.storage.repositories import Repositories
from service.storage.trail.writing import Trail
from service.units.borders import BorderFileInvalid, borders_of, read_features
from service.units.directory import UnitDirectory
from service.units.editions import PlannedEdition, planned, remarks
from service.units.errors import UnitsChanged
from service.units.identities import with_identities
from service.units.ports import NewEdition
from service.units.provinces import units_beside
from service.units.unit import LEVELS
from service.units.unit_list import UnitLine, UnitListInvalid, lines_of, table_of

MOST_FAULTS = 40
"""So many faults of a list are printed: more are one mistake in every line."""


def main(arguments: list[str] | None = None) -> int:
    """Load administrative units from a CSV (columns as in provinces/units): another province, a newer list, changes.

    A list is loaded as an edition with source, day and author, and is in the audit trail. --dry-run says what it would
    do to units, households, accounts, borders, baselines, villages, requests and coverage, by unit and by province, and
    how drafts on phones will be read, and changes nothing. A list of changes is enough: a line of the same code, level
    and first day corrects one; the column replaces (a first day) puts one off or brings it forward, withdrawn (yes)
    takes one back; successor names the parts of a split (CODE;CODE, or with shares CODE=SHARE;CODE=SHARE).

    With --borders, load the borders of communes from GeoJSON instead (a FeatureCollection in WGS 84, gzipped or
    not, properties.code the commune's code); they replace those that were there of the same provinces. No household is
    changed. A file with any fault is refused as a whole, with the place of each fault.
    """
    parser = argparse.ArgumentParser(prog="scripts/units", description=main.__doc__)
    parser.add_argument(
        "--list", metavar="FILE", help="a list of units (CSV); without it, the one that comes with the register"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what the list would do, and change nothing")
    parser.add_argument("--source", metavar="TEXT", help="what the list is from (default: the file's name)")
    parser.add_argument("--day", metavar="DAY", type=date.fromisoformat, help="the day of the list (default: today)")
    parser.add_argument("--author", metavar="NAME", help="who loads it (default: who runs this command)")
    parser.add_argument("--editions", action="store_true", help="print the editions that were loaded")
    parser.add_argument("--borders", metavar="FILE", help="borders of communes (GeoJSON)")
    parser.add_argument("--data", metavar="DIR", help="folder of the running register (default: .run)")
    options = parser.parse_args(arguments)

    def work() -> int:
        if options.borders:
            return load_borders(Path(options.borders), options.data)
        settings = command_settings(options.data)
        with closing(Repositories(settings)) as store:
            if options.editions:
                return print_editions(store)
            file = Path(options.list) if options.list else province_of(settings).units
            if not file.exists():
                print(f"{file} is not there", file=sys.stderr)
                return 2
            now = system_clock()
            author = options.author or getpass.getuser()
            source, day = options.source or file.name, options.day or vietnam_day(now)
            edition = NewEdition(source, day, author, now, file=file.name)
            try:
                return load_list(store, file, edition, settings, dry_run=options.dry_run)
            except UnitListInvalid as error:
                shown, more = error.faults[:MOST_FAULTS], len(error.faults) - MOST_FAULTS
                print(f"{file} was not loaded:", *shown, sep="\n", file=sys.stderr)
                if more > 0:
                    print(f"and {more:,} more", file=sys.stderr)
                return 1
            except OSError as error:
                print(f"{file}: {error.strerror}", file=sys.stderr)
                return 2

    return run(work)


def print_editions(store: Repositories) -> int:
    """Print every edition in a line; returns the exit status."""
    for each in store.units.editions():
        by = f"with the program ({each.shipped})" if each.shipped else f"by {each.author}"
        lines = number(len(each.units), "line")
        print(f"{each.number}\t{each.day}\t{each.source}\t{lines}\tloaded {each.at:%F %H:%M} {by}")
    return 0


def load_list(store: Repositories, file: Path, edition: NewEdition, settings: Settings, *, dry_run: bool) -> int:
    """Load a list, or say what it would do; returns the exit status. Raises UnitListInvalid."""
    today = vietnam_day(edition.at)
    table = table_of(file)
    lines = lines_of(table)
    if not table.is_usual:
        print(f"{file.name} is read as {table.read_as}")
    version = store.units.unit_version()
    before = UnitDirectory(store.units.unit_list())
    states = store.states.now()
    plan = _planned(lines, before, states, today)
    staying = [unit for unit in before if unit not in plan.withdrawn]
    after = UnitDirectory(with_identities(plan.after, staying, {unit.identity for unit in before}))
    accounts = all_accounts(lambda name: store.accounts.accounts(after=name, limit=1000))
    borders = frozenset(store.borders.border_list())
    baselines, requests = store.baselines.baselines(date.max), store.requests.open_by_commune()
    situation = Situation(states, accounts, borders, baselines, requests, store.villages.counts())
    effects = effects_of(plan, before, after, situation, today)
    warnings = list(remarks(plan, before, after, today))
    if damaged := len(store.accounts.damaged_accounts()):
        warnings.append(f"{number(damaged, 'account')} stored damaged, and in none of these counts")
    report = [*(f"WARNING: {each}" for each in warnings), *effects.lines()]
    if dry_run:
        print(f"{number(len(plan.put), 'line')} and {len(plan.withdrawn)} withdrawn: nothing was changed (--dry-run)")
        print(*report, sep="\n")
        return 0
    try:
        changed = store.units.replace_units(plan.put, plan.withdrawn, edition, planned_from=version)
    except UnitsChanged:
        print(f"{file.name} was not loaded: another list was loaded meanwhile; run this again", file=sys.stderr)
        return 1
    record_loaded(store, settings)
    if not changed:
        print(f"nothing to do: the register has all of {file.name}")
        return 0
    print(f"units: {changed} new or changed of {len(lines)} in {file.name}")
    print(*report, sep="\n")
    return 0


def record_loaded(store: Repositories, settings: Settings) -> None:
    """Add the audit entry of each list that was loaded and has none yet, also of one whose loading was killed."""
    record_editions(store.units, Trail(store.database.mongo, retained=timedelta(days=settings.trail_days)))


def _planned(
    lines: Sequence[UnitLine], before: UnitDirectory, states: Sequence[CommuneState], today: date
) -> PlannedEdition:
    """What a list changes.

    Raises UnitListInvalid with every fault, also of units taken back or put off that households name.
    """
    faults = list(taken_back_in_use(lines, before, states))
    try:
        plan = planned(lines, tuple(before))
    except UnitListInvalid as error:
        raise UnitListInvalid([*faults, *error.faults]) from None
    if faults := [*faults, *put_off_in_use(lines, plan, before, states, today)]:
        raise UnitListInvalid(faults)
    return plan


def load_borders(file: Path, data: str | None) -> int:
    """Replace the stored borders of the provinces of a file, with a progress bar; returns the exit status."""
    settings = command_settings(data)
    if not file.exists():
        print(f"{file} is not there. Borders of communes are available from:", file=sys.stderr)
        for each in (source for province in provinces_of(settings) for source in province.borders):
            print(f"  {each.name}: {each.address} ({each.licence})", file=sys.stderr)
        return 2
    store = Repositories(settings)
    try:
        features = read_features(file)
        bar = tqdm(borders_of(features), total=len(features), desc=file.name, unit=" borders")
        by_code = dict(bar)
        directory, today = UnitDirectory(store.units.unit_list()), vietnam_day(system_clock())
        in_force = {str(unit.code): unit for level in LEVELS for unit in directory.of_level(level, today)}
        known = {code: in_force[code] for code in by_code if code in in_force}
        borders = {unit.identity: by_code[code] for code, unit in known.items()}
        if strange := sorted(set(by_code) - set(known)):
            print(f"{len(strange)} codes are of no unit in force: {', '.join(strange[:10])}", file=sys.stderr)
        beside = units_beside(known.values(), directory, today)
        without = [unit for unit in beside if unit.level == "commune" and unit.in_force_on(today)]
        if older := [unit.code for unit in without if unit.identity not in borders]:
            print(
                f"{len(older)} communes in force have no border in this file: {', '.join(older[:10])}", file=sys.stderr
            )
        changed = store.borders.replace_borders(borders, {unit.identity for unit in beside})
    except BorderFileInvalid as error:
        place = f"feature {error.params['feature']}" if error.params["feature"] else "the file"
        print(f"{file} was not loaded: {place}: {error.params['reason']}", file=sys.stderr)
        return 1
    finally:
        store.close()
    points = sum(int(shapely.get_num_coordinates(border)) for border in borders.values())
    print(f"{len(borders)} borders of {points} points are in the register, {changed} of them changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
