"""The pages that the service serves and those that the form's service worker serves from its cache are the same."""

from __future__ import annotations

import re
from pathlib import Path

from service.api.resources.form_pages import PAGES

WORKER = Path(__file__).parents[2] / "form" / "src" / "service-worker" / "worker.ts"


def test_the_service_worker_knows_every_page_of_the_service() -> None:
    """Without it a page would not open offline, and could come from another version than its code."""
    listed = re.search(r"const PAGES = new Set\(\[(.*?)\]\)", WORKER.read_text(encoding="utf-8"))
    assert listed is not None
    assert tuple(re.findall(r"'([^']+)'", listed[1])) == PAGES
