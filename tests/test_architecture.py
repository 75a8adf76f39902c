"""The rooms keep to their walls: imports run one way, libraries stay in their rooms, nothing happens on import."""

from __future__ import annotations

import ast
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from service.actor import Actor
from service.api.http.guard import Guard
from service.api.http.services import Services
from service.app import BLUEPRINTS
from service.households.changes import Record
from service.households.household_register import HouseholdRegister
from service.households.ports import HouseholdRepositories, Written
from service.households.reading import Reader
from service.households.residence import Residences
from service.households.settling import ParcelRegister
from service.people.person_request import PersonRequest
from service.people.photos import PhotoRegister, SentPhoto
from service.people.requests import PeopleRequests
from service.reports.baselines import Baselines, NamedBaseline
from service.reports.coverage import Coverage, CoverageReport, Trend
from service.reports.open_data import OpenData, OpenDataTable
from service.reports.ports import Publication
from service.reports.village_coverage import VillageCoverage
from service.unit_names import UnitId

ROOT = Path(__file__).parents[1]

FLOORS: tuple[frozenset[str], ...] = (
    frozenset({"formats", "parcels"}),
    frozenset({"units"}),
    frozenset({"households"}),
    frozenset({"people", "reports"}),
    frozenset({"access"}),
    frozenset({"jobs"}),
    frozenset({"storage"}),
    frozenset({"api"}),
    frozenset({"wiring"}),
    frozenset({"app"}),
    frozenset({"commands", "running"}),
    frozenset({"demonstration"}),
)
"""The rooms of service/ from the ground up. Below them lie schemas/ and the modules of service/ itself (``GROUND``)."""

MADE_WITH_THE_READER = "service.api.http.reader"
"""Where the Reader of a request is made: only there may be imported what it reads from and notes with."""

LIBRARIES = {
    "pymongo": {"service.storage", "service.running"},
    "bson": {"service.storage", "service.running"},
    "gridfs": {"service.storage", "service.running"},
    "flask": {"service.api", "service.app"},
    "flask_smorest": {"service.api", "service.app"},
    "werkzeug": {"service.api", "service.app"},
    "prometheus_client": {"service.api", "service.running"},
}
"""Which rooms may import a library."""

PYMONGO_BRINGS = {"pymongo", "bson", "gridfs"}
"""The packages of pymongo: each of them reaches the database."""

IMPORTING = {
    "import_module",
    "__import__",
    "__loader__",
    "__builtins__",
    "resolve_name",
    "exec",
    "eval",
    "run_path",
    "run_module",
}
"""Names by which what no import statement names is imported or run; they may not even be referred to."""
IMPORTERS = {"importlib", "runpy", "pkgutil", "imp", "zipimport", "builtins"}
"""Libraries whose purpose that is, or which have it under another name."""
MAY_IMPORT = {"service.running.environment": {"importlib.util"}, "service.running.mongod": {"importlib.util"}}
"""They ask whether a package is installed (``find_spec``), and import nothing by it."""
WRITE_CODE = {"schemas.compiled", "service.api.http.resource"}
"""Make the parser of a household and the writers of resources from the schemas, and run them."""

LONGEST_FILE, LONGEST_FUNCTION = 400, 60
"""In lines. What is longer says why in the first lines of its docstring: ``Longer than 400 lines because …``."""


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
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports name their whole path"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def lies_in(name: str, room: str) -> bool:
    return name == room or name.startswith(f"{room}.")


GROUND = -1
SCHEMAS = -2


def room_of(name: str) -> str:
    """The room that a module lies in: the folder below service/, or the module itself where it lies in service/."""
    parts = name.split(".")
    return parts[0] if parts[0] != "service" or len(parts) == 1 else parts[1]


def floor_of(name: str) -> int:
    """The floor of a module; a room that nobody placed fails here, so that a new one is placed."""
    room = room_of(name)
    if room == "schemas":
        return SCHEMAS
    folder = ROOT / "service" / room
    for number, rooms in enumerate(FLOORS):
        if room in rooms:
            return number
    assert not folder.is_dir(), f"the room {room} stands on no floor"
    return GROUND


