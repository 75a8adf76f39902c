"""The rooms keep to their walls: imports run one way, libraries stay in their rooms, nothing happens on import."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

MAY_IMPORT = {
    "schemas": {"schemas"},
    "service.errors": {"schemas", "service.errors"},
    "service.settings": {"service.settings"},
    "service.registry": {"schemas", "service.errors", "service.registry", "service.security", "service.settings"},
    "service.storage": {
        "schemas",
        "service.errors",
        "service.registry",
        "service.security",
        "service.settings",
        "service.storage",
    },
    "service.security": {"schemas", "service.errors", "service.registry.units", "service.security", "service.settings"},
}
"""Which of our own rooms a room may import. service.api, service.app, service.commands and the like wire everything."""

LIBRARIES = {
    "pymongo": {"service.storage", "service.running"},
    "bson": {"service.storage", "service.running"},
    "flask": {"service.api", "service.app"},
    "flask_smorest": {"service.api", "service.app"},
    "werkzeug": {"service.api", "service.app"},
}
"""Which rooms may import a library."""


@cache
def modules() -> dict[str, Path]:
    """Every module of ours by its dotted name."""
    files = [*ROOT.glob("schemas/**/*.py"), *ROOT.glob("service/**/*.py")]
    return {".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file for file in files}


@cache
def imports_of(file: Path) -> tuple[str, ...]:
    """The dotted names that a module imports, anywhere in it."""
    return tuple(_imports_of(file))


def _imports_of(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            assert node.level == 0, f"{file}: imports name their whole path"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def lies_in(name: str, room: str) -> bool:
    return name == room or name.startswith(f"{room}.")


def test_the_rooms_are_there() -> None:
    assert {
        "schemas.parsing",
        "service.registry.registration",
        "service.storage.store",
        "service.api.households",
    } <= set(modules())


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_imports_run_one_way(room: str) -> None:
    wrong = [
        f"{name} imports {imported}"
        for name, file in modules().items()
        if lies_in(name, room)
        for imported in imports_of(file)
        if imported.split(".")[0] in {"schemas", "service", "tests", "benchmarks"}
        and not any(lies_in(imported, allowed) for allowed in MAY_IMPORT[room])
    ]
    assert wrong == []


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_stays_in_its_rooms(library: str) -> None:
    strangers = [
        f"{name} imports {imported}"
        for name, file in modules().items()
        for imported in imports_of(file)
        if lies_in(imported, library) and not any(lies_in(name, room) for room in LIBRARIES[library])
    ]
    assert strangers == []


def test_nothing_of_ours_imports_the_tests() -> None:
    assert not [name for name, file in modules().items() for each in imports_of(file) if each.split(".")[0] == "tests"]


def test_every_module_opens_with_what_lives_there() -> None:
    silent = [
        name
        for name, file in modules().items()
        if file.read_text(encoding="utf-8").strip()
        and not ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_nothing_happens_on_import() -> None:
    """In a process of its own: no connection, no thread, no file written."""
    watch = """
import builtins, importlib, socket, sys, threading
def refuse(*_, **__):
    raise AssertionError("a connection on import")
socket.socket.connect = refuse
opened, plain = [], builtins.open
def watched(file, mode="r", *more, **named):
    if set(mode) & set("wax+"):
        raise AssertionError(f"{file} written on import")
    return plain(file, mode, *more, **named)
builtins.open = watched
for name in sys.argv[1:]:
    importlib.import_module(name)
    assert threading.active_count() == 1, f"{name} starts a thread"
"""
    ours = sorted(name for name in modules() if not name.endswith(("__main__", "gunicorn_configuration")))
    finished = subprocess.run(
        [sys.executable, "-c", watch, *ours],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT), "PATH": "", "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert finished.returncode == 0, finished.stderr[-2000:]
