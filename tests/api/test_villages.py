"""Lists of villages over HTTP: who reads and writes them, what is refused, and what a write is made from."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import Any

import pytest
from werkzeug.test import TestResponse

from service.api.http.guard import guard
from service.roles import Role
from tests.api.asking import Register, pointers, problem
from tests.api.signed_in import token_of
from tests.builders import THANH_VINH, VINH_LOC, Json

DONG_VINH, QUANG_TRUNG, THEN = "16663", "16681", "2025-06-30"
"""Two of the wards that became Thành Vinh on 1 July 2025."""


def put(register: Register, villages: object, *, code: str = THANH_VINH, **headers: str) -> TestResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return register.client.put(f"/v1/villages/{code}", json={"villages": villages}, headers=named)


def stored(register: Register, code: str = THANH_VINH) -> list[tuple[str, str | None, int | None]]:
    found = register.json(f"/v1/villages/{code}")["villages"]
    return [(each["name"], each["former_commune"], each["expected"]) for each in found]


def as_role(register: Register, role: Role, *units: str) -> str:
    return f"Bearer {token_of(register.client.application, role, *units)}"


def test_a_list_is_read_as_it_was_written(register: Register) -> None:
    empty = register.get(f"/v1/villages/{THANH_VINH}")
    assert (empty.get_json()["revision"], empty.get_json()["villages"], empty.headers["ETag"]) == (0, [], '"0"')
    says = {"expected": 120, "expected_source": "Rà soát của phường", "expected_on": "2026-10-01"}
    named = [{"name": " Kho\u0302\u0301i 3 ", **says}, {"name": "Xóm 5", "former_commune": DONG_VINH}]
    written = put(register, named)
    found = register.json(f"/v1/villages/{THANH_VINH}")
    assert found == written.get_json()
    assert (found["commune"], found["name"], found["kind"]) == (THANH_VINH, "Thành Vinh", "phường")
    assert (found["revision"], written.headers["ETag"], found["former_commune"]) == (1, '"1"', None)
    assert found["updated_at"] == "2026-11-23T02:00:00Z"
    assert stored(register) == [("Khối 3", None, 120), ("Xóm 5", DONG_VINH, None)]
    assert all(uuid.UUID(each["id"]).version == 7 for each in found["villages"])
    assert {name: found["villages"][0][name] for name in says} == says
    assert {found["villages"][1][name] for name in says} == {None}


def test_the_same_list_again_is_the_same_write_and_villages_stay_the_same(register: Register) -> None:
    first = put(register, [{"name": "Khối 3"}, {"name": "Xóm Hoà Bình"}]).get_json()
    assert put(register, [{"name": "Khối 3"}, {"name": "Xóm Hoà Bình"}]).get_json() == first
    assert register.client.put(f"/v1/villages/{THANH_VINH}", json=first).get_json() == first
    renamed = [{"name": "xóm hòa bình", "expected": 7}, {"id": first["villages"][0]["id"], "name": "Khối Ba"}]
    second = put(register, renamed, If_Match='"1"').get_json()
    assert [each["id"] for each in second["villages"]] == [each["id"] for each in reversed(first["villages"])]
    assert [each["name"] for each in second["villages"]] == ["xóm hòa bình", "Khối Ba"]
    assert second["revision"] == 2


def test_a_change_names_the_revision_that_it_was_made_from(register: Register) -> None:
    assert put(register, [{"name": "Khối 1"}], If_Match='"0"').status_code == 200
    needed = problem(put(register, [{"name": "Khối 2"}]), 428, "precondition.required")
    assert "1" in needed["detail"]
    problem(put(register, [{"name": "Khối 2"}], If_Match='"0"'), 412, "villages.stale")
    problem(put(register, [{"name": "Khối 1"}], If_None_Match="*"), 412, "villages.stale")
    problem(put(register, [{"name": "Khối 2"}], If_Match="3"), 400, "precondition.invalid")
    assert put(register, [{"name": "Khối 2"}], If_Match='"1"').get_json()["revision"] == 2
    stale = problem(put(register, [{"name": "Khối 3"}], If_Match='"1"'), 412, "villages.stale")
    assert "2" in stale["detail"]
    assert stored(register) == [("Khối 2", None, None)]


def a_village(**items: Any) -> Json:
    return {"name": "Khối 3", **items}


@pytest.mark.parametrize(
    ("villages", "places"),
    [
        (None, ["/villages"]),
        ({}, ["/villages"]),
        ([5], ["/villages/0"]),
        ([{}], ["/villages/0/name"]),
        ([a_village(name="")], ["/villages/0/name"]),
        ([a_village(name="\u200b ")], ["/villages/0/name"]),
        ([a_village(name="Kh?i 3")], ["/villages/0/name"]),
        ([a_village(expected=1, expected_source="\ufffd", expected_on="2026-01-01")], ["/villages/0/expected_source"]),
        ([a_village(name="- '")], ["/villages/0/name"]),
        ([a_village(name="x" * 121)], ["/villages/0/name"]),
        ([a_village(name=["Khối 3"])], ["/villages/0/name"]),
        ([a_village(expected=-1)], ["/villages/0/expected"]),
        ([a_village(expected=1.5)], ["/villages/0/expected"]),
        ([a_village(expected="12")], ["/villages/0/expected"]),
        ([a_village(expected=True)], ["/villages/0/expected"]),
        ([a_village(expected=10**9)], ["/villages/0/expected"]),
        ([a_village(expected=1, expected_source="x")], ["/villages/0/expected_on"]),
        ([a_village(expected=1, expected_on="2026-01-01")], ["/villages/0/expected_source"]),
        ([a_village(expected_source="x", expected_on="2026-01-01")], ["/villages/0/expected_on"]),
        ([a_village(expected=1, expected_source="", expected_on="2026-01-01")], ["/villages/0/expected_source"]),
        ([a_village(expected=1, expected_source="x", expected_on="1/1/2026")], ["/villages/0/expected_on"]),
        ([a_village(expected=1, expected_source="x", expected_on="2026-11-24")], ["/villages/0/expected_on"]),
        ([a_village(former_commune={"$ne": 1})], ["/villages/0/former_commune"]),
        ([a_village(id="3")], ["/villages/0/id"]),
        ([a_village(colour="red")], ["/villages/0/colour"]),
        (
            [a_village(), a_village(name="Khối 4", expected=-1, colour=1)],
            ["/villages/1/colour", "/villages/1/expected"],
        ),
        ([a_village(), {"name": "KHỐI  03"}], ["/villages/1/name"]),
        ([{"name": "Hòa Bình"}, {"name": "Hoà Bình"}], ["/villages/1/name"]),
        ([a_village(former_commune=DONG_VINH), a_village(former_commune=DONG_VINH)], ["/villages/1/name"]),
        ([a_village(id=str(uuid.UUID(int=7))), {"name": "Khối 4", "id": str(uuid.UUID(int=7))}], ["/villages/1/id"]),
        ([{"name": f"Khối {number}"} for number in range(501)], ["/villages"]),
        ([{"name": f"Khối {number}"} for number in range(10_000)], ["/villages"]),
    ],
)
def test_a_list_that_is_none_is_refused_at_its_place_and_nothing_is_stored(
    register: Register, villages: Any, places: list[str]
) -> None:
    unknown = any(place.endswith("/colour") for place in places)
    refused = problem(put(register, villages), 422, "body.unknown-item" if unknown else "villages.invalid")
    assert sorted(pointer for pointer, _ in pointers(refused)) == sorted(places)
    assert register.json(f"/v1/villages/{THANH_VINH}")["revision"] == 0


def test_a_list_of_the_greatest_length_is_stored(register: Register) -> None:
    most = [{"name": f"Khối {number}", "expected": 0} for number in range(500)]
    assert len(put(register, most).get_json()["villages"]) == 500
    # Also where they are given as those of two former communes, one after the other.
    old = f"{DONG_VINH}?commune_as_of={THEN}"
    for one_more, status in (([{"name": "Xóm 5"}], 422), ([], 200)):
        assert put(register, one_more, code=old, If_Match='"1"').status_code == status
    assert put(register, [], If_Match='"1"').get_json()["villages"] == []


def test_two_villages_of_different_former_communes_can_have_one_name(register: Register) -> None:
    both = [{"name": "Xóm 5", "former_commune": code} for code in (DONG_VINH, QUANG_TRUNG)]
    assert put(register, [*both, {"name": "Xóm 5"}]).status_code == 200
    elsewhere = put(register, [{"name": "Xóm 5", "former_commune": "17329"}], If_Match='"1"')
    assert pointers(problem(elsewhere, 422, "commune.former-mismatch")) == [
        ("/villages/0/former_commune", "commune.former-mismatch")
    ]


def test_the_code_of_a_former_commune_means_the_villages_that_came_from_it(register: Register) -> None:
    put(register, [{"name": "Xóm 5", "former_commune": DONG_VINH}, {"name": "Khối 1"}])
    old = f"{DONG_VINH}?commune_as_of={THEN}"
    found = register.json(f"/v1/villages/{old}")
    assert (found["commune"], found["former_commune"], found["revision"]) == (THANH_VINH, DONG_VINH, 1)
    assert [each["name"] for each in found["villages"]] == ["Xóm 5"]
    changed = put(register, [{"name": "Xóm 6", "expected": 3}], code=old, If_Match='"1"').get_json()
    assert [each["former_commune"] for each in changed["villages"]] == [DONG_VINH]
    assert stored(register) == [("Khối 1", None, None), ("Xóm 6", DONG_VINH, 3)]
    other = put(register, [{"name": "Xóm 7", "former_commune": QUANG_TRUNG}], code=old, If_Match='"2"')
    problem(other, 422, "commune.former-mismatch")
    assert stored(register, f"{QUANG_TRUNG}?commune_as_of={THEN}") == []


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("99999", 404, "unit.not-found"),
        ("40", 404, "unit.not-found"),
        (f"412?commune_as_of={THEN}", 404, "unit.not-found"),
        (DONG_VINH, 422, "commune.not-in-force"),
        (f"{THANH_VINH}?commune_as_of=1900-01-01", 200, ""),
        (f"{THANH_VINH}?commune_as_of=hôm qua", 422, "query.invalid"),
    ],
)
def test_a_code_that_means_no_commune_on_that_day_is_refused(
    register: Register, code: str, status: int, kind: str
) -> None:
    for response in (register.get(f"/v1/villages/{code}"), put(register, [{"name": "Khối 3"}], code=code)):
        assert response.status_code == status, response.text
        assert (response.get_json().get("code") or "") == kind


@pytest.mark.parametrize("role", [Role.LEADER, Role.SUPERVISOR])
def test_leaders_and_supervisors_write_the_lists_of_their_area(register: Register, role: Role) -> None:
    who = as_role(register, role, THANH_VINH)
    assert put(register, [{"name": "Khối 3"}], Authorization=who).status_code == 200
    problem(put(register, [{"name": "Khối 3"}], code=VINH_LOC, Authorization=who), 403, "commune.outside-area")
    outside = register.get(f"/v1/villages/{VINH_LOC}", Authorization=who)
    assert VINH_LOC in problem(outside, 403, "coverage.outside-area")["detail"]
    assert register.json(f"/v1/villages/{VINH_LOC}")["revision"] == 0


def test_officers_read_the_list_of_their_commune_and_write_none(register: Register) -> None:
    put(register, [{"name": "Khối 3"}])
    theirs = register.seen_by(Role.OFFICER, THANH_VINH, f"/v1/villages/{THANH_VINH}")
    assert [each["name"] for each in theirs["villages"]] == ["Khối 3"]
    who = as_role(register, Role.OFFICER, THANH_VINH)
    problem(put(register, [], Authorization=who, If_Match='"1"'), 403, "access.permission-missing")
    other = register.get(f"/v1/villages/{THANH_VINH}", Authorization=as_role(register, Role.OFFICER, VINH_LOC))
    problem(other, 403, "coverage.outside-area")


def test_every_write_is_in_the_audit_trail(register: Register) -> None:
    before = noted(register)
    put(register, [{"name": "Khối 3"}])
    put(register, [{"name": "Khối 4"}])
    new = noted(register) - before
    assert new == {(f"villages of {THANH_VINH}: 1, revision 1", 200): 1, (f"villages of {THANH_VINH}", 428): 1}


def noted(register: Register) -> Counter[tuple[str | None, int]]:
    """What the audit trail, which is retained between tests, says of lists of villages."""
    with register.client.application.app_context():
        entries = [each for each in guard().trail.entries() if each.action == "villages.write"]
    return Counter((each.about, each.status) for each in entries)