@cache
def ours_imported_by(name: str) -> frozenset[str]:
    """The modules of ours that a module imports."""
    found = set()
    for imported in imports_of(modules()[name]):
        if imported.split(".")[0] not in {"schemas", "service", "tests", "benchmarks"}:
            continue
        module = imported if imported in modules() else imported.rpartition(".")[0]
        assert module in modules(), f"{name} imports {imported}, which is not there"
        found.add(module)
    return frozenset(found)


def test_every_room_of_the_plan_is_there() -> None:
    rooms = {room_of(name) for name in modules() if "." in name and name.startswith("service.")}
    assert set().union(*FLOORS) <= rooms


def test_no_import_runs_up_a_floor() -> None:
    wrong = [
        f"{name} imports {imported}"
        for name in modules()
        for imported in sorted(ours_imported_by(name))
        if floor_of(imported) > floor_of(name)
        or (floor_of(imported) == floor_of(name) >= 0 and room_of(imported) != room_of(name))
    ]
    assert wrong == []


def test_what_serves_requests_never_imports_storage() -> None:
    wrong = [
        f"{name} imports {imported}"
        for name in modules()
        if room_of(name) == "api"
        for imported in ours_imported_by(name)
        if room_of(imported) == "storage"
    ]
    assert wrong == []


READERS_OWN = tuple(
    f"service.households.{name}" for name in ("history", "masking", "refusals", "releasing", "revealed", "usable_items")
)
"""What only a Reader decides by: what of a record, a refusal or a finding is shown, and what may be searched by."""


def test_what_serves_requests_neither_masks_records_nor_reads_them_past_the_reader() -> None:
    """Only the one place that makes a request's Reader has to do with what a Reader is made of."""
    wrong = [
        f"{name} imports {imported}"
        for name in modules()
        if room_of(name) == "api"
        for imported in imports_of(modules()[name])
        if any(lies_in(imported, each) for each in READERS_OWN)
        or (lies_in(imported, "service.households.reading") and name != MADE_WITH_THE_READER)
    ]
    assert wrong == []


NOTED_BY = {
    "note_households": {"service.api.http.audit_trail", MADE_WITH_THE_READER},
    "take_about": {"service.api.http.audit_trail", "service.api.http.gate"},
    "note_about": set[str](),
    "service.about": {"service.api.http.audit_trail", "service.api.http.gate"},
}
"""What is written into the trail with, and where api may have to do with it: the Reader and the rooms decide."""


@pytest.mark.parametrize("name", NOTED_BY)
def test_no_view_notes_whose_records_it_showed_or_what_it_was_about(name: str) -> None:
    """What one view notes itself would have to be remembered by the next one."""
    naming = {
        module
        for module, file in modules().items()
        if room_of(module) == "api" and name in file.read_text(encoding="utf-8")
    }
    assert naming == NOTED_BY[name]


WHO_ASKS = {
    "sight": set[str](),
    "granted": set[str](),
    "sees_persons": set[str](),
    # States in the header Sight what the Reader decided.
    "people_shown": {MADE_WITH_THE_READER},
    # No entry is begun for who is shown nobody.
    "sees_somebody": {"service.api.http.audit_trail"},
    # The entry names the role; only systems have scopes, of which the challenge of a 403 names one.
    "role": {"service.api.http.audit_trail", "service.api.http.oauth"},
    # The response to a sign-in, and the session's own page, list them.
    "scopes": {"service.api.resources.grants", "service.api.resources.session_schemas"},
    "may": {"service.api.resources.session_schemas"},
}
"""What distinguishes one account from another, and where api may read it. A schema may show an account's sight or
role (as the name of a field); nothing of a record is decided by it."""
READS_ANY_NAME = {
    # Forwards to a value what it does not have itself (``Beside``), and finds the method of a class of views.
    "service.api.http.resource": {"getattr(self.__value, name)", "self.__dict__"},
    "service.api.http.blueprint": {
        "getattr(getattr(view, 'view_class', None), method, view)",
        "getattr(handler, _QUERY, None)",
    },
}
"""Where api may read an attribute whose name does not stand in the code."""
BY_ANY_NAME = {"__dict__", "__getattribute__", "attrgetter", "methodcaller", "vars", "asdict", "astuple", "getmembers"}


