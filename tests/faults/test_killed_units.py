"""scripts/units is killed between loading a list and its audit entry: the next command adds the entry."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pymongo.read_concern import ReadConcern

from service.commands import migrate as migrate_command
from service.commands import units as units_command
from service.settings import Settings
from service.storage.repositories import Repositories
from service.units.unit_list import COLUMNS
from tests.faults.conftest import ROOT
from tests.units.lists import a_line

pytestmark = [pytest.mark.faults, pytest.mark.slow]

CHANGES = "\n".join([",".join(COLUMNS), a_line("90001")]) + "\n"


def recorded(store: Repositories) -> list[tuple[str, str]]:
    """Who loaded which file, according to the audit trail."""
    trail = store.database.mongo["trail"].with_options(read_concern=ReadConcern("local"))
    entries = [entry for batch in trail.find() for entry in batch["entries"]]
    return [(entry["name"], entry["path"]) for entry in entries if entry["action"] == "units-loaded"]


@contextmanager
def trail_held_up(store: Repositories) -> Iterator[None]:
    """No other process can begin a lane of the trail: a transaction here has inserted the next one."""
    lanes = store.database.mongo["trail_lanes"]
    with store.database.client.start_session() as session, session.start_transaction():
        lanes.insert_one({"_id": lanes.count_documents({}) + 1}, session=session)
        yield
        session.abort_transaction()


def start(settings: Settings, file: Path) -> subprocess.Popen[bytes]:
    """Start scripts/units."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MONGODB_URI": settings.mongodb_uri}
    command = [sys.executable, "-m", "service.commands.units", "--list", str(file), "--author", "an"]
    return subprocess.Popen([*command, "--data", settings.data_folder], env=environment, cwd=ROOT)


@pytest.mark.parametrize("next_command", ["units", "migrate"])
def test_a_list_whose_loading_was_killed_is_in_the_trail_once(
    commanded_settings: Settings, own_store: Repositories, tmp_path: Path, next_command: str
) -> None:
    file = tmp_path / "changes.csv"
    file.write_text(CHANGES, encoding="utf-8")
    before = len(own_store.units.editions())
    with trail_held_up(own_store):
        running = start(commanded_settings, file)
        end = time.monotonic() + 60
        while len(own_store.units.editions()) == before:
            assert running.poll() is None
            assert time.monotonic() < end
            time.sleep(0.02)
        running.kill()
        running.wait(60)
    assert recorded(own_store) == []
    for _ in range(2):
        assert (
            migrate_command.main([]) if next_command == "migrate" else units_command.main(["--list", str(file)])
        ) == 0
        assert recorded(own_store) == [("an", "changes.csv")]


def test_a_list_whose_loading_was_killed_after_its_entry_is_not_recorded_again(
    own_store: Repositories, tmp_path: Path
) -> None:
    file = tmp_path / "changes.csv"
    file.write_text(CHANGES, encoding="utf-8")
    assert units_command.main(["--list", str(file), "--author", "an"]) == 0
    (edition,) = [each for each in own_store.units.editions() if each.author == "an"]
    unrecorded = {"unrecorded": {"file": "changes.csv", "changed": 1}}
    own_store.database["unit_editions"].update_one({"_id": edition.number}, {"$set": unrecorded})
    assert units_command.main(["--list", str(file)]) == 0
    assert recorded(own_store) == [("an", "changes.csv")]
    assert own_store.units.unrecorded_editions() == []
