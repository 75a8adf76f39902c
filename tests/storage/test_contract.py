"""The contract of service.households.ports.HouseholdRepositories, tested on a real mongod."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from pymongo.errors import WriteError

from service.errors import (
    HouseholdIdTaken,
    HouseholdNotFound,
    HouseholdStale,
    PersonalNumberTaken,
)
from service.households.changes import FIRST_HASH
from service.households.history import partition
from service.households.ports import HouseholdQuery
from service.storage.repositories import Repositories
from service.unit_names import UnitId
from service.units.attribution import FORMER_UNKNOWN
from tests.builders import COMMUNES, NOW, THANH_VINH, TRUONG_VINH, VINH_LOC, a_personal_number, an_id
from tests.storage.writing import a_registration, a_step, apply, assert_exact, offsets, register

DAY = NOW.date()
LAST_MOMENT = datetime(2026, 11, 23, 16, 59, 59, tzinfo=UTC)
"""The last second of DAY in Vietnam."""
MIDNIGHT = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)


def at_once(works: Sequence[Callable[[], Any]], threads: int = 8) -> list[Any]:
    """Do all works in threads; returns what each returned or raised."""

    def safely(work: Callable[[], Any]) -> Any:
        try:
            return work()
        except Exception as error:
            return error

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(safely, works))


# One transaction


def test_what_is_written_is_read_again(store: Repositories) -> None:
    change = a_registration()
    apply(store, change)
    stored = store.households.find(change.record["id"], area=None)
    assert stored.record == change.record
    assert stored.fingerprint == change.fingerprint


def test_a_household_that_is_not_there_is_not_found(store: Repositories) -> None:
    with pytest.raises(HouseholdNotFound):
        store.households.find(an_id(), area=None)


def test_a_household_outside_the_area_is_not_found_either(store: Repositories) -> None:
    record = register(store)
    assert store.households.find(record["id"], area=frozenset({THANH_VINH})).record == record
    for area in (frozenset({TRUONG_VINH}), frozenset[UnitId]()):
        with pytest.raises(HouseholdNotFound):
            store.households.find(record["id"], area=area)


def test_a_transaction_sees_its_own_reading(store: Repositories) -> None:
    record = register(store)
    assert store.transactions.run(lambda transaction: transaction.household(record["id"])).record == record


def test_a_failing_transaction_leaves_nothing(store: Repositories) -> None:
    change = a_registration()

    def fail(transaction: Any) -> None:
        transaction.apply([change])
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.transactions.run(fail)
    assert store.households.known([change.record["id"]]) == {}
    assert offsets(store, THANH_VINH) == []
    assert store.households.holders_of(change.takes) == {}


def test_several_changes_are_one_transaction(store: Repositories) -> None:
    good, taken = a_registration(), a_registration()
    apply(store, taken)
    with pytest.raises(HouseholdIdTaken):
        apply(store, good, taken)
    assert store.households.known([good.record["id"]]) == {}
    assert offsets(store, THANH_VINH) == [1]


def test_an_id_is_taken_once(store: Repositories) -> None:
    change = a_registration()
    apply(store, change)
    with pytest.raises(HouseholdIdTaken):
        apply(store, a_registration(id=change.record["id"]))


def test_a_revision_must_replace_the_one_that_it_was_made_from(store: Repositories) -> None:
    before = register(store)
    apply(store, a_step(before, status="verified"))
    with pytest.raises(HouseholdStale) as refused:
        apply(store, a_step(before, "withdrawn", status="withdrawn"))
    assert refused.value.current["status"] == "verified"
    assert store.households.find(before["id"], area=None).record["revision"] == 2


def test_of_eight_who_revise_at_once_one_gets_through(store: Repositories) -> None:
    before = register(store)
    steps = [a_step(before, village=f"Khối {number}") for number in range(8)]
    results = at_once([partial(apply, store, step) for step in steps])
    assert results.count(None) == 1
    assert sum(isinstance(result, HouseholdStale) for result in results) == 7
    assert_exact(store)


def test_of_eight_who_send_one_registration_at_once_one_writes(store: Repositories) -> None:
    change = a_registration()
    results = at_once([partial(apply, store, change)] * 8)
    assert results.count(None) == 1
    assert sum(isinstance(result, HouseholdIdTaken) for result in results) == 7
    assert offsets(store, THANH_VINH) == [1]


# Identities


def test_a_personal_number_is_held_once_in_the_province(store: Repositories) -> None:
    record = register(store)
    with pytest.raises(PersonalNumberTaken):
        register(store, head=record["head"], commune=TRUONG_VINH)
    assert store.households.holders_of([record["head"]["national_id"]]) == {record["head"]["national_id"]: record["id"]}


def test_of_eight_households_with_one_number_one_gets_it(store: Repositories) -> None:
    head = a_registration().record["head"]
    changes = [a_registration(head=head, commune=COMMUNES[number % 3]) for number in range(8)]
    results = at_once([partial(apply, store, change) for change in changes])
    assert results.count(None) == 1
    assert sum(isinstance(result, PersonalNumberTaken) for result in results) == 7
    assert_exact(store)


def test_a_number_that_is_given_up_can_be_taken_in_the_same_transaction(store: Repositories) -> None:
    record = register(store)
    number = record["head"]["national_id"]
    withdrawn = a_step(record, "withdrawn", status="withdrawn")
    newcomer = a_registration(head=record["head"])
    apply(store, withdrawn, newcomer)
    assert store.households.holders_of([number]) == {number: newcomer.record["id"]}


def test_two_heads_swap_their_numbers_in_one_transaction(store: Repositories) -> None:
    one, other = register(store), register(store)
    apply(store, a_step(one, "revised", head=other["head"]), a_step(other, "revised", head=one["head"]))
    assert store.households.holders_of([one["head"]["national_id"]]) == {one["head"]["national_id"]: other["id"]}
    assert_exact(store)


def test_numbers_that_nobody_holds_have_no_holder(store: Repositories) -> None:
    assert store.households.holders_of([a_personal_number()]) == {}


# The log


@pytest.mark.parametrize("communes", [(THANH_VINH,), COMMUNES])
def test_offsets_have_no_gap_under_eight_threads(store: Repositories, communes: tuple[str, ...]) -> None:
    changes = [a_registration(commune=communes[number % len(communes)]) for number in range(48)]
    results = at_once([partial(apply, store, change) for change in changes])
    assert results == [None] * 48
    for commune in communes:
        assert offsets(store, commune) == list(range(1, 48 // len(communes) + 1))
    assert_exact(store)


def test_transfers_to_and_fro_do_not_wait_for_each_other(store: Repositories) -> None:
    records = [register(store, commune=COMMUNES[number % 2]) for number in range(8)]
    other = {THANH_VINH: TRUONG_VINH, TRUONG_VINH: THANH_VINH}
    steps = [a_step(record, "transferred", commune=other[record["commune"]]) for record in records]
    works = [partial(apply, store, step) for step in steps]
    assert at_once(works) == [None] * 8
    assert offsets(store, THANH_VINH) == offsets(store, TRUONG_VINH) == list(range(1, 13))
    assert_exact(store)


def test_each_entry_stands_on_the_one_before(store: Repositories) -> None:
    record = register(store)
    apply(store, a_step(record, status="verified"))
    entries = list(store.log.walk(THANH_VINH))
    (state,) = (state for state in store.states.now() if state.commune == THANH_VINH)
    assert (state.offset, state.hash) == (2, entries[-1].hash)
    assert entries[0].hash not in (entries[1].hash, FIRST_HASH)


def test_a_walk_keeps_to_its_commune(store: Repositories) -> None:
    register(store, commune=THANH_VINH)
    register(store, commune=TRUONG_VINH)
    assert [entry.commune for entry in store.log.walk(THANH_VINH)] == [THANH_VINH]


def test_a_history_is_newest_first_and_read_in_pages(store: Repositories) -> None:
    record = register(store)
    for commune in (TRUONG_VINH, THANH_VINH):
        change = a_step(record, "transferred", commune=commune)
        apply(store, change)
        record = change.record
    whole = store.log.history(record["id"], before=None, limit=100)
    assert [entry.revision for entry in whole] == [3, 3, 2, 2, 1]
    paged = []
    before = None
    while page := store.log.history(record["id"], before=before, limit=2):
        paged.extend(page)
        before = (page[-1].revision, page[-1].key)
    assert paged == whole


def test_a_revision_is_found_in_the_log(store: Repositories) -> None:
    record = register(store)
    moved = a_step(record, "transferred", commune=TRUONG_VINH)
    apply(store, moved)
    first, second = (store.log.at_revision(record["id"], revision) for revision in (1, 2))
    assert first is not None
    assert first.record == record
    assert second is not None
    assert (second.record, second.fingerprint) == (moved.record, moved.fingerprint)
    assert store.log.at_revision(record["id"], 3) is None


# The feed


def test_the_feed_gives_every_entry_once_in_each_communes_order(store: Repositories) -> None:
    for number in range(9):
        register(store, commune=COMMUNES[number % 3])
    after: dict[str, int] = {}
    read: list[str] = []
    more = True
    while more:
        found, more = store.log.changes(after, communes=None, limit=2)
        entries, _ = partition(found)
        read.extend(entry.key for entry in entries)
        after |= {entry.commune: entry.offset for entry in entries}
    assert read == [f"{commune}:{offset:012d}" for commune in COMMUNES for offset in (1, 2, 3)]
    assert store.log.changes(after, communes=None, limit=2) == ([], False)


def test_the_feed_can_be_limited_to_communes(store: Repositories) -> None:
    for commune in COMMUNES:
        register(store, commune=commune)
    found, more = store.log.changes({}, communes=frozenset({TRUONG_VINH}), limit=100)
    entries, _ = partition(found)
    assert [entry.commune for entry in entries] == [TRUONG_VINH]
    assert not more
    assert store.log.changes({}, communes=frozenset(), limit=100) == ([], False)


def test_a_reader_of_the_feed_misses_nothing_while_others_write(store: Repositories) -> None:
    changes = [a_registration(commune=COMMUNES[number % 3]) for number in range(60)]
    after: dict[str, int] = {}
    read: list[tuple[str, int]] = []

    def follow() -> None:
        entries, _ = partition(store.log.changes(after, communes=None, limit=7)[0])
        read.extend((entry.commune, entry.offset) for entry in entries)
        after.update({entry.commune: entry.offset for entry in entries})

    with ThreadPoolExecutor(8) as pool:
        writing = [pool.submit(apply, store, change) for change in changes]
        while not all(each.done() for each in writing):
            follow()
    for _ in range(20):
        follow()
    for each in writing:
        each.result()
    assert sorted(read) == [(commune, offset) for commune in COMMUNES for offset in range(1, 21)]
    for commune in COMMUNES:
        assert [offset for each, offset in read if each == commune] == list(range(1, 21))


# Lists


def a_query(**conditions: Any) -> HouseholdQuery:
    return HouseholdQuery(**{"limit": 100, **conditions})


def ids(store: Repositories, **conditions: Any) -> list[str]:
    found: list[str] = []
    query = a_query(**conditions)
    while True:
        page = store.households.page(query)
        found.extend(record["id"] for record in page.records)
        if page.next_after is None:
            return found
        query = a_query(**conditions, after=page.next_after)


@pytest.mark.parametrize("limit", [1, 2, 5, 100])
def test_pages_give_every_household_once(store: Repositories, limit: int) -> None:
    registered = [register(store)["id"] for _ in range(5)]
    assert ids(store, limit=limit) == sorted(registered)
    assert store.households.count(a_query(limit=limit)) == 5


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_pages_by_change_distinguish_moments_and_ids_within_one(store: Repositories, limit: int) -> None:
    early = sorted(register(store)["id"] for _ in range(3))
    late = register(store, at=NOW + timedelta(seconds=1))["id"]
    assert ids(store, limit=limit, updated_since=NOW) == [*early, late]
    assert ids(store, limit=limit, updated_since=NOW + timedelta(seconds=1)) == [late]


def test_each_filter_finds_its_own(store: Repositories) -> None:
    plain = register(store)
    moved = register(store, commune="16663", commune_as_of="2025-01-01")
    verified = register(store, commune=TRUONG_VINH)
    apply(store, a_step(verified, status="verified"))
    gone = register(store, commune=VINH_LOC)
    apply(store, a_step(gone, "withdrawn", status="withdrawn"))
    assert ids(store, communes=frozenset({THANH_VINH})) == sorted([plain["id"], moved["id"]])
    assert ids(store, former_communes=(UnitId("16663"),)) == [moved["id"]]
    assert ids(store, status="verified") == [verified["id"]]
    assert ids(store, status="withdrawn") == [gone["id"]]
    assert ids(store, status="any", area=frozenset({VINH_LOC})) == [gone["id"]]
    assert ids(store, stage="digitized") == []
    assert ids(store, area=frozenset()) == []


@pytest.mark.parametrize("text", ["lò thị", "LO THI HOA", "thi hoa", "hoa"])
def test_a_name_is_found_from_any_word_on(store: Repositories, text: str) -> None:
    record = register(store)
    register(store, head={"full_name": "Xuân Bách", "sex": "male", "no_id_reason": "lost"})
    assert ids(store, text=text) == [record["id"]]


def test_a_name_must_itself_lie_where_the_search_looks(store: Repositories) -> None:
    register(store, head={"full_name": "Vi Văn Ba", "sex": "male", "no_id_reason": "lost"})
    assert ids(store, text="lo") == []  # "ba" lies before it and "vi van ba" behind


@pytest.mark.parametrize("value", [{"$ne": None}, {"$gt": ""}])
def test_a_value_is_never_an_operator(store: Repositories, value: Any) -> None:
    register(store)
    asked = [("stage", value), ("status", value), ("former_communes", (value,))]
    for name, each in asked:
        assert store.households.page(a_query(**{name: each})).records == []


@pytest.mark.parametrize(
    "damage",
    [
        {"$unset": {"index": ""}},
        {"$unset": {"schema_version": ""}},
        {"$unset": {"status": ""}},
        {"$unset": {"updated_at": ""}},
        {"$set": {"status": "done"}},
        {"$set": {"head.sex": "Nam"}},
        {"$set": {"parcels.0.declared_area_m2": 0}},
        {"$set": {"colour": "red"}},
    ],
)
def test_what_another_program_writes_badly_is_refused_by_the_database(store: Repositories, damage: Any) -> None:
    record = register(store)
    with pytest.raises(WriteError):
        store.database["households"].update_one({"_id": record["id"]}, damage)
    assert store.households.record(record["id"], area=None) == record


# Counters by day


def tallies(store: Repositories, day: date) -> dict[str, Any]:
    return {head.commune: head.tallies for head in store.states.on(day) if head.tallies}


def test_a_day_ends_at_midnight_in_vietnam(store: Repositories) -> None:
    register(store, at=LAST_MOMENT)
    register(store, at=MIDNIGHT)
    assert tallies(store, DAY) == {THANH_VINH: {FORMER_UNKNOWN: {"registered": 1}}}
    assert tallies(store, DAY + timedelta(days=1)) == {THANH_VINH: {FORMER_UNKNOWN: {"registered": 2}}}
    assert tallies(store, DAY - timedelta(days=1)) == {}


def test_a_day_without_writes_reads_as_the_one_before(store: Repositories) -> None:
    for days in (0, 3, 10):
        register(store, at=NOW + timedelta(days=days))
    counts = [
        tallies(store, DAY + timedelta(days=days)).get(THANH_VINH, {}).get(FORMER_UNKNOWN, {}).get("registered", 0)
        for days in range(-1, 12)
    ]
    assert counts == [0, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 3, 3]


def test_a_past_day_does_not_change_any_more(store: Repositories) -> None:
    record = register(store)
    then = tallies(store, DAY)
    apply(store, a_step(record, "withdrawn", at=NOW + timedelta(days=1), status="withdrawn"))
    assert tallies(store, DAY) == then
    assert tallies(store, DAY + timedelta(days=1)) == {}


def test_a_clock_that_lags_behind_midnight_opens_no_closed_day(store: Repositories) -> None:
    register(store, at=MIDNIGHT)
    register(store, at=LAST_MOMENT)
    register(store, at=MIDNIGHT + timedelta(seconds=1))
    assert tallies(store, DAY) == {}
    assert tallies(store, DAY + timedelta(days=1))[THANH_VINH] == {FORMER_UNKNOWN: {"registered": 3}}
    assert_exact(store)


def test_each_commune_has_its_own_days(store: Repositories) -> None:
    register(store, commune=THANH_VINH)
    register(store, commune=TRUONG_VINH, at=NOW + timedelta(days=1))
    assert tallies(store, DAY).keys() == {THANH_VINH}
    assert tallies(store, DAY + timedelta(days=1)).keys() == {THANH_VINH, TRUONG_VINH}


def test_the_days_of_a_span_are_those_that_were_written_to(store: Repositories) -> None:
    for days in (0, 2, 5):
        register(store, at=NOW + timedelta(days=days))
    found = [
        (head.day, head.tallies[FORMER_UNKNOWN]["registered"])
        for head in store.states.days(DAY, DAY + timedelta(days=4))
    ]
    assert found == [(DAY, 1), (DAY + timedelta(days=2), 2)]
    everything = [head.day for head in store.states.days(DAY, DAY + timedelta(days=9))]
    assert everything == [DAY, DAY + timedelta(days=2), DAY + timedelta(days=5)]


def test_the_turn_of_a_day_under_eight_threads_loses_nothing(store: Repositories) -> None:
    moments = [LAST_MOMENT, MIDNIGHT]
    changes = [a_registration(at=moments[number % 2], commune=COMMUNES[number % 3]) for number in range(48)]
    assert at_once([partial(apply, store, change) for change in changes]) == [None] * 48
    total = sum(
        head.tallies[FORMER_UNKNOWN]["registered"] for head in store.states.on(DAY + timedelta(days=1)) if head.tallies
    )
    assert total == 48
    assert_exact(store)


# Readings at one moment


def test_a_snapshot_stays_as_it_was(store: Repositories) -> None:
    register(store)
    with store.database.snapshot():
        assert len(list(store.log.walk(THANH_VINH))) == 1
        ThreadPoolExecutor(1).submit(register, store).result()
        assert len(list(store.log.walk(THANH_VINH))) == 1
        assert [state.offset for state in store.states.now() if state.commune == THANH_VINH] == [1]
    assert len(list(store.log.walk(THANH_VINH))) == 2


def test_a_recount_counts_what_the_counters_count(store: Repositories) -> None:
    register(store, commune="16663", commune_as_of="2025-01-01")
    verified = register(store)
    apply(store, a_step(verified, status="verified"))
    gone = register(store)
    apply(store, a_step(gone, "withdrawn", status="withdrawn"))
    assert sorted(store.recount.counts()) == [
        (THANH_VINH, "16663", {"registered": 1}),
        (THANH_VINH, FORMER_UNKNOWN, {"registered": 1, "verified": 1}),
    ]
    assert_exact(store)


def test_a_page_for_readers_who_are_shown_nothing_personal_has_no_encrypted_item(store: Repositories) -> None:
    record = register(store)
    (read,) = store.households.page(HouseholdQuery(limit=10)).records
    (closed,) = store.households.page(HouseholdQuery(limit=10, personal=False)).records
    assert read == record
    assert "national_id" not in closed["head"]
    assert closed == {**record, "head": {n: v for n, v in record["head"].items() if n not in ("national_id", "phone")}}
