"""Supervises a run: starts MongoDB, prepares the database, starts gunicorn, and stops them in reverse order."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from service.exit_statuses import RECORDS_SKIPPED
from service.running import errors
from service.running.children import start_child, stop_child
from service.running.command_line import ROOT, RunOptions
from service.running.data_folder import environment_of, full_disk_named, held
from service.running.mongod import MongodOptions, PrivateMongod, free_port

DATABASE = "so_nong_ho"
READY_SECONDS = 120.0
STOP_SECONDS = 30.0
RESTARTS = 3
"""How often a MongoDB that died is restarted within ``RESTART_WINDOW`` seconds before the run ends."""

RESTART_WINDOW = 600.0


class StopRequested(BaseException):
    """Ctrl-C, SIGTERM or a closed terminal. Not an error: everything is stopped in order and the status is 0."""


def serve(options: RunOptions) -> None:
    """Run the register until it is stopped. Raises CannotRun with one sentence, or StopRequested."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(_stop_signals())
        stack.enter_context(held(options.data))
        stack.enter_context(full_disk_named(options.data))
        port = _port_to_serve(options)
        environment = environment_of(options.data)
        environment["PYTHONPATH"] = str(ROOT)
        environment["DATA_FOLDER"] = str(options.data)
        if named := environment.get("PROVINCE"):
            environment["PROVINCE"] = ",".join(_absolute(each.strip()) for each in named.split(","))
        environment["REGISTER_PYTHON"] = sys.executable
        environment["PROMETHEUS_MULTIPROC_DIR"] = str(options.data / "measures")
        mongod: PrivateMongod | None = None
        if not environment.get("MONGODB_URI"):
            mongod = PrivateMongod(MongodOptions(folder=options.data / "mongodb", alone=True))
            stack.callback(mongod.stop)
            _start_mongod(mongod)
            environment["MONGODB_URI"] = mongod.address(DATABASE)
        stack.enter_context(_stated(options.data / "mongodb-uri", environment["MONGODB_URI"]))
        stack.enter_context(_stated(options.data / "province", environment.get("PROVINCE", "")))
        stamp = None if mongod is None else options.data / "mongodb" / "prepared"
        skipped = _prepare_database(options, environment, stamp)
        gunicorn = start_child(_gunicorn_command(options, port), environment=environment, folder=ROOT)
        stack.callback(stop_child, gunicorn, STOP_SECONDS)
        where = f"http://{_host_of(options.bind)}:{port}"
        try:
            _wait_until_ready(where, gunicorn)
        except errors.ServiceDied:
            if stamp is not None:
                stamp.unlink()  # it may be out of date; the next start checks again
            raise
        if options.loopback_only:
            _say(f"Serving this machine only ({options.bind}); nobody on the network can reach it. Ctrl-C stops it.")
        else:
            _say(f"Serving the network on {options.bind}, without TLS: put a proxy in front of it. Ctrl-C stops it.")
        if skipped:
            _say("Records that scripts/migrate skipped are listed above, with what to do; all others are served.")
        _say(where)
        _watch(gunicorn, mongod)


@contextlib.contextmanager
def _stop_signals() -> Iterator[None]:
    stopping = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        del number, frame
        if not stopping:  # a second Ctrl-C does not interrupt the shutdown
            stopping = True
            raise StopRequested

    previous = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _say(text: str) -> None:
    # Printing to a closed terminal fails; that must not prevent an orderly shutdown.
    with contextlib.suppress(OSError):
        print(text, flush=True)


def _absolute(province: str) -> str:
    """Return a province's code as it is, and the path of a file as an absolute one: children run in another folder."""
    return str(Path(province).absolute()) if province.endswith(".toml") else province


def _port_to_serve(options: RunOptions) -> int:
    """Return the port to serve on, after checking that it can be bound. Raises PortInUse or CannotRun."""
    if options.port == 0:
        return free_port()
    family = socket.AF_INET6 if ":" in options.bind else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((options.bind, options.port))
        except PermissionError as error:
            raise errors.CannotRun(
                f"Port {options.port} is reserved for root: choose one above 1023 with --port."
            ) from error
        except OSError as error:
            if error.errno == 98:  # EADDRINUSE
                raise errors.PortInUse(options.port) from error
            raise errors.CannotRun(f"The address {options.bind} is not this machine's: {error.strerror}.") from error
    return options.port


def _start_mongod(mongod: PrivateMongod) -> None:
    began = time.monotonic()
    mongod.start()
    _say(f"MongoDB: ready on 127.0.0.1:{mongod.port} in {time.monotonic() - began:.1f} s")


