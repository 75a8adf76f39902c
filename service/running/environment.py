"""The virtual environment with the locked packages. Standard library only, since these are not installed yet."""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import sys
import sysconfig
import time
from collections.abc import Mapping
from pathlib import Path

from service.running import errors
from service.running.children import start_child
from service.running.data_folder import disk_is_full, environment_of, held
from service.running.system_packages import install_system_packages

ROOM_NEEDED = 500_000_000
"""Free bytes below which no packages are installed: they take up to 330 MB, and pip temporarily as much again."""


def prepare_environment(
    folder: Path, lock_file: Path, environment: Mapping[str, str], what: str = "Python packages"
) -> Path:
    """Make ``folder`` a virtual environment with the packages of ``lock_file``, unless it is up to date.

    Returns its python. Does not use the network when the lock file has not changed. Raises PackagesUnavailable or
    DiskFull.
    """
    python = folder / "bin" / "python"
    stamp = folder / "installed"
    wanted = _fingerprint(lock_file)
    if python.exists() and stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
        return python
    if shutil.disk_usage(folder.parent).free < ROOM_NEEDED:
        raise errors.DiskFull(folder.parent)
    began = time.monotonic()
    print(f"{what}: installing (once; about a minute) …", flush=True)
    made = folder / "made"
    if _made_by_other_python(folder) or not (made.exists() or stamp.exists()):  # an earlier attempt was interrupted
        shutil.rmtree(folder, ignore_errors=True)
    stamp.unlink(missing_ok=True)
    if not python.exists():
        _check_venv_module()
        _run([sys.executable, "-m", "venv", folder], environment, folder)
    made.touch()
    pip: list[str | Path] = [python, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    # Every package of the closure is listed with its hash, so pip has nothing to resolve and nothing to build.
    # Byte code is written when a module is first imported: compiling all that is never imported takes ten seconds.
    pip += ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--no-compile", "--requirement", lock_file]
    _run(pip, environment, folder)
    stamp.write_text(wanted, encoding="ascii")
    print(f"{what}: done in {time.monotonic() - began:.0f} s", flush=True)
    return python


def lock_file_for_run(root: Path, environment: Mapping[str, str]) -> Path:
    """Return the lock file that a run needs; the one with mongod only where no other MongoDB is available."""
    elsewhere = environment.get("MONGODB_URI") or shutil.which("mongod")
    if elsewhere:
        return root / "requirements" / "service.txt"
    if sysconfig.get_platform() != "linux-x86_64":
        raise errors.MongodNotFound
    return root / "requirements" / "run.txt"


def _fingerprint(lock_file: Path) -> str:
    content = hashlib.sha256(lock_file.read_bytes()).hexdigest()
    return f"{content} {sys.base_prefix} {sys.version.split()[0]}\n"


def _made_by_other_python(folder: Path) -> bool:
    configuration = folder / "pyvenv.cfg"
    if not configuration.exists():
        return folder.exists()  # incomplete
    python = folder / "bin" / "python"
    return f"version = {sys.version.split()[0]}" not in configuration.read_text(encoding="utf-8") or not python.exists()


def _check_venv_module() -> None:
    if importlib.util.find_spec("ensurepip") is not None and importlib.util.find_spec("venv") is not None:
        return
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if not install_system_packages([package]):
        raise errors.PackagesUnavailable(f"Python's venv module is missing: type: sudo apt-get install {package}")


def _run(command: list[str | Path], environment: Mapping[str, str], folder: Path) -> None:
    log = folder.with_name(folder.name + ".log")
    with log.open("wb") as output:
        status = start_child(command, environment=environment, output=output).wait()
    if status == 0:
        log.unlink()
        return
    text = log.read_text(encoding="utf-8", errors="replace")
    if "No space left on device" in text or disk_is_full(folder.parent):
        raise errors.DiskFull(folder)
    reasons = [line for line in text.splitlines() if line.upper().startswith("ERROR")] or text.splitlines()[-1:]
    raise errors.PackagesUnavailable(
        f"The Python packages could not be installed: {' '.join(reasons)[:500] or f'status {status}'} (more in {log})."
    )


def main() -> None:
    """Prepare an environment from the command line: ``python -m service.running.environment DATA NAME LOCK_FILE``."""
    data, name, lock_file = Path(sys.argv[1]).absolute(), sys.argv[2], Path(sys.argv[3])
    try:
        with held(data):
            prepare_environment(data / name, lock_file, environment_of(data))
    except errors.CannotRun as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
