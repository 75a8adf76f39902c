"""Bodies of requests over HTTP: too large, compressed, refused before they were read."""

from __future__ import annotations

import gzip
import io
import json
import re
from typing import Any

import pytest
from flask import Flask

from tests.api.asking import Register, problem
from tests.builders import Json, a_least_household, an_id

LIMIT = 2_000_000


def in_chunks(register: Register, household: Json, body: bytes) -> tuple[Any, io.BytesIO]:
    """Register as gunicorn passes on a body that does not say how long it is."""
    stream = io.BytesIO(body)
    response = register.client.put(
        f"/v1/households/{household['id']}",
        content_type="application/json",
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input": stream, "wsgi.input_terminated": True, "CONTENT_LENGTH": ""},
    )
    return response, stream


def test_a_body_in_chunks_is_read(register: Register) -> None:
    household = a_least_household()
    response, _ = in_chunks(register, household, json.dumps(household).encode())
    assert response.status_code == 201, response.text


def test_a_body_in_chunks_that_is_too_large_is_refused_and_not_cut_off(register: Register) -> None:
    household = a_least_household()
    response, _ = in_chunks(register, household, json.dumps(household).encode() + b" " * LIMIT)
    body = problem(response, 413, "body.too-large")
    assert str(LIMIT) in body["detail"]


def test_the_largest_body_that_is_allowed_is_read_in_chunks_too(register: Register) -> None:
    household = a_least_household()
    text = json.dumps(household).encode()
    response, _ = in_chunks(register, household, text + b" " * (LIMIT - len(text)))
    assert response.status_code == 201, response.text


def test_a_body_that_was_refused_is_read_out_so_that_the_connection_can_be_used_again(register: Register) -> None:
    response, stream = in_chunks(register, a_least_household(), b"x" * (3 * LIMIT))
    problem(response, 413, "body.too-large")
    assert stream.read() == b""


def test_a_compressed_body_is_refused_with_the_request_to_send_it_plain(register: Register) -> None:
    household = a_least_household()
    response = register.client.put(
        f"/v1/households/{household['id']}",
        data=gzip.compress(json.dumps(household).encode()),
        content_type="application/json",
        headers={"Content-Encoding": "gzip"},
    )
    assert "gzip" in problem(response, 415, "body.content-encoding")["detail"]
    assert response.headers["Accept-Encoding"] == "identity"


HOUSEHOLDS = {"Household", "HouseholdPatch", "ParcelQuestion"}
"""Bodies that are a household or a part of one, whose faults are those of a record."""


@pytest.mark.parametrize(("body", "code"), [({"colour": "red"}, "body.unknown-item"), ([], "body.not-an-object")])
def test_every_body_that_is_no_object_or_has_an_unknown_item_is_refused_alike(
    app: Flask, register: Register, body: object, code: str
) -> None:
    refused = set()
    for path, item in app.extensions["specification"]["paths"].items():
        for method in sorted({"put", "post", "patch", "delete"} & set(item)):
            shape = item[method].get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            if not shape or shape.get("$ref", "").rpartition("/")[2] in HOUSEHOLDS:
                continue
            address = re.sub(r"{[^}]+}", an_id(), path)
            response = register.client.open(address, method=method, json=body, headers={"If-Match": '"1"'})
            if response.status_code != 403:
                first = problem(response, 422, response.get_json()["code"])["errors"][0]
                assert first["code"] == code, (method, path, first)
                refused.add(path)
    assert {"/v1/token", "/v1/baselines/{code}", "/v1/villages/{code}", "/v1/parcels/{parcel_id}/settle"} <= refused
