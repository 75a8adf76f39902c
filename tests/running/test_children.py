"""Children end with us, and a data folder has one run at a time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from service.running import errors
from service.running.children import start_child, stop_child
from service.running.command_line import ROOT
from service.running.data_folder import environment_of, held
from service.running.environment import prepare_environment

PARENT = """
import sys, time
from service.running.children import start_child
print(start_child(["sleep", "600"]).pid, flush=True)
time.sleep(600)
"""


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_child_ends_when_its_parent_is_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, cwd=ROOT)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert alive(child)
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 120
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(child)


def test_a_child_is_in_a_session_of_its_own_so_that_control_c_does_not_reach_it() -> None:
    child = start_child(["sleep", "600"])
    try:
        assert os.getsid(child.pid) == child.pid != os.getsid(0)
    finally:
        assert stop_child(child, 20)
    assert child.returncode == -signal.SIGTERM


def test_a_child_that_will_not_end_is_killed() -> None:
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(600)"
    child = start_child([sys.executable, "-c", deaf], output=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"\n"  # from here on it is deaf
    assert not stop_child(child, 0.2)
    child.stdout.close()
    assert child.returncode == -signal.SIGKILL


def test_a_data_folder_is_held_by_one_run_at_a_time(tmp_path: Path) -> None:
    with held(tmp_path / "data"), pytest.raises(errors.DataFolderInUse, match="--data DIR"), held(tmp_path / "data"):
        pass
    with held(tmp_path / "data"):
        pass


def test_a_data_folder_is_its_owners_alone(tmp_path: Path) -> None:
    with held(tmp_path / "data"):
        assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


@pytest.mark.slow
def test_an_environment_is_made_once_for_a_lock_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text("# no packages\n")
    for _ in range(2):
        python = prepare_environment(tmp_path / "venv", lock, environment_of(tmp_path))
    assert capsys.readouterr().out.count("installing") == 1
    prefix = subprocess.run([python, "-c", "import sys; print(sys.prefix)"], capture_output=True, text=True, check=True)
    assert prefix.stdout.strip() == str(tmp_path / "venv")
    lock.write_text("# still none\n")
    prepare_environment(tmp_path / "venv", lock, environment_of(tmp_path))
    assert capsys.readouterr().out.count("installing") == 1


@pytest.mark.slow
def test_an_environment_whose_making_was_interrupted_is_made_again(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    lock = tmp_path / "lock.txt"
    lock.write_text("# no packages\n")
    python = prepare_environment(tmp_path / "venv", lock, environment_of(tmp_path))
    subprocess.run([python, "-m", "pip", "--version"], check=True)
