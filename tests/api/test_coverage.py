"""Coverage and baselines over HTTP: every level, geography and day; totals that agree; the table and the trend."""

from __future__ import annotations

import csv
import io

import pytest
from openpyxl import load_workbook

from service.api.http.guard import guard
from service.api.http.resource import schema_of
from service.api.resources.coverage import CoverageRowSchema, TrendDaySchema
from service.households.changes import COUNTS
from service.roles import Role
from tests.api.asking import Register, pointers, problem
from tests.api.signed_in import token_of
from tests.builders import (
    THANH_VINH,
    TRUONG_VINH,
    Json,
    MovedClock,
    a_household,
    a_household_without_boundaries,
    a_least_household,
)

GEOGRAPHIES = [
    ("commune", "2025-07-01", 130),
    ("commune", "2025-06-30", 412),
    ("commune", "2024-12-01", 412),
    ("commune", "2024-11-30", 460),
    ("district", "2025-06-30", 20),
    ("district", "2024-11-30", 21),
    ("province", "2024-11-30", 1),
    ("province", "2025-07-01", 1),
    ("province", "2025-06-30", 1),
]


def test_every_count_of_the_register_is_in_a_row_and_in_the_trend() -> None:
    assert set(COUNTS) <= set(schema_of(CoverageRowSchema).fields)
    assert {"date", *COUNTS} == set(schema_of(TrendDaySchema).fields)


@pytest.fixture
def filled(register: Register) -> Register:
    """A register with households of every stage, of known and unknown former communes."""
    register.put(a_household())
    register.put(a_household_without_boundaries(former_commune="16663"))
    register.put(a_least_household(commune="16681", commune_as_of="2025-06-01"))
    register.put(a_household(commune="16816"))
    verified = a_household(commune=TRUONG_VINH)
    register.put(verified)
    register.step(verified["id"], "verify")
    gone = a_household(commune=TRUONG_VINH)
    register.put(gone)
    register.withdraw(gone["id"])
    return register


def row_of(report: Json, unit: str | None) -> Json:
    return next(row for row in report["rows"] if row["unit"] == unit)


@pytest.mark.parametrize(("level", "geography", "units"), GEOGRAPHIES)
def test_every_geography_has_all_its_units_and_the_same_total(
    filled: Register, level: str, geography: str, units: int
) -> None:
    report = filled.json(f"/v1/coverage?level={level}&geography={geography}")
    assert (report["level"], report["geography"], report["as_of"]) == (level, geography, "2026-11-23")
    assert len([row for row in report["rows"] if row["unit"]]) == report["total"]["units"] == units
    for name, count in (("registered", 5), ("standardized", 4), ("digitized", 3), ("verified", 1)):
        assert report["total"][name] == count == sum(row[name] for row in report["rows"])


def test_by_default_it_is_the_communes_of_today_as_they_stand_now(filled: Register) -> None:
    report = filled.json("/v1/coverage")
    assert (report["level"], report["geography"], report["as_of"]) == ("commune", "2025-07-01", "2026-11-23")
    row = row_of(report, THANH_VINH)
    assert (row["name"], row["kind"]) == ("Thành Vinh", "phường")
    assert (row["registered"], row["standardized"], row["digitized"], row["verified"]) == (3, 2, 1, 0)


def test_former_communes_have_theirs_and_the_unknown_a_row_of_its_own(filled: Register) -> None:
    report = filled.json("/v1/coverage?geography=2025-06-30")
    counted = {row["unit"]: row["registered"] for row in report["rows"] if row["registered"]}
    assert counted == {"16663": 1, "16681": 1, "16816": 1, None: 2}


