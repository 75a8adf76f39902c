"""Child processes that cannot outlive us: each has a session of its own and gets SIGTERM when we are gone."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1
"""From linux/prctl.h."""

OPEN_FILES = 64_000
"""How many open files a database wants (MongoDB's own recommendation); we ask for as many as the machine allows."""


def start_child(
    arguments: Sequence[str | Path],
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    output: int | IO[bytes] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program that gets SIGTERM from the kernel when this process ends, however it ends.

    It is put in a session of its own, so that Ctrl-C and a closed terminal reach only us, and we stop our children in
    the right order. Call this from the main thread: the kernel takes the end of the starting thread for ours.
    ``output`` takes both its output streams; by default it shares ours.
    """
    return subprocess.Popen(
        [str(argument) for argument in arguments],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        cwd=folder,
        env=None if environment is None else dict(environment),
        start_new_session=True,
        preexec_fn=_bound_to_parent(),  # noqa: PLW1509  (two system calls, both resolved before the fork)
    )


def stop_child(child: subprocess.Popen[bytes], seconds: float) -> bool:
    """Ask a child to end with SIGTERM, wait, and kill it after ``seconds``. Returns whether it ended by itself."""
    if child.poll() is not None:
        return True
    child.send_signal(signal.SIGTERM)
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
        return False
    return True


def kill_child(child: subprocess.Popen[bytes]) -> None:
    """End a child at once with SIGKILL, as a power cut would."""
    with contextlib.suppress(ProcessLookupError):
        child.kill()
    child.wait()


def _bound_to_parent() -> Callable[[], None]:
    control = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = most if most != resource.RLIM_INFINITY and most < OPEN_FILES else OPEN_FILES

    def in_child() -> None:
        control(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # the parent ended between the fork and the line above
            os._exit(1)
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))

    return in_child
