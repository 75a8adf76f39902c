"""Invalid query parameters: reported from the catalogue, in the requested language, by every route with a query."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from service.api.http.services import services
from tests.api.asking import Register, problem
from tests.builders import an_id

ENGLISH = re.compile(r"not a valid|missing|unknown|must|shorter|longer|invalid|field|required", re.IGNORECASE)
"""Words of marshmallow's own messages."""
WRONG = ("", "?", "x" * 3000, "-1", "nan", "2026-13-01", "9" * 40, "1,2")


CALLBACK = "/v1/openid/callback"


def queries(app: Flask) -> Iterator[tuple[str, str, list[str]]]:
    """Method, address and names of the query parameters of every call that has any."""
    document: dict[str, Any] = app.extensions["specification"]
    for path, item in document["paths"].items():
        for method, operation in item.items():
            parameters = operation.get("parameters", []) if isinstance(operation, dict) else []
            names = [each["name"] for each in parameters if each.get("in") == "query"]
            if names and method in {"get", "put"}:
                yield method, re.sub(r"{[^}]+}", an_id(), path), names


def test_an_unknown_parameter_is_named_at_every_address(app: Flask, register: Register) -> None:
    asked = 0
    for path, item in app.extensions["specification"]["paths"].items():
        for method in sorted({"get", "put", "post", "patch", "delete"} & set(item)):
            address = f"{re.sub(r'{[^}]+}', an_id(), path)}?crss=1"
            body = {"data": b"", "content_type": "image/jpeg"} if method == "put" else {}
            response = register.client.open(address, method=method, **body)
            if path != CALLBACK and response.status_code != 403:
                assert problem(response, 422, "query.unknown")["errors"][0]["pointer"] == "/crss", (method, path)
                asked += 1
    assert asked > 50


def test_a_repeated_parameter_is_named_at_every_address_that_has_it(app: Flask, register: Register) -> None:
    for method, address, names in queries(app):
        query = f"?{names[0]}=1&{names[0]}=1"
        body = {"data": b"", "content_type": "image/jpeg"} if method == "put" else {}
        response = register.client.open(f"{address}{query}", method=method, **body)
        assert problem(response, 422, "query.repeated")["errors"][0]["pointer"] == f"/{names[0]}", address


def test_what_a_provider_adds_to_its_redirect_is_passed_over(register: Register) -> None:
    problem(register.get(f"{CALLBACK}?code=x&state=y&iss=https://id.example&session_state=z"), 404, "http.not-found")


@pytest.mark.parametrize("word", ["yes", "on", "1", "t", "TRUE", "True", "0", "off", "n"])
def test_a_flag_is_true_or_false_and_nothing_like_it(app: Flask, register: Register, word: str) -> None:
    flags = {
        (path, each["name"])
        for path, item in app.extensions["specification"]["paths"].items()
        for each in item.get("get", {}).get("parameters", [])
        if each.get("schema", {}).get("type") == "boolean"
    }
    assert {("/v1/households", "count"), ("/v1/requests", "open")} <= flags
    for path, name in sorted(flags):
        assert "true | false" in problem(register.get(f"{path}?{name}={word}"), 422, "query.invalid")["detail"]
        assert register.get(f"{path}?{name}=true").status_code == 200


def test_without_the_permission_parameters_are_not_explained(app: Flask) -> None:
    problem(app.test_client().get("/v1/households?crss=1"), 401, "access.not-signed-in")


@pytest.mark.slow
def test_a_wrong_value_is_explained_in_signs_and_never_in_another_program_s_english(
    app: Flask, register: Register
) -> None:
    refused = set()
    for method, address, names in queries(app):
        for name in names:
            for value in WRONG:
                body = {"data": b"", "content_type": "image/jpeg"} if method == "put" else {}
                response = register.client.open(address, method=method, query_string={name: value}, **body)
                if response.status_code == 422 and response.get_json()["code"] == "query.invalid":
                    detail = response.get_json()["detail"].replace(name, "")
                    assert not ENGLISH.search(detail), (address, name, value, detail)
                    refused.add((address, name))
    assert len(refused) > 20


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_mistyped_parameter_of_one_household_is_reported_in_the_requested_language(
    app: Flask, register: Register, language: str
) -> None:
    household = register.registered(parcels=None)["id"]
    body = problem(register.get(f"/v1/households/{household}?csr=x", accept_language=language), 422, "query.unknown")
    with app.app_context():
        text = services().messages.text("query.unknown", language, name="csr")
    assert body["detail"] == body["errors"][0]["message"] == text


@pytest.mark.parametrize("number", ["1_000", "+5", " 5 ", "١", "5.0", "0x5"])
def test_a_whole_number_is_written_in_the_digits_0_to_9(register: Register, number: str) -> None:
    asked = register.client.get("/v1/households", query_string={"limit": number})
    assert problem(asked, 422, "query.invalid")["errors"][0]["pointer"] == "/limit"
    assert register.get("/v1/households?limit=5").status_code == 200


OTHER_FORMS = {
    "date": ("20261123", "2026-W48-1", "2026W481", "2026-11-2", "2026-11-23T00:00Z", "２０２６-11-23", "2026-02-30"),
    "date-time": ("20261123T000000Z", "2026-11-23T00:00Z", "2026-W48-1T00:00:00Z", "2026-11-23 00:00:00Z"),
    "number": ("1_0", "١٠", " 10 ", "+10", "1e400", "inf", "0x10", "10,0"),
}
"""Forms in which Python would read a day, a moment and a number, by the format or type of the parameter."""


