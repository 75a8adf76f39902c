"""A damaged account or session costs nobody else anything: it is named, and cannot be used to do more than before."""

from __future__ import annotations

from typing import Any

import pytest

from service.access.account import Session
from service.commands import accounts as accounts_command
from service.errors import StoreDamaged
from service.settings import Settings
from service.storage.accounts import MongoAccounts
from service.storage.repositories import Repositories
from tests.api.asking import Register, problem
from tests.api.damaging import WRONG, Documents
from tests.builders import NOW

ACCOUNTS = "accounts"
OPTIONAL = {"full_name", "devices", "external", "updated_at"}


def created(register: Register, name: str) -> dict[str, Any]:
    body = {"username": name, "role": "officer", "area": ["16681"]}
    made: dict[str, Any] = register.client.post("/v1/accounts", json=body).get_json()
    return made


def test_any_damage_of_an_account_closes_no_list_and_no_other_account(
    register: Register, session_database: Documents
) -> None:
    one, other = created(register, "mot"), created(register, "hai")
    accounts = session_database[ACCOUNTS]
    whole = accounts.find_one({"_id": one["id"]}) or {}
    items = sorted(whole.keys() - {"_id", "name", "external"})
    changes: list[dict[str, Any]] = [{"$unset": {item: ""}} for item in items if item not in OPTIONAL]
    changes += [{"$set": {item: WRONG[number % 5 + 3]}} for number, item in enumerate(items)]
    changes += [{"$set": {"role": "king"}}, {"$set": {"area": [7]}}, {"$set": {"external": {"issuer": "x"}}}]
    named = 0
    for change in changes:
        accounts.update_one({"_id": one["id"]}, change)
        page = register.json("/v1/accounts")
        assert other["id"] in {each["id"] for each in page["items"]}, change
        response = register.get(f"/v1/accounts/{one['id']}")
        if found := MongoAccounts(session_database).damaged_accounts():
            named += 1
            problem(response, 500, "store.damaged")
            assert one["id"] not in {each["id"] for each in page["items"]}
            # To whom it may be named is known only by its area; the whole register's administrators see every one.
            assert page.get("damaged") == (None if found[0].area is None else [one["id"]])
        else:
            assert response.status_code == 200, change
        secret = {"grant_type": "password", "username": "hai", "password": other["password"]}
        assert register.client.post("/v1/token", json=secret).status_code == 200
        accounts.replace_one({"_id": one["id"]}, whole)
    assert named >= len(changes) - 4
    assert "damaged" not in register.json("/v1/accounts")


def test_a_damaged_session_is_none_and_the_others_of_its_account_are_there(own_store: Repositories) -> None:
    store, sessions = MongoAccounts(own_store.database.mongo), own_store.database.mongo["sessions"]
    damages: list[dict[str, Any]] = [{}, {"$set": {"used": None}}, {"$set": {"expires_at": "?"}}]
    damages.append({"$unset": {"revoked_at": ""}})
    for number, damage in enumerate(damages):
        store.add_session(Session(str(number), "a", "x", NOW, NOW, NOW))
        if damage:
            sessions.update_one({"_id": str(number)}, damage)
    assert [each.id for each in store.sessions_of("a")] == ["0"]
    assert [store.session(str(number)) is None for number in range(4)] == [False, True, True, True]


def test_scripts_accounts_names_a_damaged_account(
    commanded_settings: Settings, own_store: Repositories, capsys: pytest.CaptureFixture[str]
) -> None:
    accounts = own_store.database.mongo[ACCOUNTS]
    accounts.insert_one({"_id": "damaged", "name": "damaged", "username": 7})
    assert accounts_command.main(["list"]) == 0
    assert "account damaged is stored damaged" in capsys.readouterr().err
    with pytest.raises(StoreDamaged):
        own_store.accounts.account("damaged")
