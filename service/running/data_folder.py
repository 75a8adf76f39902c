"""The folder that holds everything a run writes, and the lock that prevents a second run on the same folder."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from service.running import errors


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Create the folder if necessary and lock it. Raises DataFolderInUse, DataFolderUnusable or DiskFull.

    The kernel releases the lock when the process ends, however it ends: nothing has to be cleaned up after a power cut.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # it holds keys and households
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise errors.DiskFull(folder) from error
        raise errors.DataFolderUnusable(folder, error.strerror or str(error)) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise errors.DataFolderInUse(folder) from error
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def full_disk_named(folder: Path) -> Iterator[None]:
    """Turns an OSError for lack of disk space into a DiskFull that names ``folder``."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise errors.DiskFull(folder) from error
        raise


def disk_is_full(folder: Path) -> bool:
    """Whether the disk under ``folder`` is so full that this explains why a program failed."""
    return shutil.disk_usage(folder).free < 1_000_000


def environment_of(folder: Path) -> dict[str, str]:
    """Return this process's environment, changed so that programs started with it write nothing outside ``folder``."""
    temporary = folder / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    environment = dict(os.environ)
    # Byte code saves a second at each start, but must not be written beside the sources.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["PYTHONPYCACHEPREFIX"] = str(folder / "pycache")
    environment["TMPDIR"] = str(temporary)
    return environment
