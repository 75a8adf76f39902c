"""Who does not see a text learns by no write whether a guess of it is right."""

from __future__ import annotations

from itertools import chain, combinations
from typing import Any

import pytest
from flask import Flask

from service.access.account import Account
from service.access.gate import declared_on
from service.area import Area
from service.principal import principal, sights_for
from service.roles import SCOPES, Permission, Role, Sight
from service.unit_names import UnitId
from tests.api.asking import Register
from tests.builders import THANH_VINH, VINH_LOC, a_parcel, a_square

REASON, ADDRESS = "Bà Vi Thị An khai thiếu", "ngõ Bằng Lăng"
HOUSEHOLDS = ("/v1/households", "/v1/parcels", "/v1/requests", "/v1/changes")


def test_who_does_not_see_persons_holds_no_permission_to_write_content(app: Flask) -> None:
    """Writing content again says whether it is the same; so only those may write it who can read it."""
    held: set[Permission] = set()
    scopes = chain.from_iterable(combinations(SCOPES, size) for size in range(len(SCOPES) + 1))
    asked: list[tuple[Role, Sight | None, tuple[str, ...]]] = [(Role.SYSTEM, None, each) for each in scopes]
    asked += [(role, sight, ()) for role in Role for sight in (None, *sights_for(role))]
    for role, sight, some in asked:
        who = principal("1", "x", role, Area.whole(), sight=sight, scopes=some)
        if who.sight is not Sight.PERSONAL:
            held |= who.granted.keys()
    writing = {
        declared.permission
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}
        if rule.rule.startswith(HOUSEHOLDS) and (declared := declared_on(app.view_functions[rule.endpoint], method))
    }
    assert writing & held == {
        Permission.HOUSEHOLDS_SEARCH,
        Permission.PARCELS_CHECK,
        # What these four write is tried out below.
        Permission.HOUSEHOLDS_VERIFY,
        Permission.HOUSEHOLDS_WITHDRAW,
        Permission.HOUSEHOLDS_TRANSFER,
        Permission.PARCELS_SETTLE,
    }


def signed_in(register: Register, name: str, role: Role, sight: Sight | None = Sight.MASKED) -> dict[str, str]:
    guard = register.client.application.extensions["guard"]
    account = Account(name, name, role, (UnitId("40"),), created_at=guard.clock(), created_by="tests", sight=sight)
    guard.principals.store.add_account(account)
    return {"Authorization": f"Bearer {guard.tokens.issue(name)[0]}"}


def outcome(register: Register, who: dict[str, str], method: str, address: str, body: Any, match: int | None) -> Any:
    """What a request came to: the status, and the code of a problem or the revision of a record."""
    headers = who if match is None else {**who, "If-Match": f'"{match}"'}
    response = register.client.open(address, method=method, json=body, headers=headers)
    found = response.get_json()
    assert REASON not in response.text
    assert ADDRESS not in response.text
    return response.status_code, found.get("code"), found.get("revision")


STEPS = {
    "withdraw": ("DELETE", "", Role.OFFICER),
    "return": ("POST", "/return", Role.LEADER),
}


@pytest.mark.parametrize("match", [None, 1, 2])
@pytest.mark.parametrize("step", STEPS)
def test_the_reason_of_a_step_cannot_be_guessed(register: Register, step: str, match: int | None) -> None:
    method, path, role = STEPS[step]
    whole, masked = signed_in(register, "whole", role, None), signed_in(register, "masked", Role.LEADER)

    def guessed(reason: str) -> Any:
        address = f"/v1/households/{register.registered()['id']}{path}"
        taken = register.client.open(address, method=method, json={"reason": REASON}, headers=whole)
        assert taken.status_code == 200
        return outcome(register, masked, method, address, {"reason": reason}, match)

    right, wrong = guessed(REASON), guessed("khác")
    assert right == wrong
    if step == "return" and match != 1:  # any reason replaces the one before, also where it is the same
        assert right == (200, None, 3)
    else:
        assert right[0] in (409, 412)


@pytest.mark.parametrize("match", [None, 1, 2])
@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_the_same_account_sends_again_is_the_same_write(
    register: Register, step: str, match: int | None
) -> None:
    method, path, _ = STEPS[step]
    address = f"/v1/households/{register.registered()['id']}{path}"
    masked = signed_in(register, "masked", Role.LEADER)
    sent = register.client.open(address, method=method, json={"reason": "gõ nhầm"}, headers=masked)
    assert (sent.status_code, sent.get_json()["revision"]) == (200, 2)
    again = outcome(register, masked, method, address, {"reason": "gõ nhầm"}, match)
    assert again == (200, None, 2)


def test_it_is_the_same_write_also_after_a_revision_of_the_register_itself(register: Register) -> None:
    field, beside = ([a_parcel(geometry=a_square(east, 18.676))] for east in (105.664, 105.6642))
    address = f"/v1/households/{register.registered(parcels=field)['id']}/return"
    masked = signed_in(register, "masked", Role.LEADER)
    assert outcome(register, masked, "POST", address, {"reason": "gõ nhầm"}, None) == (200, None, 2)
    register.registered(parcels=beside)
    assert outcome(register, masked, "POST", address, {"reason": "gõ nhầm"}, None) == (200, None, 3)
    again = outcome(register, masked, "POST", address, {"reason": "khác"}, None)
    assert again == (200, None, 4)  # a correction


@pytest.mark.parametrize("match", [None, 1, 2])
def test_the_address_of_a_household_that_was_moved_cannot_be_guessed(register: Register, match: int | None) -> None:
    record = register.registered(commune=THANH_VINH)
    address, residence = f"/v1/households/{record['id']}/transfer", {"commune": VINH_LOC, "village": "Khối 3"}
    whole = signed_in(register, "whole", Role.SUPERVISOR, None)
    moved = register.client.post(address, json={**residence, "address": ADDRESS}, headers=whole)
    assert moved.status_code == 200, moved.text
    masked = signed_in(register, "masked", Role.SUPERVISOR)
    right, wrong = (
        outcome(register, masked, "POST", address, {**residence, "address": guess}, match)
        for guess in (ADDRESS, "số 1")
    )
    assert right == wrong
    again = register.client.post(address, json={**residence, "address": ADDRESS}, headers=whole)
    assert (again.status_code, again.get_json()["revision"]) == (200, 2)


def test_why_an_overlap_was_settled_cannot_be_guessed(register: Register) -> None:
    parcels = [[a_parcel(geometry=a_square(east, 18.676))] for east in (105.664, 105.6642)]
    record, _ = (register.registered(parcels=each) for each in parcels)
    address = f"/v1/parcels/{record['parcels'][0]['id']}/settle"
    assert register.client.post(address, json={"reason": REASON}).status_code == 200
    masked = signed_in(register, "masked", Role.SUPERVISOR)
    guesses = [outcome(register, masked, "POST", address, {"reason": guess}, None) for guess in (REASON, "khác")]
    assert guesses == [(409, "parcel.nothing-to-settle", None)] * 2
