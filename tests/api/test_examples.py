"""The examples of the contract: every request is sent, and every response is the documented one.

A new operation is called in tests/api/examples.py. After that, and after any change of what is sent or returned:

    WRITE_EXAMPLES=1 pytest tests/api/test_examples.py
    scripts/derive
"""

from __future__ import annotations

import html
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import jsonschema
import pytest
import shapely
from flask import Flask

from service.api.examples import recorded
from service.app import register_of
from service.province import FOLDER
from service.settings import Settings
from tests.api import examples
from tests.api.asking import Register
from tests.api.examples import Recorder, play
from tests.apps import OpenApp
from tests.builders import THANH_VINH, Json, MovedClock

FILE = FOLDER / "examples" / "40.json"
REMEDY = "call it in tests/api/examples.py, WRITE_EXAMPLES=1 pytest tests/api/test_examples.py, scripts/derive"
NOT_SHOWN = ("image/jpeg", "text/html", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")


@pytest.fixture
def played(open_app: OpenApp, own_settings: Settings, database_uri: str, clock: MovedClock) -> Recorder:
    """Every operation called once on the real service, over an empty register with the border of one commune.

    The register is the test's own, since the keys of one that others use may have been replaced.
    """
    app = open_app(replace(own_settings, units_refresh_seconds=0.0), clock)
    parts = register_of(app)
    parts.store.borders.replace_borders({THANH_VINH: shapely.box(105.6, 18.6, 105.75, 18.75)})
    whole = parts.example
    call = Recorder(app, clock, [whole["id"], *(examples.an_own_id(number) for number in range(30))])
    play(call, whole)
    bare = Recorder(open_app(replace(own_settings, mongodb_uri=database_uri), clock), clock, [])
    bare("readyz", status=503, by=None)
    call.exchanges["readyz"] += bare.exchanges["readyz"]
    return call


def bodies(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Every body of the contract: which operation has it, which of its bodies it is, and the document's part."""
    for item in document["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict) and "operationId" in operation:
                name = operation["operationId"]
                for media_type, part in operation.get("requestBody", {}).get("content", {}).items():
                    yield name, media_type, part
                for status, response in operation["responses"].items():
                    for media_type, part in response.get("content", {}).items():
                        yield name, f"{status} {media_type}", part


def test_every_response_is_the_one_that_the_contract_shows(played: Recorder, app: Flask) -> None:
    if os.environ.get("WRITE_EXAMPLES"):
        FILE.write_text(json.dumps(played.exchanges, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    stored: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    assert stored.keys() == played.exchanges.keys(), REMEDY
    for operation, exchanges in played.exchanges.items():
        assert stored[operation] == exchanges, f"{operation}: {REMEDY}"
    (problem,) = (one["response"] for one in played.exchanges["put_household"] if one["status"] == 422)
    shown = app.extensions["specification"]["components"]["responses"]["Problem"]["content"]["application/problem+json"]
    assert {name: value for name, value in problem.items() if name != "request"} == shown["example"]


def test_every_body_of_the_contract_has_an_example_that_its_schema_accepts(app: Flask) -> None:
    document = app.extensions["specification"]
    without, invalid = [], []
    for operation, body, part in bodies(document):
        shown = part.get("examples", {}).get("recorded")
        if shown is None or ("value" not in shown and not body.endswith(NOT_SHOWN)):
            without.append((operation, body))
        elif "value" in shown:
            validator = jsonschema.Draft202012Validator({**part["schema"], "components": document["components"]})
            invalid += [(operation, body, error.message) for error in validator.iter_errors(shown["value"])]
    assert (without, invalid) == ([], []), REMEDY


def test_the_page_of_the_contract_shows_what_is_sent_and_what_comes(register: Register) -> None:
    page = html.unescape(register.get("/docs").text)
    for exchange in recorded("40")["return_household"]:
        assert exchange["call"] in page
        assert f'"reason": "{exchange["request"]["reason"]}"' in page
        assert f'"status_reason": "{exchange["response"]["status_reason"]}"' in page
