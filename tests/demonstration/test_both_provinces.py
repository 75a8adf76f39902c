"""The demonstration of a register with two provinces: households, baselines and accounts of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from service.commands import accounts
from service.demonstration.command import main
from service.jobs.reconciliation import reconcile
from service.settings import Settings, read_settings
from service.storage.migration import migrate
from service.wiring import Register, wire

pytestmark = pytest.mark.slow  # together they take more than a second of a processor

EACH = 150


@pytest.fixture
def both(own_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A database of both, to which the second province came later; commands find it in the environment."""
    environment = {
        "MONGODB_URI": own_settings.mongodb_uri,
        "DATA_FOLDER": own_settings.data_folder,
        "PROVINCE": "40, 42",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = read_settings(environment)
    for named in (settings.province, "40"):
        migrate(replace(settings, province=named), say=lambda _: None)
    return settings


@pytest.fixture
def register(both: Settings) -> Iterator[Register]:
    services = wire(both)
    yield services
    services.store.close()


@pytest.mark.slow
def test_each_province_has_households_and_baselines(both: Settings, register: Register) -> None:
    for _ in range(2):
        assert main(["--households", str(EACH)]) == 0
    assert main(["--households", "9999", "--if-empty"]) == 0
    report = register.coverage.report("province", area=None)
    assert {row.code: row.registered for row in report.rows} == {"40": EACH, "42": EACH}
    country = register.coverage.report("country", area=None).rows
    assert [(row.code, row.registered) for row in country] == [("*", 2 * EACH)]
    assert country[0].expected == sum(row.expected or 0 for row in report.rows)
    assert list(reconcile(register.store)) == []


def test_each_province_has_an_officer_a_leader_and_a_supervisor(both: Settings) -> None:
    assert accounts.main(["--data", both.data_folder, "demonstrate"]) == 0
    rows: list[dict[str, Any]] = orjson.loads((Path(both.data_folder) / "demo-accounts.json").read_bytes())
    areas = {row["username"]: row["area"] for row in rows if "username" in row}
    assert (areas["giam-sat"], areas["giam-sat-42"], areas["quan-tri"]) == (["40"], ["42"], ["*"])
    assert set(areas["can-bo"]).isdisjoint(areas["can-bo-42"])
    assert {"chu-tich-xa", "chu-tich-xa-42"} <= set(areas)


def test_the_form_for_other_programs_lists_the_communes_of_both(register: Register) -> None:
    units = register.code_lists["units"]
    assert {"16681", "18073", "40", "42"} <= units.codes
