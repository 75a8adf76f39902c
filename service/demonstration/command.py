"""The command scripts/demo: demonstration households as NDJSON, or registered by the same rules as everybody's."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import orjson
from tqdm import tqdm

import schemas
from service.commands.database import command_settings, run
from service.demonstration.errors import CannotDemonstrate
from service.demonstration.households import MOST_HOUSEHOLDS, Demonstration
from service.units.directory import UnitDirectory
from service.units.unit_list import read_units

DEFAULT_HOUSEHOLDS = 1_300
DEFAULT_SEED = 2025


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; answers the exit status."""
    options = _parser().parse_args(arguments)

    def work() -> int:
        try:
            return _write(options) if options.output is not None else _register(options)
        except CannotDemonstrate as error:
            print(error, file=sys.stderr)
            return 2

    return run(work)


def _register(options: argparse.Namespace) -> int:
    from service.demonstration.registering import register

    settings = command_settings(options.data)
    return register(options.households, options.seed, settings, if_empty=options.if_empty, mix=options.mix)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description="Makes believable farm households of Nghệ An, none of them real, each marked as demonstration, and "
        "registers them with baselines for every commune of today and of before July 2025, or writes them as NDJSON.",
        epilog="The same seed makes the same households, and a larger set holds the smaller one: run again, only what "
        "is missing is registered. The database is MONGODB_URI, else that of the running register (DIR/mongodb-uri).",
    )
    parser.add_argument(
        "--households", type=_count, default=DEFAULT_HOUSEHOLDS, metavar="N",
        help=f"how many households, at most {MOST_HOUSEHOLDS} (default: {DEFAULT_HOUSEHOLDS})",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, metavar="S", help=f"default: {DEFAULT_SEED}")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--register", action="store_true", help="register them (the default)")
    where.add_argument("--output", metavar="FILE", help="write NDJSON to FILE instead; - for the terminal")
    parser.add_argument("--if-empty", action="store_true", help="do nothing when the register holds any household")
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
    """Write the households as NDJSON, one a line."""
    units = read_units(Path(schemas.__file__).parent / "codelists" / "units.csv")
    demonstration = Demonstration(UnitDirectory(units), options.seed)
    with _opened(options.output) as file:
        made = demonstration.households(options.households)
        for household in tqdm(
            made, total=options.households, unit=" households", disable=options.output == "-" or None
        ):
            file.write(orjson.dumps(household, option=orjson.OPT_APPEND_NEWLINE))
    return 0


@contextmanager
def _opened(name: str) -> Iterator[IO[bytes]]:
    """Open the output: a file that appears only when it is whole, or the terminal."""
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
