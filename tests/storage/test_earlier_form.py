"""A database that an earlier version wrote, with a ciphertext in each item's place, goes on working."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from service.actor import REGISTER_ITSELF
from service.households.changes import Record
from service.households.erasure import Erasure
from service.households.ports import HouseholdQuery
from service.jobs.reconciliation import reconcile_records
from service.settings import read_settings
from service.storage.encryption import ENCRYPTED_ITEMS, FieldEncryption, Manner
from service.storage.migration import migrate
from service.storage.reencryption import reencrypt
from service.storage.repositories import Repositories
from tests.builders import NOW, a_head, a_member, a_parcel, a_personal_number
from tests.storage.writing import a_step, apply, assert_exact, register

SEARCHED_THEN = {
    "head.national_id",
    "head.phone",
    "members[].national_id",
    "members[].phone",
    "parcels[].certificate_serial",
}


def in_place(items: Any, path: str, encryption: FieldEncryption) -> None:
    """Put ciphertext in the place of one item, as the earlier version did."""
    *way, last = path.split(".")
    places = [items]
    for step in way:
        name = step.removesuffix("[]")
        inner = [place[name] for place in places if place.get(name)]
        places = [each for one in inner for each in one] if step.endswith("[]") else inner
    manner = Manner.SEARCHED if path in SEARCHED_THEN else Manner.HIDDEN
    for place in places:
        if last in place:
            place[last] = encryption.seal_value(place[last], manner)


def put_back(store: Repositories) -> None:
    """Rewrite all documents in the earlier form."""
    encryption = store.database.encryption
    for household in store.database["households"].find():
        old = encryption.open(household)
        fingerprint = encryption.contents(household["sealed"])["fingerprint"]
        for path in ENCRYPTED_ITEMS:
            in_place(old, path, encryption)
        old["index"]["fingerprint"] = encryption.seal_value(fingerprint, Manner.SEARCHED)
        store.database["households"].replace_one({"_id": old["_id"]}, old)
    for document in store.database["log"].find():
        contents = encryption.contents(document.pop("sealed"))
        entry = next(each for each in store.log.walk(document["commune"]) if each.offset == document["offset"])
        document |= {"record": entry.record, "replaced": entry.replaced, "salt": encryption.seal_value(entry.salt)}
        document["fingerprint"] = encryption.seal_value(contents["fingerprint"], Manner.SEARCHED)
        for part in (document["record"], document["replaced"]):
            for path in ENCRYPTED_ITEMS if part else ():
                in_place(part, path, encryption)
        store.database["log"].replace_one({"_id": document["_id"]}, document)


@pytest.fixture
def store(database_uri: str, tmp_path: Path) -> Iterator[Repositories]:
    """A store with keys of its own, which a test may retire."""
    settings = read_settings({"MONGODB_URI": database_uri, "DATA_FOLDER": str(tmp_path)})
    migrate(settings, say=lambda _: None)
    with closing(Repositories(settings)) as opened:
        yield opened


@pytest.fixture
def record(store: Repositories) -> Record:
    """A household at its second revision, stored in the earlier form."""
    first = register(
        store,
        head=a_head(national_id=a_personal_number(), phone="0912345678", old_id_number="181234567"),
        members=[a_member(national_id=a_personal_number("female", 1985), birth_date="1985", phone="0987600123")],
        parcels=[a_parcel(certificate_serial="CH 123456", certificate_register_number="VS 998877")],
    )
    second = a_step(first, "revised", head={**first["head"], "phone": "+84912345679"})
    apply(store, second)
    put_back(store)
    return second.record


def found(store: Repositories, text: str) -> list[Record]:
    return store.households.page(HouseholdQuery(limit=10, text=text)).records


def assert_whole(store: Repositories, record: Record) -> None:
    assert store.households.record(record["id"]) == record
    assert store.households.find(record["id"]).record == record
    for text in (record["head"]["national_id"], record["members"][0]["national_id"], "0912345679"):
        assert found(store, text) == [record]
    assert_exact(store)
    assert [str(difference) for difference in reconcile_records(store)] == []


def test_records_of_the_earlier_form_are_read_found_and_verified(store: Repositories, record: Record) -> None:
    assert "sealed" not in (store.database["households"].find_one() or {})
    assert_whole(store, record)
    last, _ = store.log.history(record["id"], before=None, limit=10)
    assert last.record == record
    assert last.replaced == {"head": {**record["head"], "phone": "+84912345678"}}


def test_a_write_brings_its_record_to_the_form_of_today(store: Repositories, record: Record) -> None:
    apply(store, a_step(record, status="verified"))
    assert "sealed" in (store.database["households"].find_one() or {})
    assert_whole(store, store.households.record(record["id"]))


def test_encrypting_anew_brings_all_to_the_form_of_today(
    store: Repositories, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FieldEncryption, "HANDOVER", FieldEncryption.HANDOVER * 0)
    (old,) = store.database.encryption.data_keys()
    store.database.encryption.add_data_key()
    assert {name: count for name, count in reencrypt(store.database) if count} == {"households": 1, "log": 2}
    for name in ("households", "log"):
        assert all("sealed" in document for document in store.database[name].find())
    store.database.encryption.reseal_secret()
    store.database.encryption.retire(old)
    assert_whole(store, record)


def test_erasing_takes_what_the_earlier_form_held(store: Repositories, record: Record) -> None:
    Erasure(store.transactions, lambda: NOW).erase(record["id"], REGISTER_ITSELF)
    for entry in store.database["log"].find():
        assert not any(entry.get(item) for item in ("record", "replaced", "note", "salt", "fingerprint"))
        assert entry["kind"] == "erased" or entry["sealed"] is None
    assert_exact(store)