def in_other_forms(app: Flask) -> Iterator[tuple[str, str, str, dict[str, str]]]:
    """Method, address, name and query of every parameter that is a day, a moment or a number, in each such form."""
    for path, item in app.extensions["specification"]["paths"].items():
        for method in sorted({"get", "put", "delete"} & set(item)):
            given = [each for each in item[method]["parameters"] if each.get("in") == "query"]
            needed = {each["name"]: each["schema"].get("enum", ["40"])[0] for each in given if each.get("required")}
            for name, shape in ((each["name"], each["schema"]) for each in given):
                for value in OTHER_FORMS.get(shape.get("format", shape.get("type")), ()):
                    yield method, re.sub(r"{[^}]+}", an_id(), path), name, needed | {name: value}


def test_a_day_a_moment_and_a_number_have_one_form_in_every_query(app: Flask, register: Register) -> None:
    asked = set()
    for method, address, name, query in in_other_forms(app):
        body = {"data": b"", "content_type": "image/jpeg"} if method == "put" else {}
        response = register.client.open(address, method=method, query_string=query, **body)
        if response.status_code != 403:
            assert problem(response, 422, "query.invalid")["errors"][0]["pointer"] == f"/{name}", (address, query)
            asked.add(name)
    assert {"as_of", "valid_on", "geography", "from", "due_until", "within", "updated_since", "taken_at"} <= asked


@pytest.mark.parametrize(
    "query", ["near=1_0,18", "near=١٠٥,18", "near=105, 18", "bbox=1_05,18,106,19", "bbox=105,18,1"]
)
def test_the_numbers_of_a_place_and_of_a_box_are_written_in_the_same_digits(register: Register, query: str) -> None:
    name = query.partition("=")[0]
    body = problem(register.get(f"/v1/households?{query}&within=5"), 422, "query.invalid")
    assert body["errors"][0]["pointer"] == f"/{name}"


# Several faults ------------------------------------------------------------------------------------------------------

MOST = 100
"""How many faults one problem lists."""


def faults(register: Register, address: str, language: str = "en", method: str = "get") -> list[tuple[str, str]]:
    """Pointer and code of every fault. The problem itself is that of the first, and every text names its parameter."""
    sent = {"data": b"", "content_type": "image/jpeg"} if method == "put" else {}
    response = register.client.open(address, method=method, headers={"Accept-Language": language}, **sent)
    body = problem(response, 422, response.get_json()["code"])
    errors = body["errors"]
    assert (body["code"], body["detail"]) == (errors[0]["code"], errors[0]["message"])
    named = [each["pointer"][1:].replace("~1", "/") for each in errors]
    assert [name for name, each in zip(named, errors, strict=True) if name not in each["message"]] == []
    return [(each["pointer"], each["code"]) for each in errors]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_faulty_parameter_is_reported_in_the_order_in_which_it_was_sent(
    register: Register, language: str
) -> None:
    wrong = [("/stage", "query.invalid"), ("/limit", "query.invalid"), ("/bbox", "query.invalid")]
    assert faults(register, "/v1/households?stage=y&limit=x&status=any&bbox=1", language) == wrong
    mistyped = [("/limt", "query.unknown"), ("/a~1b", "query.unknown")]
    assert faults(register, "/v1/households?stage=y&limt=1&limit=x&bbox=1&a/b=1", language) == mistyped + wrong
    repeated = [("/stage", "query.repeated"), *wrong[1:]]
    assert faults(register, "/v1/households?stage=y&limit=x&stage=registered&bbox=1", language) == repeated


def test_where_there_are_no_parameters_each_one_is_named(register: Register) -> None:
    assert faults(register, "/v1/session?a=1&b=2&a=3") == [("/a", "query.unknown"), ("/b", "query.unknown")]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_what_was_sent_wrong_comes_before_what_is_missing(register: Register, language: str) -> None:
    trend = [("/from", "query.invalid"), ("/unit", "query.missing")]
    assert faults(register, "/v1/coverage/trend?from=xyz", language) == trend
    assert faults(register, "/v1/coverage/trend?unit=&from=xyz", language) == [
        ("/unit", "query.invalid"),
        ("/from", "query.invalid"),
    ]
    photo = f"/v1/households/{an_id()}/photos/{an_id()}"
    assert faults(register, f"{photo}?parcel=xyz", language, "put") == [("/of", "query.missing")]
    assert faults(register, f"{photo}?of=xyz", language, "put") == [("/of", "query.invalid")]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_cursor_and_a_reference_system_are_refused_by_the_name_of_their_parameter(
    register: Register, language: str
) -> None:
    for address, name, code in (
        ("/v1/changes?after=xyz", "after", "cursor.invalid"),
        ("/v1/households?cursor=xyz", "cursor", "cursor.invalid"),
        ("/v1/households?crs=EPSG:3857", "crs", "crs.unknown"),
    ):
        assert faults(register, address, language) == [(f"/{name}", code)]


def test_of_very_many_faults_the_first_are_listed_and_all_are_counted(register: Register) -> None:
    query = "&".join(f"p{number}=1" for number in range(MOST + 2))
    response = register.get(f"/v1/households?{query}", accept_language="en")
    errors = problem(response, 422, "query.unknown")["errors"]
    assert len(errors) == MOST + 1
    assert errors[-1]["code"] == "query.more-errors"
    assert f"{MOST + 2} parameters" in errors[-1]["message"]
