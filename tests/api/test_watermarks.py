"""A reader of ``updated_since`` who goes on from ``next_since`` misses nothing, whatever is committed when."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pymongo.read_concern import ReadConcern

from service.actor import REGISTER_ITSELF
from service.errors import WriteContention
from service.households.registration import parse, prepare, registration
from service.households.writer import COMPLETE_AFTER, OLDEST_STAMP
from service.people.person_request import RequestKind
from service.roles import Role
from service.storage.transaction import MongoTransaction
from service.units.directory import UnitDirectory
from service.wiring import Register as Services
from tests.api.asking import Register
from tests.api.signed_in import token_of
from tests.builders import NOW, TODAY, TRUONG_VINH, Json, MovedClock, a_household, an_id

BEGINNING = "2026-11-01T00:00:00Z"


def changed(register: Register, since: str, query: str = "", **headers: str) -> Json:
    page: Json = register.get(f"/v1/households?updated_since={since}{query}", **headers).get_json()
    return page


def ids(page: Json) -> list[str]:
    return [record["id"] for record in page["items"]]


def test_a_write_that_is_held_in_the_database_is_not_missed(
    register: Register, services: Services, directory: UnitDirectory, clock: MovedClock
) -> None:
    slow = a_household()
    content = parse(slow, slow["id"], today=TODAY)
    change = registration(prepare(content, slow["id"], directory=directory, now=clock()), at=clock(), actor="officer")
    database = services.store.database
    services.store.states.make([change.record["commune"]])
    with database.client.start_session() as session, session.start_transaction(ReadConcern("snapshot")):
        MongoTransaction(database.collections, session, database.encryption).apply([change])
        clock.pass_by(seconds=3)
        fast = register.registered(commune=TRUONG_VINH)
        page = changed(register, BEGINNING)
        assert ids(page) == [fast["id"]]
        clock.pass_by(seconds=1)
    assert slow["id"] not in ids(changed(register, fast["updated_at"]))  # from a household's own time it never comes
    assert ids(changed(register, page["next_since"])) == [slow["id"], fast["id"]]


def test_the_mark_lies_some_minutes_back_and_never_before_what_was_requested(register: Register) -> None:
    assert changed(register, BEGINNING)["next_since"] == "2026-11-23T01:57:00Z"
    assert changed(register, "2026-11-23T01:59:00Z")["next_since"] == "2026-11-23T01:59:00Z"
    assert "next_since" not in register.json("/v1/households")


def test_the_mark_of_many_pages_is_that_of_the_first(register: Register, clock: MovedClock) -> None:
    for _ in range(3):
        register.registered()
    page = first = changed(register, BEGINNING, "&limit=1")
    while page["cursor"]:
        clock.pass_by(hours=1)
        page = changed(register, BEGINNING, f"&limit=1&cursor={page['cursor']}")
        assert page["next_since"] == first["next_since"]
    assert clock() - NOW > timedelta(hours=1)


def test_what_cannot_be_read_yet_moves_the_mark_back(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.storage.households.Households._majority_lag", lambda _: timedelta(hours=1))
    assert changed(register, BEGINNING)["next_since"] == "2026-11-23T00:57:00Z"


def test_no_transaction_begins_with_an_old_stamp(
    services: Services, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = services.store.transactions.run

    def late(*arguments: object, **options: object) -> object:
        clock.pass_by(seconds=OLDEST_STAMP.total_seconds() + 1)
        return run(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(services.store.transactions, "run", late)
    household = a_household(id=an_id())
    with pytest.raises(WriteContention):
        services.households.put(household["id"], household, if_match=None, actor=REGISTER_ITSELF)
    assert services.store.households.known([household["id"]]) == {}
    assert OLDEST_STAMP < COMPLETE_AFTER


def test_what_is_lifted_comes_again_to_who_asks_what_changed(register: Register, clock: MovedClock) -> None:
    household = register.registered()["id"]
    request = register.client.post("/v1/requests", json={"kind": RequestKind.RESTRICT, "household": household})
    address = f"/v1/requests/{request.get_json()['id']}"
    register.client.post(f"{address}/carry-out")
    clock.pass_by(days=5)
    register.client.post(f"{address}/lift")
    token = token_of(register.client.application, Role.SYSTEM, scopes=("records:read",))
    since = "2026-11-28T00:00:00Z"
    assert ids(changed(register, since, Authorization=f"Bearer {token}")) == [household]
    assert ids(changed(register, since)) == []


def test_a_reader_that_asks_from_a_time_to_come_misses_nothing_the_next_time(register: Register) -> None:
    mark = changed(register, "2099-01-01T00:00:00Z")["next_since"]
    household = register.registered()["id"]
    assert ids(changed(register, mark)) == [household]