def test_what_serves_requests_never_asks_who_a_reader_is() -> None:
    found: dict[str, set[str]] = {name: set() for name in WHO_ASKS}
    by_any_name: dict[str, set[str]] = {}
    for module, file in modules().items():
        if room_of(module) == "api":
            for name, by_code in attributes_read(file.read_text(encoding="utf-8")):
                if name in found:
                    found[name].add(module)
                elif name is None:
                    by_any_name.setdefault(module, set()).add(by_code)
    assert found == WHO_ASKS
    assert by_any_name == READS_ANY_NAME


def attributes_read(code: str) -> Iterator[tuple[str | None, str]]:
    """The names of the attributes that code reads, None for any name, each with the code that does."""
    tree = ast.parse(code)
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        names: list[str | None] = []
        if isinstance(node, ast.Attribute | ast.Name):
            name = node.attr if isinstance(node, ast.Attribute) else node.id
            passed_on = name == "getattr" and id(node) not in called
            if name in BY_ANY_NAME or passed_on:
                names = [None]
            elif isinstance(node, ast.Attribute):
                names = [name]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr":
            asked = node.args[1] if len(node.args) > 1 else None
            names = [str(asked.value) if isinstance(asked, ast.Constant) else None]
        elif isinstance(node, ast.MatchClass):
            names = [*node.kwd_attrs, *(None for _ in node.patterns)]
        elif isinstance(node, ast.ImportFrom):
            names = [None for alias in node.names if alias.name in BY_ANY_NAME]
        yield from ((name, ast.unparse(node)) for name in names)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("current_principal().role", "role"),
        ("getattr(current_principal(), 'role')", "role"),
        ("getattr(current_principal(), 'si' + 'ght')", None),
        ("getattr(current_principal(), name)", None),
        ("getattr(*parts)", None),
        ("map(getattr, [current_principal()], ['sight'])", None),
        ("builtins.getattr", None),
        ("vars(current_principal())['sight']", None),
        ("current_principal().__dict__", None),
        ("from operator import attrgetter as read", None),
        ("operator.attrgetter('sight')", None),
        ("match who:\n    case Principal(role=Role.SYSTEM): pass", "role"),
        ("match who:\n    case Principal('x'): pass", None),
    ],
)
def test_a_way_to_ask_who_a_reader_is_is_found(code: str, name: str | None) -> None:
    assert name in [found for found, _ in attributes_read(code)]


WRITES_UNITS = {str, Record, Record | None}
WITHOUT_A_READER: dict[type, set[Any]] = {
    HouseholdRegister: {Written},
    ParcelRegister: {Written},
    PhotoRegister: {SentPhoto},
    PeopleRequests: {PersonRequest},
    # Has no store: returns what it was given, with the codes of its units.
    Residences: WRITES_UNITS,
    # Numbers.
    Coverage: {CoverageReport, Trend},
    VillageCoverage: set(),
    Baselines: {NamedBaseline, list[NamedBaseline]},
    OpenData: {Publication, OpenDataTable},
}
"""What the objects that views reach return without a Reader, of the rooms that know stored households: what became of
a write, which the walk of tests/api/test_one_way_out.py follows into the response, and numbers."""
NO_OBJECTS = {"clock", "ready", "example", "units_since", "residences", "openid"}
"""What views reach that is a function, a value or absent in some registers; none of them reads a household."""
CALLED_UNNAMED = {"__call__", "__getitem__", "__iter__", "__getattr__"}