def test_a_unit_whose_successor_is_not_known_has_its_row_in_its_time_and_says_so(filled: Register) -> None:
    filled.put(a_least_household(commune=TRUONG_VINH, former_commune="17525"))
    before, after = (filled.json(f"/v1/coverage?geography={day}") for day in ("2024-11-30", "2024-12-01"))
    assert (row_of(before, "17525")["registered"], row_of(after, None)["registered"]) == (1, 3)
    assert (row_of(before, None)["registered"], before["total"]["registered"], after["total"]["registered"]) == (
        2,
        6,
        6,
    )
    assert sum(row["successor_unknown"] for row in before["rows"]) == 8
    assert row_of(before, "17525")["successor_unknown"]
    assert not any(row["successor_unknown"] for row in after["rows"])
    province = token_of(filled.client.application, Role.SUPERVISOR, "40")
    mine = filled.get("/v1/coverage?geography=2024-11-30", Authorization=f"Bearer {province}").get_json()
    assert mine == before
    leader = token_of(filled.client.application, Role.LEADER, TRUONG_VINH)
    mine = filled.get("/v1/coverage?geography=2024-11-30", Authorization=f"Bearer {leader}").get_json()
    assert (row_of(mine, None)["registered"], mine["total"]["registered_pct"]) == (2, None)
    assert "17525" not in {row["unit"] for row in mine["rows"]}


def test_districts_are_requested_in_their_time(filled: Register) -> None:
    assert filled.json("/v1/coverage?level=district")["geography"] == "2025-06-30"
    refused = filled.get("/v1/coverage?level=district&geography=2025-07-01")
    problem(refused, 422, "coverage.level-not-in-force")


def test_a_past_day_is_reported_as_it_stood_at_its_end(register: Register, clock: MovedClock) -> None:
    record = register.registered()
    clock.pass_by(days=2)
    register.withdraw(record["id"])
    register.registered()
    register.registered()
    counts = {
        day: register.json(f"/v1/coverage?as_of={day}")["total"]["registered"]
        for day in ("2000-01-01", "2026-11-22", "2026-11-23", "2026-11-24", "2026-11-25")
    }
    assert list(counts.values()) == [0, 0, 1, 1, 2]


@pytest.mark.parametrize(
    ("query", "place", "allowed"),
    [
        ("geography=1900-01-01", "/geography", ["2024-11-30", "2026-11-23"]),
        ("geography=2024-11-29", "/geography", ["2024-11-30", "2026-11-23"]),
        ("geography=2026-11-24", "/geography", ["2024-11-30", "2026-11-23"]),
        ("level=district&geography=2024-11-29", "/geography", ["2024-11-30"]),
        ("as_of=2026-11-24", "/as_of", ["2026-11-23"]),
    ],
)
def test_what_nobody_knows_is_refused_and_the_text_names_what_can_be_asked(
    register: Register, query: str, place: str, allowed: list[str]
) -> None:
    for path in ("/v1/coverage", "/v1/coverage.csv", "/v1/coverage.xlsx", "/v1/coverage.geojson"):
        for tongue in ("vi", "en"):
            refused = problem(register.get(f"{path}?{query}", accept_language=tongue), 422, "query.invalid")
            assert pointers(refused) == [(place, "query.invalid")]
            assert all(day in refused["detail"] for day in allowed)


def test_today_is_vietnams_day(register: Register, clock: MovedClock) -> None:
    clock.pass_by(hours=15)  # 17:00 UTC: the next day has begun in Vietnam
    for name in ("geography", "as_of"):
        assert register.get(f"/v1/coverage?{name}=2026-11-24").status_code == 200
        problem(register.get(f"/v1/coverage?{name}=2026-11-25"), 422, "query.invalid")


def test_the_document_says_which_geography_a_level_without_units_today_has(register: Register) -> None:
    (geography,) = (
        each["description"]
        for each in register.json("/openapi.json")["paths"]["/v1/coverage"]["get"]["parameters"]
        if each["name"] == "geography"
    )
    assert "of a level that has none today (districts), those of its last day" in geography
    assert register.json("/v1/coverage?level=district")["geography"] == "2025-06-30"
    assert register.json("/v1/coverage?level=commune")["geography"] == "2025-07-01"


