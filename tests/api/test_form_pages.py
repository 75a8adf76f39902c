"""The pages that the service serves, those of the form's worker and those that the form shows are the same."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from flask import Flask

from service.api.resources.form_pages import PAGES
from service.province import read_province
from service.settings import Settings
from tests.api.asking import Register
from tests.apps import opened_app
from tests.builders import MovedClock

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


def test_the_form_is_given_the_limits_that_the_register_holds_to(migrated_settings: Settings) -> None:
    """Else a phone warns of overlaps that the register tolerates, and makes photos that it refuses."""
    own = replace(migrated_settings, overlap_tolerated_percent=2.0, overlap_tolerated_width_m=3.0, photo_bytes=200_000)
    with opened_app(own, MovedClock()) as app:
        limits = Register(app.test_client()).json("/form-settings.json")["limits"]
    assert limits == {"overlap_share": 0.02, "overlap_width_m": 3.0, "sliver_share": 0.5, "photo_bytes": 200_000}


def test_a_phone_without_settings_holds_to_the_limits_of_a_register_without_settings(register: Register) -> None:
    source = (FORM / "definition" / "limits.ts").read_text(encoding="utf-8")
    usual = re.search(r"USUAL_LIMITS: Limits = \{(.*?)\}", source)
    assert usual is not None
    numbers = [float(number.replace("_", "")) for number in re.findall(r": ([\d._]+)", usual[1])]
    assert numbers == list(register.json("/form-settings.json")["limits"].values())