def reached_by_views() -> Iterator[type]:
    """The classes of ours in the services and the guard, of the rooms that know stored households."""
    for reached in (Services, Guard):
        for name, hint in get_type_hints(reached).items():
            assert isinstance(hint, type) or name in NO_OBJECTS, f"{reached.__name__}.{name}: what does it return?"
            for kind in (hint, *get_args(hint)):
                if isinstance(kind, type) and room_of(kind.__module__) in {"households", "people", "reports"}:
                    yield kind


def returned_past_the_reader(kind: type, allowed: set[Any]) -> Iterator[str]:
    """The public attributes of a class that do not ask for a Reader and may return something that is not allowed."""
    for ours in (each for each in kind.__mro__ if each.__module__.split(".")[0] not in {"builtins", "typing"}):
        tree = ast.parse(inspect.cleandoc("\n" + inspect.getsource(ours)))
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Attribute)
                and re.fullmatch(r"self\.[^_.].*", ast.unparse(node))
                and isinstance(node.ctx, ast.Store)
            ):
                yield f"{kind.__name__}.{node.attr}"
        for name, member in vars(ours).items():
            if name.startswith("_") and name not in CALLED_UNNAMED:
                continue
            function = getattr(member, "fget", None) or getattr(member, "__func__", member)
            hints = get_type_hints(function) if inspect.isfunction(function) else {"return": object}
            returned = hints.pop("return", object)
            if Reader not in hints.values() and returned not in {*allowed, type(None)}:
                yield f"{kind.__name__}.{name}"


def test_nothing_that_views_reach_returns_what_it_read_of_a_household_past_the_reader() -> None:
    kinds = [*reached_by_views()]
    assert set(kinds) == set(WITHOUT_A_READER)
    assert [each for kind in kinds for each in returned_past_the_reader(kind, WITHOUT_A_READER[kind])] == []


class Careless(HouseholdRegister):
    """What views must not reach."""

    def __init__(self, store: HouseholdRepositories) -> None:
        self.store = store

    def commune_of(self, household_id: str, *, actor: Actor) -> UnitId:
        return self._store.households.commune_of(household_id, area=actor.area)

    @property
    def all_of_them(self) -> list[Record]:
        return []

    def unsaid(self, household_id: str):  # type: ignore[no-untyped-def]
        return self._store.households.record(household_id, area=None)

    def __getitem__(self, household_id: str) -> Record:
        return {}


def test_what_returns_a_household_past_the_reader_is_found() -> None:
    found = {*returned_past_the_reader(Careless, {Written})}
    assert found == {f"Careless.{name}" for name in ("store", "commune_of", "all_of_them", "unsaid", "__getitem__")}


def test_no_view_takes_what_is_private_to_another_object() -> None:
    """Behind ``services().households._store`` would lie every record."""
    wrong = [
        f"{name} line {node.lineno}: {ast.unparse(node)}"
        for name, file in modules().items()
        if room_of(name) == "api"
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.endswith("__")
        if ast.unparse(node.value) not in {"self", "cls", "super()"}
    ]
    assert wrong == []


ATTACHED_IN = {f"service.api.http.{name}" for name in ("guard", "reader", "services", "unparsed")}


def test_no_view_takes_from_the_app_what_was_not_made_for_views() -> None:
    """service/app.py attaches the whole register to the app, with its repositories, for commands and tests."""
    naming = {
        name
        for name, file in modules().items()
        if room_of(name) == "api"
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "extensions"
    }
    assert naming == ATTACHED_IN


def test_no_files_import_each_other_in_a_circle() -> None:
    """Files are put aside as soon as all that they import is; what is left over then stands in a circle, or on one."""
    left = {name: set(ours_imported_by(name)) - {name} for name in modules()}
    while free := [name for name, imported in left.items() if not imported & set(left)]:
        for name in free:
            del left[name]
    assert sorted(left) == []


