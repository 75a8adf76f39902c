"""How gunicorn serves the register; read by gunicorn itself."""

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
"""Requests mostly wait for the database; more threads than this only make each of them slower."""

preload_app = False
"""Each worker makes its own application, because a pymongo client must be made after the fork."""

timeout = 120
graceful_timeout = 20
keepalive = 15
backlog = 512

accesslog = None
"""The service writes its own log of requests, without personal data."""

forwarded_allow_ips = ""
"""gunicorn itself believes nobody's X-Forwarded-Proto or SCRIPT_NAME, from this machine either; by default it would.
What a proxy says is read by the application alone, and only as far as the setting PROXIES goes."""

loglevel = os.environ.get("GUNICORN_LOG_LEVEL", "warning")
control_socket_disable = True
"""Its control socket would lie in the home folder, and nobody here uses it."""

worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
"""The heartbeat of workers must not wait for a disk."""


class Arbiter(Protocol):
    """What is used here of gunicorn's arbiter."""

    cfg: Any


def on_starting(server: Arbiter) -> None:
    """Called by gunicorn before it starts workers.

    What can be reached from beyond this machine has keys of its own; gunicorn ends with the way out otherwise. What the
    workers of an earlier run counted is not of this one.
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


class Worker(Protocol):
    """What is used here of gunicorn's worker."""

    pid: int


def post_worker_init(worker: Worker) -> None:
    """Called by gunicorn when a worker has made its application: what is there stays, and need not be looked through.

    Python's collector otherwise walks the whole schema every few records, which cost more than checking them.
    """
    del worker
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def child_exit(server: object, worker: Worker) -> None:
    """Called by gunicorn when a worker has ended: its gauges no longer count."""
    del server
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
