"""A damaged state of a commune, or closing of a day: the commune is counted anew, and nothing else is touched."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from service.commands import reconcile as reconcile_command
from service.jobs.reconciliation import damaged_counters, reconcile, repair_counters, verify_log
from service.settings import Settings
from service.storage.repositories import Repositories
from tests.api.asking import Register
from tests.api.damaging import WRONG, Documents
from tests.builders import NOW, THANH_VINH, TRUONG_VINH, Json, a_household
from tests.storage import writing

pytestmark = pytest.mark.slow

STATES = "commune_states"
ITEMS = ("offset", "hash", "day", "tallies", "locks", "erasures")
READ = (
    "/v1/coverage",
    "/v1/coverage?level=province&as_of=2026-11-01",
    "/v1/coverage.csv",
    "/v1/coverage/trend?unit=40",
    "/v1/changes",
    "/v1/households?count=true",
)


def damages() -> Iterator[Json]:
    for number, item in enumerate(ITEMS):
        if item != "erasures":  # without it the state is one of a register that has erased nobody
            yield {"$unset": {item: ""}}
        yield from ({"$set": {item: wrong}} for wrong in WRONG[number % 3 :: 3])
    yield {"$set": {"tallies": {"unknown": {"registered": "2"}}}}
    yield {"$set": {"tallies": {"unknown": {"?": 2}}}}
    yield {"$set": {"hash": "?", "offset": -1}}


def damaged_states(store: Repositories) -> list[str]:
    return [each.key for each in damaged_counters(store)]


def test_any_damage_of_a_communes_state_costs_nobody_anything(
    register: Register, store: Repositories, session_database: Documents
) -> None:
    gone, moving = register.registered(), register.registered(commune=TRUONG_VINH)
    register.registered()
    request = register.client.post("/v1/requests", json={"kind": "erase", "household": gone["id"]}).get_json()
    assert register.client.post(f"/v1/requests/{request['id']}/carry-out").status_code == 200
    for change in damages():
        before = {path: register.get(path).data for path in READ}
        session_database[STATES].update_one({"_id": THANH_VINH}, change)
        assert {path: register.get(path).data for path in READ} == before, change
        assert register.put(a_household(commune=THANH_VINH)).status_code == 201, change
        assert damaged_states(store) == [], change
    for change in ({"$set": {"tallies": None}}, {"$set": {"offset": "?"}}):
        session_database[STATES].update_one({"_id": THANH_VINH}, change)
        assert register.step(moving["id"], "transfer", {"commune": THANH_VINH}).status_code == 200
        assert register.step(moving["id"], "transfer", {"commune": TRUONG_VINH}).status_code == 200
    session_database[STATES].update_one({"_id": THANH_VINH}, {"$set": {"erasures": "?"}})
    request = register.client.post("/v1/requests", json={"kind": "erase", "household": moving["id"]}).get_json()
    assert register.client.post(f"/v1/requests/{request['id']}/carry-out").status_code == 200
    session_database[STATES].delete_one({"_id": THANH_VINH})
    assert register.put(a_household(commune=THANH_VINH)).status_code == 201
    assert list(reconcile(store)) == []
    assert [log.broken for log in verify_log(store) if log.broken] == []


def test_what_was_erased_stays_erased_though_a_state_was_lost(
    register: Register, store: Repositories, session_database: Documents
) -> None:
    gone = a_household()
    assert register.put(gone).status_code == 201
    request = register.client.post("/v1/requests", json={"kind": "erase", "household": gone["id"]}).get_json()
    assert register.client.post(f"/v1/requests/{request['id']}/carry-out").status_code == 200
    session_database[STATES].delete_one({"_id": THANH_VINH})
    assert register.put(gone).status_code == 410
    register.registered(commune=TRUONG_VINH)
    session_database[STATES].update_one({"_id": THANH_VINH}, {"$unset": {"erasures": ""}})
    assert list(repair_counters(store)) == [THANH_VINH]
    assert register.put(gone).status_code == 410


def test_reconciling_names_damaged_counters_and_repairs_those_of_communes(
    commanded_settings: Settings, own_store: Repositories, capsys: pytest.CaptureFixture[str]
) -> None:
    writing.register(own_store)
    writing.register(own_store, commune=TRUONG_VINH)
    states: Any = own_store.database[STATES]
    states.update_one({"_id": THANH_VINH}, {"$set": {"tallies": 7}})
    states.update_one({"_id": TRUONG_VINH}, {"$inc": {"tallies.unknown.registered": 3}})
    assert reconcile_command.main([]) == 1
    output = capsys.readouterr().out
    assert f"damaged: commune_states {THANH_VINH}: " in output
    assert f"registered: {TRUONG_VINH}: the register says 4, its records say 1" in output
    assert reconcile_command.main(["--repair"]) == 0
    output = capsys.readouterr().out
    assert all(f"repaired: the counters of commune {each} are" in output for each in (THANH_VINH, TRUONG_VINH))
    assert list(repair_counters(own_store)) == []
    assert [log.broken for log in verify_log(own_store) if log.broken] == []
    states.update_one({"_id": THANH_VINH}, {"$set": {"offset": 7}, "$inc": {"tallies.unknown.registered": 1}})
    assert reconcile_command.main(["--repair"]) == 0
    assert [log.commune for log in verify_log(own_store) if log.broken] == [THANH_VINH]


@pytest.mark.parametrize("damage", [{"tallies": None}, {"day": 7}, {"commune": None}, {"tallies": {"unknown": []}}])
def test_a_damaged_closing_of_a_day_leaves_the_one_before_it(
    own_store: Repositories, capsys: pytest.CaptureFixture[str], damage: Json
) -> None:
    for day in range(3):
        writing.register(own_store, NOW + timedelta(days=day))
    second = (NOW + timedelta(days=1)).date()
    before = [own_store.states.on(NOW.date() + timedelta(days=day)) for day in range(3)]
    assert [state.tallies["unknown"]["registered"] for (state,) in before] == [1, 2, 3]
    own_store.database["days"].update_one({"_id": f"{THANH_VINH}@{second}"}, {"$set": damage})
    after = [own_store.states.on(NOW.date() + timedelta(days=day)) for day in range(3)]
    assert [state.tallies["unknown"]["registered"] for (state,) in after] == [1, 1, 3]
    assert [state.day for state in own_store.states.days(NOW.date(), second)] == [NOW.date()]
    assert reconcile_command.main(["--repair"]) == 1
    assert f"damaged: days {THANH_VINH}@{second}: the closing before it counts" in capsys.readouterr().out
