"""scripts/units: load a list of administrative units, or the borders of communes (option ``--boundaries``)."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import shapely
from tqdm import tqdm

from service.clock import system_clock, vietnam_day
from service.commands.database import command_settings, run
from service.province import province_of
from service.storage.migration import load_units
from service.storage.repositories import Repositories
from service.units.borders import BorderFileInvalid, borders_of, read_features
from service.units.directory import UnitDirectory
from service.units.provinces import units_beside
from service.units.unit import LEVELS
from service.units.unit_list import UnitListInvalid


def main(arguments: list[str] | None = None) -> int:
    """Load administrative units from a CSV (columns as in provinces/units): another province, a newer list.

    With --boundaries, load the borders of communes from GeoJSON instead (a FeatureCollection in WGS 84, gzipped or
    not, properties.code the commune's code); they replace those that were there of the same provinces. No household is
    changed. A file with any fault is refused as a whole, with the place of each fault.
    """
    parser = argparse.ArgumentParser(prog="scripts/units", description=main.__doc__)
    parser.add_argument(
        "--list", metavar="FILE", help="a list of units (CSV); without it, the one that comes with the register"
    )
    parser.add_argument("--boundaries", metavar="FILE", help="borders of communes (GeoJSON)")
    parser.add_argument("--data", metavar="DIR", help="folder of the running register (default: .run)")
    options = parser.parse_args(arguments)

    def work() -> int:
        if options.boundaries:
            return load_borders(Path(options.boundaries), options.data)
        settings = command_settings(options.data)
        file = Path(options.list) if options.list else province_of(settings).units
        if not file.exists():
            print(f"{file} is not there", file=sys.stderr)
            return 2
        store = Repositories(settings)
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


def load_borders(file: Path, data: str | None) -> int:
    """Replace the stored borders of the provinces of a file, with a progress bar; returns the exit status."""
    store = Repositories(command_settings(data))
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
