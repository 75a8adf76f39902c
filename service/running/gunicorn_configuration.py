"""The configuration of gunicorn, loaded by gunicorn itself."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from pathlib import Path
from typing import Any, Protocol

from service.access.errors import KeysMissing
from service.access.keys import key_folder, require_own_keys
from service.settings import read_settings

worker_class = "service.running.worker.PatientWorker"
threads = 8
"""Requests mostly wait for the database; more threads only make each of them slower."""

preload_app = False
"""Each worker creates its own application, because a pymongo client must be created after the fork. Only its
modules are loaded before (``on_starting``)."""

timeout = 120
graceful_timeout = 20
keepalive = 15
limit_request_line = 8190
"""The most that gunicorn allows; the cursor of the feed holds an offset for each commune."""

backlog = 512

accesslog = None
"""The service writes its own log of requests, without personal data."""

forwarded_allow_ips = ""
"""gunicorn itself trusts no X-Forwarded-Proto or SCRIPT_NAME, not even from this machine, as it would by default.
Only the application reads a proxy's headers, and only from as many proxies as the setting PROXIES gives."""

loglevel = os.environ.get("GUNICORN_LOG_LEVEL", "warning")
control_socket_disable = True
"""The control socket would be created in the home folder, and nothing here uses it."""

worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
"""The workers' heartbeat must not wait for a disk."""


class Arbiter(Protocol):
    """The part of gunicorn's arbiter that is used here."""

    cfg: Any


def on_starting(server: Arbiter) -> None:
    """Called by gunicorn before it starts workers.

    Exits with instructions if the register can be reached from another machine but has no keys of its own. Deletes
    the metrics files that the workers of an earlier run left behind. Loads the service's modules, which takes more than
    a second of a processor: workers share them, and one that replaces another serves at once.
    """
    settings = read_settings()
    for address in server.cfg.address:
        host = address[0] if isinstance(address, tuple) else f"unix:{address}"
        try:
            require_own_keys(host, bool(settings.keys_folder), key_folder(settings))
        except KeysMissing as error:
            sys.exit(str(error))
    measures = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if measures:
        shutil.rmtree(measures, ignore_errors=True)
        Path(measures).mkdir(parents=True)
    import service.app  # noqa: F401 - here, so that it comes after the check of the keys and the folder for metrics


class Worker(Protocol):
    """The part of gunicorn's worker that is used here."""

    pid: int


def post_worker_init(worker: Worker) -> None:
    """Called by gunicorn when a worker has created its application: exempts what exists from garbage collection.

    Otherwise Python's collector traverses the whole schema every few records, which took longer than checking them.
    """
    del worker
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def child_exit(server: object, worker: Worker) -> None:
    """Called by gunicorn when a worker has ended: removes its gauges from the metrics."""
    del server
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
