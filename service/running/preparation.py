"""What scripts/run does first, with a bare Python: packages and the form; then it becomes the register itself."""

from __future__ import annotations

import os
import sys

from service.running import errors
from service.running.command_line import ROOT, read_options
from service.running.data_folder import environment_of, full_disk_named, held
from service.running.environment import lock_file_for_run, prepare_environment
from service.running.form_build import build_form


def main() -> None:
    """Prepare everything under the data folder, then go on as ``python -m service.running`` in the same process."""
    options = read_options()
    try:
        with held(options.data), full_disk_named(options.data):
            environment = environment_of(options.data)
            python = options.python or prepare_environment(
                options.data / "venv", lock_file_for_run(ROOT, environment), environment
            )
            if "FORM_FOLDER" not in environment:  # given, even empty for none, it is the caller's
                built = build_form(options.data, environment)
                environment["FORM_FOLDER"] = "" if built is None else str(built)
    except errors.CannotRun as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
    environment["PYTHONPATH"] = str(ROOT)
    sys.stdout.flush()
    # The same process goes on, so that a signal to scripts/run reaches the one that stops everything.
    os.execve(python, [str(python), "-m", "service.running", *sys.argv[1:]], environment)


if __name__ == "__main__":
    main()
