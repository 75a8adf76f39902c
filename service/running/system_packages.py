"""Debian packages that pip cannot install: installed when running as root, otherwise named with the command to type."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence

from service.running.children import start_child


def install_system_packages(packages: Sequence[str]) -> bool:
    """Install Debian packages with apt-get if this is root on Debian. Returns whether they were installed."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None or not packages:
        return False
    print(f"Installing system packages: {' '.join(packages)}", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *packages]
    with _only_installer():
        for command in (install, ["apt-get", "update", "--quiet"], install):
            # The package lists of a fresh machine are empty or old; they are fetched only when the first attempt fails.
            child = start_child(command, environment=environment, output=subprocess.DEVNULL)
            if child.wait() == 0 and command is install:
                return True
    return False


@contextlib.contextmanager
def _only_installer() -> Iterator[None]:
    """Wait until no other process of ours installs packages: apt-get fails when another one holds its lock."""
    folder = os.open("/var/lib/apt", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def main() -> None:
    """Install the packages named on the command line: ``python -m service.running.system_packages PACKAGE…``."""
    import sys

    packages = sys.argv[1:]
    if not install_system_packages(packages):
        sys.exit(f"These system packages are missing: type: sudo apt-get install {' '.join(packages)}")


if __name__ == "__main__":
    main()
