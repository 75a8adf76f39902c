"""The database that a command works on: MONGODB_URI, or else the running register's."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from service.access.errors import KeysMissing
from service.errors import DomainError
from service.processes import ProcessEnded
from service.settings import Settings, read_settings
from service.settings_invalid import SettingsInvalid

ADDRESS_FILE = "mongodb-uri"
PROVINCE_FILE = "province"
"""What PROVINCE was when the register was started, so that its commands need not be given it again."""


def command_settings(data_folder: str | None = None) -> Settings:
    """Return the settings of the environment, with the database's address and the province from the data folder of a
    running register if they are not set.

    Raises SettingsInvalid, which says what to do.
    """
    folder = Path(data_folder or os.environ.get("DATA_FOLDER") or Path(__file__).resolve().parents[2] / ".run")
    address = os.environ.get("MONGODB_URI")
    if not address:
        file = folder / ADDRESS_FILE
        if not file.exists():
            raise SettingsInvalid(
                f"no database: MONGODB_URI is not set and {file} is not there. Start the register with ./scripts/run, "
                "or name its folder with --data, or set MONGODB_URI."
            )
        address = file.read_text(encoding="utf-8").strip()
    served = folder / PROVINCE_FILE
    province = os.environ.get("PROVINCE") or (served.read_text(encoding="utf-8").strip() if served.exists() else "")
    settings = read_settings({**os.environ, "MONGODB_URI": address, "PROVINCE": province})
    return replace(settings, data_folder=str(folder))


def run(command: Callable[[], int]) -> int:
    """Run a command; expected errors become one line of text and exit status 2."""
    try:
        return command()
    except (SettingsInvalid, KeysMissing, ProcessEnded) as error:
        print(error, file=sys.stderr)
    except DomainError as error:
        if error.code == "store.unavailable":
            print("the database cannot be reached; is the register running?", file=sys.stderr)
        else:
            print(f"{error.code}: {error}", file=sys.stderr)
    except BrokenPipeError:
        return 0
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    return 2
