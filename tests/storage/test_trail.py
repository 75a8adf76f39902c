"""The audit trail: stored before the response, chained, found by person, account, address, token; tampering shows."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from pymongo import MongoClient
from pymongo.database import Database

from service.access.trail import DAMAGED, UNDERWAY, TrailEntry
from service.api.http.resource import written
from service.api.resources.trail import TrailEntrySchema
from service.storage.trail.documents import LANES, TRAIL, entry_document
from service.storage.trail.writing import Trail
from tests.access.builders import prepare

MOMENT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
READ = TrailEntry(
    at=MOMENT,
    action="households.read",
    account="account-1",
    name="an",
    role="officer",
    address="10.0.0.1",
    token="token-1",
    session="session-1",
    households=("household-1",),
)

Register = Database[dict[str, Any]]


@pytest.fixture
def database(database_uri: str) -> Iterator[Register]:
    with MongoClient[dict[str, Any]](database_uri, tz_aware=True) as client:
        prepare(client.get_default_database(), "trail", "trail_lanes")
        yield client.get_default_database()


def test_what_was_written_is_read_back(database: Register) -> None:
    trail = Trail(database)
    trail.write(READ)
    assert list(trail.entries()) == [READ]
    assert list(trail.verify()) == []


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ({"households": ["household-1"]}, 2),
        ({"account": "account-2"}, 1),
        ({"account": "binh"}, 1),
        ({"address": "10.0.0.9"}, 1),
        ({"token": "token-1"}, 2),
        ({"token": "session-1"}, 3),
        ({"since": MOMENT + timedelta(hours=1)}, 1),
        ({"until": MOMENT}, 2),
        ({"account": "an", "until": MOMENT, "households": ["household-2"]}, 0),
        ({"account": "$ne"}, 0),
    ],
)
def test_entries_are_found_by_any_of_their_sides(database: Register, condition: dict[str, Any], found: int) -> None:
    trail = Trail(database)
    trail.write(READ)
    trail.write(replace(READ, account="account-2", name="binh", token="token-2", households=("household-2",)))
    trail.write(replace(READ, at=MOMENT + timedelta(hours=2), address="10.0.0.9"))
    assert len(list(trail.entries(**condition))) == found


def test_many_at_once_share_batches_and_none_is_lost(database: Register) -> None:
    trail = Trail(database)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda number: trail.write(replace(READ, request=str(number))), range(300)))
    assert {entry.request for entry in trail.entries()} == {str(number) for number in range(300)}
    assert database[TRAIL].count_documents({}) < 300
    assert list(trail.verify()) == []


def test_one_read_of_very_many_households_is_stored_completely(
    database: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.storage.trail.writing._MOST_HOUSEHOLDS", 500)
    everybody = tuple(f"0192f0c1-0000-7000-8000-{number:012d}" for number in range(1_200))
    trail = Trail(database)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: trail.write(replace(READ, households=everybody)), range(4)))
    seen = [household for entry in trail.entries() for household in entry.households]
    assert len(seen) == 4_800
    assert set(seen) == set(everybody)
    assert list(trail.verify()) == []


def test_what_cannot_be_written_is_an_error_for_everybody_who_waits(database: Register) -> None:
    trail = Trail(database)
    with pytest.raises(TypeError):
        trail.write(replace(READ, about=object()))  # type: ignore[arg-type]
    trail.write(READ)
    assert list(trail.entries()) == [READ]


def test_an_entry_that_was_begun_is_stored_when_its_response_waits_for_it(database: Register) -> None:
    trail = Trail(database)
    begun = trail.begin(replace(READ, status=UNDERWAY, underway="one"))
    trail.finish(begun)
    assert list(Trail(database).entries()) == [replace(READ, underway="one")]
    assert list(trail.verify()) == []


def test_a_placeholder_that_was_replaced_is_not_returned(database: Register) -> None:
    trail = Trail(database)
    for name in ("one", "two"):
        trail.finish(trail.begin(replace(READ, status=UNDERWAY, underway=name)))
    instead = replace(READ, status=404, households=(), instead_of="one")
    trail.write(instead)
    assert list(trail.entries()) == [replace(READ, underway="two"), instead]
    assert list(trail.entries(households=["household-1"])) == [replace(READ, underway="two")]


def test_what_a_crash_of_the_database_lost_is_written_again(database: Register) -> None:
    trail = Trail(database)
    for number in range(3):
        trail.write(replace(READ, request=str(number)))
    database[TRAIL].delete_many({"number": {"$gte": 2}})  # as if they had not reached the journal
    trail.confirm()
    assert [entry.request for entry in trail.entries()] == ["0", "1", "2"]
    assert list(trail.verify()) == []


def test_an_end_that_was_cut_off_is_found_out(database: Register) -> None:
    trail = Trail(database)
    for _ in range(3):
        trail.write(READ)
    trail.confirm()
    database[TRAIL].delete_one({"number": 3})
    (fault,) = Trail(database).verify()
    assert (fault.number, fault.reason) == (3, "missing")


def test_anchors_that_were_stored_elsewhere_show_what_was_rebuilt(database: Register) -> None:
    trail = Trail(database)
    trail.write(READ)
    trail.confirm()
    anchors = list(trail.anchors())
    trail.write(READ)
    assert list(trail.held_against(anchors)) == []
    database[TRAIL].update_one({"number": 1}, {"$set": {"hash": "0" * 64}})
    assert [fault.reason for fault in trail.held_against(anchors)] == ["another one than before"]
    database[TRAIL].delete_many({})
    assert [fault.reason for fault in trail.held_against(anchors)] == ["missing; it was there before"]


def test_workers_write_lanes_of_their_own_and_the_whole_verifies(database: Register) -> None:
    workers = [Trail(database) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda worker: [worker.write(READ) for _ in range(20)], workers))
    assert database[LANES].count_documents({}) == 4
    assert len(list(Trail(database).entries())) == 80
    assert list(Trail(database).verify()) == []


def test_an_entry_that_was_changed_is_found_out(database: Register) -> None:
    trail = Trail(database)
    for _ in range(3):
        trail.write(READ)
    database[TRAIL].update_one({"number": 2}, {"$set": {"entries.0.name": "somebody.else"}})
    (fault,) = trail.verify()
    assert (fault.number, fault.reason) == (2, "changed")


def test_a_batch_that_was_removed_is_found_out(database: Register) -> None:
    trail = Trail(database)
    for _ in range(3):
        trail.write(READ)
    trail.confirm()
    database[TRAIL].delete_one({"number": 2})
    (fault,) = trail.verify()
    assert (fault.number, fault.reason) == (2, "missing")


def test_a_lane_that_was_removed_is_found_out(database: Register) -> None:
    for trail in (Trail(database), Trail(database)):
        trail.write(READ)
        trail.confirm()
    database[LANES].delete_one({"_id": 1})
    assert {fault.reason for fault in Trail(database).verify()} == {
        "a lane before it is missing",
        "no lane of this name was opened",
    }


def test_what_expired_is_no_fault_but_only_after_its_time(database: Register) -> None:
    moment = [MOMENT]
    trail = Trail(database, lambda: moment[0])
    for _ in range(3):
        trail.write(READ)
    trail.confirm()
    database[TRAIL].delete_one({"number": 1})
    assert [fault.reason for fault in trail.verify()] == ["missing"]
    moment[0] = MOMENT + timedelta(days=367)
    assert list(trail.verify()) == []


def test_nothing_is_retained_for_less_than_twelve_months(database: Register) -> None:
    Trail(database, retained=timedelta(days=1)).write(READ)
    (batch,) = database[TRAIL].find({})
    assert batch["expires_at"] >= MOMENT + timedelta(days=365)


WRONG: tuple[Any, ...] = (None, 7, "?", [], {}, True, [None])


def test_an_entry_with_any_damaged_item_is_named_and_closes_no_other(database: Register) -> None:
    trail, written_entry = Trail(database), replace(READ, request="request-1", about="account-2")
    items = ["at", *sorted(entry_document(written_entry).keys() - {"at"})]
    damages: list[dict[str, Any]] = [{"$unset": {f"entries.0.{item}": ""}} for item in items]
    damages += [{"$set": {f"entries.0.{item}": value}} for item in items for value in WRONG]
    damages += [{"$set": {path: value}} for path in ("entries", "entries.0") for value in WRONG]
    for _ in range(len(damages) + 2):
        trail.write(written_entry)
    for number, damage in enumerate(damages, start=2):  # the first and the last are whole
        database[TRAIL].update_one({"number": number}, damage)
    whole = [entry for entry in trail.entries() if entry.action != DAMAGED]
    damaged = [entry for entry in trail.entries() if entry.action == DAMAGED]
    # What is not damaged is shown, with nothing but values that an item can have.
    unharmed = sum(_may_be(item, value) for item in items for value in WRONG)
    assert len(whole) == 2 + unharmed
    assert len(whole) + len(damaged) == len(damages) + 2 - sum(
        damage == {"$set": {"entries": []}} for damage in damages
    )
    assert len({entry.about for entry in damaged}) == len(damaged)
    for condition in ({"account": "an"}, {"households": ["household-1"]}, {"since": MOMENT}, {"address": "10.0.0.1"}):
        assert written_entry in list(trail.entries(**condition))
    lines = [orjson.dumps(written(TrailEntrySchema, entry)) for entry in trail.entries()]
    assert len(lines) == len(whole) + len(damaged)
    assert {fault.number for fault in trail.verify()} == set(range(2, len(damages) + 2))


def _may_be(item: str, value: object) -> bool:
    """Whether a wrong value is one that the item could have, so that only the hash of its batch shows the damage."""
    optional = {"role", "token", "session", "request", "about"}
    text = {"action", "account", "name", "address", "path"}
    if item in ("status", "households"):
        return value is not True and value == {"status": 7, "households": []}[item]
    return (value is None and item in optional) or (value == "?" and item in optional | text)


def test_a_batch_with_any_damaged_item_is_named_and_closes_no_other(database: Register) -> None:
    trail = Trail(database)
    damages: list[dict[str, Any]] = [
        {"$unset": {item: ""}} for item in ("lane", "number", "previous", "hash", "entries")
    ]
    damages += [{"$set": {item: value}} for item in ("lane", "number", "previous", "hash") for value in WRONG]
    for _ in range(2 * len(damages) + 1):
        trail.write(READ)
    for number, damage in enumerate(damages):
        database[TRAIL].update_one({"_id": {"$regex": f":{2 * number + 2:012d}$"}}, damage)
    assert [entry.action for entry in trail.entries()].count(READ.action) >= 2 * len(damages)
    assert {2 * number + 2 for number in range(len(damages))} <= {fault.number for fault in trail.verify()}
    assert len(list(trail.anchors())) == 1