def test_a_day_ends_at_midnight_in_vietnam(register: Register, clock: MovedClock) -> None:
    clock.pass_by(hours=14, minutes=59)  # 16:59 UTC
    register.registered()
    clock.pass_by(minutes=1)
    register.registered()
    assert register.json("/v1/coverage?as_of=2026-11-23")["total"]["registered"] == 1
    assert register.json("/v1/coverage?as_of=2026-11-24")["total"]["registered"] == 2
    assert register.json("/v1/coverage")["as_of"] == "2026-11-24"


def test_a_transferred_household_counts_where_it_is(filled: Register) -> None:
    record = filled.registered()
    filled.step(record["id"], "transfer", {"commune": TRUONG_VINH})
    report = filled.json("/v1/coverage")
    assert row_of(report, TRUONG_VINH)["registered"] == 2
    assert report["total"]["registered"] == 6


@pytest.mark.parametrize(
    "query",
    [
        "level=village",
        "geography=2025",
        "as_of=yesterday",
        "as_of=2025-02-30",
        "level[]=commune",
        "as_of=2025-07-01T00:00:00Z",
        "unit=16681",
    ],
)
def test_a_report_that_cannot_be_read_is_refused(register: Register, query: str) -> None:
    for path in ("/v1/coverage", "/v1/coverage.csv", "/v1/coverage.xlsx"):
        assert register.get(f"{path}?{query}").status_code == 422


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_ends_of_the_calendar_are_no_obstacle(filled: Register, day: str) -> None:
    assert filled.get(f"/v1/coverage?as_of={day}").status_code == (200 if day < "2026" else 422)
    problem(filled.get(f"/v1/coverage?geography={day}"), 422, "query.invalid")
    assert filled.get(f"/v1/coverage/trend?unit=40&from={day}&to={day}").status_code in {200, 422}
    assert filled.get(f"/v1/coverage/trend?unit=40&to={day}").status_code in {200, 422}
    assert filled.get(f"/v1/units?valid_on={day}").status_code == (422 if day < "2024" else 200)


# The table


def test_the_table_has_the_rows_and_the_total_last(filled: Register) -> None:
    response = filled.get("/v1/coverage.csv")
    assert response.mimetype == "text/csv"
    assert 'filename="coverage-commune-2026-11-23.csv"' in response.headers["Content-Disposition"]
    text = response.get_data().decode("utf-8-sig")
    assert response.get_data().startswith(b"\xef\xbb\xbf")
    lines = list(csv.DictReader(io.StringIO(text)))
    assert len(lines) == 131
    assert (lines[0]["unit"], lines[0]["name"], lines[0]["registered"]) == (THANH_VINH, "Thành Vinh", "3")
    assert (lines[-1]["unit"], lines[-1]["registered"]) == ("total", "5")


def test_the_workbook_has_the_same_table_with_words_for_headings_and_numbers_as_numbers(filled: Register) -> None:
    response = filled.get("/v1/coverage.xlsx?level=commune")
    assert 'filename="coverage-commune-2026-11-23.xlsx"' in response.headers["Content-Disposition"]
    sheet = load_workbook(io.BytesIO(response.get_data()))["Tiến độ đăng ký"]
    rows = list(sheet.iter_rows(values_only=True))
    assert (rows[0][0], rows[0][6]) == ("Mã đơn vị", "Đã đăng ký")
    assert (rows[1][0], rows[1][1], rows[1][6]) == (THANH_VINH, "Thành Vinh", 3)
    assert (len(rows), rows[-1][0], rows[-1][6]) == (132, "total", 5)


def test_a_table_for_a_spreadsheet_in_vietnamese_has_semicolons_and_decimal_commas(filled: Register) -> None:
    def table(query: str, separator: str) -> list[list[str]]:
        text = filled.get(f"/v1/coverage.csv?{query}").get_data().decode("utf-8-sig")
        return list(csv.reader(io.StringIO(text), delimiter=separator))

    source = "Tổng điều tra; sơ bộ, 1.5"
    filled.client.put(f"/v1/baselines/{THANH_VINH}", json={"households": 16, "source": source, "date": "2025-07-01"})
    plain = table("", ",")
    assert plain == table("separator=;", ";") == table("separator=%3B&decimal=.", ";")
    commas = table("separator=;&decimal=,", ";")
    column = plain[0].index("registered_pct")
    assert (plain[1][column], commas[1][column], commas[1][4]) == ("18.8", "18,8", source)
    assert commas == table("decimal=,", ",")
    for wrong in ("separator=|", "decimal=;", "separator="):
        problem(filled.get(f"/v1/coverage.csv?{wrong}"), 422, "query.invalid")


