"""Holding counters, identities and logs against the records:
nothing is found in an exact register, and any damage is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from bson import Binary

from service.actor import REGISTER_ITSELF
from service.errors import StoreDamaged
from service.households.erasure import Erasure
from service.jobs.ports import EntryUnreadable
from service.jobs.reconciliation import reconcile, reconcile_records, verify_log
from service.storage.repositories import Repositories
from tests.builders import NOW, THANH_VINH, TRUONG_VINH, an_id
from tests.storage.writing import a_step, apply, register


def differences(store: Repositories) -> list[str]:
    return [str(difference) for difference in reconcile(store)]


def record_differences(store: Repositories) -> list[str]:
    return [str(difference) for difference in reconcile_records(store)]


def breaks(store: Repositories) -> list[tuple[str, int]]:
    return [(log.broken.commune, log.broken.offset) for log in verify_log(store) if log.broken is not None]


@pytest.fixture
def written(store: Repositories) -> Repositories:
    """A store with three entries in one log and one in another."""
    first = register(store)
    register(store)
    apply(store, a_step(first, status="verified"))
    register(store, commune=TRUONG_VINH)
    return store


def test_an_exact_register_shows_no_difference(written: Repositories) -> None:
    assert differences(written) == []
    assert [(log.commune, log.entries) for log in verify_log(written) if log.entries] == [
        (THANH_VINH, 3),
        (TRUONG_VINH, 1),
    ]
    assert breaks(written) == []


@pytest.mark.parametrize(
    ("name", "change", "reported"),
    [
        ("registered", 5, "registered: 16681: the register says 5, its records say 2"),
        ("verified", 0, "verified: 16681: the register says 0, its records say 1"),
        ("digitized", 1, "digitized: 16681: the register says 1, its records say 0"),
    ],
)
def test_a_wrong_counter_is_reported_with_both_numbers(
    written: Repositories, name: str, change: int, reported: str
) -> None:
    written.database["commune_states"].update_one({"_id": THANH_VINH}, {"$set": {f"tallies.unknown.{name}": change}})
    assert differences(written) == [reported]


def test_a_record_that_went_missing_is_reported(written: Repositories) -> None:
    written.database["households"].delete_one({"commune": TRUONG_VINH})
    reported = differences(written)
    assert reported[0] == "registered: 16690: the register says 1, its records say 0"
    assert reported[1].startswith("identity: ")


def test_a_number_without_a_holder_and_a_holder_without_a_number_are_reported(written: Repositories) -> None:
    lost = written.database["identities"].find_one_and_delete({})
    written.database["identities"].insert_one({"_id": "nobody", "household": "none"})
    assert lost is not None
    reported = differences(written)
    assert len(reported) == 2
    assert lost["household"] in reported[0]
    assert not any(str(lost["_id"]) in each for each in reported)  # a person's number is not for the terminal


def broken(sealed: Binary) -> Binary:
    """A ciphertext whose last byte was changed."""
    return Binary(sealed[:-1] + bytes([sealed[-1] ^ 1]), sealed.subtype)


def entry(offset: int) -> dict[str, Any]:
    return {"commune": THANH_VINH, "offset": offset}


@pytest.mark.parametrize(
    ("damage", "offset"),
    [
        (lambda log: log.delete_one(entry(1)), 1),
        (lambda log: log.delete_one(entry(2)), 2),
        (lambda log: log.delete_one(entry(3)), 3),
        (lambda log: log.update_one(entry(1), {"$set": {"actor": "nobody"}}), 1),
        (lambda log: log.update_one(entry(2), {"$set": {"record.village": "x"}}), 2),
        (lambda log: log.update_one(entry(3), {"$set": {"replaced.status": "x"}}), 3),
        (lambda log: log.update_one(entry(2), {"$set": {"note": {"reason": "x"}}}), 2),
        (lambda log: log.update_one(entry(2), {"$unset": {"sealed": ""}}), 2),
        (lambda log: log.update_one(entry(2), {"$set": {"hash": "0" * 64}}), 2),
        (lambda log: log.update_one(entry(2), {"$set": {"digest": "0" * 64}}), 2),
        (lambda log: log.update_one(entry(2), {"$set": {"kind": "verified"}}), 2),
        (lambda log: log.update_one(entry(2), {"$unset": {"actor": ""}}), 2),
        (lambda log: log.update_one(entry(2), {"$set": {"record": "x"}}), 2),
        (lambda log: log.update_one(entry(3), {"$set": {"sealed": Binary(b"\x02" * 80, 6)}}), 3),
        (lambda log: log.update_one(entry(1), {"$set": dict.fromkeys(("record", "replaced", "note", "salt"))}), 1),
    ],
)
def test_any_damage_to_a_log_is_found_at_its_first_place(
    written: Repositories, damage: Callable[[Any], Any], offset: int
) -> None:
    damage(written.database["log"])
    assert breaks(written) == [(THANH_VINH, offset)]


def test_a_log_with_a_damaged_ciphertext_is_found(written: Repositories) -> None:
    sealed = (written.database["log"].find_one(entry(2)) or {})["sealed"]
    written.database["log"].update_one(entry(2), {"$set": {"sealed": broken(sealed)}})
    assert breaks(written) == [(THANH_VINH, 2)]
    with pytest.raises(EntryUnreadable, match="damaged"):
        list(written.log.walk(THANH_VINH))


def test_a_record_with_a_damaged_ciphertext_is_reported_and_refused_alone(written: Repositories) -> None:
    first, second = written.database["households"].find({"commune": THANH_VINH})
    written.database["households"].update_one({"_id": first["_id"]}, {"$set": {"sealed": broken(first["sealed"])}})
    with pytest.raises(StoreDamaged):
        written.households.find(first["_id"], area=None)
    assert written.households.find(second["_id"], area=None).record["id"] == second["_id"]
    assert [first["_id"] in each for each in record_differences(written)] == [True]
    assert any(first["_id"] in each for each in differences(written))


def test_a_household_that_is_found_by_anothers_number_is_reported(written: Repositories) -> None:
    first, second = written.database["households"].find({"commune": THANH_VINH})
    others: list[Any] = [{**first["index"], "searched": second["index"]["searched"]}, {"names": []}, None]
    for index in others:
        damage = {"$set": {"index": index}}
        written.database["households"].update_one({"_id": first["_id"]}, damage, bypass_document_validation=True)
        assert [first["_id"] in each for each in record_differences(written)] == [True]
    written.database["households"].update_one({"_id": first["_id"]}, {"$set": {"index": first["index"]}})
    assert record_differences(written) == []


def test_a_log_that_was_cut_off_with_its_state_is_found(written: Repositories) -> None:
    written.database["commune_states"].update_one({"_id": THANH_VINH}, {"$set": {"hash": "0" * 64}})
    assert breaks(written) == [(THANH_VINH, 4)]


def test_a_log_whose_state_is_gone_is_found(written: Repositories) -> None:
    written.database["commune_states"].delete_one({"_id": THANH_VINH})
    assert breaks(written) == [(THANH_VINH, 1)]


def test_one_commune_can_be_verified_alone(written: Repositories) -> None:
    written.database["log"].delete_one(entry(2))
    assert [log.broken for log in verify_log(written, frozenset({TRUONG_VINH}))] == [None]


def test_the_log_of_an_erased_person_is_still_valid(written: Repositories) -> None:
    record = register(written)
    apply(written, a_step(record, status="verified"))
    Erasure(written.transactions, lambda: NOW).erase(record["id"], REGISTER_ITSELF)
    assert breaks(written) == []
    assert record_differences(written) == []


def test_every_record_is_compared_with_its_last_entry_in_the_log(written: Repositories) -> None:
    record = register(written)
    assert record_differences(written) == []
    written.database["households"].update_one({"_id": record["id"]}, {"$set": {"head.full_name": "Somebody Else"}})
    assert record_differences(written) == [
        f"record: household {record['id']}: it is not the record that this entry made (log of commune 16681, offset 4)"
    ]


def test_a_record_at_another_revision_than_its_log_is_reported(written: Repositories) -> None:
    record = register(written)
    written.database["households"].update_one({"_id": record["id"]}, {"$set": {"revision": 7}})
    assert "it is at revision 7, the last entry made revision 1" in record_differences(written)[0]


def test_a_record_put_in_past_the_register_and_one_taken_out_are_reported(written: Repositories) -> None:
    record = register(written)
    document = written.database["households"].find_one_and_delete({"_id": record["id"]})
    assert record_differences(written) == [
        f"record: household {record['id']}: the log knows it, but its record is gone"
    ]
    assert document is not None
    written.database["households"].insert_one({**document, "_id": (stranger := an_id())})
    assert f"{stranger}: no entry of the log" in record_differences(written)[0]


@pytest.mark.parametrize("position", [0, 5, 17, -1])
def test_a_record_that_is_stored_damaged_is_reported_and_the_others_are_compared(
    written: Repositories, position: int
) -> None:
    damaged, other = register(written), register(written)
    households = written.database["households"]
    (stored,) = households.find({"_id": damaged["id"]})
    broken = bytearray(stored["sealed"])
    broken[position] ^= 1
    households.update_one({"_id": damaged["id"]}, {"$set": {"sealed": Binary(bytes(broken), 6)}})
    households.update_one({"_id": other["id"]}, {"$set": {"head.full_name": "Somebody Else"}})
    differences = sorted(record_differences(written))
    assert [each.split()[2].rstrip(":") for each in differences] == sorted([damaged["id"], other["id"]])


def test_a_fingerprint_that_was_changed_is_reported(written: Repositories) -> None:
    record = register(written)
    households = written.database["households"]
    (stored,) = households.find({"_id": record["id"]})
    contents = {**written.database.encryption.contents(stored["sealed"]), "fingerprint": "0" * 64}
    households.update_one({"_id": record["id"]}, {"$set": {"sealed": written.database.encryption.seal_value(contents)}})
    assert "its fingerprint is not the one" in record_differences(written)[0]
