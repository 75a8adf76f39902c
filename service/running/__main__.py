"""What scripts/run becomes once everything is prepared: MongoDB, its preparation, gunicorn, and the end of them all."""

from __future__ import annotations

import sys

from service.running import errors
from service.running.command_line import read_options
from service.running.supervision import StopRequested, serve


def main() -> None:
    """Serve until told to stop; a sentence and status 1 if that cannot be."""
    options = read_options()
    try:
        serve(options)
    except StopRequested:
        pass
    except errors.CannotRun as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
