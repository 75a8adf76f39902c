"""The workflow over HTTP: verified, returned, transferred, and the history that shows it."""

from __future__ import annotations

from typing import Any

import pytest

from service.roles import Role
from tests.api.asking import Register, pointers, problem
from tests.api.signed_in import token_of
from tests.builders import THANH_VINH, TRUONG_VINH, VINH_LOC, Json, MovedClock, a_head


def test_a_submitted_household_is_verified(register: Register) -> None:
    record = register.registered()
    response = register.step(record["id"], "verify")
    assert (response.status_code, response.headers["ETag"]) == (200, '"2"')
    assert response.get_json()["status"] == "verified"


def test_verifying_again_writes_nothing(register: Register) -> None:
    record = register.registered()
    for precondition in (1, None, 1, 2):
        response = register.step(record["id"], "verify", if_match=precondition)
        assert (response.status_code, response.get_json()["revision"]) == (200, 2)


def test_a_household_is_returned_with_a_reason(register: Register) -> None:
    record = register.registered()
    register.step(record["id"], "verify")
    for _ in range(2):
        returned = register.step(record["id"], "return", {"reason": "Thiếu xóm"}, if_match=2).get_json()
        assert (returned["status"], returned["status_reason"], returned["revision"]) == ("returned", "Thiếu xóm", 3)


def test_a_returned_household_that_is_revised_has_no_reason_any_more(register: Register) -> None:
    record = register.registered()
    returned = register.step(record["id"], "return", {"reason": "Thiếu xóm"}).get_json()
    revised = register.put(returned | {"village": "Khối 4"}, if_match=2).get_json()
    assert revised["status"] == "submitted"
    assert "status_reason" not in revised


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": ["x"]}])
def test_a_return_needs_a_reason(register: Register, body: Any) -> None:
    record = register.registered()
    problem(register.step(record["id"], "return", body), 422, "reason.required")


def test_a_return_takes_nothing_but_a_reason(register: Register) -> None:
    record = register.registered()
    body = problem(register.step(record["id"], "return", {"reason": "x", "a/b": 1}), 422, "body.unknown-item")
    assert pointers(body) == [("/a~1b", "body.unknown-item")]
    problem(register.step(record["id"], "return", ["x"]), 422, "body.not-an-object")


def test_a_verified_household_can_be_returned_and_the_reason_then_corrected(register: Register) -> None:
    record = register.registered()
    register.step(record["id"], "verify")
    for reason in ("Thiếu xóm", "Sai tên"):
        returned = register.step(record["id"], "return", {"reason": reason})
        assert (returned.status_code, returned.get_json()["status_reason"]) == (200, reason)


def test_a_step_from_a_stale_revision_is_refused(register: Register) -> None:
    record = register.registered()
    register.put(record | {"village": "Khối 4"}, if_match=1)
    for step, body in (("verify", None), ("return", {"reason": "x"}), ("transfer", {"commune": TRUONG_VINH})):
        refused = problem(register.step(record["id"], step, body, if_match=1), 412, "household.stale")
        assert refused["current"]["revision"] == 2
    problem(register.withdraw(record["id"], if_match=1), 412, "household.stale")


def test_steps_on_a_household_that_is_not_there(register: Register) -> None:
    unknown = "0192f0c1-7c1e-7a3b-9d52-3f1f6c0a8e99"
    problem(register.step(unknown, "verify"), 404, "household.not-found")
    problem(register.step(unknown, "return", {"reason": "x"}), 404, "household.not-found")
    problem(register.step(unknown, "transfer", {"commune": TRUONG_VINH}), 404, "household.not-found")
    problem(register.withdraw(unknown), 404, "household.not-found")
    problem(register.get(f"/v1/households/{unknown}/history"), 404, "household.not-found")


# Transfer


def test_a_transfer_retains_id_and_history_and_leaves_the_old_place_behind(register: Register) -> None:
    record = register.registered(former_commune="16663")
    moved = register.step(record["id"], "transfer", {"commune": TRUONG_VINH, "village": "Xóm 1"}).get_json()
    assert (moved["id"], moved["commune"], moved["village"]) == (record["id"], TRUONG_VINH, "Xóm 1")
    assert (moved["status"], moved["revision"]) == ("submitted", 2)
    assert "former_commune" not in moved


def test_a_parcel_keeps_the_old_commune_whose_map_numbers_it_when_its_household_moves(register: Register) -> None:
    cases: list[tuple[Json, Json]] = [
        ({"former_commune": "16663"}, {"former_commune": "16663"}),
        ({}, {"former_commune_unknown": True}),
    ]
    for items, expected in cases:
        record = register.registered(**items)
        response = register.step(record["id"], "transfer", {"commune": TRUONG_VINH})
        assert response.get_json()["parcels"][0].items() >= expected.items()
        again = register.step(record["id"], "transfer", {"commune": TRUONG_VINH})
        assert again.get_json()["revision"] == 2


def test_a_transfer_stands_in_both_logs(register: Register) -> None:
    record = register.registered()
    register.step(record["id"], "transfer", {"commune": TRUONG_VINH})
    entries = register.history(record["id"])
    assert [(each["kind"], each["commune"], each["offset"]) for each in entries] == [
        ("transferred", TRUONG_VINH, 1),
        ("transferred", THANH_VINH, 2),
        ("registered", THANH_VINH, 1),
    ]
    assert [each["record"] is None for each in entries] == [False, True, False]
    assert entries[0]["note"] == {"from": THANH_VINH, "to": TRUONG_VINH}


