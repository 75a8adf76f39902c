"""What stands within the text of a problem is in the reader's language: no state, reason or type in raw English."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

import service
from schemas.catalogue import Catalogue
from service.api.http.problems import CODES, STATUS, WORD, WORDS
from service.people.person_request import RequestState
from service.units.unit import LEVELS
from tests.access.test_personal_data_over_http import received
from tests.api.asking import Register, problem
from tests.api.test_problems import ITEM_MESSAGES, MESSAGES
from tests.builders import a_square

SOURCES = Path(service.__file__).parent
TYPES = Catalogue()._files["vi"]["types"]
NOT_WORDS = {"permission", "name", "known", "sent", "wanted", "id", "type"}
"""Params that a client sent, or is to send as they are: names, values, media types, permissions."""
CODES_BY_NAME = {kind.__name__: kind.code for kind in STATUS if hasattr(kind, "code")}
ENGLISH = re.compile(r"\b(?!near\b|within\b|limit\b|area\b|of\b|land_certificate\b|true\b|false\b)[a-z]{4,}\b")
"""English words, without names of parameters and of their values."""


def params_of_errors() -> Iterator[tuple[str, str, str]]:
    """Code, param and value of every text that the sources give to an error, directly or by a schema's refusals."""
    for path in SOURCES.rglob("*.py"):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                refused = [each.value.id for each in node.body if _is_refused_with(each)]  # type: ignore[attr-defined]
                for code in (CODES_BY_NAME[name] for name in refused if name in CODES_BY_NAME):
                    calls = (each for each in ast.walk(node) if isinstance(each, ast.Call))
                    yield from ((code, *each) for call in calls if _called(call) == "refusal" for each in _texts(call))
            if isinstance(node, ast.Call):
                yield from _params_of_call(node, _called(node))


def _params_of_call(call: ast.Call, called: str) -> Iterator[tuple[str, str, str]]:
    if called in CODES_BY_NAME:
        yield from ((CODES_BY_NAME[called], *each) for each in _texts(call))
    if called == "refusal":
        yield from (("item.type", *each) for each in _texts(call) if each[0] == "expected")
    yield from (("query.invalid", "reason", text) for text in _positional(call, "ValidationError"))
    yield from (("search.area-invalid", "reason", text) for text in _positional(call, "search_area_invalid"))


def _is_refused_with(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "refused_with"


def _called(call: ast.Call) -> str:
    """The last part of a called name. Not ``ast.unparse``: it takes long, and this is asked of every call there is."""
    match call.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def _texts(call: ast.Call) -> Iterator[tuple[str, str]]:
    for each in call.keywords:
        if each.arg is not None and isinstance(each.value, ast.Constant) and isinstance(each.value.value, str):
            yield each.arg, each.value.value


def _positional(call: ast.Call, name: str) -> Iterator[str]:
    if isinstance(call.func, ast.Name) and call.func.id == name:
        last = call.args[-1] if name == "ValidationError" or len(call.args) > 1 else None
        if isinstance(last, ast.Constant) and isinstance(last.value, str) and name != "ValidationError":
            yield last.value


def in_words(code: str, param: str, value: str) -> bool:
    catalogue = MESSAGES if code in MESSAGES else ITEM_MESSAGES
    if param not in {name for _, name, _, _ in Formatter().parse(catalogue.template(code, "vi"))} - NOT_WORDS:
        return True
    if param == "expected":
        return value in TYPES
    known = param in WORDS.get(code, ()) and any(each in MESSAGES for each in (f"{WORD}{value}", value))
    return known or code in CODES or not ENGLISH.search(value)


def test_every_word_that_the_sources_put_into_a_problem_has_a_text() -> None:
    found = list(params_of_errors())
    assert ("baseline.invalid", "reason", "households") in found
    assert ("search.area-invalid", "reason", "crossing") in found
    assert ("item.type", "expected", "list") in found
    assert [each for each in found if not in_words(*each)] == []


def test_every_state_and_level_has_a_word() -> None:
    assert [str(each) for each in (*RequestState, "changed", *LEVELS) if f"{WORD}{each}" not in MESSAGES] == []


def test_words_are_used_and_differ_from_those_in_english() -> None:
    for code, params in WORDS.items():
        assert params <= {name for _, name, _, _ in Formatter().parse(MESSAGES.template(code, "vi"))}, code
    words = [code for code in MESSAGES.codes() if code.startswith(WORD)]
    assert [code for code in words if MESSAGES.template(code, "vi") == MESSAGES.template(code, "en")] == []


BOW_TIE = [[105.66, 18.67], [105.67, 18.68], [105.67, 18.67], [105.66, 18.68], [105.66, 18.67]]
CROSSING = {"type": "Polygon", "coordinates": [BOW_TIE]}


@pytest.mark.parametrize(
    ("area", "words"),
    [
        (CROSSING, "đường ranh tự cắt, hoặc các phần chồng lên nhau, tại (105.665; 18.675)"),
        ({**a_square(), "colour": 1}, "Lược đồ không có mục “colour”. Xin kiểm tra lại tên mục. Gửi"),
        ({"type": "Polygon", "coordinates": [[[1, 1], [2, 2]]]}, "Đường ranh có 2 điểm"),
        ({"type": "Point", "coordinates": [1, 1]}, "Loại hình học phải là Polygon, MultiPolygon"),
        (5, "cần đối tượng (nhóm mục)"),
    ],
)
def test_a_search_area_is_refused_in_vietnamese(register: Register, area: Any, words: str) -> None:
    refused = problem(register.client.post("/v1/households/search", json={"area": area}), 422, "search.area-invalid")
    assert words in refused["detail"]
    assert words in refused["errors"][0]["message"]


def test_a_request_that_is_closed_says_so_in_the_language_of_the_reader(register: Register) -> None:
    request = received(register, register.registered()["id"], "view")["id"]
    assert register.client.post(f"/v1/requests/{request}/cancel").status_code == 200
    again = register.client.post(f"/v1/requests/{request}/cancel")
    assert "(đã hủy)" in problem(again, 409, "request.closed")["detail"]
    english = register.client.post(f"/v1/requests/{request}/cancel", headers={"Accept-Language": "en"})
    assert "(cancelled)" in problem(english, 409, "request.closed")["detail"]


def test_a_baseline_is_refused_in_vietnamese_and_without_zero_bytes(register: Register) -> None:
    source = {"households": 1, "source": "Chi cục\u0000", "date": "2026-01-01"}
    response = register.client.put("/v1/baselines/16681", json=source)
    assert problem(response, 422, "baseline.invalid")["errors"][0]["pointer"] == "/source"
    assert "(nguồn số liệu)" in response.get_json()["detail"]


@pytest.mark.parametrize(
    ("item", "value", "message"),
    [
        ("crops", 5, "Giá trị không đúng kiểu; cần danh sách."),
        ("crs", 5, "Giá trị không đúng kiểu; cần chữ."),
        ("declared_area_m2", 1e13, "Không được lớn hơn 1000000000000."),
        ("declared_area_m2", -1, "Phải lớn hơn 0."),
        ("declared_area_m2", "1", "Giá trị không đúng kiểu; cần số."),
        ("crops", [{"area_m2": -1}], "Không được nhỏ hơn 0."),
    ],
)
def test_a_parcel_s_check_names_type_and_bound_in_vietnamese(
    register: Register, item: str, value: object, message: str
) -> None:
    body = {"geometry": a_square(), item: value}
    refused = problem(register.client.post("/v1/parcels/check", json=body), 422, "household.invalid")
    assert [each["message"] for each in refused["errors"]] == [message]