def test_every_csv_has_a_twin_as_a_workbook_and_its_form_can_be_chosen(register: Register) -> None:
    paths = register.json("/openapi.json")["paths"]
    tables = [path for path in paths if path.endswith(".csv")]
    assert len(tables) == 3
    assert {f"{path.removesuffix('.csv')}.xlsx" for path in tables} <= paths.keys()
    for path in tables:
        (operation,) = (each for method, each in paths[path].items() if method in ("get", "post"))
        assert {"separator", "decimal"} <= {each.get("name") for each in operation["parameters"]}


def test_a_source_that_a_spreadsheet_would_run_is_only_text(register: Register) -> None:
    register.client.put(f"/v1/baselines/{THANH_VINH}", json={"households": 1, "source": "=1+1", "date": "2025-07-01"})
    assert "'=1+1" in register.get("/v1/coverage.csv").get_data(as_text=True)


# Who may read which


def test_everything_that_the_register_holds_is_one_row(filled: Register) -> None:
    for geography in ("", "&geography=2025-06-30"):
        report = filled.json(f"/v1/coverage?level=country{geography}")
        assert [(row["unit"], row["registered"]) for row in report["rows"]] == [("*", 5)]
        assert (report["level"], report["total"]["units"]) == ("country", 1)
    assert filled.json("/v1/coverage/trend?unit=*")["days"][-1]["registered"] == 5
    assert filled.get("/v1/coverage.geojson?level=country").get_json()["features"][0]["id"] == "*"


@pytest.mark.parametrize(
    "address",
    [
        "/v1/coverage?level=province",
        "/v1/coverage?level=country",
        "/v1/coverage.csv?level=province",
        "/v1/coverage.xlsx?level=district",
        "/v1/coverage.geojson?level=province",
        "/v1/coverage/trend?unit=40",
        "/v1/coverage/trend?unit=*",
        f"/v1/coverage/trend?unit={TRUONG_VINH}",
        "/v1/baselines/40",
    ],
)
def test_a_part_is_never_reported_under_the_name_of_the_whole(filled: Register, address: str) -> None:
    token = token_of(filled.client.application, Role.OFFICER, THANH_VINH)
    problem(filled.get(address, Authorization=f"Bearer {token}"), 403, "coverage.outside-area")


def test_an_officer_reads_the_true_numbers_of_the_own_communes(filled: Register) -> None:
    token = token_of(filled.client.application, Role.OFFICER, THANH_VINH)
    for query in ("", "?geography=2025-06-30", "?geography=2024-11-30"):
        everything = {row["unit"]: row for row in filled.json(f"/v1/coverage{query}")["rows"]}
        report = filled.get(f"/v1/coverage{query}", Authorization=f"Bearer {token}").get_json()
        assert report["total"]["registered"] == 3
        for row in report["rows"]:
            assert row["unit"] is None or row == everything[row["unit"]]


# Baselines


def test_a_baseline_makes_percentages(filled: Register) -> None:
    body = {"households": 12, "source": "Tổng điều tra", "date": "2025-07-01"}
    response = filled.client.put(f"/v1/baselines/{THANH_VINH}", json=body)
    assert response.status_code == 200
    assert response.get_json() == body | {"unit": THANH_VINH, "name": "Thành Vinh", "kind": "phường"}
    row = row_of(filled.json("/v1/coverage"), THANH_VINH)
    assert (row["expected"], row["expected_source"], row["expected_on"]) == (12, "Tổng điều tra", "2025-07-01")
    assert (row["registered_pct"], row["standardized_pct"], row["digitized_pct"]) == (25.0, 16.7, 8.3)
    assert row_of(filled.json("/v1/coverage"), TRUONG_VINH)["registered_pct"] is None


