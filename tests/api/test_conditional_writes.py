"""The corners of conditional writes: If-None-Match, withdrawn and erased households, a return that is corrected."""

from __future__ import annotations

import pytest
from werkzeug.test import TestResponse

from service.actor import REGISTER_ITSELF
from service.app import register_of
from service.households.erasure import Erasure
from service.roles import Role
from service.wiring import Register as Parts
from tests.api.asking import Register, problem
from tests.api.signed_in import token_of
from tests.builders import (
    TRUONG_VINH,
    Json,
    a_head,
    a_household,
    a_member,
    a_parcel,
    a_personal_number,
    a_square,
    an_id,
)

NEW_ONLY = {"If-None-Match": "*"}


def put_new(register: Register, household: Json, **headers: str) -> TestResponse:
    address = f"/v1/households/{household['id']}"
    return register.client.put(address, json=household, headers={**NEW_ONLY, **headers})


def test_a_write_that_must_be_the_first_is_refused_for_a_known_id(register: Register) -> None:
    household = a_household()
    assert put_new(register, household).status_code == 201
    for sent in (household, household | {"village": "Khối 4"}):
        refused = problem(put_new(register, sent), 412, "household.exists")
        assert (refused["current"]["id"], refused["current"]["revision"]) == (household["id"], 1)
    problem(put_new(register, household, **{"If-Match": '"1"'}), 412, "household.exists")
    assert len(register.history(household["id"])) == 1


@pytest.mark.parametrize("given", ['"1"', 'W/"1"', "", "* , *"])
def test_if_none_match_of_a_write_is_a_star_or_nothing(register: Register, given: str) -> None:
    refused = put_new(register, a_household(), **{"If-None-Match": given})
    problem(refused, 400, "precondition.invalid")


def test_a_known_id_in_another_area_is_not_revealed(register: Register) -> None:
    household = register.registered()
    token = token_of(register.client.application, Role.OFFICER, TRUONG_VINH)
    sent = a_household(id=household["id"], commune=TRUONG_VINH)
    problem(put_new(register, sent, Authorization=f"Bearer {token}"), 404, "household.not-found")


# Withdrawn


def test_no_write_reads_as_if_a_withdrawn_household_were_there(register: Register) -> None:
    household = a_household()
    register.put(household)
    revised = household | {"village": "Khối 4"}
    register.put(revised, if_match=1)
    register.withdraw(household["id"])
    first, last = register.put(household), register.put(revised, if_match=1)
    patches = [register.patch(household["id"], {"village": "Khối 5"}, if_match=named) for named in (None, 1, 3)]
    for response in (first, last, register.put(household, if_match=3), *patches):
        current = problem(response, 409, "household.withdrawn")["current"]
        assert (current["status"], current["revision"], current["status_reason"]) == ("withdrawn", 3, "moved_away")
    problem(put_new(register, household), 412, "household.exists")
    assert len(register.history(household["id"])) == 3


@pytest.mark.parametrize("tongue", ["vi", "en"])
def test_who_follows_the_advice_brings_the_family_back(register: Register, tongue: str) -> None:
    household = a_household()
    register.put(household)
    register.withdraw(household["id"])
    address = f"/v1/households/{household['id']}"
    response = register.client.put(address, json=household, headers={"Accept-Language": tongue})
    refused = problem(response, 409, "household.withdrawn")
    assert ("new id" if tongue == "en" else "mã mới") in refused["detail"]
    content = {name: value for name, value in refused["current"].items() if name != "id"}
    again = register.client.post("/v1/households", json=content)
    assert again.status_code == 201, again.text
    assert (again.get_json()["status"], again.get_json()["head"]) == ("submitted", household["head"])
    assert register.patch(again.get_json()["id"], {"village": "Khối 4"}, if_match=1).status_code == 200


def test_a_post_knows_the_same_conditions_as_a_put(register: Register) -> None:
    household = a_household()
    assert register.client.post("/v1/households", json=household, headers={"If-None-Match": "*"}).status_code == 201
    again = register.client.post("/v1/households", json=household, headers={"If-None-Match": "*"})
    problem(again, 412, "household.exists")
    stale = register.client.post("/v1/households", json={**household, "village": "x"}, headers={"If-Match": '"77"'})
    problem(stale, 412, "household.stale")
    assert stale.headers["Sight"] == "personal"  # of the record that the problem carries


# Erased


def test_an_erased_household_is_gone_for_reading_as_for_writing(register: Register) -> None:
    household = a_household()
    register.put(household)
    parts = parts_of(register)
    Erasure(parts.store.transactions, parts.clock).erase(household["id"], actor=REGISTER_ITSELF)
    address = f"/v1/households/{household['id']}"
    for response in (
        register.get(address),
        register.get(f"{address}/history"),
        register.put(household),
        register.put(household, if_match=1),
        register.patch(household["id"], {"village": "x"}, if_match=1),
        register.withdraw(household["id"]),
        register.step(household["id"], "verify"),
    ):
        problem(response, 410, "household.erased")
    elsewhere = f"Bearer {token_of(register.client.application, Role.OFFICER, TRUONG_VINH)}"
    problem(register.get(address, Authorization=elsewhere), 404, "household.not-found")
    there = {**household, "commune": TRUONG_VINH}
    for headers in ({}, {"If-None-Match": "*"}):
        headers["Authorization"] = elsewhere
        problem(register.client.put(address, json=there, headers=headers), 404, "household.not-found")
        problem(register.client.post("/v1/households", json=there, headers=headers), 404, "household.not-found")
    problem(register.get(f"/v1/households/{an_id()}"), 404, "household.not-found")


