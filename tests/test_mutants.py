"""The tool for mutation testing: what a run copies, and what a second run over the same folder begins with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutants import NOT_RULES_OF_HOUSEHOLDS, ROOMS, ROOT, files_of, forget_all_but_kills, prepare, results


def test_what_was_killed_stays_so_and_everything_else_is_tried_again(tmp_path: Path) -> None:
    meta = tmp_path / "service" / "units" / "areas.py.meta"
    meta.parent.mkdir(parents=True)
    codes = {"killed": 1, "out of time": -24, "survived": 0, "without a test": 33, "not tried": None}
    meta.write_text(json.dumps({"exit_code_by_key": codes, "hash_by_function_name": {"f": "1"}}))
    for left_over in (meta.with_suffix(""), tmp_path / "mutmut-stats.json"):
        left_over.write_text("{}")
    forget_all_but_kills(tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [meta]
    found = json.loads(meta.read_text())
    assert found["hash_by_function_name"] == {"f": "1"}
    assert [name for name, code in found["exit_code_by_key"].items() if code is not None] == ["killed", "out of time"]
    assert results(meta)[0] == {"mutants": 5, "tried": 2, "killed": 2, "survived": 0}


def test_every_file_of_households_is_examined_or_says_why_not() -> None:
    (households,) = (room for room in ROOMS if room.name == "households")
    files = {path.name for path in (ROOT / "service" / "households").glob("*.py")}
    left_out = set(NOT_RULES_OF_HOUSEHOLDS)
    assert left_out < files
    assert {Path(name).name for name in files_of(households)} == files - left_out - {"ports.py"}


def test_the_first_run_finds_nothing_to_forget(tmp_path: Path) -> None:
    forget_all_but_kills(tmp_path / "mutants")
    assert not (tmp_path / "mutants").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    "tests",
    [["--collect-only", "tests/units/test_areas.py", *ROOMS[0].tests], ["tests/households/test_revealed.py"]],
    ids=["imported", "read"],
)
def test_what_is_copied_is_enough_for_the_tests_without_a_database(tests: list[str], tmp_path: Path) -> None:
    prepare(ROOMS[0], ["schemas/text.py"], tmp_path)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.without_database", *tests],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout.decode()
