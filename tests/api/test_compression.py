"""Compressed responses, and entity tags whatever compressed them."""

from __future__ import annotations

import gzip

import pytest

from tests.api.asking import Register
from tests.api.test_search import area
from tests.builders import a_household, a_parcel

GZIP = {"Accept-Encoding": "gzip"}
LONG = {"parcels": [a_parcel(land_use="CLN") for _ in range(5)]}


def a_long_record(register: Register) -> str:
    household = a_household(**LONG)
    response = register.put(household)
    assert response.status_code == 201, response.text
    return f"/v1/households/{household['id']}"


@pytest.mark.parametrize(
    "address", ["/openapi.json", "/v1/units", "/v1/schema/codelists/units", "/v1/households", "/v1/changes", "/docs"]
)
def test_what_is_longer_than_a_kilobyte_is_compressed_and_the_same(register: Register, address: str) -> None:
    a_long_record(register)
    plain, packed = register.get(address), register.get(address, **GZIP)
    assert len(plain.data) > 1024
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) * 2 < len(plain.data)
    assert "Accept-Encoding" in plain.headers["Vary"]


def test_a_long_problem_is_compressed_too(register: Register) -> None:
    household = a_household(parcels=[a_parcel(land_use="nothing") for _ in range(20)])
    refused = register.client.put(f"/v1/households/{household['id']}", json=household, headers=GZIP)
    assert (refused.status_code, refused.headers["Content-Encoding"]) == (422, "gzip")
    assert b'"errors"' in gzip.decompress(refused.data)


def test_a_table_is_compressed_while_it_is_sent(register: Register) -> None:
    a_long_record(register)
    body = {"area": area(-50, -50, 300, 300)}
    address = "/v1/households/search.csv"
    plain, packed = (register.client.post(address, json=body, headers=headers) for headers in ({}, GZIP))
    assert packed.is_streamed
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert plain.data.count(b"\n") == 2


def test_short_responses_and_clients_that_cannot_unpack_get_plain_text(register: Register) -> None:
    assert "Content-Encoding" not in register.get("/livez", **GZIP).headers
    for refused in ("identity", "gzip;q=0", "br"):
        assert "Content-Encoding" not in register.get("/openapi.json", **{"Accept-Encoding": refused}).headers


def test_the_tag_of_a_compressed_response_is_its_own_and_gets_304_without_a_body(register: Register) -> None:
    address = a_long_record(register)
    plain, packed = register.get(address), register.get(address, **GZIP)
    assert (plain.headers["ETag"], packed.headers["ETag"]) == ('"1"', '"1-gzip"')
    for tag, headers in (('"1"', {}), ('"1-gzip"', GZIP), ('"1-zstd"', {}), ('"7", "1-gzip"', GZIP)):
        again = register.get(address, **headers, **{"If-None-Match": tag})
        assert (again.status_code, again.data) == (304, b""), tag
    assert register.get(address, **GZIP, **{"If-None-Match": '"1-gzip"'}).headers["ETag"] == '"1-gzip"'
    assert register.get(address, **{"If-None-Match": '"2-gzip"'}).status_code == 200


@pytest.mark.parametrize(
    "tag", ['"1"', '"1-gzip"', 'W/"1-gzip"', '"1-zstd"', '"1-br"', '"1;gzip"', '"1:br"', '"1-GZIP"']
)
def test_a_revision_may_be_named_by_the_tag_that_a_proxy_made_of_it(register: Register, tag: str) -> None:
    household = a_household()
    register.put(household)
    assert register.put({**household, "village": "Xóm 9"}, if_match=tag).status_code == 200


@pytest.mark.parametrize("tag", ['"1-gzip', '"1-lz4"', '"gzip"', '"-gzip"', '"1--gzip"'])
def test_no_other_tag_names_a_revision(register: Register, tag: str) -> None:
    household = a_household()
    register.put(household)
    assert register.put({**household, "village": "Xóm 9"}, if_match=tag).status_code == 400


def test_a_write_returns_the_tag_of_the_record_although_it_is_compressed(register: Register) -> None:
    household = a_household(**LONG)
    written = register.client.put(f"/v1/households/{household['id']}", json=household, headers=GZIP)
    assert (written.headers["Content-Encoding"], written.headers["ETag"]) == ("gzip", '"1"')


@pytest.mark.parametrize("address", ["/openapi.json", "/v1/units", "/v1/units/40", "/v1/schema/codelists/land_use"])
def test_reference_data_are_stored_by_browsers_and_only_revalidated(register: Register, address: str) -> None:
    first = register.get(address)
    assert "no-store" not in first.headers["Cache-Control"]
    again = register.get(address, **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_the_contract_declares_which_calls_know_tags(register: Register) -> None:
    paths = register.json("/openapi.json")["paths"]
    for path in ("/v1/units", "/v1/households/{household_id}", "/openapi.json"):
        call = paths[path]["get"]
        assert "If-None-Match" in [parameter["name"] for parameter in call["parameters"]]
        assert "content" not in call["responses"]["304"]
    assert "Location" in paths["/v1/households"]["post"]["responses"]["201"]["headers"]