@pytest.mark.parametrize("room", sorted(set().union(*FLOORS)))
def test_every_room_opens_with_a_sentence_on_what_lives_there(room: str) -> None:
    folder = ROOT / "service" / room
    if folder.is_dir():
        assert ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8")))


def test_nothing_is_imported_by_a_name_made_at_run_time() -> None:
    """The tests of the floors could not see it."""
    wrong = [
        f"{name} line {line}: {what}"
        for name, file in modules().items()
        for line, what in importing_at_run_time(file.read_text(encoding="utf-8"), MAY_IMPORT.get(name, set()))
        if name not in WRITE_CODE or what != "exec"
    ]
    assert wrong == []


def importing_at_run_time(code: str, allowed: set[str]) -> Iterator[tuple[int, str]]:
    """Where code refers to something that imports what no import statement names, called or not."""
    for node in ast.walk(ast.parse(code)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names if alias.name not in allowed]
            names = [name for name in names if name.split(".")[0] in IMPORTERS]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name for name in names if name.split(".")[0] in IMPORTERS or name == "sys.modules"]
        elif isinstance(node, ast.Name):
            names = [node.id] if node.id in IMPORTING else []
        elif isinstance(node, ast.Attribute):
            of_sys = node.attr == "modules" and isinstance(node.value, ast.Name) and node.value.id == "sys"
            names = ["sys.modules"] if of_sys else [node.attr] if node.attr in IMPORTING else []
        elif isinstance(node, ast.Constant) and node.value in IMPORTING | {"modules"}:
            names = [str(node.value)]  # as getattr would name it
        yield from ((getattr(node, "lineno", 0), name) for name in names)


@pytest.mark.parametrize(
    "code",
    [
        "from importlib import import_module as im",
        "import importlib",
        "import importlib.util, importlib.machinery",
        "import runpy",
        "import builtins",
        "from sys import modules",
        "import sys; storage = sys.modules['service.storage.client']",
        "import sys; storage = getattr(sys, 'modules')",
        "load = getattr(tools, 'import_module')",
        "run = tools.run_module",
        "load = __import__",
        "eval('1')",
    ],
)
def test_a_way_around_is_found(code: str) -> None:
    assert [*importing_at_run_time(code, {"importlib.util"})]


def test_all_of_pymongo_stays_in_the_rooms_of_pymongo() -> None:
    """Its distribution installs several packages, and one that is not in the table could be imported anywhere."""
    installed = {name for name, of in packages_distributions().items() if "pymongo" in of}
    assert installed == PYMONGO_BRINGS
    assert {frozenset(LIBRARIES[name]) for name in installed} == {frozenset(LIBRARIES["pymongo"])}


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_stays_in_its_rooms(library: str) -> None:
    strangers = [
        f"{name} imports {imported}"
        for name, file in modules().items()
        for imported in imports_of(file)
        if lies_in(imported, library) and not any(lies_in(name, room) for room in LIBRARIES[library])
    ]
    assert strangers == []


DESCRIBED_BY_HAND = {
    ("changes", "{**_VALUE, 'description': 'Absent where nothing stood here.'}"): "any item of a household",
    ("changes", "{**_VALUE, 'description': 'Absent where nothing stands here any more.'}"): "any item of a household",
    ("changes", "{'anyOf': [reference('HouseholdRecord'), {'type': 'null'}]}"): "a household, or nothing",
    ("definition_schemas", "{'type': ['string', 'array'], 'items': {'type': 'string'}}"): "a word of JSON Schema",
    ("definition_schemas", "{'type': ['string', 'number', 'boolean', 'null']}"): "the value of any item",
    ("documentation", "_OBJECT"): "defined by OpenAPI itself",
    ("request_schemas", "{'type': 'string', 'contentEncoding': 'base64'}"): "bytes in JSON",
}
"""What resources describe in the words of JSON Schema, where no field of marshmallow can, and why."""

