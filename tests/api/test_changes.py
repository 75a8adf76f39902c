"""The feed over HTTP: every accepted write once, in each commune's order, from any cursor on."""

from __future__ import annotations

import base64
import json
import time
from threading import BoundedSemaphore, Timer
from typing import Any

import pytest

from service.api.http.feed_cursor import written_offsets
from service.api.resources import changes as feed
from service.roles import Role
from tests.api.asking import Register, problem
from tests.builders import COMMUNES, THANH_VINH, TRUONG_VINH, Json


def read(
    register: Register, limit: int = 100, after: str | None = None, more_query: str = ""
) -> tuple[list[Json], str]:
    """All changes behind a cursor, page by page; and the cursor behind them."""
    changes: list[Json] = []
    while True:
        cursor = "" if after is None else f"&after={after}"
        page = register.json(f"/v1/changes?limit={limit}{cursor}{more_query}")
        changes.extend(page["changes"])
        after = page["cursor"]
        if not page["more"]:
            assert after is not None
            return changes, after


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_each_write_comes_once_whatever_the_limit(register: Register, limit: int) -> None:
    records = [register.registered(commune=commune) for commune in COMMUNES for _ in range(2)]
    register.step(records[0]["id"], "verify")
    changes, _ = read(register, limit)
    keys = [(change["commune"], change["offset"]) for change in changes]
    assert len(keys) == len(set(keys)) == 7
    for commune in COMMUNES:
        offsets = [offset for each, offset in keys if each == commune]
        assert offsets == list(range(1, len(offsets) + 1))


def test_the_feed_is_followed_by_its_links_as_any_list(register: Register) -> None:
    records = [register.registered(commune=commune) for commune in COMMUNES]
    address, found = f"/v1/changes?limit=1&commune={THANH_VINH}", []
    register.step(records[0]["id"], "verify")
    while address:
        response = register.get(address)
        found += [(change["household"], change["kind"]) for change in response.get_json()["changes"]]
        address, _, _ = response.headers.get("Link", "").strip("<").partition(">; rel=")
    assert found == [(records[0]["id"], "registered"), (records[0]["id"], "verified")]


def test_a_change_says_what_happened_to_whom(register: Register) -> None:
    record = register.registered()
    register.step(record["id"], "return", {"reason": "Thiếu xóm"})
    (first, second), _ = read(register)
    assert first["record"] == record
    assert (second["kind"], second["household"], second["revision"]) == ("returned", record["id"], 2)
    assert second["note"] == {"reason": "Thiếu xóm"}
    assert first["hash"] != second["hash"]


def test_a_transfer_stands_twice_and_without_its_record_where_it_left(register: Register) -> None:
    record = register.registered()
    register.step(record["id"], "transfer", {"commune": TRUONG_VINH})
    moved = [change for change in read(register)[0] if change["kind"] == "transferred"]
    assert [(change["commune"], change["record"] is None) for change in moved] == [
        (THANH_VINH, True),
        (TRUONG_VINH, False),
    ]


def test_of_a_household_that_left_the_area_its_officers_get_no_earlier_entry(register: Register) -> None:
    record = register.registered()
    register.step(record["id"], "return", {"reason": "Thiếu xóm của ông An"})
    register.step(record["id"], "transfer", {"commune": TRUONG_VINH})
    left = register.seen_by(Role.OFFICER, THANH_VINH, "/v1/changes")["changes"]
    assert [(change["kind"], change["offset"]) for change in left] == [
        ("registered", 1),
        ("returned", 2),
        ("transferred", 3),
    ]
    assert [(change["record"], change["note"]) for change in left] == [
        (None, None),
        (None, None),
        (None, {"from": THANH_VINH, "to": TRUONG_VINH}),
    ]


def test_a_household_that_comes_back_to_the_area_is_in_its_feed_again(register: Register) -> None:
    record = register.registered()
    for commune in (TRUONG_VINH, THANH_VINH):
        register.step(record["id"], "transfer", {"commune": commune})
    changes = register.seen_by(Role.OFFICER, THANH_VINH, "/v1/changes")["changes"]
    assert [change["record"] is None for change in changes] == [False, True, False]


