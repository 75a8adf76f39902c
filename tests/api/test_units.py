"""Administrative units over HTTP."""

from __future__ import annotations

import pytest

from tests.api.asking import Register, problem


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("level=commune", 130),
        ("level=commune&valid_on=2025-06-30", 412),
        ("level=district&valid_on=2025-06-30", 20),
        ("level=district", 0),
        ("level=province", 1),
        ("", 131),
        ("province=40", 131),
        ("province=40&level=district&valid_on=2025-06-30", 20),
        ("province=42", 0),
    ],
)
def test_units_are_listed_as_they_were_on_a_day(register: Register, query: str, count: int) -> None:
    assert len(register.json(f"/v1/units?{query}")["items"]) == count


@pytest.mark.parametrize("q", ["Thành Vinh", "thanh vinh", "phuong thanh v", "16681"])
def test_a_unit_is_found_by_name_or_code(register: Register, q: str) -> None:
    assert register.json(f"/v1/units?q={q}")["items"][0]["code"] == "16681"


def test_a_code_means_something_only_with_a_day(register: Register) -> None:
    now = register.json("/v1/units/16681")
    then = register.json("/v1/units/16681?valid_on=2025-06-30")
    assert (now["name"], then["name"], then["successor"]) == ("Thành Vinh", "Quang Trung", "16681")
    assert {"16663", "16681"} <= set(now["predecessors"])


def test_a_code_that_ended_is_shown_as_it_last_was_but_not_on_a_day_after(register: Register) -> None:
    assert register.json("/v1/units/16663")["valid_to"] == "2025-06-30"
    problem(register.get("/v1/units/16663?valid_on=2025-07-01"), 404, "unit.not-found")
    problem(register.get("/v1/units/99999"), 404, "unit.not-found")


def test_units_of_a_day_from_which_the_list_is_not_complete_are_refused(register: Register) -> None:
    assert len(register.json("/v1/units?level=commune&valid_on=2024-11-30")["items"]) == 460
    body = problem(register.get("/v1/units?level=commune&valid_on=2024-11-29"), 422, "query.invalid")
    assert "2024-11-30" in body["detail"]
    assert body["errors"][0]["pointer"] == "/valid_on"


@pytest.mark.parametrize("query", ["level=ward", "valid_on=2025", "colour=red", "q=" + "x" * 101])
def test_a_list_that_cannot_be_read_is_refused(register: Register, query: str) -> None:
    assert register.get(f"/v1/units?{query}").status_code == 422
