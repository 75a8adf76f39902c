"""Every problem has a stable code, a status, texts in both languages and a place in the documentation."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from inspect import getsource, signature
from pathlib import Path
from string import Formatter

import pytest

import service
from schemas.catalogue import Catalogue
from schemas.errors import JsonInvalid, RecordInvalid
from schemas.rules import RULES
from service import errors
from service.api.http.problems import HTTP_CODES, STATUS
from service.errors import RecordCarried
from service.units.borders import BorderFileInvalid
from service.units.errors import UnitsChanged
from service.units.unit_list import UnitListInvalid
from tests.api.asking import Register

ROOT = Path(__file__).parents[2]
MESSAGES = Catalogue(ROOT / "service" / "messages")
ITEM_MESSAGES = Catalogue(ROOT / "schemas" / "messages")

ONLY_IN_SCRIPTS = {BorderFileInvalid, UnitListInvalid, UnitsChanged}
"""Errors about a file that an operator loads with a script, which prints them or retries; no request raises them."""


def below(kind: type[errors.DomainError]) -> Iterator[type[errors.DomainError]]:
    for each in kind.__subclasses__():
        yield each
        yield from below(each)


def domain_errors() -> list[type[errors.DomainError]]:
    """Every domain error of the service, in whichever room it is; all modules are imported to find them."""
    for module in pkgutil.walk_packages(service.__path__, "service."):
        importlib.import_module(module.name)
    ours = {kind for kind in below(errors.DomainError) if kind.__module__.startswith("service.")}
    return sorted(ours - ONLY_IN_SCRIPTS - {RecordCarried}, key=lambda kind: (kind.code, kind.__name__))


DOMAIN_ERRORS = domain_errors()


@pytest.mark.parametrize("kind", DOMAIN_ERRORS, ids=lambda kind: kind.__name__)
def test_every_domain_error_has_a_status_of_its_own_and_texts(kind: type[errors.DomainError]) -> None:
    """An error without a row would get that of a more general one, such as 403; only one with the same code may."""
    above = [
        base for base in kind.__bases__ if getattr(base, "code", "") == kind.code and base is not errors.AccessError
    ]
    assert kind in STATUS or any(base in STATUS for base in above), (
        f"{kind.__name__} ({kind.__module__}) has no status in service/api/http/problems.py"
    )
    # The text is the schema's where the phone shows it too.
    catalogue = ITEM_MESSAGES if kind.code in ITEM_MESSAGES else MESSAGES
    for language in ("vi", "en"):
        assert catalogue.text(kind.code, language)


def test_an_error_of_scripts_alone_is_not_in_the_table() -> None:
    assert not ONLY_IN_SCRIPTS & STATUS.keys()


def test_an_error_with_a_record_is_one_whose_record_the_reader_releases() -> None:
    """Any other error with a record would put the stored record into a problem."""
    takes_one = {kind for kind in DOMAIN_ERRORS if "current" in signature(kind.__init__).parameters}
    assert takes_one == {kind for kind in DOMAIN_ERRORS if issubclass(kind, RecordCarried)}
    assert [kind for kind in DOMAIN_ERRORS if "self.current" in getsource(kind)] == []


def test_codes_are_stable_words_and_nobody_shares_one() -> None:
    codes = [kind.code for kind in DOMAIN_ERRORS if kind in STATUS]
    assert len(codes) == len(set(codes))
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*", code) for code in codes)


def test_what_flask_refuses_by_itself_has_texts() -> None:
    for code in ("internal", "problem.title", *HTTP_CODES.values()):
        assert MESSAGES.text(code, "vi") != MESSAGES.text(code, "en")


def test_every_rule_has_texts() -> None:
    for rule in RULES:
        for code in rule.codes:
            assert ITEM_MESSAGES.text(code, "vi") != ITEM_MESSAGES.text(code, "en")


@pytest.mark.parametrize("catalogue", [MESSAGES, ITEM_MESSAGES], ids=["service", "schemas"])
def test_both_languages_fill_the_same_places(catalogue: Catalogue) -> None:
    for code in catalogue.codes():
        places = [
            {name for _, name, _, _ in Formatter().parse(catalogue.template(code, language)) if name}
            for language in ("vi", "en")
        ]
        assert places[0] == places[1], code


def test_the_status_of_what_is_not_a_domain_error_stands_in_the_table_too() -> None:
    assert (STATUS[JsonInvalid], STATUS[RecordInvalid]) == (400, 422)


def test_every_problem_is_explained_on_a_page_that_loads_nothing_from_elsewhere(register: Register) -> None:
    for address in ("/docs", "/docs/problems"):
        page = register.get(address).get_data(as_text=True)
        assert re.findall(r"(?:src|href)=[\"'](?:https?:)?//", page) == []
    page = register.get("/docs/problems").get_data(as_text=True)
    for code in {kind.code for kind in DOMAIN_ERRORS} | set(HTTP_CODES.values()) | set(ITEM_MESSAGES.codes()):
        assert code in page, f"{code} is not on /docs/problems"


def test_no_response_carries_a_traceback(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    from service.storage.households import Households

    def break_down(*_: object, **__: object) -> None:
        raise ZeroDivisionError("the head's number is 040078001234")

    monkeypatch.setattr(Households, "page", break_down)
    response = register.get("/v1/households")
    assert response.status_code == 500
    assert response.get_json()["code"] == "internal"
    assert "ZeroDivision" not in response.text
    assert "040078001234" not in response.text