READ_OF_A_REQUEST = {
    ("form_pages", "accept_encodings"): "which file is sent, not what it says",
    ("grants", "cookies"): "a browser's tokens, which its scripts cannot read",
    ("grants", "form"): "the body of RFC 6749, which TokenRequestSchema parses",
    ("grants", "headers"): "the client's credentials by RFC 6749, and the name of a device that has none",
    ("grants", "max_content_length"): "before a form is read",
    ("grants", "mimetype"): "whether a form or JSON is sent",
    ("grants", "remote_addr"): "the rate limit and the trail",
    ("open_data", "remote_addr"): "the rate limit",
    ("openid", "cookies"): "the sign-in that the browser began",
    ("schema", "accept_encodings"): "which file is sent, not what it says",
}
"""What resources read of a request themselves, where no schema parses it, and why."""

SENT_WITHOUT_A_SCHEMA = {
    ("documentation", "json_response"): "the contract itself",
    ("documentation", "Response"): "pages and their style sheet",
    ("form_pages", "Response"): "files of the form",
    ("health", "Response"): "metrics, in Prometheus' own format",
    ("photos", "Response"): "a picture",
    ("schema", "Response"): "derived files, made once and sent as bytes",
    ("search", "Response"): "lines of CSV",
    ("trail", "Response"): "lines, each written by TrailEntrySchema",
}
"""Where resources make a response with a body that ``resource_response`` does not write, and why."""


def past_schemas(name: str, tree: ast.Module) -> Iterator[tuple[str, tuple[str, str]]]:
    """Where a resource describes, reads or sends other than by a schema: which table has to list it, and its key."""
    of_flask = {"request"} & {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "flask"
        for alias in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            called = node.func.id
            by_name = isinstance(node.args[0], ast.Call) if node.args else False
            if called == "Described" and not (by_name and ast.unparse(node.args[0]).startswith(_BY_NAME)):
                yield "described", (name, ast.unparse(node.args[0]) if node.args else "")
            if called == "json_response" or (called == "Response" and _has_body(node)):
                yield "sent", (name, called)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in of_flask:
            yield "read", (name, node.attr)
        if renamed := _past_the_names(node):
            yield "renamed", (name, renamed)


_BY_NAME = ("reference(", "item_schema(")
"""Described as a component of the document, or as the household's item is."""
_WATCHED = {"Described", "json_response", "request", "Response"}


def _has_body(call: ast.Call) -> bool:
    return bool(call.args) or any(keyword.arg in {"response", None} for keyword in call.keywords)


def _past_the_names(node: ast.AST) -> str | None:
    """A way to what is watched by another name: imported as another, by its module, or assigned to another."""
    if isinstance(node, ast.Import):
        return next((each.name for each in node.names if each.name.startswith(("flask", "service.api.http"))), None)
    if isinstance(node, ast.ImportFrom):
        if node.module == "service.api.http" or any(each.name in {"jsonify", "make_response"} for each in node.names):
            return f"{node.module}: {', '.join(each.name for each in node.names)}"
        return next((each.name for each in node.names if each.asname and each.name in _WATCHED), None)
    if isinstance(node, (ast.Assign, ast.NamedExpr)) and isinstance(node.value, ast.Name):
        return node.value.id if node.value.id in _WATCHED else None
    return None


def test_what_views_describe_read_and_send_is_a_schemas() -> None:
    """One definition a resource: an exception stands in a table with its reason."""
    found: dict[str, set[tuple[str, str]]] = {"described": set(), "read": set(), "sent": set(), "renamed": set()}
    for name, file in modules().items():
        if lies_in(name, "service.api.resources"):
            for table, key in past_schemas(name.rpartition(".")[2], ast.parse(file.read_text(encoding="utf-8"))):
                found[table].add(key)
    assert found == {
        "described": set(DESCRIBED_BY_HAND),
        "read": set(READ_OF_A_REQUEST),
        "sent": set(SENT_WITHOUT_A_SCHEMA),
        "renamed": set(),
    }


@pytest.mark.parametrize(
    "code",
    [
        "note = Described({'type': 'object', 'properties': {}})",
        "note = fields.List(Described(_NOTE))",
        "from flask import request; limit = int(request.headers['X-Limit'])",
        "from flask import request; limit = int(request.args.get('limit', 5))",
        "from flask import request as asked; limit = int(asked.args['limit'])",
        "import flask; limit = int(flask.request.args['limit'])",
        "sent = json_response({**one, 'extra': 1})",
        "from service.api.http import responses; sent = responses.json_response({'extra': 1})",
        "sent = Response(orjson.dumps({'extra': 1}), mimetype='application/json')",
        "from flask import jsonify; sent = jsonify(extra=1)",
        "D = Described",
    ],
)
def test_a_way_past_the_schemas_is_found(code: str) -> None:
    assert [*past_schemas("some", ast.parse(code))]


def test_every_file_of_resources_is_served() -> None:
    """A view whose blueprint is not among BLUEPRINTS of service/app.py is in no document and nobody can reach it."""
    resources = {
        name: ast.parse(file.read_text(encoding="utf-8"))
        for name, file in modules().items()
        if lies_in(name, "service.api.resources")
    }
    calls = {
        name: [node.value for node in tree.body if isinstance(node, ast.Assign)] for name, tree in resources.items()
    }
    made = {
        name for name, values in calls.items() if any(ast.unparse(each).startswith("Blueprint(") for each in values)
    }
    assert made == {blueprint.import_name for blueprint in BLUEPRINTS}


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
    # Where compiled modules may be read, which this process writes none of.
    bytecode = {name: value for name, value in os.environ.items() if name == "PYTHONPYCACHEPREFIX"}
    finished = subprocess.run(
        [sys.executable, "-c", watch, *ours],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT), "PATH": "", "PYTHONDONTWRITEBYTECODE": "1", **bytecode},
    )
    assert finished.returncode == 0, finished.stderr[-2000:]


