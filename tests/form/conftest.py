"""The built form, the service that serves it, and officers with phones."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pymongo
import pytest
from flask import Flask
from playwright.sync_api import Playwright, expect, sync_playwright
from pymongo.database import Database

from service.access.accounts import NewAccount
from service.api.http.guard import Guard
from service.app import register_of
from service.principal import register_itself
from service.roles import Role, Sight
from service.running.form_build import build_form
from service.settings import Settings
from tests.apps import OpenApp, opened_app
from tests.conftest import empty, written_collections
from tests.form.officer import BROWSER, PASSWORD, Officer, Phone
from tests.form.serving import ServedForm

OWN_BUILD = Path(__file__).resolve().parents[2] / "form" / "dist"
AXE = Path("node_modules") / "axe-core" / "axe.min.js"
ACCOUNTS = {
    "officer": (Role.OFFICER, False),
    "leader": (Role.LEADER, False),
    "supervisor": (Role.SUPERVISOR, False),
    "newcomer": (Role.OFFICER, True),
    "helper": (Role.OFFICER, False),
}
"""Who can sign in, all over the province: the name, the role, and whether the password must be changed first."""
MASKED = {"helper"}
"""Who sees persons masked, though the role would see them whole."""


@pytest.fixture(scope="session")
def form_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built form: FORM_FOLDER, else what `npm run build` left, else a build made now."""
    if os.environ.get("FORM_FOLDER"):
        return Path(os.environ["FORM_FOLDER"])
    if (OWN_BUILD / "index.html").exists():
        return OWN_BUILD
    built = build_form(tmp_path_factory.mktemp("form"), os.environ)
    assert built is not None
    return built


@pytest.fixture(scope="session")
def axe(form_folder: Path) -> Path:
    """axe-core, from the packages that the form was built with."""
    places = (form_folder.parent, OWN_BUILD.parent)
    found = [place / AXE for place in places if (place / AXE).exists()]
    assert found, f"axe-core is in none of {places}: npm ci in form/, or FORM_FOLDER as scripts/test builds it"
    return found[0]


@pytest.fixture
def form_settings(register_settings: Settings, form_folder: Path) -> Settings:
    """Settings of the service with the form; a module that needs others has a fixture of this name."""
    return replace(register_settings, form_folder=str(form_folder))


def create_accounts(app: Flask) -> None:
    """Create the accounts of ACCOUNTS."""
    accounts = cast(Guard, app.extensions["guard"]).accounts
    area = (register_of(app).province.code,)
    for name, (role, change) in ACCOUNTS.items():
        sight = Sight.MASKED if name in MASKED else None
        made = NewAccount(name, role, area, sight=sight, password=PASSWORD, must_change_password=change)
        accounts.create(made, register_itself())


@dataclass(frozen=True)
class Arrival:
    """A phone whose officer has just arrived, and the register of that moment: where most tests begin."""

    profile: Path
    listener: socket.socket
    """Where the service listens, since what a browser stores belongs to an address: open as long as the tests run."""

    settings: Settings
    documents: Mapping[str, list[dict[str, Any]]]

    def put_back(self, database: Database[dict[str, Any]]) -> None:
        """Let a register without households have the accounts and sessions of that moment."""
        for name, documents in self.documents.items():
            database[name].insert_many(documents)


@pytest.fixture(scope="session", autouse=True)
def arrival(
    playwright: Playwright,
    migrated_settings: Settings,
    session_database: Database[dict[str, Any]],
    form_folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Arrival]:
    """Let an officer arrive once for all tests that begin after that: each time takes two seconds of a processor.

    What arriving itself does is tested by those that call ``Officer.arrive``.
    """
    empty(session_database)
    settings = replace(migrated_settings, form_folder=str(form_folder))
    profile = tmp_path_factory.mktemp("arrival")
    with socket.create_server(("127.0.0.1", 0)) as listener, opened_app(settings) as app:
        create_accounts(app)
        served = ServedForm(app, listener)
        phone = Phone(playwright, profile, served.address)
        Officer(phone).arrive()
        phone.off()
        served.close()
        documents = {name: list(session_database[name].find()) for name in written_collections(session_database)}
        yield Arrival(profile, listener, settings, documents)


@pytest.fixture
def program() -> str:
    """The browser of the phones; a module that needs another one has a fixture of this name."""
    return BROWSER


@pytest.fixture
def has_arrived(request: pytest.FixtureRequest, form_settings: Settings, program: str, arrival: Arrival) -> bool:
    """Whether the test begins after the arrival of its officer, at the service and in the browser of that moment."""
    return "officer" in request.fixturenames and form_settings == arrival.settings and program == BROWSER


@pytest.fixture
def served(
    form_settings: Settings,
    open_app: OpenApp,
    has_arrived: bool,
    arrival: Arrival,
    session_database: Database[dict[str, Any]],
) -> Iterator[ServedForm]:
    """The real service with the form and real accounts, on a register without households."""
    app = open_app(form_settings)
    if has_arrived:
        arrival.put_back(session_database)
    else:
        create_accounts(app)
    served = ServedForm(app, arrival.listener if has_arrived else None)
    yield served
    served.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder that drives a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright, which drives Debian's Chromium."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture
def a_phone(playwright: Playwright, served: ServedForm, program: str, tmp_path: Path) -> Iterator[Callable[..., Phone]]:
    """Makes phones; each has a profile of its own."""
    phones: list[Phone] = []

    def make(**options: Any) -> Phone:
        phone = Phone(playwright, tmp_path / f"phone{len(phones)}", served.address, program=program, **options)
        phones.append(phone)
        return phone

    yield make
    for phone in phones:
        phone.kill()


@pytest.fixture
def officer(a_phone: Callable[..., Phone], has_arrived: bool, arrival: Arrival, tmp_path: Path) -> Iterator[Officer]:
    """An officer whose phone has seen the form once, and who is signed in."""
    if has_arrived:
        # Without the locks of a browser that has not quite ended.
        shutil.copytree(arrival.profile, tmp_path / "phone0", ignore=shutil.ignore_patterns("Singleton*"))
        officer = Officer(a_phone()).come_back()
        expect(officer.page.get_by_role("button", name="+ Đăng ký hộ mới")).to_be_visible()
        officer.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    else:
        officer = Officer(a_phone()).arrive()
    yield officer
    assert officer.errors == []


@pytest.fixture
def households(register_settings: Settings) -> Iterator[Any]:
    """What the register really holds."""
    with pymongo.MongoClient[dict[str, Any]](register_settings.mongodb_uri) as client:
        yield client.get_default_database()["households"]
