"""The first half of scripts/run, with a bare Python: installs packages and builds the form, then runs the register."""

from __future__ import annotations

import os
import sys

from service.running import errors
from service.running.command_line import ROOT, read_options
from service.running.data_folder import environment_of, full_disk_named, held
from service.running.environment import lock_file_for_run, prepare_environment
from service.running.form_build import build_form


def main() -> None:
    """Prepare everything under the data folder, then replace this process by ``python -m service.running``."""
    options = read_options()
    try:
        with held(options.data), full_disk_named(options.data):
            environment = environment_of(options.data)
            python = options.python or prepare_environment(
                options.data / "venv", lock_file_for_run(ROOT, environment), environment
            )
            if "FORM_FOLDER" not in environment:  # a given folder is used as it is; empty means no form
                built = build_form(options.data, environment)
                environment["FORM_FOLDER"] = "" if built is None else str(built)
    except errors.CannotRun as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
    environment["PYTHONPATH"] = str(ROOT)
    sys.stdout.flush()
    # Keep the process id, so that a signal to scripts/run reaches the process that stops everything.
    os.execve(python, [str(python), "-m", "service.running", *sys.argv[1:]], environment)


if __name__ == "__main__":
    main()
