"""Child processes that cannot outlive this one: each has its own session and gets SIGTERM when this process ends."""

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
"""The limit of open files that MongoDB recommends; the child gets as many as the machine allows, up to this."""


def start_child(
    arguments: Sequence[str | Path],
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    output: int | IO[bytes] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program that gets SIGTERM from the kernel when this process ends, however it ends.

    The child has its own session, so that Ctrl-C and a closed terminal reach only this process, which then stops its
    children in the right order. Call this from the main thread: the kernel sends the signal when the starting thread
    ends. Both output streams go to ``output``; by default the child inherits this process's.
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
    """Stop a child with SIGTERM, and with SIGKILL after ``seconds``. Returns whether SIGTERM was enough."""
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
    """Kill a child with SIGKILL, which leaves it as a power cut would."""
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