def test_a_baseline_holds_from_its_date_on(filled: Register) -> None:
    for households, day in ((10, "2025-08-01"), (20, "2026-08-01")):
        body = {"households": households, "source": "x", "date": day}
        filled.client.put(f"/v1/baselines/{THANH_VINH}", json=body)
    expected = {
        day: row_of(filled.json(f"/v1/coverage?as_of={day}"), THANH_VINH)["expected"]
        for day in ("2025-07-31", "2025-08-01", "2026-07-31", "2026-08-01")
    }
    assert list(expected.values()) == [None, 10, 10, 20]
    listed = filled.json(f"/v1/baselines/{THANH_VINH}")["items"]
    assert [each["households"] for each in listed] == [20, 10]


def test_a_wrong_baseline_is_refused_at_its_place(register: Register) -> None:
    response = register.client.put(f"/v1/baselines/{THANH_VINH}", json={"households": -1, "source": "x"})
    faults = [("/households", "baseline.invalid"), ("/date", "baseline.invalid")]
    assert pointers(problem(response, 422, "baseline.invalid")) == faults
    problem(
        register.client.put("/v1/baselines/99999", json={"households": 1, "source": "x", "date": "2025-07-01"}),
        422,
        "commune.unknown",
    )
    problem(register.client.put(f"/v1/baselines/{THANH_VINH}", data="x"), 415, "body.content-type")
    problem(register.get("/v1/baselines/99999"), 404, "unit.not-found")


def test_a_baseline_is_of_the_last_ten_years(register: Register) -> None:
    def put(day: str) -> int:
        body = {"households": 1, "source": "x", "date": day}
        return register.client.put(f"/v1/baselines/{THANH_VINH}", json=body).status_code

    days = ("1700-01-01", "2016-11-22", "2016-11-23", "2026-11-23", "2026-11-24")
    assert [put(day) for day in days] == [422, 422, 200, 200, 422]
    body = {"households": 1, "source": "x", "date": "1700-01-01"}
    refused = problem(register.client.put(f"/v1/baselines/{THANH_VINH}", json=body), 422, "baseline.invalid")
    assert "2016-11-23 … 2026-11-23" in refused["detail"]
    assert pointers(refused) == [("/date", "baseline.invalid")]


def test_a_baseline_can_be_taken_back_and_the_one_before_it_counts(filled: Register) -> None:
    address = f"/v1/baselines/{THANH_VINH}"
    for households, day in ((10, "2025-08-01"), (20, "2026-08-01")):
        filled.client.put(address, json={"households": households, "source": "x", "date": day})
    taken = filled.client.delete(f"{address}?date=2026-08-01")
    assert (taken.status_code, taken.get_data()) == (204, b"")
    assert [each["date"] for each in filled.json(address)["items"]] == ["2025-08-01"]
    assert row_of(filled.json("/v1/coverage"), THANH_VINH)["expected"] == 10
    problem(filled.client.delete(f"{address}?date=2026-08-01"), 404, "baseline.not-found")
    problem(filled.client.delete(address), 422, "query.missing")
    problem(filled.client.delete("/v1/baselines/99999?date=2026-08-01"), 422, "commune.unknown")


def test_who_may_set_a_baseline_may_take_it_back_and_the_trail_says_so(filled: Register) -> None:
    address = f"/v1/baselines/{THANH_VINH}?date=2025-08-01"
    filled.client.put(address.partition("?")[0], json={"households": 1, "source": "x", "date": "2025-08-01"})
    for role, area, code in (
        (Role.OFFICER, THANH_VINH, "access.permission-missing"),
        (Role.SUPERVISOR, TRUONG_VINH, "commune.outside-area"),
    ):
        token = token_of(filled.client.application, role, area)
        problem(filled.client.delete(address, headers={"Authorization": f"Bearer {token}"}), 403, code)
    token = token_of(filled.client.application, Role.SUPERVISOR, THANH_VINH)
    assert filled.client.delete(address, headers={"Authorization": f"Bearer {token}"}).status_code == 204
    with filled.client.application.app_context():
        done = {(each.about, each.status) for each in guard().trail.entries() if each.action == "baselines.write"}
    assert (f"baseline of {THANH_VINH} on 2025-08-01 taken back", 204) in done


