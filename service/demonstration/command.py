"""scripts/demo: writes demonstration households as NDJSON, or registers them by the register's own rules."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO

import orjson
from tqdm import tqdm

from service.commands.database import command_settings, run
from service.demonstration.errors import CannotDemonstrate
from service.demonstration.households import MOST_HOUSEHOLDS, Demonstration
from service.province import read_province
from service.units.directory import UnitDirectory
from service.units.unit_list import read_units

DEFAULT_HOUSEHOLDS = 1_300
DEFAULT_SEED = 2025


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = _parser().parse_args(arguments)

    def work() -> int:
        try:
            return _write(options) if options.output is not None else _register(options)
        except CannotDemonstrate as error:
            print(error, file=sys.stderr)
            return 2

    return run(work)


def _register(options: argparse.Namespace) -> int:
    from service.demonstration.registering import has_households, register

    settings = command_settings(options.data)
    if options.if_empty and has_households(settings):
        return 0
    own, *beside = settings.province.split(",")
    only = replace(settings, province=own)
    status = register(options.households, options.seed, only, if_empty=options.if_empty, mix=options.mix)
    for number, named in enumerate(beside, 1):  # of seeds of their own: a seed makes the same ids in every province
        only = replace(settings, province=named.strip(), agency="")
        status |= register(options.households, options.seed + number, only, if_empty=False, mix=options.mix)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description="Makes realistic but invented farm households, each marked as demonstration, and registers them in "
        "every province that PROVINCE names, with baselines for the communes of today and of before July 2025, or "
        "writes those of the first province as NDJSON.",
        epilog="The same seed makes the same households, and a larger set contains the smaller one: a second run "
        "registers only what is missing. The database is MONGODB_URI, or else that of the running register "
        "(DIR/mongodb-uri).",
    )
    parser.add_argument(
        "--households", type=_count, default=DEFAULT_HOUSEHOLDS, metavar="N",
        help=f"how many households, at most {MOST_HOUSEHOLDS} (default: {DEFAULT_HOUSEHOLDS})",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, metavar="S", help=f"default: {DEFAULT_SEED}")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--register", action="store_true", help="register them (the default)")
    where.add_argument("--output", metavar="FILE", help="write NDJSON to FILE instead; - for the terminal")
    parser.add_argument("--if-empty", action="store_true", help="do nothing if the register has any household")
    parser.add_argument(
        "--mix", action="store_true", help="register them even among households that are not demonstration"
    )
    parser.add_argument("--data", metavar="DIR", help="folder of the running register (default: .run)")
    return parser


def _count(text: str) -> int:
    count = int(text)
    if not 0 <= count <= MOST_HOUSEHOLDS:
        raise argparse.ArgumentTypeError(f"a number from 0 to {MOST_HOUSEHOLDS}")
    return count


def _write(options: argparse.Namespace) -> int:
    """Write the households as NDJSON."""
    province = read_province(os.environ.get("PROVINCE", ""))
    demonstration = Demonstration(UnitDirectory(read_units(province.units)), province, options.seed)
    with _opened(options.output) as file:
        made = demonstration.households(options.households)
        for household in tqdm(
            made, total=options.households, unit=" households", disable=options.output == "-" or None
        ):
            file.write(orjson.dumps(household, option=orjson.OPT_APPEND_NEWLINE))
    return 0


@contextmanager
def _opened(name: str) -> Iterator[IO[bytes]]:
    """Open the output: the terminal, or a file that appears under its name only when it is complete."""
    if name == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(name)
    unfinished = path.with_name(path.name + ".part")
    try:
        with unfinished.open("wb") as file:
            yield file
        unfinished.replace(path)
    except OSError as error:
        raise CannotDemonstrate(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        unfinished.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
