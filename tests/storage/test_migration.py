"""Migration and lists of units on a real database, and the commands that maintain it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from schemas.versions import SCHEMA_VERSION
from service.commands import migrate as migrate_command
from service.commands import reconcile as reconcile_command
from service.commands import units as units_command
from service.commands import verify_log as verify_command
from service.settings import Settings, read_settings
from service.storage.migration import migrate
from service.storage.readiness import missing_parts
from service.storage.repositories import Repositories
from service.units.directory import UnitDirectory
from service.units.editions import planned
from service.units.unit_list import COLUMNS, UnitListInvalid, read_lines
from tests.builders import THANH_VINH, TRUONG_VINH
from tests.storage.writing import register

pytestmark = pytest.mark.slow  # together they take more than a second of a processor

MERGER = """\
40,Nghệ An,Nghe An province,tỉnh,province,,,,,,,Quyết định
16681,Thành Vinh,Thanh Vinh ward,phường,commune,40,2025-07-01,2026-12-31,16681,,,Nghị quyết
16690,Trường Vinh,Truong Vinh ward,phường,commune,40,2025-07-01,2026-12-31,16681,,,Nghị quyết
16681,Vinh,Vinh ward,phường,commune,40,2027-01-01,,,,,Nghị quyết
"""
ELSEWHERE = """\
42,Hà Tĩnh,Ha Tinh province,tỉnh,province,,,,,,,Quyết định
18073,Thành Sen,Thanh Sen ward,phường,commune,42,2025-07-01,,,,,Quyết định
"""


def a_list(folder: Path, text: str) -> Path:
    file = folder / "units.csv"
    file.write_text(",".join(COLUMNS) + "\n" + text, encoding="utf-8")
    return file


def load_units(store: Repositories, file: Path) -> None:
    """Load a list as the command does."""
    plan = planned(read_lines(file), store.units.unit_list())
    store.units.replace_units(plan.put, plan.withdrawn)


def households(own_store: Repositories) -> list[dict[str, Any]]:
    return list(own_store.database["households"].find().sort("_id"))


def names_on(own_store: Repositories, day: date) -> dict[str, str]:
    return {unit.code: unit.name for unit in UnitDirectory(own_store.units.unit_list()).of_level("commune", day)}


def test_migrating_again_says_and_changes_nothing(commanded_settings: Settings, own_store: Repositories) -> None:
    version = own_store.units.unit_version()
    output: list[str] = []
    migrate(commanded_settings, say=output.append)
    assert output == []
    assert own_store.units.unit_version() == version
    assert own_store.database.missing_parts() == []


@pytest.fixture
def made_by_migration(database_uri: str, tmp_path: Path) -> Iterator[tuple[Settings, Database[dict[str, Any]]]]:
    """Settings of a database of this test's own, which was just migrated, and the database."""
    made = read_settings({"MONGODB_URI": database_uri, "DATA_FOLDER": str(tmp_path / "data")})
    migrate(made, say=lambda _: None)
    with MongoClient[dict[str, Any]](database_uri) as client:
        yield made, client.get_default_database()


def test_an_index_that_is_gone_or_defined_otherwise_comes_back(
    made_by_migration: tuple[Settings, Database[dict[str, Any]]],
) -> None:
    settings, database = made_by_migration
    indexes, output = database["households"].index_information(), list[str]()
    database["households"].drop_index("commune")
    assert missing_parts(database) == ["households.commune"]
    database["households"].drop_index("updated")
    database["households"].create_index("updated_at", name="updated")
    assert database["households"].index_information() != indexes
    migrate(settings, say=output.append)
    assert missing_parts(database) == []
    assert database["households"].index_information() == indexes
    assert output == ["index households.updated: recreated, its definition changed"]


def test_a_collection_that_is_there_gets_the_validator_that_a_new_one_has(
    made_by_migration: tuple[Settings, Database[dict[str, Any]]],
) -> None:
    settings, database = made_by_migration
    options, output = database["households"].options(), list[str]()
    assert (options["validationLevel"], options["validationAction"]) == ("moderate", "error")
    assert "head" in options["validator"]["$jsonSchema"]["required"]
    database.command("collMod", "households", validator={}, validationLevel="off", validationAction="warn")
    database["borders"].drop()
    migrate(settings, say=output.append)
    assert database["households"].options() == options
    assert output == ["collection borders: made"]


def test_a_newer_list_merges_communes_from_its_day_and_touches_no_household(
    own_store: Repositories, tmp_path: Path
) -> None:
    register(own_store)
    register(own_store, commune=TRUONG_VINH)
    before = households(own_store)
    load_units(own_store, a_list(tmp_path, MERGER))
    assert households(own_store) == before
    assert names_on(own_store, date(2026, 12, 31))[TRUONG_VINH] == "Trường Vinh"
    assert names_on(own_store, date(2027, 1, 1))[THANH_VINH] == "Vinh"
    assert TRUONG_VINH not in names_on(own_store, date(2027, 1, 1))


