"""The pages that the service serves, those of the form's worker and those that the form shows are the same."""

from __future__ import annotations

import re
from pathlib import Path

from flask import Flask

from service.api.resources.form_pages import PAGES
from service.province import read_province
from tests.api.asking import Register

FORM = Path(__file__).parents[2] / "form" / "src"
WORKER = FORM / "service-worker" / "worker.ts"
BEGINNING = (FORM / "main.ts").read_text(encoding="utf-8")


def test_the_service_worker_knows_every_page_of_the_service() -> None:
    """Without it a page would not open offline, and could come from another version than its code."""
    listed = re.search(r"const PAGES = new Set\(\[(.*?)\]\)", WORKER.read_text(encoding="utf-8"))
    assert listed is not None
    assert tuple(re.findall(r"'([^']+)'", listed[1])) == PAGES


def test_the_form_has_something_to_show_at_every_page_of_the_service() -> None:
    listed = re.search(r"^const PAGES\b.*?= \{$(.*?)^\};$", BEGINNING, flags=re.MULTILINE | re.DOTALL)
    assert listed is not None
    assert tuple(re.findall(r"^  '([^']+)':", listed[1], flags=re.MULTILINE)) == PAGES
    assert "location.pathname" not in BEGINNING.replace("PAGES[location.pathname]", "", 1), "a page beside the list"


def test_a_phone_that_was_signed_out_is_erased_whichever_page_finds_out() -> None:
    """The form's beginning sees to it for all pages, outside of any of them."""
    assert len(re.findall(r"^whenRevoked\(", BEGINNING, flags=re.MULTILINE)) == 1
    assert BEGINNING.index("\nwhenRevoked(") < BEGINNING.index("PAGES[location.pathname]")


def test_what_the_form_needs_to_know_of_the_province_is_in_the_contract(register: Register, app: Flask) -> None:
    province = register.json("/form-settings.json")["province"]
    assert (province["code"], province["centre"]) == ("40", list(read_province("40").map.centre))
    assert province["zones"][0] == {
        "code": "EPSG:9208", "name": "VN-2000 / TM-3 104°45′", "central_meridian": 104.75, "scale": 0.9999,
    }  # fmt: skip
    described = app.extensions["specification"]["components"]["schemas"]
    assert set(described["FormProvince"]["required"]) == set(province)
    assert set(described["Zone"]["required"]) == set(province["zones"][0])
