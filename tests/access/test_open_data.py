"""Open data: everybody can read the counts, small ones are withheld, and all workers share one publication."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from pymongo.database import Database

from service.app import register_of
from service.errors import QueryInvalid
from service.reports.open_data import (
    DIMENSIONS,
    OTHER,
    OpenData,
    OpenDataPreparing,
    countable,
    publication_of,
    publications_of,
)
from service.reports.ports import Count
from service.reports.small_cells import TOTAL
from service.settings import Settings
from service.storage.open_data import MongoOpenData
from service.units.directory import UnitDirectory
from tests.access.builders import Moment, directory
from tests.api.asking import Register, problem
from tests.apps import OpenApp
from tests.builders import THANH_VINH, TODAY, TRUONG_VINH, VINH_LOC, MovedClock, a_head
from tests.two_provinces import HA_TINH, THANH_SEN, TRAN_PHU, second_province
from tests.workbooks import rows_of

pytestmark = pytest.mark.slow  # together they take more than a second of a processor

MADE_AT = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def stranger(open_app: OpenApp, register_settings: Settings, clock: MovedClock) -> FlaskClient:
    """Somebody without any account, at a worker that has served nobody yet."""
    return open_app(register_settings, clock).test_client()


def households(register: Register, commune: str, number: int, group: str = "01", poverty: str = "none") -> None:
    for _ in range(number):
        register.registered(commune=commune, parcels=None, poverty=poverty, head=a_head(ethnic_group=group))


def table(client: FlaskClient, by: str = "ethnic_group") -> dict[str, Any]:
    response = client.get(f"/v1/open-data/households?by={by}")
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.get_json()
    return body


def row(found: dict[str, Any], unit: str | None) -> dict[str, int | None]:
    (one,) = [each for each in found["rows"] if each["unit"] == unit]
    return {cell["code"]: cell["households"] for cell in one["cells"]} | {"total": one["total"]["households"]}


def test_everybody_reads_counts_by_commune_without_signing_in(register: Register, stranger: FlaskClient) -> None:
    households(register, THANH_VINH, 6)
    households(register, VINH_LOC, 5, "03", "poor")
    found = table(stranger)
    assert row(found, THANH_VINH) == {"01": 6, "03": 0, "total": 6}
    assert row(found, VINH_LOC) == {"01": 0, "03": 5, "total": 5}
    assert row(table(stranger, "poverty"), VINH_LOC) == {"none": 0, "poor": 5, "total": 5}
    assert found["total"]["total"] == {"households": 11, "withheld": False}
    assert len(found["rows"]) == 130
    assert [column["name"] for column in found["columns"]] == ["Kinh", "Thái"]
    assert found["licence"].startswith("https://")
    assert found["source"]


def test_a_small_count_is_withheld_and_so_is_what_would_reveal_it(register: Register, stranger: FlaskClient) -> None:
    households(register, THANH_VINH, 6)
    households(register, THANH_VINH, 3, "03")
    households(register, VINH_LOC, 7)
    households(register, VINH_LOC, 8, "03")
    found = table(stranger)
    assert row(found, THANH_VINH) == {"01": None, "03": None, "total": 9}
    assert row(found, VINH_LOC) == {"01": None, "03": None, "total": 15}
    (shown,) = [each for each in found["rows"] if each["unit"] == THANH_VINH]
    assert shown["cells"][0] == {"code": "01", "households": None, "withheld": True}


def test_a_commune_with_few_households_is_only_counted_with_others(register: Register, stranger: FlaskClient) -> None:
    households(register, THANH_VINH, 2)
    households(register, VINH_LOC, 6)
    households(register, TRUONG_VINH, 9)
    found = table(stranger)
    assert row(found, THANH_VINH) == row(found, VINH_LOC) == {"01": None, "total": None}
    assert row(found, None) == {"01": 8, "total": 8}
    assert row(found, TRUONG_VINH) == {"01": 9, "total": 9}


def test_the_table_is_had_as_csv_with_licence_and_source(register: Register, stranger: FlaskClient) -> None:
    households(register, THANH_VINH, 6)
    response = stranger.get("/v1/open-data/households.csv?by=poverty")
    assert response.mimetype == "text/csv"
    assert 'rel="license"' in response.headers["Link"]
    lines = list(csv.DictReader(io.StringIO(response.text.removeprefix("\ufeff"))))
    mine = [line for line in lines if line["unit"] == THANH_VINH]
    assert [(line["code"], line["households"], line["withheld"]) for line in mine] == [
        ("none", "6", "false"),
        ("total", "6", "false"),
    ]
    assert all(line["licence"] and line["source"] and line["published_on"] for line in lines)


def test_the_table_is_had_as_a_workbook_and_as_csv_for_a_spreadsheet_in_vietnamese(
    register: Register, stranger: FlaskClient
) -> None:
    households(register, THANH_VINH, 6)
    plain = stranger.get("/v1/open-data/households.csv").text.removeprefix("\ufeff")
    separated = stranger.get("/v1/open-data/households.csv?separator=;").text.removeprefix("\ufeff")
    lines = list(csv.reader(io.StringIO(plain)))
    assert list(csv.reader(io.StringIO(separated), delimiter=";")) == lines
    response = stranger.get("/v1/open-data/households.xlsx")
    assert 'rel="license"' in response.headers["Link"]
    again = stranger.get("/v1/open-data/households.xlsx", headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304
    headings, *rows = rows_of(response.get_data())
    assert headings[:2] == ("Mã đơn vị", "Tên")
    assert [["" if cell is None else str(cell) for cell in row] for row in rows] == lines[1:]


def test_an_publication_lasts_so_that_nobody_is_seen_to_come_or_go(
    register: Register, stranger: FlaskClient, clock: MovedClock
) -> None:
    households(register, THANH_VINH, 6)
    first = stranger.get("/v1/open-data/households")
    assert "public" in first.headers["Cache-Control"]
    households(register, THANH_VINH, 1)
    clock.now += timedelta(days=2)
    again = stranger.get("/v1/open-data/households", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    clock.now += timedelta(days=29)
    assert row(table(stranger, "poverty"), THANH_VINH)["total"] == 7


def test_too_many_requests_are_slowed_and_wrong_ones_are_explained(register: Register, stranger: FlaskClient) -> None:
    problem(stranger.get("/v1/open-data/households?by=head.national_id"), 422, "query.invalid")
    problem(stranger.get("/v1/open-data/households?by[$ne]=poverty"), 422, "query.unknown")
    statuses = [stranger.get("/v1/open-data/households").status_code for _ in range(130)]
    assert set(statuses) == {200, 429}


def test_a_province_that_publishes_none_has_none(
    open_app: OpenApp, register: Register, register_settings: Settings
) -> None:
    app = open_app(replace(register_settings, open_data_days=0))
    assert app.test_client().get("/v1/open-data/households").status_code == 404


def test_each_province_has_a_table_and_totals_of_its_own(database: Database[dict[str, Any]]) -> None:
    both = UnitDirectory([*directory(), *second_province()])
    store, moment = MongoOpenData(database), Moment()
    given = {THANH_VINH: 10, VINH_LOC: 7, THANH_SEN: 6, TRAN_PHU: 3}
    counts = [Count(commune, None, "01", "none", number) for commune, number in given.items()]
    store.put_publications(publications_of(counts, both, moment.now))
    worker = OpenData(store, lambda: both, moment, timedelta(days=30))
    first, second = (worker.table("poverty", "vi", province) for province in ("40", HA_TINH))
    assert (len(first.rows), first.total.total.households) == (130, 17)
    assert second.total.total.households in {None, 9}
    assert {each.unit for each in second.rows} - {None} == {u.code for u in both.of_level("commune", TODAY)} - {
        each.unit for each in first.rows
    }
    with pytest.raises(QueryInvalid) as refused:
        worker.table("poverty", "vi", "43")
    assert refused.value.params["reason"] == "40 | 42"


def test_a_province_is_published_by_its_own_agency(register: Register, stranger: FlaskClient) -> None:
    assert table(stranger)["province"] == "40"
    problem(stranger.get("/v1/open-data/households?province=42"), 422, "query.invalid")


# Making a publication ----------------------------------------------------------------------------------------------


class Counting(MongoOpenData):
    """The real store, counting how often it counted."""

    times = 0

    def count(self, by: Mapping[str, str]) -> list[Count]:  # noqa: ARG002 - the same signature
        """One commune with ten households."""
        self.times += 1
        return [Count("16681", None, "01", "none", 10)]


@pytest.mark.parametrize("rule", ["sees", "plain_at_rest"])
def test_nothing_is_counted_by_an_item_that_is_hidden_or_encrypted(monkeypatch: pytest.MonkeyPatch, rule: str) -> None:
    assert set(countable()) == {"scheme", "group", "poverty"}
    monkeypatch.setattr(f"service.reports.open_data.{rule}", lambda item, *_: item != "poverty")
    assert set(countable()) == {"scheme", "group"}


def test_what_is_not_counted_by_is_not_known(register: Register) -> None:
    households(register, THANH_VINH, 1, poverty="poor")
    (count,) = register_of(register.client.application).store.open_data.count({"group": "head.ethnic_group"})
    assert (count.group, count.scheme, count.poverty, count.households) == ("01", None, None, 1)


def test_many_workers_make_one_publication(database: Database[dict[str, Any]]) -> None:
    moment, store = Moment(), Counting(database)
    workers = [OpenData(store, directory, moment, timedelta(days=30)) for _ in range(8)]

    def count_of(worker: OpenData) -> int | None:
        try:
            return worker.publication().tables["poverty"]["16681", "none"]
        except OpenDataPreparing:
            return 10

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(count_of, workers)) == {10}
    assert {worker.publication().tables["poverty"]["16681", TOTAL] for worker in workers} == {10}
    assert store.times == 1


def test_while_the_next_publication_is_made_the_last_one_is_served(database: Database[dict[str, Any]]) -> None:
    moment, store = Moment(), Counting(database)
    OpenData(store, directory, moment, timedelta(days=30)).publication()
    first = moment.now
    moment.now += timedelta(days=31)
    assert store.lease(moment.now, moment.now + timedelta(minutes=10))
    other = OpenData(store, directory, moment, timedelta(days=30))
    assert other.publication().made_at == first
    moment.now += timedelta(minutes=11)  # the worker that holds the lease has died
    assert other.publication().made_at == moment.now


def counts() -> st.SearchStrategy[list[Count]]:
    """Communes of all sizes with two groups and two classes."""
    number = st.one_of(st.integers(0, 4), st.integers(0, 40))
    keys = [(c, g, p) for c in ("1", "2", "3", "4") for g in ("01", "03", None) for p in ("none", "poor")]
    return st.tuples(*[number] * len(keys)).map(lambda found: list(_counts(keys, found)))


def _counts(keys: list[tuple[str, str | None, str]], numbers: tuple[int, ...]) -> Iterator[Count]:
    for (commune, group, poverty), number in zip(keys, numbers, strict=True):
        if number:
            yield Count(commune, None, group, poverty, number)


@settings(deadline=None)
@given(counts())
def test_tables_agree_on_their_totals_and_show_no_small_number(given_counts: list[Count]) -> None:
    publication = publication_of(given_counts, MADE_AT)
    totals = [
        {cell: number for cell, number in publication.tables[by].items() if cell[1] is TOTAL} for by in DIMENSIONS
    ]
    assert totals[0] == totals[1]
    assert all(number is not None and number >= 5 for number in totals[0].values())
    for by in DIMENSIONS:
        assert all(number is None or number == 0 or number >= 5 for number in publication.tables[by].values())
        assert not any(row in publication.gathered for row, _ in publication.tables[by])
    assert len(publication.gathered) != 1 or not totals[0]
    whole = sum(count.households for count in given_counts)
    assert totals[0].get((TOTAL, TOTAL), whole) == whole
    assert (OTHER, TOTAL) in totals[0] or not publication.gathered or not totals[0]