def test_a_newer_list_stays_when_the_register_starts_again(
    commanded_settings: Settings, own_store: Repositories, tmp_path: Path
) -> None:
    load_units(own_store, a_list(tmp_path, MERGER))
    version = own_store.units.unit_version()
    migrate(commanded_settings, say=lambda _: None)
    assert own_store.units.unit_version() == version
    assert len(names_on(own_store, date(2027, 1, 1))) == 129


def test_another_provinces_list_stands_beside_the_first(own_store: Repositories, tmp_path: Path) -> None:
    load_units(own_store, a_list(tmp_path, ELSEWHERE))
    assert names_on(own_store, date(2026, 1, 1))["18073"] == "Thành Sen"
    assert len(names_on(own_store, date(2026, 1, 1))) == 131


def test_a_list_that_contradicts_what_is_there_is_refused_whole(own_store: Repositories, tmp_path: Path) -> None:
    version = own_store.units.unit_version()
    twice = ELSEWHERE + "16681,Khác,Another,xã,commune,42,2026-01-01,,,,,x\n"
    with pytest.raises(UnitListInvalid) as refused:
        load_units(own_store, a_list(tmp_path, twice))
    assert [(fault.line, fault.column) for fault in refused.value.faults] == [(4, "valid_from")]
    assert own_store.units.unit_version() == version


# The commands


def test_each_command_says_in_a_line_that_all_is_well(
    own_store: Repositories, capsys: pytest.CaptureFixture[str]
) -> None:
    register(own_store)
    assert migrate_command.main([]) == 0
    assert reconcile_command.main([]) == 0
    assert verify_command.main([]) == 0
    output = capsys.readouterr().out
    assert "the counters say 1 households, and so do the records" in output
    assert "130 logs with 1 entries hold" in output


def test_a_damaged_counter_ends_reconcile_with_1_and_its_place(
    own_store: Repositories, capsys: pytest.CaptureFixture[str]
) -> None:
    register(own_store)
    own_store.database["commune_states"].update_one({"_id": THANH_VINH}, {"$inc": {"tallies.unknown.registered": 1}})
    assert reconcile_command.main([]) == 1
    assert "registered: 16681: the register says 2, its records say 1" in capsys.readouterr().out


def test_damaged_and_refused_records_are_skipped_counted_and_named_with_what_to_do(
    own_store: Repositories, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(3):
        register(own_store)
    first, second, third = (each["_id"] for each in households(own_store))
    own_store.database["households"].update_many({}, {"$set": {"schema_version": "1.0"}})
    own_store.database["households"].update_one(
        {"_id": first}, {"$unset": {"commune": 1}}, bypass_document_validation=True
    )
    own_store.database["households"].update_one(
        {"_id": second}, {"$set": {"head.sex": "?"}}, bypass_document_validation=True
    )
    for arguments, status in (([], 0), (["--strict"], 3)):
        assert migrate_command.main(arguments) == status
        lines = capsys.readouterr().err.splitlines()
        assert f"record: household {first}: it is stored damaged; restore its document from a backup" in lines
        assert (
            f"record: household {second}: code.unknown at /head/sex; correct these items with the version before"
            in lines
        )
        assert lines[-1].startswith("2 of the records stay at their version (1 damaged, 1 refused)")
        assert "run scripts/migrate again" in lines[-1]
    assert third not in "\n".join(lines)
    assert own_store.households.find(third, area=None).record["schema_version"] == SCHEMA_VERSION
    own_store.database["households"].delete_many({"_id": {"$in": [first, second]}})
    assert migrate_command.main(["--strict"]) == 0


def test_an_altered_and_a_missing_entry_end_verify_log_with_1_and_their_places(
    own_store: Repositories, capsys: pytest.CaptureFixture[str]
) -> None:
    for commune in (THANH_VINH, THANH_VINH, TRUONG_VINH):
        register(own_store, commune=commune)
    own_store.database["log"].delete_one({"commune": THANH_VINH, "offset": 1})
    own_store.database["log"].update_one({"commune": TRUONG_VINH}, {"$set": {"actor": "nobody"}})
    assert verify_command.main([]) == 1
    output = capsys.readouterr().out
    assert "commune 16681, offset 1: missing" in output
    assert "commune 16690, offset 1: its hash" in output
    assert verify_command.main(["--commune", "16708"]) == 0


def test_scripts_units_says_what_it_did_and_refuses_with_every_line(
    own_store: Repositories, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(a_list(tmp_path, MERGER))
    assert units_command.main(["--list", file]) == 0
    assert units_command.main(["--list", file]) == 0
    output = capsys.readouterr().out.splitlines()
    assert output[0] == "units: 4 new or changed of 4 in units.csv"
    assert output[-1].startswith("nothing to do")
    assert units_command.main(["--list", str(a_list(tmp_path, "99,X,X,x,commune,77,,,,,,x\n"))]) == 1
    assert "line 2, parent" in capsys.readouterr().err
    assert units_command.main(["--list", str(tmp_path / "none.csv")]) == 2


def test_a_command_without_a_database_says_so_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MONGODB_URI", raising=False)
    for command in (migrate_command, reconcile_command, verify_command, units_command):
        assert command.main(["--data", str(tmp_path)]) == 2
        assert capsys.readouterr().err.count("\n") == 1
