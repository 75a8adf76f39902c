"""Encryption at rest: a dump shows no personal item, equality is still found, and keys rotate while others write."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bson import encode
from bson.binary import Binary
from pymongo import MongoClient
from pymongo.database import Database

from schemas.household import HouseholdSchema
from schemas.language import Many, One, Section, section_fields
from service.access.errors import KeysMissing
from service.access.keys import KeyFolder
from service.errors import StoreUnavailable
from service.storage.encryption.fields import FieldEncryption
from service.storage.encryption.items import ELSEWHERE, ENCRYPTED_ITEMS, key_of
from service.storage.encryption.key_ring import CiphertextDamaged
from service.storage.encryption.master_keys import master_keys_of_files
from service.storage.encryption.recent import Recent
from tests.access.builders import prepare

NUMBER = "040078001234"
PHONE = "+84912345678"


@pytest.fixture
def database(database_uri: str) -> Iterator[Database[dict[str, Any]]]:
    with MongoClient[dict[str, Any]](database_uri, tz_aware=True) as client:
        prepare(client.get_default_database(), "encryption_keys")
        yield client.get_default_database()


@pytest.fixture
def keys(tmp_path: Path) -> KeyFolder:
    folder = KeyFolder(tmp_path / "keys")
    folder.make()
    return folder


@pytest.fixture
def encryption(database: Database[dict[str, Any]], keys: KeyFolder) -> FieldEncryption:
    return prepared(database, keys)


def prepared(database: Database[dict[str, Any]], keys: KeyFolder, **options: Any) -> FieldEncryption:
    encryption = FieldEncryption(database, lambda: master_keys_of_files(keys), **options)
    encryption.prepare()
    return encryption


def household(number: str = NUMBER) -> dict[str, Any]:
    return {
        "_id": "0192f0c1",
        "commune": "16681",
        "head": {"full_name": "Nguyễn Văn An", "national_id": number, "phone": PHONE, "old_id_number": "181234567"},
        "members": [{"full_name": "Trần Thị Bình", "national_id": "040180005678"}, {"full_name": "Nguyễn Văn Con"}],
        "parcels": [{"certificate_serial": "CH 123456", "land_use": "LUC"}, {"land_use": "CLN"}],
    }


def sealed_document(encryption: FieldEncryption, record: Mapping[str, Any], *, digests: bool = False) -> dict[str, Any]:
    """A record as it is stored, with its search digests if requested."""
    shown, hidden = encryption.separated(record)
    index = {"index": {"searched": encryption.digests(hidden)}} if digests else {}
    return {**shown, **index, "sealed": encryption.seal_value({"record": hidden})}


def test_what_is_sealed_opens_again_and_the_given_record_stays(encryption: FieldEncryption) -> None:
    record = household()
    sealed = sealed_document(encryption, record)
    assert record == household()
    assert sealed["head"]["full_name"] == "Nguyễn Văn An"
    assert encryption.open(sealed) == record


def test_a_dump_of_the_database_shows_no_personal_item(
    database: Database[dict[str, Any]], encryption: FieldEncryption
) -> None:
    database["households"].insert_one(sealed_document(encryption, household()))
    dump = b"".join(
        encode(document) for name in database.list_collection_names() for document in database[name].find({})
    )
    assert b"16681" in dump
    for secret in (NUMBER, PHONE, "040180005678", "CH 123456", "181234567"):
        assert secret.encode() not in dump


def test_a_household_is_found_by_digests_of_its_peoples_numbers(
    database: Database[dict[str, Any]], encryption: FieldEncryption
) -> None:
    database["households"].insert_one(sealed_document(encryption, household(), digests=True))

    def found(*items: tuple[str, str]) -> int:
        return database["households"].count_documents({"index.searched": encryption.any_of(items)})

    for number in (NUMBER, "040180005678"):  # of the head, and of a member
        assert found(("national_id", number)) == 1
    assert found(("national_id", "040078001235"), ("phone", PHONE)) == 1
    assert found(("national_id", "040078001235")) == found(("phone", NUMBER)) == found() == 0


def test_digests_are_of_an_item_and_its_value_and_each_is_there_once(encryption: FieldEncryption) -> None:
    two = {"head": {"phone": PHONE}, "members": [{"phone": PHONE}, {"national_id": PHONE}, {}, {"phone": PHONE}]}
    phone, number = sorted(sealed_document(encryption, two, digests=True)["index"]["searched"])
    assert {(phone,), (number,)} == {tuple(encryption.any_of([(i, PHONE)])["$in"]) for i in ("phone", "national_id")}
    assert sealed_document(encryption, {"parcels": [{"certificate_serial": "CH 1"}]}, digests=True)["index"] == {
        "searched": []
    }


def test_a_hidden_item_looks_different_each_time(encryption: FieldEncryption) -> None:
    one, other = (sealed_document(encryption, household(), digests=True) for _ in range(2))
    assert one["index"] == other["index"]
    assert one["sealed"] != other["sealed"]
    assert one["parcels"][0]["certificate_serial"] == one["head"]["national_id"] == ELSEWHERE


def test_a_record_is_opened_by_one_ciphertext_and_keeps_the_order_of_its_items(encryption: FieldEncryption) -> None:
    sealed = sealed_document(encryption, household())
    of_a_former_version = {**sealed["head"], "national_id": encryption.seal_value("040078009999")}
    assert encryption.open({**sealed, "head": of_a_former_version}) == household()
    assert list(encryption.open(sealed)["parcels"][0]) == ["certificate_serial", "land_use"]


def test_digests_are_held_against_what_a_document_hides(encryption: FieldEncryption) -> None:
    (_, mine), (_, others) = (encryption.separated(household(number)) for number in (NUMBER, "040078009999"))
    digests = encryption.digests(mine)
    assert encryption.are_digests_of(digests, mine)
    assert not encryption.are_digests_of(digests, others)
    assert not any(encryption.are_digests_of(damaged, mine) for damaged in (None, [], digests[1:], [*digests, b"x"]))


def test_a_closed_record_is_one_without_personal_items_and_nothing_is_decrypted(
    encryption: FieldEncryption, database: Database[dict[str, Any]], tmp_path: Path
) -> None:
    sealed = sealed_document(encryption, household())
    stranger = FieldEncryption(database, lambda: master_keys_of_files(KeyFolder(tmp_path / "none")))
    assert stranger.closed(sealed) == {
        "_id": "0192f0c1",
        "commune": "16681",
        "head": {"full_name": "Nguyễn Văn An"},
        "members": [{"full_name": "Trần Thị Bình"}, {"full_name": "Nguyễn Văn Con"}],
        "parcels": [{"land_use": "LUC"}, {"land_use": "CLN"}],
    }


def test_what_was_not_read_stays_away(encryption: FieldEncryption) -> None:
    sealed = sealed_document(encryption, household())
    part = {"sealed": sealed["sealed"], "parcels": [{"land_use": "LUC"}, {"land_use": "CLN"}]}
    assert encryption.open(part, partly=True) == {"parcels": [{"land_use": "LUC"}, {"land_use": "CLN"}]}


@pytest.mark.parametrize(
    "changed",
    [
        {"parcels": [{"certificate_serial": ELSEWHERE, "land_use": "LUC"}]},
        {"parcels": [{"certificate_serial": ELSEWHERE}] * 3},
        {"parcels": {}},
        {"parcels": ["LUC", "CLN"]},
        {"parcels": None},
        {"head": {"full_name": "Nguyễn Văn An"}},
        {"head": "Nguyễn Văn An"},
        {"head": {"national_id": 40078001234, "phone": PHONE, "old_id_number": "181234567"}},
    ],
    ids=str,
)
def test_what_does_not_fit_what_it_hides_is_damaged(encryption: FieldEncryption, changed: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        encryption.open({**sealed_document(encryption, household()), **changed})


def test_placeholders_of_which_nothing_is_hidden_are_damaged(encryption: FieldEncryption) -> None:
    sealed = {**sealed_document(encryption, household()), "sealed": encryption.seal_value({"record": {}})}
    with pytest.raises(ValueError, match="not in its sealed part"):
        encryption.open(sealed)
    assert encryption.open({"village": "Khối 4", "sealed": sealed["sealed"]}) == {"village": "Khối 4"}


def test_what_is_sealed_already_is_not_sealed_again(encryption: FieldEncryption) -> None:
    with pytest.raises(ValueError, match="sealed already"):
        sealed_document(encryption, sealed_document(encryption, household()))


@pytest.mark.parametrize(
    "document",
    [{}, {"head": None}, {"head": "x"}, {"members": [None]}, {"members": []}, {"head": {"phone": None}}],
)
def test_gaps_in_a_record_are_no_obstacle(encryption: FieldEncryption, document: dict[str, Any]) -> None:
    assert encryption.open(sealed_document(encryption, document)) == document
    assert isinstance(encryption.digests(encryption.separated(document)[1]), list)


def test_two_processes_that_start_at_once_share_keys_and_digest(
    database: Database[dict[str, Any]], keys: KeyFolder
) -> None:
    one, other = prepared(database, keys), prepared(database, keys)
    assert one.digest(NUMBER) == other.digest(NUMBER) != NUMBER
    assert other.open(sealed_document(one, household())) == household()
    assert len(one.data_keys()) == 1


def test_a_new_data_key_finds_at_once_and_writes_after_the_handover(
    database: Database[dict[str, Any]], keys: KeyFolder
) -> None:
    moment = [datetime(2026, 11, 23, tzinfo=UTC)]
    encryption = prepared(database, keys, clock=lambda: moment[0])
    before = sealed_document(encryption, household(), digests=True)
    digest = encryption.digest(NUMBER)
    added = encryption.add_data_key()
    assert key_of(sealed_document(encryption, household())["sealed"]) != bytes(added.key_id)
    moment[0] += FieldEncryption.HANDOVER + timedelta(seconds=1)
    after = sealed_document(encryption, household(), digests=True)
    assert key_of(after["sealed"]) == bytes(added.key_id)
    assert [encryption.stale(each) for each in (before, after)] == [True, False]
    (_, hidden) = encryption.separated(household())
    for sealed in (before, after):
        assert set(sealed["index"]["searched"]) & set(encryption.any_of([("national_id", NUMBER)])["$in"])
        assert encryption.are_digests_of(sealed.pop("index")["searched"], hidden)
        assert encryption.open(sealed) == household()
    assert encryption.digest(NUMBER) == digest


def test_a_running_worker_follows_a_new_master_key(database: Database[dict[str, Any]], keys: KeyFolder) -> None:
    worker, script = prepared(database, keys, key_seconds=0.001), prepared(database, keys)
    sealed = sealed_document(worker, household())
    name = keys.add_master_key()
    assert script.rewrap() == 1
    (vault,) = database["encryption_keys"].find({})
    assert vault["masterKey"]["provider"] == f"local:{name}"
    time.sleep(0.01)  # the worker's unwrapped data key expires
    assert worker.open(sealed) == household()


def test_without_the_master_key_nothing_opens(
    database: Database[dict[str, Any]], encryption: FieldEncryption, tmp_path: Path
) -> None:
    sealed = sealed_document(encryption, household())
    stranger = KeyFolder(tmp_path / "others")
    stranger.make()
    with pytest.raises(StoreUnavailable):
        FieldEncryption(database, lambda: master_keys_of_files(stranger)).open(sealed)
    with pytest.raises(KeysMissing):
        master_keys_of_files(KeyFolder(tmp_path / "none"))


def test_a_retired_data_key_is_gone(database: Database[dict[str, Any]], keys: KeyFolder) -> None:
    encryption = prepared(database, keys)
    sealed = encryption.seal_value("secret")
    (first,) = encryption.data_keys()
    encryption.add_data_key()
    encryption.retire(first)
    assert [key.name for key in encryption.data_keys()] == ["0002"]
    with pytest.raises(CiphertextDamaged):
        FieldEncryption(database, lambda: master_keys_of_files(keys)).open_sealed(sealed)


def test_every_encrypted_item_is_in_the_definition_and_personal() -> None:
    for path in ENCRYPTED_ITEMS:
        section: type[Section] = HouseholdSchema
        *way, last = path.split(".")
        for step in way:
            field = section_fields(section)[step.removesuffix("[]")]
            part = field.inner if isinstance(field, Many) else field
            assert isinstance(part, One)
            section = part.section
        assert section_fields(section)[last].item.sensitivity == "personal"


def damaged(value: Binary, position: int) -> Binary:
    """A ciphertext of which one byte is another one."""
    changed = bytearray(value)
    changed[position] ^= 0xFF
    return Binary(bytes(changed), value.subtype)


DAMAGE = {"algorithm": 0, "key": 1, "end of the key": 16, "type": 17, "content": -40, "tag": -1}
"""A byte in each part of a ciphertext: algorithm, id of its data key, type, content, authentication tag."""


@pytest.mark.parametrize("position", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_ciphertext_is_refused_as_damaged(encryption: FieldEncryption, position: int) -> None:
    with pytest.raises(CiphertextDamaged):
        encryption.open_sealed(damaged(encryption.seal_value("secret"), position))


def test_a_truncated_ciphertext_is_refused_as_damaged(encryption: FieldEncryption) -> None:
    sealed = encryption.seal_value("secret")
    for length in (1, 17, 18, 40):
        with pytest.raises(CiphertextDamaged):
            encryption.open_sealed(Binary(bytes(sealed[:length]), sealed.subtype))


@pytest.mark.parametrize("value", [b"secret", Binary(b"secret", 5), Binary(b"", 6), "secret", 7, None, {}, []])
def test_what_is_no_ciphertext_where_one_should_be_is_damaged(encryption: FieldEncryption, value: Any) -> None:
    for read in (encryption.open_sealed, encryption.contents):
        with pytest.raises(CiphertextDamaged):
            read(value)


def test_a_ciphertext_of_a_data_key_that_another_process_has_just_made_opens(
    database: Database[dict[str, Any]], keys: KeyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, script = prepared(database, keys), prepared(database, keys)
    worker.open_sealed(worker.seal_value("secret"))
    monkeypatch.setattr(FieldEncryption, "HANDOVER", FieldEncryption.HANDOVER * 0)
    script.add_data_key()
    sealed = script.seal_value("newer")
    assert key_of(sealed) not in {bytes(key.key_id) for key in worker._keys}
    assert worker.open_sealed(sealed) == "newer"
    with pytest.raises(CiphertextDamaged):
        worker.open_sealed(damaged(sealed, position=5))


def test_a_data_key_that_the_vault_has_lost_damages_no_document(
    database: Database[dict[str, Any]], keys: KeyFolder
) -> None:
    encryption = prepared(database, keys)
    sealed = encryption.seal_value("secret")
    restarted = FieldEncryption(database, lambda: master_keys_of_files(keys))
    (vault,) = database["encryption_keys"].find({})
    database["encryption_keys"].delete_one({})
    with pytest.raises(StoreUnavailable):
        restarted.open_sealed(sealed)
    listed = database["encryption_secrets"].find_one_and_delete({"_id": "data-keys"})
    assert listed is not None
    with pytest.raises(StoreUnavailable):
        restarted.open_sealed(sealed)
    database["encryption_keys"].insert_one(vault)
    assert restarted.open_sealed(sealed) == "secret"


@pytest.mark.slow
def test_while_the_vault_cannot_be_reached_nothing_is_damaged(encryption: FieldEncryption, keys: KeyFolder) -> None:
    sealed = encryption.seal_value("secret")
    with MongoClient[dict[str, Any]]("mongodb://127.0.0.1:1/away", serverSelectionTimeoutMS=50) as client:
        away = FieldEncryption(client.get_default_database(), lambda: master_keys_of_files(keys))
        for value in (sealed, damaged(sealed, position=5)):
            with pytest.raises(StoreUnavailable):
                away.open_sealed(value)


def test_a_damaged_ciphertext_disturbs_no_other_thread(encryption: FieldEncryption) -> None:
    sealed = [encryption.seal_value(f"secret {number}") for number in range(400)]
    broken = [damaged(value, position) for value in sealed[:40] for position in DAMAGE.values()]

    def read(value: Binary) -> Any:
        try:
            return encryption.open_sealed(value)
        except CiphertextDamaged:
            return None

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(read, [*broken, *sealed, *broken]))
    assert [each for each in found if each is not None] == [f"secret {number}" for number in range(400)]
    assert len(found) == 400 + 2 * len(broken)


def test_what_several_documents_hide_is_opened_at_once(
    encryption: FieldEncryption, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = [{"of": f"{number}", "record": {"note": "x" * number}, "salt": b"s"} for number in range(300)]
    sealed = [encryption.seal_value(each) for each in hidden]
    encryption.open_together([*sealed, sealed[0], None, "x", b"", {}])
    monkeypatch.setattr(encryption, "_decrypt", pytest.fail)
    assert [encryption.contents(each) for each in sealed] == hidden


@pytest.mark.parametrize("position", DAMAGE.values(), ids=DAMAGE)
def test_of_several_documents_the_damaged_one_alone_is_refused(encryption: FieldEncryption, position: int) -> None:
    hidden = [{"of": f"{number}"} for number in range(3)]
    sealed = [encryption.seal_value(each) for each in hidden]
    broken = damaged(sealed[1], position)
    encryption.open_together([sealed[0], broken, sealed[2], Binary(b"", 6)])
    assert [encryption.contents(each) for each in (sealed[0], sealed[2])] == [hidden[0], hidden[2]]
    with pytest.raises(CiphertextDamaged):
        encryption.contents(broken)


def test_what_was_opened_least_recently_makes_room() -> None:
    recent = Recent(2)
    recent.put({b"a": 1, b"b": 2})
    assert recent.get(b"a") == 1
    recent.put({b"c": 3})
    assert (recent.get(b"a"), recent.get(b"b"), recent.get(b"c")) == (1, None, 3)
    recent.put({b"d": 4, b"e": 5, b"f": 6})
    assert [each in recent for each in (b"a", b"c", b"d", b"e", b"f")] == [False, False, False, True, True]