@pytest.mark.parametrize("precondition", [1, None])
def test_a_transfer_whose_response_was_lost_can_be_sent_again(
    register: Register, clock: MovedClock, precondition: int | None
) -> None:
    record = register.registered()
    for _ in range(2):
        place = {"commune": TRUONG_VINH, "village": "Xóm 1"}
        response = register.step(record["id"], "transfer", place, if_match=precondition)
        assert (response.status_code, response.get_json()["revision"]) == (200, 2)
        clock.pass_by(days=1)
    assert len(register.history(record["id"])) == 3


def test_a_transfer_out_of_the_officers_area_can_be_sent_again_by_who_sent_it(register: Register) -> None:
    record = register.registered()
    address = f"/v1/households/{record['id']}"
    mine, others = (
        {"Authorization": f"Bearer {token_of(register.client.application, Role.OFFICER, THANH_VINH, name=name)}"}
        for name in ("can-bo-mot", "can-bo-hai")
    )
    for _ in range(2):
        response = register.client.post(f"{address}/transfer", json={"commune": TRUONG_VINH}, headers=mine)
        assert (response.status_code, response.get_json()["revision"]) == (200, 2), response.text
    again = register.client.post(f"{address}/transfer", json={"commune": TRUONG_VINH}, headers=others)
    problem(again, 404, "household.not-found")
    problem(register.client.get(address, headers=mine), 404, "household.not-found")


def test_a_transfer_names_a_commune_and_nothing_but_a_place(register: Register) -> None:
    record = register.registered()
    stranger = problem(register.step(record["id"], "transfer", {"colour": "red"}), 422, "body.unknown-item")
    assert pointers(stranger) == [("/colour", "body.unknown-item")]
    nowhere = problem(register.step(record["id"], "transfer", {"village": "Xóm 1"}), 422, "household.invalid")
    assert pointers(nowhere) == [("/commune", "item.required")]
    misspelt = register.step(record["id"], "transfer", {"commune": TRUONG_VINH, "village": 5, "commune_as_of": "x"})
    assert {place for place, _ in pointers(problem(misspelt, 422, "household.invalid"))} == {
        "/village",
        "/commune_as_of",
    }
    assert register.household(record["id"]) == record


def test_a_transfer_to_the_commune_where_it_is(register: Register) -> None:
    record = register.registered()
    body = problem(register.step(record["id"], "transfer", {"commune": THANH_VINH}), 422, "transfer.same-commune")
    assert pointers(body) == [("/commune", "transfer.same-commune")]


def test_a_household_moves_back(register: Register) -> None:
    record = register.registered()
    for commune in (TRUONG_VINH, THANH_VINH, VINH_LOC):
        response = register.step(record["id"], "transfer", {"commune": commune})
        assert response.get_json()["commune"] == commune
    assert register.household(record["id"])["revision"] == 4


def test_a_transfer_reads_an_old_code_with_its_date(register: Register) -> None:
    record = register.registered(commune=TRUONG_VINH)
    place = {"commune": "16663", "commune_as_of": "2025-01-01"}
    moved = register.step(record["id"], "transfer", place).get_json()
    assert (moved["commune"], moved["former_commune"]) == (THANH_VINH, "16663")


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ({"commune": "99999"}, "commune.unknown"),
        ({"commune": "16663"}, "commune.not-in-force"),
        ({"commune": TRUONG_VINH, "former_commune": "16663"}, "commune.former-mismatch"),
        ({"commune": TRUONG_VINH, "head": {}}, "body.unknown-item"),
        ({"commune": {"$ne": ""}}, "household.invalid"),
        ({}, "household.invalid"),
        ([], "body.not-an-object"),
    ],
)
def test_a_transfer_that_leads_nowhere_is_refused(register: Register, place: Any, code: str) -> None:
    record = register.registered()
    assert "None" not in problem(register.step(record["id"], "transfer", place), 422, code)["detail"]
    assert register.household(record["id"])["revision"] == 1


def test_a_revision_that_names_another_commune_is_a_transfer(register: Register) -> None:
    record = register.registered()
    register.put(record | {"commune": TRUONG_VINH}, if_match=1)
    assert [each["kind"] for each in register.history(record["id"])] == ["transferred", "transferred", "registered"]


# History


def test_the_history_shows_what_changed_item_by_item(register: Register) -> None:
    record = register.registered(head=a_head(full_name="Nguyễn Văn An", phone="0912345678"))
    register.patch(record["id"], {"head": {"phone": None}, "village": "Khối 4"}, if_match=1)
    newest, first = register.history(record["id"])
    assert first["differences"] == []
    assert {"pointer": "/village", "before": "Khối 3", "after": "Khối 4"} in newest["differences"]
    assert {"pointer": "/head/phone", "before": "+84912345678"} in newest["differences"]


def test_a_reason_stands_in_the_history(register: Register) -> None:
    record = register.registered()
    register.step(record["id"], "return", {"reason": "Thiếu xóm"})
    assert register.history(record["id"])[0]["note"] == {"reason": "Thiếu xóm"}


def test_the_history_is_read_page_by_page(register: Register) -> None:
    record = register.registered()
    for commune in (TRUONG_VINH, THANH_VINH, TRUONG_VINH):
        register.step(record["id"], "transfer", {"commune": commune})
    whole = register.history(record["id"])
    paged: list[Any] = []
    address: str | None = f"/v1/households/{record['id']}/history?limit=2"
    while address is not None:
        response = register.get(address)
        paged.extend(response.get_json()["items"])
        address = response.headers["Link"].split(";")[0].strip("<>") if "Link" in response.headers else None
    assert paged == whole
    assert len(whole) == 7
