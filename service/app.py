"""The factory: wires the rooms together and hands Flask the result."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from flask_smorest import Api

import schemas
from schemas.catalogue import Catalogue
from service.api import changes, coverage, documentation, health, households, schema, units, workflow
from service.api.form_pages import form_pages
from service.api.measures import measure_requests
from service.api.openapi import describe, finished_specification
from service.api.problems import register_problems
from service.api.services import Services, install
from service.log_lines import configure_log_lines
from service.registry.baselines import Baselines
from service.registry.clock import Clock, system_clock
from service.registry.coverage import Coverage
from service.registry.households import HouseholdRegister
from service.registry.unit_register import UnitRegister
from service.settings import Settings, read_settings
from service.storage.store import MongoStore

BLUEPRINTS = (
    households.blueprint,
    workflow.blueprint,
    units.blueprint,
    coverage.blueprint,
    changes.blueprint,
    schema.blueprint,
    health.blueprint,
    documentation.blueprint,
)


def create_app(settings: Settings | None = None, clock: Clock = system_clock) -> Flask:
    """The service, wired. Settings come from the environment unless given. Connects to nothing until the first request."""
    configure_log_lines()
    settings = read_settings() if settings is None else settings
    app = Flask("service", root_path=str(Path(__file__).parent), template_folder="api/templates", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.body_bytes
    describe(app)
    with app.app_context():
        install(wire(settings, clock))
    api = Api(app)
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    if settings.form_folder:
        pages = form_pages(Path(settings.form_folder), settings.tile_url, settings.tile_attribution)
        app.register_blueprint(pages)
    register_problems(app)
    measure_requests(app)
    app.extensions["specification"] = finished_specification(api.spec)
    return app


def wire(settings: Settings, clock: Clock = system_clock) -> Services:
    """The parts of the register on one store."""
    store = MongoStore(settings)
    unit_register = UnitRegister(store, settings.units_refresh_seconds)
    directory = unit_register.directory
    return Services(
        settings=settings,
        clock=clock,
        store=store,
        units=unit_register,
        households=HouseholdRegister(store, directory, clock),
        coverage=Coverage(store, store, directory, clock),
        baselines=Baselines(store, directory, clock),
        messages=Catalogue(Path(__file__).parent / "messages"),
        item_messages=Catalogue(Path(schemas.__file__).parent / "messages"),
    )
