"""People's requests over HTTP: steps at the same time, erasure beside them, damage, and what the trail says of them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import pytest
from bson.binary import Binary
from flask import Flask
from pymongo.database import Database

from service.people.requests import PeopleRequests
from tests.access.test_personal_data_over_http import person, received
from tests.api.asking import Register, problem
from tests.api.test_damaged_records import damage

NAME = "Hoàng Thị Biệt Danh"


def stepped(register: Register, request: str, step: str, **body: Any) -> Any:
    return register.client.post(f"/v1/requests/{request}/{step}", json=body or None)


def before_it_is_stored(monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], object]) -> None:
    """Let somebody else act once between the read of a request and the store of its next step."""
    stepped_as_before = PeopleRequests._stepped
    waiting = [meanwhile]

    def interrupted(requests: PeopleRequests, *arguments: Any) -> Any:
        changed = stepped_as_before(requests, *arguments)
        if waiting:
            waiting.pop()()
        return changed

    monkeypatch.setattr(PeopleRequests, "_stepped", interrupted)


def test_a_step_that_read_a_request_before_its_erasure_brings_no_name_back(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    household = person(register)["id"]
    view = received(register, household, "view", person=NAME, text="xem")["id"]
    erase = received(register, household, "erase", person=NAME)["id"]
    before_it_is_stored(monkeypatch, lambda: stepped(register, erase, "carry-out"))
    problem(stepped(register, view, "extend", reason=f"Chờ {NAME}"), 409, "request.closed")
    text = register.client.get("/v1/requests").text
    assert "Biệt Danh" not in text
    assert "xem" not in text


def test_two_steps_at_once_are_both_there(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    request = received(register, person(register)["id"], "view")["id"]
    before_it_is_stored(monkeypatch, lambda: stepped(register, request, "extend", reason="thứ nhất"))
    assert stepped(register, request, "acknowledge").status_code == 200
    after = register.json(f"/v1/requests/{request}")
    assert [step["what"] for step in after["steps"]] == ["received", "extended", "acknowledged"]
    assert (after["state"], after["extended_by"]) == ("acknowledged", 10)


def test_of_many_extensions_at_once_one_is_granted(register: Register, app: Flask) -> None:
    request = received(register, person(register)["id"], "view")["id"]

    def extend(number: int) -> int:
        another = Register(app.test_client())
        return int(stepped(another, request, "extend", reason=f"lý do {number}").status_code)

    with ThreadPoolExecutor(6) as threads:
        statuses = sorted(threads.map(extend, range(6)))
    assert statuses == [200, 409, 409, 409, 409, 409]
    assert len(register.json(f"/v1/requests/{request}")["steps"]) == 2


@pytest.mark.parametrize("step", ["refuse", "extend"])
def test_after_an_erasure_no_reason_is_written_about_its_people(register: Register, step: str) -> None:
    household = person(register)["id"]
    other = received(register, household, "correct", person=NAME)["id"]
    assert stepped(register, received(register, household, "erase")["id"], "carry-out").status_code == 200
    problem(stepped(register, other, step, reason=f"{NAME} đã xóa"), 409, "request.closed")
    assert register.json(f"/v1/requests/{other}")["state"] == "cancelled"


def test_an_erasure_that_was_interrupted_is_finished_by_the_next_call(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    household = person(register)["id"]
    erase = received(register, household, "erase", person=NAME)["id"]
    with monkeypatch.context() as broken:
        broken.setattr("service.storage.requests.MongoRequests.close_erased", lambda *_: 1 / 0)
        assert stepped(register, erase, "carry-out").status_code == 500
    assert stepped(register, erase, "carry-out").get_json()["state"] == "done"
    assert "Biệt Danh" not in register.client.get("/v1/requests").text


def test_a_damaged_household_can_be_erased(register: Register, session_database: Database[dict[str, Any]]) -> None:
    household = person(register)["id"]
    erase = received(register, household, "erase")["id"]
    damage(session_database, "households", household)
    assert stepped(register, erase, "carry-out").status_code == 200
    assert session_database["households"].count_documents({"_id": household}) == 0


def test_a_damaged_request_is_listed_without_its_texts_and_no_step_overwrites_them(
    register: Register, session_database: Database[dict[str, Any]]
) -> None:
    household = person(register)["id"]
    broken, whole = (received(register, household, "view", person=NAME, text="xem")["id"] for _ in range(2))
    sealed = session_database["requests"].find_one({"_id": broken})["person"]  # type: ignore[index]
    spoiled = Binary(bytes(sealed)[:-1] + bytes([sealed[-1] ^ 1]), sealed.subtype)
    session_database["requests"].update_one({"_id": broken}, {"$set": {"person": spoiled}})
    listed = {request["id"]: request for request in register.json("/v1/requests")["items"]}
    assert (listed[broken]["person"], listed[broken]["text"], listed[broken]["damaged"]) == (None, None, True)
    assert listed[whole]["person"] == NAME
    assert "damaged" not in listed[whole]
    problem(stepped(register, broken, "acknowledge"), 500, "store.damaged")
    assert session_database["requests"].find_one({"_id": broken})["person"] == spoiled  # type: ignore[index]


def test_the_trail_of_a_household_says_who_read_and_decided_its_people_s_requests(register: Register) -> None:
    household = person(register)["id"]
    view = received(register, household, "view")["id"]
    register.json("/v1/requests")
    register.json(f"/v1/requests/{view}")
    stepped(register, view, "acknowledge")
    stepped(register, received(register, household, "erase")["id"], "carry-out")
    lines = register.client.get(f"/v1/trail?household={household}").text.splitlines()
    actions = [orjson.loads(line)["action"] for line in lines]
    assert actions == ["households.write", *["requests.manage"] * 6]
