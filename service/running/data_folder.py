"""The folder that holds everything a run writes, and the lock that keeps a second run out of it."""

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
    """Make the folder if need be and keep other runs out of it. Raises DataFolderInUse, DataFolderUnusable or DiskFull.

    The lock goes with the process, however it ends, so that nothing has to be cleaned up after a power cut.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # keys and households lie in it
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
    """Whatever finds no room for what it writes under ``folder`` is a DiskFull."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise errors.DiskFull(folder) from error
        raise


def disk_is_full(folder: Path) -> bool:
    """Whether the disk under ``folder`` is so full that a failed program needs no other cause."""
    return shutil.disk_usage(folder).free < 1_000_000


def environment_of(folder: Path) -> dict[str, str]:
    """The process's environment, changed so that programs started with it write nothing outside ``folder``."""
    temporary = folder / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    environment = dict(os.environ)
    # Byte code is worth a second at each start; beside the sources it would dirty the tree.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["PYTHONPYCACHEPREFIX"] = str(folder / "pycache")
    environment["TMPDIR"] = str(temporary)
    return environment
