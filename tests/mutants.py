"""Mutation testing of the pure rooms, by mutmut: which changes of the code no test notices. Started by scripts/mutants.

Each room is copied to a folder of its own, where mutmut changes one thing at a time and runs the tests that reach it.
Only tests without a database are run, which keeps a mutant to a second. A change that all of them pass has survived:
a test is missing, or the change makes no difference.

A second run over the same folder tries what is left: mutants that were not tried before or survived, and those of a
function that has changed. What was killed stays so, unless a sample names it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
BESIDE = ("docs", "form/tests", "provinces", "tests")
"""What the tests read, beside the code that is changed."""
COPIED = (*BESIDE, "schemas", "service")
KILLED = {1, 3, -24, 24, 36, 152, 255, -9, -11}
"""What mutmut notes of a mutant that made a test fail, run out of its time or crash."""

NOT_RULES_OF_HOUSEHOLDS = {
    "area_search.py": "reads the store; tests/storage/test_parcels.py looks at what it finds",
    "bulk.py": "writes batches to the store",
    "erasure.py": "one transaction of the store",
    "household_register.py": "every write of the store",
    "parcel_checks.py": "reads neighbours from the store",
    "parts.py": "reads lists of villages and borders from the store",
    "reading.py": "reads the store",
    "released.py": "values without rules",
    "releasing.py": "is called with what a Reader read; tests/api/test_one_way_out.py looks at what leaves",
    "repeats.py": "reads the log",
    "settling.py": "one transaction of the store",
    "writer.py": "commits to the store",
}
"""Files of service/households that only tests on a database reach, each with the reason; all others are examined."""


@dataclass(frozen=True, slots=True)
class Room:
    """What is changed together, and the tests that ought to notice."""

    name: str
    sources: tuple[str, ...]
    tests: tuple[str, ...]
    without: Collection[str] = ()
    """Names of files that are not changed. Those of ports have no code."""


ROOMS = (
    Room(
        "schemas",
        (
            "schemas/codelists.py",
            "schemas/partial_date.py",
            "schemas/requirements.py",
            "schemas/rules*",
            "schemas/text.py",
        ),
        tuple(
            f"tests/schemas/test_{name}.py"
            for name in ("rules", "rule_details", "codelists", "text_and_dates", "bad_input", "parsing")
        ),
    ),
    Room("parcels", ("service/parcels/*.py",), ("tests/parcels",)),
    Room("units", ("service/units/*.py",), ("tests/units",)),
    Room("households", ("service/households/*.py",), ("tests/households",), NOT_RULES_OF_HOUSEHOLDS),
    Room("reports", ("service/reports/small_cells.py",), ("tests/reports/test_small_cells.py",)),
)


def main() -> int:
    """Run the rooms, or only the named files, and print what became of the mutants of each file."""
    parser = argparse.ArgumentParser(prog="scripts/mutants", description=__doc__)
    parser.add_argument("paths", nargs="*", help="only these files of the rooms, e.g. service/units/attribution.py")
    parser.add_argument("--folder", type=Path, default=ROOT / ".run" / "mutants", help="where the copies lie")
    parser.add_argument("--at-once", type=int, default=1, help="how many mutants are tried at the same time")
    parser.add_argument("--ending", default="", help="a sample: only mutants whose number ends in one of these digits")
    options = parser.parse_args()
    totals: Counter[str] = Counter()
    for room in ROOMS:
        files = [path for path in files_of(room) if not options.paths or path in options.paths]
        if files:
            totals += examined(room, files, options.folder / room.name, options.at_once, options.ending)
    if not totals:
        parser.error("none of these files belongs to a room that is examined")
    print(line("all of them", totals))
    return 0


def files_of(room: Room) -> list[str]:
    """The source files of a room."""
    found = {path for pattern in room.sources for path in ROOT.glob(pattern)}
    found |= {inner for path in found if path.is_dir() for inner in path.rglob("*.py")}
    names = sorted(str(path.relative_to(ROOT)) for path in found if path.suffix == ".py")
    return [name for name in names if Path(name).name not in ("ports.py", *room.without)]


def examined(room: Room, files: list[str], folder: Path, at_once: int, ending: str) -> Counter[str]:
    """Let mutmut change some files of a room; print and add up what became of the mutants."""
    prepare(room, files, folder)
    print(f"{room.name}: {len(files)} files …", flush=True)
    log = folder / "mutmut.log"
    with log.open("wb") as output:
        run = subprocess.run(
            [sys.executable, "-m", "mutmut", "run", "--max-children", str(at_once), *sample(files, ending)],
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if run.returncode != 0:
        sys.exit(f"mutmut ended with {run.returncode}; see {log}")
    totals: Counter[str] = Counter()
    for name in files:
        counts, survivors = results(folder / "mutants" / f"{name}.meta")
        if counts:
            print(line(name, counts), flush=True)
        for survivor in survivors:
            print(f"    {survivor}")
        totals += counts
    print(f"  (to see one: cd {folder} && {sys.executable} -m mutmut show NAME)")
    return totals


def sample(files: list[str], ending: str) -> list[str]:
    """The patterns of the mutants of these files whose number ends in one of these digits; none: every mutant."""
    modules = [name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in files]
    return [f"{module}.*[{ending}]" for module in modules if ending]


def prepare(room: Room, files: list[str], folder: Path) -> None:
    """Copy what the tests need to ``folder``, with mutmut's and pytest's settings for this room."""
    forget_all_but_kills(folder / "mutants")
    for part in COPIED:
        shutil.rmtree(folder / part, ignore_errors=True)
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    settings = {
        "source_paths": ["schemas", "service"],
        "only_mutate": files,
        "pytest_add_cli_args": [
            "-p",
            "no:cacheprovider",
            "-p",
            "tests.without_database",
            "--hypothesis-profile",
            "quick",
            "--assert=plain",
            "--tb=native",
        ],
        "pytest_add_cli_args_test_selection": list(room.tests),
        "also_copy": list(BESIDE),
        "track_dependencies": False,
    }
    text = "\n".join(["[tool.mutmut]", *(f"{name} = {json.dumps(value)}" for name, value in settings.items())])
    markers = json.dumps(["slow: slow", "browser: browser", "faults: faults"])
    text += f'\n[tool.pytest.ini_options]\npythonpath = ["."]\nfilterwarnings = ["ignore"]\nmarkers = {markers}\n'
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")


def forget_all_but_kills(mutants: Path) -> None:
    """Empty mutmut's folder, but for the mutants that an earlier run killed.

    mutmut remembers more than is true after tests were changed: which tests reach a function, which mutants survived,
    and that a file has no mutants because an earlier run was about other files.
    """
    measured: dict[Path, dict[str, Any]] = {
        path: json.loads(path.read_text("utf-8")) for path in mutants.rglob("*.meta")
    }
    shutil.rmtree(mutants, ignore_errors=True)
    for path, found in measured.items():
        codes = found["exit_code_by_key"]
        found["exit_code_by_key"] = {name: code if code in KILLED else None for name, code in codes.items()}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(found), encoding="utf-8")


def results(meta: Path) -> tuple[Counter[str], list[str]]:
    """What became of the mutants of one file, and the names of the survivors."""
    codes: dict[str, int | None] = {}
    if meta.exists():
        codes = json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"]
    if not codes:  # nothing in the file can be changed
        return Counter(), []
    tried = [name for name, code in codes.items() if code is not None]
    survivors = [name for name in tried if codes[name] not in KILLED]
    counts = Counter(mutants=len(codes), tried=len(tried), killed=len(tried) - len(survivors), survived=len(survivors))
    return counts, survivors


def line(name: str, counts: Counter[str]) -> str:
    """One line of the table."""
    mutants, tried, killed, survived = (counts[each] for each in ("mutants", "tried", "killed", "survived"))
    share = f"{100 * killed / tried:.0f}%" if tried else "-"
    return f"{name:<44} {mutants:>5} mutants {tried:>5} tried {killed:>5} killed {survived:>4} survived {share:>5}"


if __name__ == "__main__":
    sys.exit(main())