@contextlib.contextmanager
def _stated(path: Path, value: str) -> Iterator[None]:
    """Provide the database's address, or the province, to scripts in a file while the register runs.

    Only the owner can read the file, since the address may contain a password.
    """
    path.unlink(missing_ok=True)
    with open(path, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(f"{value}\n")
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _prepare_database(options: RunOptions, environment: dict[str, str], stamp: Path | None) -> bool:
    """Migrate the database, and register the demonstration households if it is empty.

    For a private database, ``stamp`` records what was done by which version of the code, so that a second start can
    skip it. A shared database is checked every time. Returns whether records were skipped: then the register serves the
    others, and the next start tries these again.
    """
    skipped = False
    version = f"migrated by {_fingerprint()} for {environment.get('PROVINCE', '')}"
    done = stamp.read_text(encoding="ascii").splitlines() if stamp is not None and stamp.exists() else []
    if version not in done:
        skipped = _run_script("migrate", ["--strict"], environment, also=RECORDS_SKIPPED) == RECORDS_SKIPPED
    if not options.empty and "has households" not in done:
        _run_script("demo", ["--if-empty"], environment)
        done.append("has households")
    if options.loopback_only and not environment.get("KEYS_FOLDER") and "has accounts" not in done:
        # A register with its own keys is no demonstration: scripts/accounts creates its first administrator.
        _run_script("accounts", ["--data", str(options.data), "demonstrate", "--if-none"], environment)
        done.append("has accounts")
    if stamp is not None:
        permanent = [line for line in done if line in {"has households", "has accounts"}]
        migrated = [] if skipped else [version]
        stamp.write_text("\n".join([*migrated, *permanent, ""]), encoding="ascii")
    return skipped


def _fingerprint() -> str:
    """Return a hash of everything that a migration could depend on: all code, code lists, messages and provinces."""
    content = hashlib.sha256()
    for room in ("provinces", "schemas", "service"):
        for path in sorted((ROOT / room).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                content.update(f"{path.relative_to(ROOT)}\0".encode())
                content.update(hashlib.sha256(path.read_bytes()).digest())
    return content.hexdigest()


def _run_script(name: str, arguments: list[str], environment: dict[str, str], *, also: int = 0) -> int:
    """Run a script to its end and return its exit status: 0, or the one that is ``also`` expected. Raises CannotRun."""
    child = start_child([ROOT / "scripts" / name, *arguments], environment=environment)
    try:
        status = child.wait()
    finally:
        stop_child(child, STOP_SECONDS)
    if status not in (0, also):
        raise errors.CannotRun(f"scripts/{name} ended with status {status}; its output is above.")
    return status


def _gunicorn_command(options: RunOptions, port: int) -> list[str | Path]:
    configuration = Path(__file__).with_name("gunicorn_configuration.py")
    bind = f"[{options.bind}]:{port}" if ":" in options.bind else f"{options.bind}:{port}"
    command: list[str | Path] = [sys.executable, "-m", "gunicorn", "--config", configuration, "--bind", bind]
    return [*command, "--workers", str(options.workers), "service.app:create_app()"]


def _host_of(bind: str) -> str:
    if bind in {"0.0.0.0", "::", ""}:  # noqa: S104  (compared, not bound)
        return "127.0.0.1"
    return f"[{bind}]" if ":" in bind else bind


def _wait_until_ready(where: str, gunicorn: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    last = "nothing"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < deadline:
        _check_gunicorn(gunicorn)
        try:
            with opener.open(f"{where}/readyz", timeout=5) as response:
                if response.status == 200:
                    return
                last = f"{response.status}"
        except urllib.error.HTTPError as error:
            last = f"{error.code} {error.read(500).decode('utf-8', 'replace')}"
        except OSError:
            pass  # not listening yet
        time.sleep(0.05)
    raise errors.ServiceDied(f"The service is not ready after {READY_SECONDS:.0f} s; /readyz returned {last}.")


def _check_gunicorn(gunicorn: subprocess.Popen[bytes]) -> None:
    status = gunicorn.poll()
    if status is not None:
        raise errors.ServiceDied(f"The service (gunicorn) ended with status {status}; its output is above.")


def _watch(gunicorn: subprocess.Popen[bytes], mongod: PrivateMongod | None) -> None:
    """Wait until something ends. A MongoDB that dies is restarted; the service responds with 503 until it is back."""
    deaths: list[float] = []
    while True:
        time.sleep(0.2)
        _check_gunicorn(gunicorn)
        if mongod is None:
            continue
        try:
            mongod.check_alive()
        except errors.DiskFull:
            raise
        except errors.CannotRun as death:
            now = time.monotonic()
            deaths = [moment for moment in deaths if now - moment < RESTART_WINDOW] + [now]
            if len(deaths) > RESTARTS:
                raise
            _say(f"{death} Starting it again.")
            _start_mongod(mongod)
