"""The page for operators names every setting, with the default that the code has."""

from __future__ import annotations

from dataclasses import fields

from service.running.settings_table import PAGE, settings_table, with_table
from service.settings import Settings


def test_every_setting_is_in_the_table() -> None:
    table = settings_table()
    missing = [field.name for field in fields(Settings) if f"| `{field.name.upper()}` |" not in table]
    assert missing == [], "a setting needs a line in triple quotes under it that says what it means"


def test_the_page_has_the_table_of_today() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert with_table(page) == page, "run: python -m service.running.settings_table"
