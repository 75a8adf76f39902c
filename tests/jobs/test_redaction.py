"""Why an overlap was settled can name people: it goes with them from neighbours' records and logs, which still hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import pytest
from bson import encode
from bson.binary import Binary

from service.actor import REGISTER_ITSELF, Actor
from service.households.erasure import Erasure
from service.households.history import partition
from service.jobs.reconciliation import reconcile_records, verify_log
from service.storage.reencryption import reencrypt
from service.wiring import Register
from tests.access.sealing import sealing
from tests.builders import NOW, THANH_VINH, VINH_LOC, a_household, a_parcel, a_square

pytestmark = pytest.mark.slow  # together they take more than a second of a processor

EVERYWHERE = Actor("tests", None)
REASON = "Ba Kiem Tra da chi ranh"


@dataclass
class Row:
    """Three parcels in a row, each over the next, and one far away; an overlap of the middle one was settled."""

    services: Register
    gone: str
    middle: str
    last: str

    @property
    def stored(self) -> bytes:
        """The documents as MongoDB has them."""
        database = self.services.store.database.mongo
        return b"".join(encode(each) for name in ("households", "log") for each in database[name].find({}))

    @property
    def dump(self) -> bytes:
        """The documents, and what their ciphertexts contain."""
        database = self.services.store.database
        sealed = [each["sealed"] for name in ("households", "log") for each in database[name].find({}, {"sealed": 1})]
        opened = [encode(dict(database.encryption.contents(each))) for each in sealed if each is not None]
        return self.stored + b"".join(opened)

    @property
    def faults(self) -> list[str]:
        store = self.services.store
        broken = [str(log.broken) for log in verify_log(store) if log.broken is not None]
        return [*broken, *map(str, reconcile_records(store))]

    def erase(self, household: str) -> None:
        Erasure(self.services.store.transactions, lambda: NOW).erase(household, REGISTER_ITSELF)

    def revise(self, household: str, **items: Any) -> None:
        register = self.services.households
        revision = self.services.store.households.record(household, area=None)["revision"]
        register.patch(household, items, if_match=revision, actor=EVERYWHERE)


@pytest.fixture(params=["in clear", "sealed"])
def reasons(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """How reasons lie in the database, which follows from the item ``status_reason``."""
    with sealing("status_reason", monkeypatch) if request.param == "sealed" else nullcontext():
        yield request.param


@pytest.fixture
def row(services: Register, reasons: str) -> Row:
    parcels: list[str] = []
    ids: list[str] = []
    for number, commune in enumerate((THANH_VINH, VINH_LOC, THANH_VINH)):
        body = a_household(commune=commune, parcels=[a_parcel(geometry=a_square(105.664 + number * 0.0002, 18.676))])
        record = services.households.put(body["id"], body, if_match=None, actor=EVERYWHERE).record
        ids.append(record["id"])
        parcels.append(record["parcels"][0]["id"])
    row = Row(services, *ids)
    services.parcels.settle(parcels[1], REASON, actor=EVERYWHERE)
    for household in ids:
        row.revise(household, village="Khối 7")
    return row


def test_the_reason_goes_with_the_household_that_it_can_name(row: Row, reasons: str) -> None:
    assert row.dump.count(REASON.encode()) > 10
    assert (REASON.encode() in row.stored) is (reasons == "in clear")
    row.erase(row.gone)
    assert REASON.encode() not in row.dump
    assert row.faults == []
    (left,) = row.services.store.households.record(row.middle, area=None)["findings"]
    assert (left["details"]["household"], left["severity"]) == (row.last, "settled")
    assert left["details"]["settled"].keys() == {"by", "at"}
    notes = [entry.note for entry in partition(row.services.store.log.history(row.middle, before=None, limit=99))[0]]
    assert [note for note in notes if note and "settled" in note] == [
        {"settled": row.services.store.households.record(row.middle, area=None)["parcels"][0]["id"]}
    ]


def test_other_reasons_stay(row: Row) -> None:
    other = a_household(parcels=[a_parcel(geometry=a_square(105.6646, 18.676))])
    record = row.services.households.put(other["id"], other, if_match=None, actor=EVERYWHERE).record
    row.services.parcels.settle(record["parcels"][0]["id"], "Hai ben dong y", actor=EVERYWHERE)
    row.erase(row.gone)
    assert REASON.encode() not in row.dump
    assert b"Hai ben dong y" in row.dump
    assert row.faults == []


def test_another_decision_with_the_same_words_keeps_them(row: Row) -> None:
    other = a_household(parcels=[a_parcel(geometry=a_square(105.6646, 18.676))])
    record = row.services.households.put(other["id"], other, if_match=None, actor=EVERYWHERE).record
    row.services.parcels.settle(record["parcels"][0]["id"], REASON, actor=Actor("somebody else", None))
    row.erase(row.gone)
    found = row.services.store.households.record(record["id"], area=None)["findings"]
    assert [(each["details"]["household"], each["details"]["settled"].get("reason")) for each in found] == [
        (row.last, REASON)
    ]
    notes = [entry.note for entry in partition(row.services.store.log.history(record["id"], before=None, limit=99))[0]]
    assert [note["reason"] for note in notes if note and "settled" in note] == [REASON]
    assert row.faults == []


@pytest.mark.parametrize("way", ["withdrawn", "moved"])
def test_it_goes_also_where_the_overlap_ended_before(row: Row, way: str) -> None:
    if way == "withdrawn":
        row.services.households.withdraw(row.gone, "x", if_match=None, actor=EVERYWHERE)
    else:
        row.revise(row.gone, parcels=[a_parcel(geometry=a_square(105.69, 18.676))])
    row.erase(row.gone)
    assert REASON.encode() not in row.dump
    assert row.faults == []


def test_a_second_erasure_and_a_new_data_key_leave_the_log_valid(row: Row) -> None:
    row.erase(row.gone)
    row.erase(row.last)
    assert row.faults == []
    list(reencrypt(row.services.store.database))
    row.revise(row.middle, village="Khối 8")
    assert row.faults == []


def test_a_redacted_entry_that_is_changed_afterwards_is_found(row: Row) -> None:
    row.erase(row.gone)
    log = row.services.store.database["log"]
    entry = log.find_one({"household": row.middle, "redacted_by": row.gone})
    assert entry is not None
    log.update_one({"_id": entry["_id"]}, {"$set": {"record.village": "Khối 9"}})
    assert any("its record is not the one that was written" in fault for fault in row.faults)


def test_an_entry_cannot_be_redacted_by_who_erased_nobody(row: Row) -> None:
    log = row.services.store.database["log"]
    entry = log.find_one({"household": row.middle, "revision": 1})
    assert entry is not None
    change = {"record.village": "Khối 9", "redacted_by": row.gone}
    log.update_one({"_id": entry["_id"]}, {"$set": change})
    assert len(row.faults) == 1


def test_nothing_is_redacted_where_nothing_was_settled(services: Register) -> None:
    body = a_household()
    services.households.put(body["id"], body, if_match=None, actor=EVERYWHERE)
    Erasure(services.store.transactions, lambda: NOW).erase(body["id"], REGISTER_ITSELF)
    for entry in services.store.database["log"].find({"household": body["id"]}):
        assert (entry["note"], entry["record"], entry["sealed"]) == (None, None, None)
        assert not isinstance(entry["sealed"], Binary)
