"""Attacks tried at every place that the contract names, and tables that would run as programs where they are opened."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import openpyxl
import pytest
from flask import Flask

from schemas.derive.workbook import Sheet, workbook
from service.formats.tables import csv_line
from service.roles import Role
from tests.api.asking import Register
from tests.api.signed_in import role_for, token_of
from tests.builders import THANH_VINH, Json, a_household

pytestmark = pytest.mark.slow  # together they take more than a second of a processor

OPERATORS: list[Any] = [{"$ne": None}, {"$gt": ""}, {"$where": "sleep(9000)"}, ["$ne"], {"a.b": {"$set": 1}}]
NOT_FOR_JSON = {"/v1/token"}
"""Also takes forms; tried by itself in test_signing_in_over_http.py."""


def operations(app: Flask) -> Iterator[tuple[str, str, Json]]:
    """Method, address (its places filled with an id that nobody has) and declaration of every operation."""
    for address, methods in app.extensions["specification"]["paths"].items():
        filled = re.sub(r"{[^}]+}", str(uuid.UUID(int=7)), address)
        for method, declared in methods.items():
            if method in {"get", "put", "post", "patch", "delete"}:
                yield method.upper(), filled, declared


def headers(app: Flask, method: str, address: str) -> dict[str, str]:
    """Of an account whose work it is."""
    return {"Authorization": f"Bearer {token_of(app, role_for(method, address))}", "If-Match": '"1"'}


def items_of(app: Flask, declared: Mapping[str, Any]) -> list[str]:
    """The names of the items that an operation's JSON body may have."""
    for media_type, content in declared.get("requestBody", {}).get("content", {}).items():
        if "json" in media_type:
            schema = content["schema"]
            while "$ref" in schema:
                schema = app.extensions["specification"]["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
            return list(schema.get("properties", {}))
    return []


def test_no_query_parameter_anywhere_takes_an_operator(app: Flask, register: Register) -> None:
    tried = 0
    for method, address, declared in operations(app):
        for parameter in declared.get("parameters", []):
            if parameter["in"] != "query":
                continue
            tried += 1
            client, who = app.test_client(), headers(app, method, address)
            named = f"{address}?{quote(parameter['name'])}[$ne]=x"
            assert client.open(named, method=method, headers=who).status_code in {404, 422}, (method, named)
            for operator in OPERATORS:
                value = f"{address}?{quote(parameter['name'])}={quote(json.dumps(operator))}"
                assert client.open(value, method=method, headers=who).status_code < 500, (method, value)
    assert tried > 30


def test_no_item_of_a_body_anywhere_takes_an_operator(app: Flask, register: Register) -> None:
    tried = 0
    for method, address, declared in operations(app):
        if address in NOT_FOR_JSON:
            continue
        for item in items_of(app, declared):
            tried += 1
            for operator in OPERATORS[:2]:
                response = app.test_client().open(
                    address, method=method, json={item: operator}, headers=headers(app, method, address)
                )
                assert 400 <= response.status_code < 500, (method, address, item, response.status_code, response.text)
    assert tried > 60


def test_no_place_of_an_address_anywhere_takes_an_operator(app: Flask, register: Register) -> None:
    for address, methods in app.extensions["specification"]["paths"].items():
        if "{" not in address:
            continue
        for place in ("{$ne:1}", "$where", "a.b", "..%2f..%2fetc%2fpasswd", "%00", "%0d%0aSet-Cookie:%20a=b"):
            filled = re.sub(r"{[^}]+}", quote(place, safe="%"), address)
            for method in set(methods) & {"get", "delete"}:
                response = app.test_client().open(filled, method=method, headers=headers(app, method.upper(), filled))
                assert 400 <= response.status_code < 500 or response.status_code == 308, (method, filled)
                assert "Set-Cookie" not in response.headers


# Tables ---------------------------------------------------------------------------------------------------------

FORMULAS = [
    "=1+2",
    '=HYPERLINK("http://evil.example","Xem")',
    "+84912345678",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1,2)",
    "\t=1+2",
    "\r=1+2",
    "\n=1+2",
    "  =1+2",
    "＝1+2",
    "＠SUM(1)",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_runs_as_a_formula_in_any_table(text: str) -> None:
    (row,) = csv.reader(io.StringIO(csv_line([text, "Khối 3", -5]), newline=""))
    assert row == [f"'{text}", "Khối 3", "-5"]
    for numbers in (True, False):
        book = openpyxl.load_workbook(io.BytesIO(workbook(Sheet("x", [text], [[text, -5]], numbers=numbers))))
        cells = [cell for line in book["x"].iter_rows() for cell in line if cell.value is not None]
        assert all(cell.data_type in {"s", "n"} for cell in cells)
        assert [cell.data_type for cell in cells][:2] == ["s", "s"]


def test_a_formula_that_somebody_gave_as_a_source_is_text_in_coverage(register: Register) -> None:
    body = {"households": 100, "source": '=HYPERLINK("http://evil.example")', "date": "2026-01-01"}
    assert register.client.put(f"/v1/baselines/{THANH_VINH}", json=body).status_code == 200
    table = register.get("/v1/coverage.csv").get_data(as_text=True).removeprefix("\ufeff")
    (row,) = [line for line in csv.DictReader(io.StringIO(table)) if line["unit"] == THANH_VINH]
    assert row["expected_source"] == f"'{body['source']}"
    book = openpyxl.load_workbook(io.BytesIO(register.get("/v1/coverage.xlsx").get_data()))
    cells = [cell for line in book.worksheets[0].iter_rows() for cell in line if cell.value == body["source"]]
    assert [cell.data_type for cell in cells] == ["s", "s"]  # its row and the total


def test_tables_are_written_in_one_place_each() -> None:
    root = Path(__file__).parents[2]
    writers: dict[str, list[str]] = {"csv.writer": [], "csv.DictWriter": [], "xlsxwriter.Workbook": []}
    for room in ("service", "schemas"):
        for file in (root / room).rglob("*.py"):
            for word, places in writers.items():
                if word in file.read_text(encoding="utf-8"):
                    places.append(file.name)
    assert writers == {
        "csv.writer": ["tables.py"],
        "csv.DictWriter": [],
        "xlsxwriter.Workbook": ["workbook.py"],
    }


# Bombs and replays ----------------------------------------------------------------------------------------------


def test_a_packed_body_is_not_unpacked(app: Flask, register: Register) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    who = {"Authorization": f"Bearer {token_of(app, Role.OFFICER)}", "Content-Type": "application/json"}
    for coding in ("gzip", "deflate", "br"):
        response = app.test_client().put(
            f"/v1/households/{a_household()['id']}", data=bomb, headers={**who, "Content-Encoding": coding}
        )
        assert response.status_code in {400, 415}, response.text


def test_a_write_that_is_played_again_changes_nothing(register: Register) -> None:
    household = a_household(parcels=None)
    assert register.put(household).status_code == 201
    assert register.patch(household["id"], {"village": "Khối 9"}, if_match=1).status_code == 200
    for _ in range(3):
        register.put(household)
        assert register.patch(household["id"], {"village": "Khối 1"}, if_match=1).status_code == 412
    assert register.household(household["id"])["revision"] == 2
    assert len(register.history(household["id"])) == 2