def test_the_entry_of_an_erasure_says_nothing_of_its_neighbours(register: Register) -> None:
    plots = [[a_parcel(geometry=a_square(east, 18.676))] for east in (105.664, 105.6642)]
    here, beside = (register.registered(parcels=plot) for plot in plots)
    register.client.post(f"/v1/parcels/{here['parcels'][0]['id']}/settle", json={"reason": "Hai bên đồng ý"})
    parts = parts_of(register)
    Erasure(parts.store.transactions, parts.clock).erase(here["id"], actor=REGISTER_ITSELF)
    (entry,) = [each for each in register.json("/v1/changes")["changes"] if each["kind"] == "erased"]
    assert entry["note"] is None
    log = parts.store.database["log"]
    assert log.find_one({"household": here["id"], "note.redacted": {"$exists": True}}) is not None
    assert log.find_one({"household": beside["id"], "redacted_by": here["id"]}) is not None


# Returned


def test_a_leader_corrects_the_reason_of_a_return(register: Register) -> None:
    household = register.registered()["id"]
    for reason, revision in (("Thiếu thửa", 2), ("Thiếu thửa đất số 12", 3), ("Thiếu thửa đất số 12", 3)):
        returned = register.step(household, "return", {"reason": reason}).get_json()
        assert (returned["status"], returned["status_reason"], returned["revision"]) == ("returned", reason, revision)
    kinds = [entry["kind"] for entry in register.history(household)]
    assert kinds == ["returned", "returned", "registered"]


# A confirmation belongs to its number


def confirmed(register: Register) -> Json:
    head = a_head(sex="female") | {"national_id": a_personal_number("male"), "national_id_confirmed": True}
    return register.registered(head=head)


def test_a_new_number_is_not_confirmed_by_the_confirmation_of_the_old_one(register: Register) -> None:
    record = confirmed(register)
    number = a_personal_number("female")
    whole = record | {"head": record["head"] | {"national_id": number}}
    for _ in range(2):  # the second is a retry
        response = register.put(whole, if_match=1)
        assert (response.status_code, response.get_json()["revision"]) == (200, 2)
        assert "national_id_confirmed" not in response.get_json()["head"]
    other = confirmed(register)
    patched = register.patch(other["id"], {"head": {"national_id": a_personal_number("female")}}, if_match=1)
    assert "national_id_confirmed" not in patched.get_json()["head"]


def test_a_new_number_that_contradicts_is_taken_with_its_confirmation_as_a_finding(register: Register) -> None:
    record = confirmed(register)
    whole = record | {"head": record["head"] | {"national_id": a_personal_number("male")}}
    corrected = register.put(whole, if_match=1)
    assert corrected.status_code == 200, corrected.text
    assert corrected.get_json()["head"]["national_id_confirmed"] is True
    assert "/head/national_id" in [finding["pointer"] for finding in corrected.get_json()["findings"]]


def test_a_patch_of_a_confirmed_number_has_to_confirm_the_new_one(register: Register) -> None:
    record = confirmed(register)
    number = a_personal_number("male")
    problem(register.patch(record["id"], {"head": {"national_id": number}}, if_match=1), 422, "household.invalid")
    confirming = {"head": {"national_id": number, "national_id_confirmed": True}}
    for _ in range(2):  # the second is a retry
        patched = register.patch(record["id"], confirming, if_match=1)
        assert (patched.status_code, patched.get_json()["revision"]) == (200, 2), patched.text
        assert patched.get_json()["head"]["national_id_confirmed"] is True


def test_a_confirmation_of_what_contradicts_nothing_is_not_stored(register: Register) -> None:
    agreeing = a_head() | {"national_id_confirmed": True}
    member = a_member(national_id=a_personal_number("female", 1980), national_id_confirmed=True)
    household = a_household(head=agreeing, members=[member])
    for status in (201, 200):  # the second is a retry
        stored = register.put(household)
        assert stored.status_code == status
        assert "national_id_confirmed" not in stored.get_json()["head"] | stored.get_json()["members"][0]


@pytest.mark.parametrize(
    ("patch", "stays"),
    [
        ({"birth_date": "1979"}, None),
        ({"birth_date": None}, None),
        ({"birth_date": "1978-05"}, True),
        ({"phone": "0912345678"}, True),
        ({"sex": "male"}, False),
        ({"birth_date": "1979", "national_id_confirmed": True}, True),
    ],
)
def test_a_confirmation_falls_with_what_it_compared(register: Register, patch: Json, stays: bool | None) -> None:
    number = a_personal_number("male")
    head = a_head(sex="female", birth_date="1978-05-02") | {"national_id": number, "national_id_confirmed": True}
    record = register.registered(head=head)
    patched = register.patch(record["id"], {"head": patch}, if_match=1)
    if stays is None:
        problem(patched, 422, "household.invalid")
        return
    assert patched.get_json()["head"].get("national_id_confirmed", False) is stays


def test_a_confirmation_stays_while_its_number_does(register: Register) -> None:
    record = confirmed(register)
    renamed = register.put(record | {"head": record["head"] | {"full_name": "Nguyễn Thị Bình"}}, if_match=1)
    assert renamed.get_json()["head"]["national_id_confirmed"] is True
    member = record["head"] | {"full_name": "Nguyễn Thị Cúc", "relation": "spouse"}
    moved = a_head() | {"full_name": "Trần Văn Dần"}
    swapped = register.put(record | {"head": moved, "members": [member]}, if_match=2)
    assert swapped.status_code == 200, swapped.text
    assert swapped.get_json()["members"][0]["national_id_confirmed"] is True


def parts_of(register: Register) -> Parts:
    return register_of(register.client.application)
