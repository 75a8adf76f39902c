"""Holding counters, identities and logs against the records:
nothing is found in an exact register, and any damage is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from service.registry.reconciliation import reconcile, verify_log
from service.storage.store import MongoStore
from tests.builders import THANH_VINH, TRUONG_VINH
from tests.storage.writing import a_step, apply, register


def differences(store: MongoStore) -> list[str]:
    return [str(difference) for difference in reconcile(store)]


def breaks(store: MongoStore) -> list[tuple[str, int]]:
    return [(log.broken.commune, log.broken.offset) for log in verify_log(store) if log.broken is not None]


@pytest.fixture
def written(store: MongoStore) -> MongoStore:
    """A store with three entries in one log and one in another."""
    first = register(store)
    register(store)
    apply(store, a_step(first, status="verified"))
    register(store, commune=TRUONG_VINH)
    return store


def test_an_exact_register_shows_no_difference(written: MongoStore) -> None:
    assert differences(written) == []
    assert [(log.commune, log.entries) for log in verify_log(written) if log.entries] == [
        (THANH_VINH, 3),
        (TRUONG_VINH, 1),
    ]
    assert breaks(written) == []


@pytest.mark.parametrize(
    ("name", "change", "told"),
    [
        ("registered", 5, "registered: 16681: the register says 5, its records say 2"),
        ("verified", 0, "verified: 16681: the register says 0, its records say 1"),
        ("digitized", 1, "digitized: 16681: the register says 1, its records say 0"),
    ],
)
def test_a_wrong_counter_is_told_with_both_numbers(written: MongoStore, name: str, change: int, told: str) -> None:
    written.database["heads"].update_one({"_id": THANH_VINH}, {"$set": {f"tallies.unknown.{name}": change}})
    assert differences(written) == [told]


def test_a_record_that_went_missing_is_told(written: MongoStore) -> None:
    written.database["households"].delete_one({"commune": TRUONG_VINH})
    told = differences(written)
    assert told[0] == "registered: 16690: the register says 1, its records say 0"
    assert told[1].startswith("identity: ")


def test_a_number_without_a_holder_and_a_holder_without_a_number_are_told(written: MongoStore) -> None:
    lost = written.database["identities"].find_one_and_delete({})
    written.database["identities"].insert_one({"_id": "nobody", "household": "none"})
    assert lost is not None
    told = differences(written)
    assert len(told) == 2
    assert lost["household"] in told[0]
    assert not any(str(lost["_id"]) in each for each in told)  # a person's number is not for the terminal


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
        (lambda log: log.update_one(entry(2), {"$unset": {"salt": ""}}), 2),
        (lambda log: log.update_one(entry(2), {"$set": {"hash": "0" * 64}}), 2),
        (lambda log: log.update_one(entry(2), {"$set": {"digest": "0" * 64}}), 2),
        (lambda log: log.update_one(entry(2), {"$set": {"kind": "verified"}}), 2),
    ],
)
def test_any_damage_to_a_log_is_found_at_its_first_place(
    written: MongoStore, damage: Callable[[Any], Any], offset: int
) -> None:
    damage(written.database["log"])
    assert breaks(written) == [(THANH_VINH, offset)]


def test_a_log_that_was_cut_off_with_its_head_is_found(written: MongoStore) -> None:
    written.database["heads"].update_one({"_id": THANH_VINH}, {"$set": {"hash": "0" * 64}})
    assert breaks(written) == [(THANH_VINH, 4)]


def test_a_log_whose_head_is_gone_is_found(written: MongoStore) -> None:
    written.database["heads"].delete_one({"_id": THANH_VINH})
    assert breaks(written) == [(THANH_VINH, 1)]


def test_one_commune_can_be_verified_alone(written: MongoStore) -> None:
    written.database["log"].delete_one(entry(2))
    assert [log.broken for log in verify_log(written, frozenset({TRUONG_VINH}))] == [None]


def test_what_an_erased_person_leaves_behind_still_holds(written: MongoStore) -> None:
    gone = {"record": None, "replaced": None, "note": None, "salt": None}
    written.database["log"].update_one(entry(2), {"$set": gone})
    assert breaks(written) == []
