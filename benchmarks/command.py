"""scripts/bench: starts its own mongod and servers, measures, prints the figures, and leaves nothing behind."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import access, bulk, checking, form, geometry, reading, registration, units
from benchmarks.figures import Figure, Size
from benchmarks.workplace import Workplace, workplace
from service.running.errors import CannotRun

MEASURES: dict[str, Callable[..., list[Figure]]] = {
    "check": checking.measure,
    "registration": registration.measure,
    "bulk": bulk.measure,
    "reading": reading.measure,
    "geometry": geometry.measure,
    "access": access.measure,
    "units": units.measure,
    "form": form.measure,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; returns the exit status, 1 if a target is missed."""
    options = _parser().parse_args(arguments)
    # SIGHUP and SIGTERM are handled like Ctrl-C, so that the servers end and the folder is removed in any case.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    size = Size.QUICK if options.quick else Size.FULL
    try:
        with workplace(options.folder) as place:
            figures = [figure for name in options.only or MEASURES for figure in _measured(name, place, size=size)]
    except CannotRun as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    missed = [figure.name for figure in figures if figure.target and not figure.target.met_by(figure.value)]
    summary = f"{len(missed)} of {sum(figure.target is not None for figure in figures)} targets missed"
    print("; ".join([summary, *missed]) if missed else "every target met")
    return 1 if missed else 0


def _measured(name: str, place: Workplace, *, size: Size) -> list[Figure]:
    print(f"measuring {name} …", file=sys.stderr, flush=True)
    began = time.monotonic()
    figures = MEASURES[name](place, size)
    for figure in figures:
        print("\n".join(figure.lines()), flush=True)
    print(f"… {name} took {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return figures


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measures the register's speed and size. Every figure but the phone form's is a ratio to bare "
        "pymongo on the same MongoDB in the same run, turn and turn about. The form is measured in Chromium at a "
        "quarter of this machine's speed. What the figures mean: docs/performance.md.",
    )
    parser.add_argument("--quick", action="store_true", help="small sizes: about a minute, for a first look only")
    parser.add_argument(
        "--only", action="append", choices=tuple(MEASURES), help="only this measurement; can be repeated"
    )
    parser.add_argument(
        "--folder", type=Path, metavar="DIR", help="folder of its database (default: the system's temporary folder)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
