"""What a write does to counters, log and digests, on plain objects."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest

from service.households.changes import (
    FIRST_HASH,
    Change,
    Entry,
    canonical,
    counts_of,
    entry_hash,
    fingerprint_of,
    moves_between,
    replaced_items,
    salted_digest,
)
from service.households.registration import fingerprint_of_record
from service.storage.commune_states import moved_tallies
from service.unit_names import UnitId
from service.units.attribution import FORMER_UNKNOWN
from tests.builders import NOW


def a_record(**items: Any) -> dict[str, Any]:
    return {"status": "submitted", "stage": "registered", **items}


@pytest.mark.parametrize(
    ("record", "counts"),
    [
        (a_record(), {"registered": 1}),
        (a_record(stage="standardized"), {"registered": 1, "standardized": 1}),
        (a_record(stage="digitized"), {"registered": 1, "standardized": 1, "digitized": 1}),
        (a_record(status="verified"), {"registered": 1, "verified": 1}),
        (a_record(status="returned"), {"registered": 1}),
    ],
)
def test_a_record_counts_in_every_stage_that_it_has_passed(record: Any, counts: Any) -> None:
    assert counts_of(record) == (FORMER_UNKNOWN, counts)


def test_a_withdrawn_record_counts_nowhere() -> None:
    assert counts_of(a_record(status="withdrawn")) is None
    assert counts_of(None) is None


def test_a_registration_adds_and_a_withdrawal_takes_away() -> None:
    record = a_record(stage="standardized", former_commune="16663")
    assert moves_between(None, record) == {"16663": {"registered": 1, "standardized": 1}}
    withdrawn = {**record, "status": "withdrawn"}
    assert moves_between(record, withdrawn) == {"16663": {"registered": -1, "standardized": -1}}


def test_a_change_that_counts_the_same_moves_nothing() -> None:
    assert moves_between(a_record(village="Khối 3"), a_record(village="Khối 4")) == {}


def test_a_record_that_falls_back_a_stage_moves_only_that_count() -> None:
    assert moves_between(a_record(stage="digitized"), a_record(stage="standardized")) == {
        FORMER_UNKNOWN: {"digitized": -1}
    }


def test_a_former_commune_that_becomes_known_moves_from_tally_to_tally() -> None:
    assert moves_between(a_record(), a_record(former_commune="16663")) == {
        FORMER_UNKNOWN: {"registered": -1},
        "16663": {"registered": 1},
    }


def test_tallies_that_come_down_to_nothing_are_left_out() -> None:
    tallies = {"16663": {"registered": 1}, "16681": {"registered": 2, "verified": 1}}
    moved = moved_tallies(tallies, {"16663": {"registered": -1}, "16681": {"verified": -1}})
    assert moved == {"16681": {"registered": 2}}
    assert tallies == {"16663": {"registered": 1}, "16681": {"registered": 2, "verified": 1}}


def test_replaced_items_name_what_stood_there_and_what_did_not() -> None:
    before = {"village": "Khối 3", "note": "x", "revision": 1, "updated_at": NOW}
    after = {"village": "Khối 4", "address": "số 12", "revision": 2, "updated_at": NOW + timedelta(hours=1)}
    assert replaced_items(before, after) == {"village": "Khối 3", "note": "x", "address": None}


def test_one_value_has_one_canonical_form() -> None:
    assert canonical({"b": 1, "a": NOW}) == b'{"a":"2026-11-23T02:00:00Z","b":1}'
    assert canonical({"a": "Đ"}) == '{"a":"Đ"}'.encode()


def test_a_fingerprint_distinguishes_contents() -> None:
    assert fingerprint_of({"a": 1, "b": 2}) == fingerprint_of({"b": 2, "a": 1}) != fingerprint_of({"a": 1, "b": 3})


def test_a_digest_depends_on_the_salt_and_on_every_part() -> None:
    digests = {
        salted_digest(b"x", {"a": 1}, None, None),
        salted_digest(b"y", {"a": 1}, None, None),
        salted_digest(b"x", {"a": 2}, None, None),
        salted_digest(b"x", {"a": 1}, {}, None),
        salted_digest(b"x", {"a": 1}, None, {"reason": "x"}),
    }
    assert len(digests) == 5


def test_the_digest_of_an_entry_is_over_its_salt_note_record_and_what_it_replaced() -> None:
    parts: dict[str, Any] = {"record": {"b": 1}, "replaced": {"c": 2}, "note": {"d": 3}, "moves": {}, "salt": b"salt"}
    entry = Entry(commune=UnitId("16681"), kind="revised", household="h", revision=2, at=NOW, actor="officer", **parts)
    text = b'salt{"note":{"d":3},"record":{"b":1},"replaced":{"c":2}}'
    assert entry.digest() == hashlib.sha256(text).hexdigest()


def test_a_hash_depends_on_everything_that_stays() -> None:
    parts = (FIRST_HASH, "16681", 1, "registered", "id", 1, NOW, "officer", "digest")
    others = ("1" * 64, "16690", 2, "revised", "di", 2, NOW + timedelta(milliseconds=1), "leader", "d")
    changed = {entry_hash(*(*parts[:place], other, *parts[place + 1 :])) for place, other in enumerate(others)}  # type: ignore[arg-type]
    assert len(changed | {entry_hash(*parts)}) == 10


def a_stored(commune: str, **items: Any) -> dict[str, Any]:
    return a_record(id="h", commune=commune, head={}, revision=1, updated_at=NOW, former_commune="16663", **items)


def test_a_household_that_moves_is_counted_out_of_one_commune_and_into_the_other() -> None:
    before, after = a_stored("16681", stage="standardized"), a_stored("16690", status="verified")
    left, arrived = Change.revision(before, after, "transferred", at=NOW, actor="officer", fingerprint="f").entries
    assert (left.commune, left.moves) == ("16681", {"16663": {"registered": -1, "standardized": -1}})
    assert (arrived.commune, arrived.moves) == ("16690", {"16663": {"registered": 1, "verified": 1}})
    again = Change.revision(before, after, "transferred", at=NOW, actor="officer", fingerprint="f")
    left, arrived = again.with_record({**after, "stage": "standardized"}, before).entries
    assert (left.moves, arrived.moves) == (
        {"16663": {"registered": -1, "standardized": -1}},
        {"16663": {"registered": 1, "standardized": 1, "verified": 1}},
    )


def test_a_household_that_stays_is_counted_by_what_changed() -> None:
    before, after = a_stored("16681"), a_stored("16681", stage="standardized")
    change = Change.revision(before, after, "revised", at=NOW, actor="officer", fingerprint="f")
    assert [entry.moves for entry in change.entries] == [{"16663": {"standardized": 1}}]
    assert not change.residence_only
    again = change.with_record({**after, "stage": "digitized"}, before)
    assert [entry.moves for entry in again.entries] == [{"16663": {"standardized": 1, "digitized": 1}}]


def test_what_the_register_adds_to_a_parcel_is_no_content() -> None:
    parcel = {"id": "p", "land_use": "LUC"}
    record = a_stored("16681", parcels=[parcel])
    measured = a_stored("16681", parcels=[{**parcel, "measured_area_m2": 5.0, "original_crs": "EPSG:9208"}])
    assert fingerprint_of_record(record) == fingerprint_of_record(measured)
    assert fingerprint_of_record(record) != fingerprint_of_record(
        a_stored("16681", parcels=[{**parcel, "land_use": "CLN"}])
    )
    assert fingerprint_of_record(a_stored("16681")) != fingerprint_of_record(record)
