"""Coverage by village: the list's rows and one more, which together are what the commune's own row counts."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.households.changes import COUNTS
from service.roles import Role
from tests.api.asking import Register, pointers, problem
from tests.api.signed_in import token_of
from tests.builders import THANH_VINH, VINH_LOC, Json, a_household, a_least_household

DONG_VINH, QUANG_TRUNG, THEN = "16663", "16681", "2025-06-30"
"""Two of the wards that became Thành Vinh on 1 July 2025."""


def put_list(register: Register, *villages: Json, code: str = THANH_VINH) -> list[str]:
    response = register.client.put(f"/v1/villages/{code}", json={"villages": list(villages)})
    assert response.status_code == 200, response.text
    return [each["id"] for each in response.get_json()["villages"]]


def report(register: Register, unit: str = THANH_VINH, **query: str) -> Json:
    more = "".join(f"&{name}={value}" for name, value in query.items())
    return register.json(f"/v1/coverage?level=village&unit={unit}{more}")


def registered(found: Json) -> dict[str | None, int]:
    return {row["name"]: row["registered"] for row in found["rows"]}


def test_every_village_of_the_list_has_a_row_and_unknown_ones_share_one(register: Register) -> None:
    says = {"expected": 4, "expected_source": "Rà soát", "expected_on": "2026-10-01"}
    first, second = put_list(register, {"name": "Khối 3", **says}, {"name": "Hòa Bình", "expected": 10})
    for village in ("Khối 3", "KHỐI 03", "Hoà  bình", "Khối 9", None):
        register.put(a_household(village=village))
    gone = a_household(village="Khối 3")
    register.put(gone)
    register.withdraw(gone["id"])
    found = report(register)
    assert [(row["unit"], row["name"], row["kind"]) for row in found["rows"]] == [
        (first, "Khối 3", "thôn"),
        (second, "Hòa Bình", "thôn"),
        (None, None, None),
    ]
    counted = [(row["expected"], row["registered"], row["registered_pct"]) for row in found["rows"]]
    assert counted == [(4, 2, 50.0), (10, 1, 10.0), (None, 2, None)]
    assert [(row["expected_source"], row["expected_on"]) for row in found["rows"]] == [
        ("Rà soát", "2026-10-01"),
        (None, None),
        (None, None),
    ]
    assert (found["level"], found["geography"], found["as_of"]) == ("village", "2025-07-01", "2026-11-23")
    total = found["total"]
    assert (total["units"], total["units_with_baseline"], total["expected"], total["registered"]) == (2, 2, 14, 5)


def test_stages_and_statuses_are_counted_as_in_the_row_of_the_commune(register: Register) -> None:
    put_list(register, {"name": "Khối 3"})
    verified = a_household(village="Khối 3")
    register.put(verified)
    register.step(verified["id"], "verify")
    register.put(a_least_household(village="Khối 3"))
    (row, unknown) = report(register)["rows"]
    (commune,) = (row for row in register.json("/v1/coverage")["rows"] if row["unit"] == THANH_VINH)
    assert {name: row[name] + unknown[name] for name in COUNTS} == {name: commune[name] for name in COUNTS}
    assert [row[name] for name in COUNTS] == [2, 1, 1, 1]
    assert (row["expected"], row["registered_pct"]) == (None, None)


def test_villages_of_one_name_differ_by_the_former_commune(register: Register) -> None:
    both = [{"name": "Xóm 5", "former_commune": code} for code in (DONG_VINH, QUANG_TRUNG)]
    put_list(register, *both, {"name": "Xóm 6", "former_commune": DONG_VINH})
    register.put(a_household(village="Xóm 5", former_commune=DONG_VINH))
    register.put(a_household(village="Xóm 5"))
    register.put(a_household(village="Xóm 6"))
    register.put(a_household(village="Xóm 6", former_commune=QUANG_TRUNG))
    register.put(a_least_household(village="xóm 5", commune=QUANG_TRUNG, commune_as_of="2025-06-01"))
    assert registered(report(register)) == {
        "Xóm 5 (phường Đông Vĩnh)": 1,
        "Xóm 5 (phường Quang Trung)": 1,
        "Xóm 6": 1,
        None: 2,
    }
    then = report(register, DONG_VINH, geography=THEN)
    assert registered(then) == {"Xóm 5": 1, "Xóm 6": 0, None: 0}
    assert then["geography"] == THEN


def test_it_is_a_table_and_a_map_without_borders_too(register: Register) -> None:
    put_list(register, {"name": "Khối 3", "expected": 4})
    register.put(a_household(village="Khối 3"))
    text = register.get(f"/v1/coverage.csv?level=village&unit={THANH_VINH}").get_data(as_text=True)
    lines = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [(line["name"], line["expected"], line["registered"]) for line in lines] == [
        ("Khối 3", "4", "1"),
        ("", "", "0"),
        ("", "4", "1"),
    ]
    assert register.get(f"/v1/coverage.xlsx?level=village&unit={THANH_VINH}").status_code == 200
    found = register.json(f"/v1/coverage.geojson?level=village&unit={THANH_VINH}")
    assert [each["geometry"] for each in found["features"]] == [None, None]


@pytest.mark.parametrize(
    ("query", "status", "code", "place"),
    [
        ("level=village", 422, "query.missing", "/unit"),
        (f"unit={THANH_VINH}", 422, "query.invalid", "/unit"),
        ("level=village&unit=x", 422, "query.invalid", "/unit"),
        (f"level=village&unit={THANH_VINH}&as_of=2026-11-22", 422, "query.invalid", "/as_of"),
        (f"level=village&unit={THANH_VINH}&geography=1900-01-01", 422, "query.invalid", "/geography"),
        ("level=village&unit=99999", 404, "unit.not-found", None),
        ("level=village&unit=40", 404, "unit.not-found", None),
        (f"level=village&unit={DONG_VINH}", 422, "commune.not-in-force", None),
    ],
)
def test_what_cannot_be_reported_is_refused(
    register: Register, query: str, status: int, code: str, place: str | None
) -> None:
    for path in ("/v1/coverage", "/v1/coverage.csv", "/v1/coverage.xlsx", "/v1/coverage.geojson"):
        refused = problem(register.get(f"{path}?{query}"), status, code)
        assert place is None or [pointer for pointer, _ in pointers(refused)] == [place]


def test_today_can_be_named(register: Register) -> None:
    assert report(register, as_of="2026-11-23") == report(register)


def test_villages_outside_the_area_and_for_who_sees_no_village_are_refused(register: Register) -> None:
    app, address = register.client.application, f"/v1/coverage?level=village&unit={THANH_VINH}"

    def of(role: Role, *units: str, **options: Any) -> str:
        return f"Bearer {token_of(app, role, *units, **options)}"

    for role in (Role.OFFICER, Role.LEADER, Role.SUPERVISOR, Role.ADMINISTRATOR):
        assert register.get(address, Authorization=of(role, THANH_VINH)).status_code == 200
        problem(register.get(address, Authorization=of(role, VINH_LOC)), 403, "coverage.outside-area")
    system = of(Role.SYSTEM, THANH_VINH, scopes=("coverage:read",))
    assert register.get("/v1/coverage", Authorization=system).status_code == 200
    problem(register.get(address, Authorization=system), 403, "access.permission-missing")


NAMES = st.sampled_from(["Xóm 5", "XÓM 05", "xóm  5", "Xóm 6", "Khối 3", None])
FORMERS = st.sampled_from([None, DONG_VINH, QUANG_TRUNG])
HOUSEHOLDS = st.lists(st.tuples(NAMES, FORMERS), max_size=8)


@pytest.mark.slow
@given(households=HOUSEHOLDS, villages=st.lists(st.tuples(st.sampled_from(["Xóm 5", "Xóm 6"]), FORMERS), unique=True))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_rows_together_are_the_row_of_the_commune_in_every_geography(
    register: Register, households: list[tuple[str | None, str | None]], villages: list[tuple[str, str | None]]
) -> None:
    revision = register.json(f"/v1/villages/{THANH_VINH}")["revision"]
    body = {"villages": [{"name": name, "former_commune": former} for name, former in villages]}
    written = register.client.put(f"/v1/villages/{THANH_VINH}", json=body, headers={"If-Match": f'"{revision}"'})
    assert written.status_code == 200, written.text
    for village, former in households:
        register.put(a_least_household(village=village, former_commune=former))
    for unit, geography in ((THANH_VINH, "2025-07-01"), (DONG_VINH, THEN), (QUANG_TRUNG, THEN)):
        rows = register.json(f"/v1/coverage?geography={geography}")["rows"]
        (commune,) = (row for row in rows if row["unit"] == unit)
        found = report(register, unit, geography=geography)
        for name in COUNTS:
            assert sum(row[name] for row in found["rows"]) == commune[name] == found["total"][name]