def test_from_a_cursor_on_only_what_came_after(register: Register) -> None:
    register.registered()
    _, cursor = read(register)
    assert read(register, after=cursor) == ([], cursor)
    record = register.registered(commune=TRUONG_VINH)
    changes, _ = read(register, after=cursor)
    assert [change["household"] for change in changes] == [record["id"]]


def test_one_communes_log_can_be_read_alone(register: Register) -> None:
    for commune in COMMUNES:
        register.registered(commune=commune)
    changes, cursor = read(register, more_query=f"&commune={TRUONG_VINH}")
    assert [change["commune"] for change in changes] == [TRUONG_VINH]
    rest, _ = read(register, after=cursor)
    assert TRUONG_VINH not in {change["commune"] for change in rest}


def test_waiting_ends_as_soon_as_there_is_a_change(register: Register) -> None:
    _, cursor = read(register)
    writing = Timer(0.5, register.registered)
    began = time.monotonic()
    writing.start()
    page = register.json(f"/v1/changes?after={cursor}&wait=20")
    writing.join()
    assert len(page["changes"]) == 1
    assert time.monotonic() - began < 20


def test_when_the_queue_is_full_the_next_request_gets_its_response_at_once(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = BoundedSemaphore(1)
    full.acquire()
    monkeypatch.setattr(feed, "waiting", full)
    monkeypatch.setattr(feed, "_waited_for", lambda *_: pytest.fail("it waits all the same"))
    assert register.json("/v1/changes?wait=30")["changes"] == []


def test_waiting_for_nothing_ends_after_its_time(register: Register) -> None:
    began = time.monotonic()
    assert register.json("/v1/changes?wait=1")["changes"] == []
    assert 1 <= time.monotonic() - began < 20


@pytest.mark.parametrize(
    "position", [[1], "x", None, {"16681": "1"}, {"16681": -1}, {"16681": True}, {"16681": 1.5}, {"16681": {"$gt": 0}}]
)
def test_a_forged_cursor_is_refused(register: Register, position: Any) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps(position).encode()).decode()
    refused = problem(register.get(f"/v1/changes?after={cursor}"), 422, "cursor.invalid")
    assert [error["pointer"] for error in refused["errors"]] == ["/after"]


def test_a_cursor_behind_the_end_of_a_log_is_refused_and_says_where_it_ends(register: Register) -> None:
    register.registered()
    _, cursor = read(register)
    assert register.get(f"/v1/changes?after={cursor}").status_code == 200
    ahead = written_offsets({"16681": 999})
    refused = problem(register.get(f"/v1/changes?after={ahead}"), 422, "cursor.ahead")
    assert "16681" in refused["detail"]
    assert "999" in refused["detail"]
    assert "số 1," in refused["detail"]
    assert register.get(f"/v1/changes?after={ahead}&commune=16690").status_code == 200  # that log is not read


def test_what_is_no_cursor_at_all_is_pointed_at_where_it_was_given(register: Register) -> None:
    refused = problem(register.get("/v1/changes?after=bad"), 422, "cursor.invalid")
    assert [error["pointer"] for error in refused["errors"]] == ["/after"]


@pytest.mark.parametrize("position", [{"16681": 2**64 - 1}, {"$where": 1}, {"": 0}])
def test_a_cursor_from_nowhere_finds_nothing_wrong(register: Register, position: Any) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps(position).encode()).decode()
    assert register.get(f"/v1/changes?after={cursor}").status_code in {200, 422}


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "wait=31", "wait=-1", "commune=x", "commune=99999", "after=%00", "colour=red"]
)
def test_a_feed_that_cannot_be_read_is_refused(register: Register, query: str) -> None:
    assert register.get(f"/v1/changes?{query}").status_code == 422


@pytest.mark.parametrize("code", ["40", "412"])
def test_the_feed_is_of_a_commune_and_refuses_the_code_of_another_unit_for_that(register: Register, code: str) -> None:
    problem = register.get(f"/v1/changes?commune={code}", accept_language="en").get_json()
    assert (problem["code"], "00000…99999" in problem["detail"]) == ("query.invalid", True)
