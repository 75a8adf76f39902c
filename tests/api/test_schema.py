"""The derived forms of the schema over HTTP."""

from __future__ import annotations

import gzip

import pytest

from tests.api.asking import Register

FORMS = ("household.json", "form.json", "household.xlsx", "dictionary.xlsx")


@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_sent_once_and_then_only_revalidated(register: Register, name: str) -> None:
    first = register.get(f"/v1/schema/{name}")
    assert first.status_code == 200
    again = register.get(f"/v1/schema/{name}", **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.get_data()) == (304, b"")


@pytest.mark.parametrize(
    "address",
    [
        *(f"/v1/schema/{name}" for name in FORMS),
        "/v1/units",
        "/v1/units/16681",
        "/v1/open-data/households?by=poverty",
        "/v1/open-data/households.csv?by=poverty",
        "/v1/schema/codelists",
        "/openapi.json",
    ],
)
def test_a_read_ignores_the_precondition_of_a_write(register: Register, address: str) -> None:
    plain = register.get(address)
    assert plain.status_code == 200
    for condition in ('"x"', "*", plain.headers["ETag"]):
        given = register.get(address, **{"If-Match": condition})
        assert (given.status_code, given.get_data()) == (200, plain.get_data())


def test_a_phone_gets_the_form_compressed_and_the_same(register: Register) -> None:
    plain = register.get("/v1/schema/form.json")
    packed = register.get("/v1/schema/form.json", **{"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.get_data()) == plain.get_data()
    assert len(packed.get_data()) * 4 < len(plain.get_data())
    assert packed.headers["ETag"] != plain.headers["ETag"]


def test_a_code_list_is_read_as_of_a_day(register: Register) -> None:
    today = register.json("/v1/schema/codelists/land_use")
    items = {"code", "name_vi", "name_en", "valid_from", "valid_to", "source", "extra"}
    assert items == set(today["codes"][0])
    assert "LUC" in {each["code"] for each in today["codes"]}


def test_a_list_that_is_not_there_is_not_found_and_the_others_are_named(register: Register) -> None:
    response = register.get("/v1/schema/codelists/nowhere")
    assert response.status_code == 404
    assert "land_use" in response.get_json()["detail"]


def test_the_code_lists_are_listed_and_each_is_there(register: Register) -> None:
    listed = register.json("/v1/schema/codelists")["items"]
    assert {"name": "sexes", "codes": 3} in listed
    for each in listed:
        assert register.get(f"/v1/schema/codelists/{each['name']}").status_code == 200


def test_a_code_comes_with_the_other_columns_of_its_list(register: Register) -> None:
    codes = register.json("/v1/schema/codelists/livestock_units")["codes"]
    buffalo = next(each for each in codes if each["code"] == "buffalo")
    assert (buffalo["extra"]["coefficient"], buffalo["extra"]["species"]) == ("0.7", "buffalo")
