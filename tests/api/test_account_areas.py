"""Whatever becomes of its units' codes, an account has the communes of these and of their successors, no others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import pytest

from service.access.accounts import NewAccount
from service.app import register_of
from service.principal import register_itself
from service.roles import Role
from service.settings import Settings
from tests.api.asking import Register
from tests.api.signed_in import token_of
from tests.apps import opened_app
from tests.builders import TODAY, Json, MovedClock
from tests.units.lists import a_line
from tests.units.registers import BEGUN, DAY_BEFORE, ENDED, load, two_communes

pytestmark = pytest.mark.slow  # together they take more than a second of a processor

HA_TINH: Final = a_line("42", kind="tỉnh", level="province", parent="")
FIRST, SECOND, PROVINCE = "90001", "90002", "40"
PASSWORD: Final = "Lúa chín vàng đồng"
LISTS: Final = {
    "used again": (
        a_line("90001", **ENDED, successor="90002"),
        a_line("90001", **BEGUN, name_vi="Mới"),
        a_line("90002"),
    ),
    "merged": (
        a_line("90001", **ENDED, successor="90003"),
        a_line("90002", **ENDED, successor="90003"),
        a_line("90003", **BEGUN),
    ),
    "split": (
        a_line("90001", **ENDED, successor="90001;90003"),
        a_line("90001", **BEGUN, name_vi="Một"),
        a_line("90003", **BEGUN, name_vi="Ba"),
    ),
    "recoded": (a_line("90001", **ENDED, successor="90004"), a_line("90004", **BEGUN)),
    "moved": (a_line("90001", **ENDED, successor="90001"), a_line("90001", **BEGUN, parent="42")),
    "ended": (a_line("90001", **ENDED),),
}


@pytest.fixture
def register(own_settings: Settings) -> Iterator[Register]:
    """A register with two more communes and a second province."""
    with opened_app(replace(own_settings, units_refresh_seconds=0.0), MovedClock()) as app:
        load(register_of(app), *two_communes(), HA_TINH)
        yield Register(app.test_client())


def an_account(register: Register, code: str) -> Json:
    """A new officer of a unit, who has a password."""
    guard = register.client.application.extensions["guard"]
    new = NewAccount(f"can.bo.{code}", Role.OFFICER, (code,), password=PASSWORD, must_change_password=False)
    return as_read(register, guard.accounts.create(new, register_itself()).account.id)


def as_read(register: Register, account: str) -> Json:
    """An account as its administrator reads it."""
    read: Json = register.json_of(register.client.get(f"/v1/accounts/{account}", headers=administrator(register)))
    return read


def administrator(register: Register) -> dict[str, str]:
    """The administrator of the whole register."""
    return {"Authorization": f"Bearer {token_of(register.client.application, Role.ADMINISTRATOR, '*')}"}


def signed_in(register: Register, account: Json) -> dict[str, str]:
    guard = register.client.application.extensions["guard"]
    guard.principals.forget()
    return {"Authorization": f"Bearer {guard.tokens.issue(account['id'])[0]}"}


def communes(register: Register, account: Json) -> list[str]:
    """The codes of the account's communes of today that the test is about."""
    session = register.client.get("/v1/session", headers=signed_in(register, account)).get_json()
    return [code for code in session["communes"] if code.startswith("900")]


def seen(register: Register, account: Json) -> set[str]:
    page = register.client.get("/v1/households?limit=1000", headers=signed_in(register, account)).get_json()
    return {each["id"] for each in page["items"]}


@pytest.mark.parametrize(
    ("what", "of_first", "of_second", "of_province"),
    [
        ("used again", ["90002"], ["90002"], ["90001", "90002"]),
        ("merged", ["90003"], ["90003"], ["90003"]),
        ("split", ["90001", "90003"], ["90002"], ["90001", "90002", "90003"]),
        ("recoded", ["90004"], ["90002"], ["90002", "90004"]),
        ("moved", ["90001"], ["90002"], ["90002"]),
        ("ended", [], ["90002"], ["90002"]),
    ],
)
def test_an_account_follows_its_units_and_nobody_elses(
    register: Register, what: str, of_first: list[str], of_second: list[str], of_province: list[str]
) -> None:
    first, second, province = (an_account(register, code) for code in (FIRST, SECOND, PROVINCE))
    here, there = (register.registered(commune=code)["id"] for code in (FIRST, SECOND))
    load(register_of(register.client.application), *LISTS[what], HA_TINH)
    accounts = (first, of_first), (second, of_second), (province, of_province)
    assert [communes(register, account) for account, _ in accounts] == [expected for _, expected in accounts]
    together = what in ("used again", "merged")
    assert seen(register, first) == ({here, there} if together else set() if what == "ended" else {here})
    assert seen(register, second) == ({here, there} if together else {there})
    assert seen(register, province) == ({there} if what == "moved" else {here, there})


@pytest.mark.parametrize(
    ("what", "code", "day", "ended"),
    [
        ("used again", "90001", DAY_BEFORE, []),
        ("merged", "90001", DAY_BEFORE, []),
        ("split", "90001", DAY_BEFORE, []),
        ("recoded", "90004", TODAY.isoformat(), []),
        ("moved", "90001", TODAY.isoformat(), []),
        ("ended", "90001", DAY_BEFORE, ["90001"]),
    ],
)
def test_an_area_is_shown_as_codes_with_a_day_on_which_they_mean_its_units(
    register: Register, what: str, code: str, day: str, ended: list[str]
) -> None:
    account = an_account(register, FIRST)
    assert (account["area"], account["area_as_of"]) == ([FIRST], [TODAY.isoformat()])
    load(register_of(register.client.application), *LISTS[what], HA_TINH)
    shown = as_read(register, account["id"])
    assert (shown["area"], shown["area_as_of"], shown["area_ended"]) == ([code], [day], ended)
    session = register.client.get("/v1/session", headers=signed_in(register, account)).get_json()
    assert (session["area"], session["area_ended"]) == ([code], ended)
    if not ended:
        again = {"area": shown["area"], "area_as_of": day}
        address, headers = f"/v1/accounts/{account['id']}", administrator(register)
        assert register.client.patch(address, json=again, headers=headers).status_code == 200
        assert as_read(register, account["id"])["area_as_of"] == [day]
