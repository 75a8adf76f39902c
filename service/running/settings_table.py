"""The table of settings in docs/operations.md, generated from service/settings.py so that none is missing."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

from service import settings
from service.running.command_line import ROOT

PAGE = ROOT / "docs" / "operations.md"
BEGIN = "<!-- settings: made by python -m service.running.settings_table -->"
END = "<!-- end of settings -->"


def settings_table() -> str:
    """Return the settings as a Markdown table: variable, default, range, meaning."""
    rows = ["| variable | default | from … to | means |", "| --- | --- | --- | --- |"]
    for name, default, meaning in _settings():
        rows.append(f"| `{name}` | {default} | {_range_of(name)} | {meaning} |")
    return "\n".join(rows)


def with_table(page: str) -> str:
    """Return the page with the current table between its two markers. Raises ValueError if a marker is missing."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n\n{settings_table()}\n\n{END}{after}"


def _range_of(name: str) -> str:
    """The range of a setting that is a number; nothing for a text."""
    if name.lower() not in settings.RANGES:
        return ""
    least, most = settings.RANGES[name.lower()]
    return f"{least:,} … {most:,}"


def _settings() -> Iterator[tuple[str, str, str]]:
    tree = ast.parse(inspect.getsource(settings.Settings))
    definition = tree.body[0]
    if not isinstance(definition, ast.ClassDef):
        raise TypeError("Settings is not a class")
    name = default = ""
    for statement in definition.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            name = statement.target.id.upper()
            value = "" if statement.value is None else repr(ast.literal_eval(statement.value))
            default = {"": "to be given", "''": "empty"}.get(value, f"`{value.strip(chr(39))}`")
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant) and name:
            meaning = " ".join(str(statement.value.value).split()).replace("|", "\\|")
            yield name, default, meaning
            name = ""


def main(page: Path = PAGE) -> None:
    """Write the current table into the page."""
    page.write_text(with_table(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
