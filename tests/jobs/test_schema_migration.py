"""Records of an earlier schema version are migrated to the current one, through the log, also after a kill."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

import pytest
from bson.binary import Binary

from schemas.versions import SCHEMA_VERSION
from service.actor import REGISTER_ITSELF
from service.errors import StoreDamaged, StoreRefused
from service.households.changes import Change
from service.households.history import partition
from service.households.household_register import HouseholdRegister
from service.jobs.reconciliation import reconcile, verify_log
from service.jobs.schema_migration import Migrated, SchemaMigration
from service.storage.repositories import Repositories
from service.storage.transaction import MongoTransaction
from service.units.unit_register import UnitRegister
from tests.builders import MovedClock, a_household, a_parcel

pytestmark = pytest.mark.slow  # together they take more than a second of a processor


@pytest.fixture
def households(store: Repositories, clock: MovedClock) -> HouseholdRegister:
    return HouseholdRegister(store, UnitRegister(store.units, 30).directory, clock)


@pytest.fixture
def migration(store: Repositories, clock: MovedClock) -> SchemaMigration:
    return SchemaMigration(store, UnitRegister(store.units, 30).directory, clock)


def registered_under_1_0(households: HouseholdRegister, store: Repositories, count: int = 1) -> list[str]:
    """Households as version 1.0 left them in the database: declared_area, and no legal basis."""
    ids = []
    for _ in range(count):
        record = a_household()
        households.put(record["id"], record, if_match=None, actor=REGISTER_ITSELF)
        document = store.database["households"].find_one({"_id": record["id"]})
        assert document is not None
        del document["legal_basis"]
        for parcel in document["parcels"]:
            parcel["declared_area"] = parcel.pop("declared_area_m2")
        document["schema_version"] = "1.0"
        store.database["households"].replace_one({"_id": record["id"]}, document, bypass_document_validation=True)
        ids.append(record["id"])
    return ids


def test_a_record_of_1_0_gets_the_new_name_the_new_item_and_the_new_version(
    households: HouseholdRegister, store: Repositories, migration: SchemaMigration
) -> None:
    (household_id,) = registered_under_1_0(households, store)

    assert list(migration.run()) == [Migrated(household_id)]

    record = store.households.find(household_id, area=None).record
    assert record["schema_version"] == SCHEMA_VERSION
    assert record["legal_basis"] == "state_function"
    assert all("declared_area_m2" in parcel and "declared_area" not in parcel for parcel in record["parcels"])


def test_a_migration_is_a_revision_in_the_log_and_leaves_the_status_alone(
    households: HouseholdRegister, store: Repositories, migration: SchemaMigration
) -> None:
    (household_id,) = registered_under_1_0(households, store)
    households.verify(household_id, if_match=None, actor=REGISTER_ITSELF)

    list(migration.run())

    ((newest,), _) = partition(store.log.history(household_id, before=None, limit=1))
    assert newest.kind == "revised"
    assert newest.note == {"schema_version": {"from": "1.0", "to": SCHEMA_VERSION}}
    assert store.households.find(household_id, area=None).record["status"] == "verified"


def test_a_record_of_1_1_stays_as_it_is_but_for_its_version_and_the_feed_has_it_again(
    households: HouseholdRegister, store: Repositories, migration: SchemaMigration
) -> None:
    record = a_household(parcels=[a_parcel(map_sheet="7"), a_parcel(land_use="CLN", geometry=None)])
    households.put(record["id"], record, if_match=None, actor=REGISTER_ITSELF)
    before = store.households.find(record["id"], area=None).record
    store.database["households"].update_one({"_id": record["id"]}, {"$set": {"schema_version": "1.1"}})

    assert list(migration.run()) == [Migrated(record["id"])]

    after = store.households.find(record["id"], area=None).record
    changed = {"revision", "updated_at"}
    assert {name: each for name, each in after.items() if name not in changed} == {
        name: each for name, each in before.items() if name not in changed
    }
    entries, _ = store.log.changes({}, communes=None, limit=10)
    assert [(each.kind, each.note) for each in partition(entries)[0]] == [
        ("registered", None),
        ("revised", {"schema_version": {"from": "1.1", "to": "1.2"}}),
    ]


def test_a_migration_that_was_killed_is_resumed(
    households: HouseholdRegister, store: Repositories, migration: SchemaMigration
) -> None:
    registered_under_1_0(households, store, count=7)

    list(islice(migration.run(batch=2), 3))
    assert migration.waiting() in {3, 5}
    list(migration.run(batch=2))

    assert migration.waiting() == 0
    assert list(reconcile(store)) == []
    assert [log.broken for log in verify_log(store) if log.broken] == []


def test_run_again_a_migration_writes_nothing(
    households: HouseholdRegister, store: Repositories, migration: SchemaMigration
) -> None:
    (household_id,) = registered_under_1_0(households, store)
    list(migration.run())

    assert list(migration.run()) == []
    assert store.households.find(household_id, area=None).record["revision"] == 2


def test_a_record_that_the_new_version_refuses_stays_as_it_is_and_is_named(
    households: HouseholdRegister, store: Repositories, migration: SchemaMigration
) -> None:
    broken, whole = registered_under_1_0(households, store, count=2)
    store.database["households"].update_one(
        {"_id": broken}, {"$set": {"head.sex": "?"}}, bypass_document_validation=True
    )

    results = {each.household_id: each.error for each in migration.run()}

    assert results[broken] is not None
    assert results[whole] is None
    assert store.households.find(broken, area=None).record["schema_version"] == "1.0"


def test_a_household_that_withdrew_its_consent_to_registration_is_migrated_too(
    households: HouseholdRegister, store: Repositories, migration: SchemaMigration
) -> None:
    consents = [{"purpose": "registration", "granted_at": "2026-11-20T02:11:09Z", "evidence": "signed_paper"}]
    record = a_household(legal_basis="consent", consents=consents)
    households.put(record["id"], record, if_match=None, actor=REGISTER_ITSELF)
    households.withdraw_consent(record["id"], "registration", actor=REGISTER_ITSELF)
    store.database["households"].update_one({"_id": record["id"]}, {"$set": {"schema_version": "1.0"}})

    assert list(migration.run()) == [Migrated(record["id"])]
    assert store.households.find(record["id"], area=None).record["status"] == "withdrawn"


def broken(value: Binary) -> Binary:
    """A ciphertext with one byte changed, as a broken disk would."""
    return Binary(bytes([*value[:-20], value[-20] ^ 0xFF, *value[-19:]]), value.subtype)


@pytest.mark.parametrize("batch", [1, 2, 250])
def test_damaged_records_are_named_and_hold_up_no_other(
    households: HouseholdRegister, store: Repositories, migration: SchemaMigration, batch: int
) -> None:
    sealed, bare, *whole = sorted(registered_under_1_0(households, store, count=5))
    documents = store.database["households"]
    (document,) = documents.find({"_id": sealed})
    for household, damage in (
        (sealed, {"$set": {"sealed": broken(document["sealed"])}}),
        (bare, {"$unset": {"commune": 1}}),
    ):
        documents.update_one({"_id": household}, damage, bypass_document_validation=True)

    results = {each.household_id: each.error for each in migration.run(batch=batch)}

    assert {household for household, error in results.items() if isinstance(error, StoreDamaged)} == {sealed, bare}
    assert results == {**dict.fromkeys(whole), sealed: results[sealed], bare: results[bare]}
    assert {store.households.find(each, area=None).record["schema_version"] for each in whole} == {SCHEMA_VERSION}
    assert migration.waiting() == 2


def test_whatever_item_of_a_record_is_damaged_the_migration_goes_on(
    households: HouseholdRegister, store: Repositories, migration: SchemaMigration
) -> None:
    documents = store.database["households"]
    (first,) = registered_under_1_0(households, store)
    items = sorted((documents.find_one({"_id": first}) or {}).keys() - {"_id"})
    damages: list[dict[str, Any]] = [{"$unset": {item: 1}} for item in items]
    values: list[Any] = [None, 7, "?", {"?": []}, [None], Binary(b"", 6)]
    damages += [{"$set": {item: value}} for item in items for value in values]
    damaged = registered_under_1_0(households, store, count=len(damages))
    for household, damage in zip(damaged, damages, strict=True):
        documents.update_one({"_id": household}, damage, bypass_document_validation=True)
    (last,) = registered_under_1_0(households, store)

    results = {each.household_id: each.error for each in migration.run()}

    assert (results[first], results[last]) == (None, None)
    assert migration.waiting() == len([error for error in results.values() if error is not None])
    assert len(results) == len(damages) + 2


def test_a_record_that_the_database_refuses_holds_up_no_other(
    households: HouseholdRegister, store: Repositories, migration: SchemaMigration, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused, *whole = sorted(registered_under_1_0(households, store, count=3))
    apply = MongoTransaction.apply

    def refusing(self: MongoTransaction, changes: Sequence[Change]) -> None:
        if any(change.record["id"] == refused for change in changes):
            raise StoreRefused(reason="validator")
        apply(self, changes)

    monkeypatch.setattr(MongoTransaction, "apply", refusing)
    results = {each.household_id: each.error for each in migration.run()}
    assert isinstance(results.pop(refused), StoreRefused)
    assert results == dict.fromkeys(whole)
    assert store.households.find(whole[0], area=None).record["schema_version"] == SCHEMA_VERSION


def test_a_fault_of_the_register_itself_is_no_damage_of_a_record(
    households: HouseholdRegister, store: Repositories, migration: SchemaMigration, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered_under_1_0(households, store)

    def broken(self: MongoTransaction, changes: Sequence[Change]) -> None:
        raise TypeError("a mistake in the code of the commit")

    monkeypatch.setattr(MongoTransaction, "apply", broken)
    with pytest.raises(TypeError, match="a mistake"):
        list(migration.run())
