"""scripts/demo: writes NDJSON, or registers by the rules of the register, once however often it is run."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import orjson
import pytest
from pymongo import MongoClient

from service.actor import REGISTER_ITSELF
from service.demonstration.command import main
from service.households.ports import HouseholdQuery
from service.settings import Settings
from service.wiring import wire

pytestmark = pytest.mark.slow  # together they take more than a second of a processor


@pytest.fixture
def register_uri(register_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("MONGODB_URI", register_settings.mongodb_uri)
    monkeypatch.setenv("DATA_FOLDER", register_settings.data_folder)
    return register_settings.mongodb_uri


def count(uri: str) -> int:
    with MongoClient[dict[str, object]](uri) as client:
        return client.get_default_database()["households"].count_documents({})


def test_ndjson_has_one_household_per_line(tmp_path: Path) -> None:
    assert main(["--households", "40", "--seed", "3", "--output", str(tmp_path / "demo.ndjson")]) == 0
    lines = (tmp_path / "demo.ndjson").read_bytes().splitlines()
    assert len({orjson.loads(line)["id"] for line in lines}) == 40
    assert [path.name for path in tmp_path.iterdir()] == ["demo.ndjson"]


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--households", "1", "--output", str(tmp_path / "no" / "demo.ndjson")]) == 2
    assert "demo.ndjson cannot be written" in capsys.readouterr().err


def test_without_a_register_the_error_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MONGODB_URI", raising=False)
    assert main(["--households", "1", "--data", str(tmp_path)]) == 2
    assert "./scripts/run" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.usefixtures("register_uri")
def test_households_and_baselines_are_registered(
    register_settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--households", "150"]) == 0
    assert "150 registered" in capsys.readouterr().out
    services = wire(register_settings)
    try:
        baselines = services.baselines.of("16681", actor=REGISTER_ITSELF)
        page = services.store.households.page(HouseholdQuery(limit=1000))
    finally:
        services.store.close()
    assert [each.date for each in baselines] == [date(2025, 7, 1), date(2025, 1, 1)]
    assert len(page.records) == 150


@pytest.mark.slow
def test_run_again_nothing_is_written_twice(register_uri: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--households", "140"]) == 0
    assert main(["--households", "160"]) == 0
    assert "20 registered, 140 there before, 0 refused" in capsys.readouterr().out
    assert count(register_uri) == 160


@pytest.mark.slow
@pytest.mark.usefixtures("register_uri")
def test_a_small_set_after_a_large_one_lowers_no_baseline(register_settings: Settings) -> None:
    assert main(["--households", "400"]) == 0
    assert main(["--households", "140"]) == 0
    services = wire(register_settings)
    total = services.coverage.report("province", area=None).total
    services.store.close()
    assert total.registered == 400
    assert (total.expected or 0) > 400


def test_if_empty_does_not_change_a_register_with_households(register_uri: str) -> None:
    assert main(["--households", "10", "--if-empty"]) == 0
    assert main(["--households", "20", "--if-empty"]) == 0
    assert count(register_uri) == 10


def test_the_demonstration_is_refused_among_real_households(
    register_uri: str, register_settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    services = wire(register_settings)
    person = {"full_name": "Nguyễn Văn An", "sex": "male", "national_id": "040078001234"}
    services.households.post(
        {"commune": "16681", "head": person, "legal_basis": "state_function"}, actor=REGISTER_ITSELF
    )
    services.store.close()
    assert main(["--households", "10"]) == 2
    assert "not demonstration" in capsys.readouterr().err
    assert count(register_uri) == 1
    assert main(["--households", "10", "--mix"]) == 0
    assert count(register_uri) == 11


def test_the_error_for_a_register_without_units_names_the_command(
    database_uri: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MONGODB_URI", database_uri)
    assert main(["--households", "10"]) == 2
    assert "scripts/migrate" in capsys.readouterr().err


@pytest.mark.slow
def test_a_large_set_is_registered_in_processes(
    register_uri: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("service.demonstration.registering._WORTH_PROCESSES", 100)
    assert main(["--households", "400", "--seed", "4"]) == 0
    assert "400 registered, 0 there before, 0 refused" in capsys.readouterr().out
    assert count(register_uri) == 400
