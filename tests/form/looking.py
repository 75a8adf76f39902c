"""Looking at a screen as a machine can: axe-core in both themes and at two widths, and what sticks out at the side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.form.officer import PHONE

NARROW = {"width": 320, "height": 568}
"""The smallest phone that is still in use."""

ZOOMED = {"width": 160, "height": 284}
"""What is left of the smallest phone at 200%: zooming in halves the CSS pixels of the window."""

SERIOUS = ("serious", "critical")

_THEMES = {
    "light": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "dark": ["color-contrast"],
}
"""The rules to run in each theme: the dark one changes colours and nothing else."""

_RUN = """async rules => {
  const {violations} = await axe.run(document, {resultTypes: ['violations'], runOnly: rules});
  return violations.map(({id, impact, nodes}) => ({
    id, impact, places: nodes.map(node => node.html.slice(0, 160) + ' ' + (node.any[0]?.message ?? '')),
  }));
}"""

_STICKS_OUT = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll('body *')]
    .filter(each => each.getBoundingClientRect().right > width + 1)
    .slice(-3).map(each => each.outerHTML.slice(0, 160));
}"""


class Looker:
    """Looks at screens and keeps what it finds; a test says at its end that there is nothing."""

    def __init__(self, axe: Path) -> None:
        self._axe = axe.read_text(encoding="utf-8")
        self.seen: list[str] = []
        self.found: list[str] = []

    def look(self, page: Page, screen: str) -> None:
        """axe-core in light and dark, at 320 and at 360 pixels; nothing sticks out at the side, at 200% neither."""
        self.seen.append(screen)
        # Evaluated by the debugger, not by the page: the page's policy stays as strict as it is.
        if not page.evaluate("'axe' in window"):
            page.evaluate(self._axe)
        for size in (NARROW, PHONE):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            # As high as it needs: what lies under a bar can be scrolled out, and axe-core does not scroll.
            height = page.evaluate("document.documentElement.scrollHeight")
            page.set_viewport_size({"width": size["width"], "height": max(height, size["height"])})
            for scheme, rules in _THEMES.items():
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                for finding in page.evaluate(_RUN, rules):
                    self._note(f"{screen}, {size['width']} px, {scheme}", finding)
        page.emulate_media(color_scheme="light")
        for size in (ZOOMED, NARROW, PHONE):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            self.found += [f"{screen}, {size['width']} px: sticks out: {html}" for html in page.evaluate(_STICKS_OUT)]

    def _note(self, where: str, finding: dict[str, Any]) -> None:
        if finding["impact"] in SERIOUS:
            self.found += [f"{where}: {finding['impact']} {finding['id']}: {place}" for place in finding["places"]]
