"""Records stored under an earlier version become records of the one in force."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from schemas.parsing import dump_household, parse_household
from schemas.versions import SCHEMA_VERSION, VersionUnknown, migrate
from tests.schemas.records import TODAY, example

SAMPLES = sorted((Path(__file__).parent / "samples" / "1.0").glob("*.json"))


def stored(path: Path) -> dict[str, Any]:
    """A record as version 1.0 stored it."""
    record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return record


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_record_of_1_0_is_one_of_the_version_in_force_after_migration(path: Path) -> None:
    migrated = migrate(stored(path))
    content = parse_household(migrated, today=TODAY)
    given = {"status", "stage", "missing", "findings", "revision", "created_at", "updated_at", "schema_version"}
    assert {name: value for name, value in migrated.items() if name not in given} == dump_household(content)
    assert migrated["schema_version"] == SCHEMA_VERSION


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_migration_leaves_the_record_that_it_is_given_alone(path: Path) -> None:
    record = stored(path)
    before = deepcopy(record)
    migrate(record)
    assert record == before


def test_the_new_mandatory_item_is_filled_in_but_never_overwritten() -> None:
    bases = {path.stem: migrate(stored(path))["legal_basis"] for path in SAMPLES}
    assert bases == {
        "livestock-by-consent": "consent",
        "rice-and-buffalo": "state_function",
        "the-least": "state_function",
    }


def test_the_renamed_item_keeps_its_value() -> None:
    parcels = migrate(stored(SAMPLES[0].with_stem("rice-and-buffalo")))["parcels"]
    assert parcels[0]["declared_area_m2"] == 1250.0
    assert all("declared_area" not in parcel for parcel in parcels)


def test_migrating_twice_is_migrating_once() -> None:
    for path in SAMPLES:
        once = migrate(stored(path))
        assert migrate(once) == once


def test_a_record_of_1_1_has_the_same_items_in_1_2() -> None:
    record = example() | {"schema_version": "1.1"}
    assert migrate(record) == record | {"schema_version": "1.2"}


def test_a_version_to_come_is_refused() -> None:
    with pytest.raises(VersionUnknown, match=r"9\.0"):
        migrate({"schema_version": "9.0"})
