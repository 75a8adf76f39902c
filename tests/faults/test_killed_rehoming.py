"""scripts/rehome, or mongod under it, is killed in the middle: run again it moves the rest, and each household once."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from service.actor import REGISTER_ITSELF
from service.households.bulk import BulkRegistration
from service.running.mongod import MongodOptions, PrivateMongod
from service.settings import Settings, read_settings
from service.storage.migration import migrate
from service.storage.repositories import Repositories
from service.wiring import Register, wire
from tests.builders import a_least_household
from tests.faults.conftest import ROOT
from tests.storage.writing import assert_exact
from tests.units.lists import a_line
from tests.units.registers import BEGUN, ENDED, load

pytestmark = [pytest.mark.faults, pytest.mark.slow]

HOUSEHOLDS = 2_000
"""So many that the command starts several processes, and that each has several batches to move."""
OLD = ("90001", "90002", "90003", "90004")
MERGED = (
    *(a_line(code, **ENDED, successor=OLD[number // 2 * 2]) for number, code in enumerate(OLD)),
    *(a_line(code, **BEGUN) for code in OLD[::2]),
)


@dataclass(frozen=True)
class Merging:
    """A register whose communes were just merged in pairs, and the command that moves their households."""

    parts: Register
    mongod: PrivateMongod
    settings: Settings

    @property
    def store(self) -> Repositories:
        return self.parts.store

    @property
    def printed(self) -> Path:
        """What the commands printed: a pipe would be open as long as any process that they started."""
        return Path(self.settings.data_folder) / "printed"

    def start(self) -> subprocess.Popen[bytes]:
        """Start scripts/rehome in a process group of its own."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "MONGODB_URI": self.settings.mongodb_uri}
        command = [sys.executable, "-m", "service.commands.rehome", "--data", self.settings.data_folder]
        with self.printed.open("ab") as printed:
            return subprocess.Popen(
                command, env=environment, cwd=ROOT, stdout=printed, stderr=printed, start_new_session=True
            )

    def moved(self) -> int:
        """How many entries of moves the logs have; each household has two."""
        return self.store.database["log"].count_documents({"kind": "transferred"})

    def finish(self) -> None:
        """Run the command until it has nothing to do; it ends well."""
        assert self.start().wait(300) == 0, self.printed.read_text()

    def assert_all_moved_once(self) -> None:
        """Every household is in a commune of today, its move stands once in each log, and everything agrees."""
        stored = self.store.database["households"]
        assert stored.count_documents({}) == HOUSEHOLDS
        assert set(stored.distinct("revision")) == {2}
        assert set(stored.distinct("commune")).isdisjoint(OLD)
        kinds = Counter((each["household"], each["kind"]) for each in self.store.database["log"].find())
        assert {kind: {n for (_, one), n in kinds.items() if one == kind} for _, kind in kinds} == {
            "registered": {1},
            "transferred": {2},
        }
        report = self.parts.coverage.report("commune", area=None)
        assert {row.code: row.registered for row in report.rows if row.registered} == {"90001": 1000, "90003": 1000}
        assert_exact(self.store)


def a_mongod(folder: Path) -> PrivateMongod:
    """A mongod that soon aborts the transaction that a killed process left open, instead of after a minute."""
    parameters = {"transactionLifetimeLimitSeconds": "5"}
    return PrivateMongod(MongodOptions(folder=folder / "mongod", cache_gigabytes=0.25, parameters=parameters))


def settings_of(mongod: PrivateMongod, folder: Path) -> Settings:
    """Settings of the register on this mongod."""
    return read_settings({"MONGODB_URI": mongod.address("register"), "DATA_FOLDER": str(folder / "data")})


@pytest.fixture(scope="module")
def merged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a register whose communes were just merged, made once and copied for each test."""
    folder = tmp_path_factory.mktemp("merged")
    with a_mongod(folder) as mongod:
        settings = settings_of(mongod, folder)
        migrate(settings, say=lambda _: None)
        parts = wire(settings)
        load(parts, *(a_line(code) for code in OLD))
        bulk = BulkRegistration(parts.store, parts.units.directory, parts.clock, parts.examiner)
        records = [a_least_household(commune=OLD[number % 4]) for number in range(HOUSEHOLDS)]
        assert {each.result for each in bulk.register(records, actor=REGISTER_ITSELF)} == {"registered"}
        load(parts, *MERGED)
        parts.store.close()
    return folder


@pytest.fixture
def merging(merged: Path, tmp_path: Path) -> Iterator[Merging]:
    shutil.copytree(merged, tmp_path, dirs_exist_ok=True)
    with a_mongod(tmp_path) as mongod:
        settings = settings_of(mongod, tmp_path)
        parts = wire(settings)
        yield Merging(parts, mongod, settings)
        parts.store.close()


def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so; a slow machine is given time."""
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def are_gone(group: int) -> bool:
    """Whether no process of a group runs any more; one that nobody has waited for is still listed, as a zombie."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, its_group = stat.read_text().rpartition(")")[2].split()[:3]
            if int(its_group) == group and state != "Z":
                return False
    return True


@pytest.mark.parametrize("whole", [True, False])
def test_a_killed_command_goes_on_where_it_was(merging: Merging, whole: bool) -> None:
    running = merging.start()
    until(lambda: merging.moved() > 0)
    if whole:
        os.killpg(running.pid, signal.SIGKILL)
    else:
        running.kill()
    running.wait(60)
    assert merging.moved() < 2 * HOUSEHOLDS
    until(lambda: are_gone(running.pid))  # also those that the command started, where it was killed alone
    merging.finish()
    merging.assert_all_moved_once()


def test_a_database_that_is_killed_costs_no_move_and_doubles_none(merging: Merging) -> None:
    running = merging.start()
    until(lambda: merging.moved() > 0)
    merging.mongod.kill()
    time.sleep(1)
    merging.mongod.start()
    running.wait(300)
    merging.finish()
    merging.assert_all_moved_once()