# The trend


def test_the_trend_has_each_day_also_the_quiet_ones(register: Register, clock: MovedClock) -> None:
    record = register.registered()
    clock.pass_by(days=2)
    register.registered(commune=TRUONG_VINH)
    register.step(record["id"], "transfer", {"commune": TRUONG_VINH})
    for unit, counts in ((THANH_VINH, [0, 1, 1, 0]), (TRUONG_VINH, [0, 0, 0, 2]), ("40", [0, 1, 1, 2])):
        trend = register.json(f"/v1/coverage/trend?unit={unit}&from=2026-11-22&to=2026-11-25")
        assert [day["registered"] for day in trend["days"]] == counts
        assert [day["date"] for day in trend["days"]] == ["2026-11-22", "2026-11-23", "2026-11-24", "2026-11-25"]


def test_the_trend_agrees_with_the_report_of_each_day(filled: Register, clock: MovedClock) -> None:
    clock.pass_by(days=1)
    filled.registered()
    for unit in ("40", THANH_VINH, "16663", "412"):
        for day in filled.json(f"/v1/coverage/trend?unit={unit}&from=2026-11-21")["days"]:
            level, geography = {"40": ("province", "2025-07-01"), THANH_VINH: ("commune", "2025-07-01")}.get(
                unit, ("district" if unit == "412" else "commune", "2025-06-30")
            )
            report = filled.json(f"/v1/coverage?level={level}&geography={geography}&as_of={day['date']}")
            assert row_of(report, unit)["registered"] == day["registered"]


def test_the_trend_is_of_the_last_thirty_days_by_default(register: Register) -> None:
    days = register.json("/v1/coverage/trend?unit=40")["days"]
    assert (len(days), days[0]["date"], days[-1]["date"]) == (30, "2026-10-25", "2026-11-23")
    assert len(register.json("/v1/coverage/trend?unit=40&to=2030-01-01")["days"]) == 30


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("from=2026-11-23&to=2026-11-22", ["2026-11-23", "2026-11-22", "1100"]),
        ("from=1990-01-01", ["1990-01-01", "2026-11-23", "1100"]),
        ("from=2027-01-01&to=2027-02-01", ["2027-01-01", "2026-11-23"]),
    ],
)
def test_a_bad_span_is_named_with_both_its_days(register: Register, query: str, named: list[str]) -> None:
    for tongue in ("vi", "en"):
        refused = register.get(f"/v1/coverage/trend?unit=40&{query}", accept_language=tongue)
        detail = problem(refused, 422, "query.invalid")["detail"]
        assert all(day in detail for day in named)
        assert "1..1100" not in detail


def test_a_trend_that_goes_nowhere_is_refused(register: Register) -> None:
    problem(register.get("/v1/coverage/trend?unit=99999"), 404, "unit.not-found")
    nothing_named = problem(register.get("/v1/coverage/trend"), 422, "query.missing")
    assert "Missing" not in nothing_named["detail"]
    problem(register.get("/v1/coverage/trend?unit=40&from=2026-11-23&to=2026-11-22"), 422, "query.invalid")
    problem(register.get("/v1/coverage/trend?unit=40&from=1990-01-01"), 422, "query.invalid")
    assert register.get("/v1/coverage/trend?unit=40&from=2023-11-20").status_code == 200  # 1,100 days
    problem(register.get("/v1/coverage/trend?unit=40&from=2023-11-19"), 422, "query.invalid")
    problem(register.get("/v1/coverage/trend?unit=$ne"), 422, "query.invalid")