def too_long() -> Iterator[str]:
    """Files above 400 lines and functions above 60 whose docstring does not begin with the reason for it."""
    for name, file in modules().items():
        text = file.read_text(encoding="utf-8")
        tree = ast.parse(text)
        if text.count("\n") > LONGEST_FILE and not gives_reason(tree, LONGEST_FILE):
            yield f"{name}: {text.count(chr(10))} lines"
        for node in ast.walk(tree):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > LONGEST_FUNCTION and not gives_reason(node, LONGEST_FUNCTION):
                yield f"{name}.{node.name}: {lines} lines"


def gives_reason(node: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef, limit: int) -> bool:
    first_lines = (ast.get_docstring(node) or "").splitlines()[:3]
    return f"Longer than {limit} lines because " in " ".join(first_lines)


def test_files_and_functions_are_short_or_say_why_they_are_not() -> None:
    assert list(too_long()) == []


@pytest.mark.parametrize("room", sorted(set().union(*FLOORS[: FLOORS.index(frozenset({"storage"}))])))
def test_what_a_room_needs_from_storage_stands_in_its_ports(room: str) -> None:
    """Below storage a class that says what is needed (a Protocol) or is called a store stands in its room's ports."""
    stores = {
        f"{name}.{node.name}"
        for name, file in modules().items()
        if room_of(name) == room and name != f"service.{room}.ports"
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
        if node.name.endswith(("Store", "Repository", "Repositories")) or "Protocol" in map(_base_name, node.bases)
    }
    assert stores == set()


def _base_name(base: ast.expr) -> str:
    """The last name of a base class: ``Protocol`` of ``Protocol[T]`` and ``typing.Protocol``."""
    if isinstance(base, ast.Subscript):
        return _base_name(base.value)
    return base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "")


def test_an_import_that_does_not_name_its_whole_path_is_found(tmp_path: Path) -> None:
    (tmp_path / "relative.py").write_text("from ... import storage", encoding="utf-8")
    with pytest.raises(AssertionError, match="whole path"):
        imports_of(tmp_path / "relative.py")
