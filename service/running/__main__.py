"""The second half of scripts/run, after the preparation: starts MongoDB, prepares the database and runs gunicorn."""

from __future__ import annotations

import sys

from service.running import errors
from service.running.command_line import read_options
from service.running.supervision import StopRequested, serve


def main() -> None:
    """Serve until stopped; exits with one sentence and status 1 if the register cannot run."""
    options = read_options()
    try:
        serve(options)
    except StopRequested:
        pass
    except errors.CannotRun as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
