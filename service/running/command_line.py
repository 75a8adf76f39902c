"""The options of scripts/run. Standard library only, since this runs before the packages are installed."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The folder of this project."""

DATA_FOLDER = ROOT / ".run"


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The options given on the command line."""

    port: int
    bind: str
    data: Path
    workers: int
    empty: bool
    python: Path | None

    @property
    def loopback_only(self) -> bool:
        """Whether the register can be reached from this machine only."""
        return self.bind in {"localhost", "::1"} or self.bind.startswith("127.")


def read_options() -> RunOptions:
    """Read the options of scripts/run; exits with the usage message if they are wrong."""
    parser = argparse.ArgumentParser(
        prog="scripts/run",
        description="Sets up everything that the register needs and serves it: Python packages, the phone form, "
        "a private MongoDB, the official units and code lists, and demonstration households on an empty database.",
        epilog="MONGODB_URI, if set, names the database to use instead of a private one (a replica set, with the "
        "database's name). Ctrl-C stops all of it; what was registered stays. More in docs/operations.md.",
    )
    parser.add_argument("--port", type=_port, default=8000, help="port to serve on; 0 for any free one (default: 8000)")
    parser.add_argument(
        "--bind",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="address to serve on (default: 127.0.0.1, this machine only)",
    )
    parser.add_argument(
        "--data",
        type=Path,
        default=DATA_FOLDER,
        metavar="DIR",
        help="folder for everything that is written (default: .run)",
    )
    parser.add_argument("--workers", type=_workers, default=2, metavar="N", help="gunicorn's workers (default: 2)")
    parser.add_argument("--empty", action="store_true", help="no demonstration households on an empty database")
    parser.add_argument(
        "--python",
        type=Path,
        metavar="PROGRAM",
        help="a Python with the packages of requirements/run.txt, used instead of a virtual environment made here",
    )
    given = parser.parse_args()
    return RunOptions(
        port=given.port,
        bind=given.bind,
        data=given.data.absolute(),
        workers=given.workers,
        empty=given.empty,
        # Not resolved: the python of a virtual environment is a symbolic link and finds the environment by its path.
        python=None if given.python is None else given.python.absolute(),
    )


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return port


def _workers(text: str) -> int:
    workers = int(text)
    if not 1 <= workers <= 64:
        raise argparse.ArgumentTypeError("from 1 to 64 workers")
    return workers
