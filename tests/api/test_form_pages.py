"""The pages that the service serves, those of the form's worker and those that the form shows are the same."""

from __future__ import annotations

import re
from pathlib import Path

from service.api.resources.form_pages import PAGES

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
