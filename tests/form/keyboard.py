"""A person without a pointer: everything by Tab, Enter, Space, arrows and letters."""

from __future__ import annotations

from playwright.sync_api import Page, expect

_NAME = """() => {
  const element = document.activeElement;
  const by = element.getAttribute('aria-labelledby');
  const text = by ? by.split(' ').map(id => document.getElementById(id)?.innerText ?? '').join(' ')
    : element.getAttribute('aria-label') ?? element.labels?.[0]?.innerText ?? element.innerText ?? '';
  return text.trim().replace(/\\s+/g, ' ');
}"""

MOST_TABS = 80


class Keyboard:
    """Drives a page by its keyboard; never by a pointer, and never by setting a field's value."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def name(self) -> str:
        """What a screen reader would call the element that has the focus."""
        return str(self.page.evaluate(_NAME))

    def to(self, name: str) -> Keyboard:
        """Press Tab until the element whose name begins so has the focus."""
        passed = []
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            now = self.name()
            if now.lstrip("+✓ ").startswith(name):
                return self
            passed.append(now)
        raise AssertionError(f"{name!r} cannot be reached with Tab, only {passed}")

    def at(self, name: str) -> Keyboard:
        """Have the focus at a field, without having gone there."""
        expect(self.page.get_by_label(name, exact=True)).to_be_focused()
        return self

    def on(self, heading: str) -> Keyboard:
        """Be on a screen, with the focus at its heading."""
        title = self.page.get_by_role("heading", level=1, name=heading)
        expect(title).to_be_focused()
        return self

    def type(self, text: str) -> Keyboard:
        """Type letter by letter."""
        self.page.keyboard.type(text)
        return self

    def press(self, key: str) -> Keyboard:
        """Press one key."""
        self.page.keyboard.press(key)
        return self

    def choose(self, label: str, text: str) -> Keyboard:
        """Open a long list, search it, take the first hit."""
        self.to(label).press("Enter")
        expect(self.page.get_by_role("searchbox")).to_be_focused()
        self.type(text).press("ArrowDown")
        expect(self.page.get_by_role("dialog").locator("button.option").first).to_be_focused()
        self.press("Enter")
        expect(self.page.get_by_role("dialog")).to_be_hidden()
        return self
