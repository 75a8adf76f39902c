"""The application factory: wires the rooms together and registers them with Flask."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

from flask import Flask
from flask_smorest import Api

from service.api.examples import add_examples
from service.api.http.bodies import read_out_refused_bodies
from service.api.http.compression import compress_responses
from service.api.http.gate import install_guard
from service.api.http.measures import measure_requests
from service.api.http.negotiation import refuse_unaccepted_kinds
from service.api.http.problems import register_problems
from service.api.http.reader import install_sources
from service.api.http.resource import correct_document
from service.api.http.services import Services, install, install_specification
from service.api.http.unparsed import refuse_unparsed_requests
from service.api.openapi import describe, finished_specification, say_who_may
from service.api.resources import (
    accounts,
    baselines,
    changes,
    coverage,
    documentation,
    form_settings,
    health,
    households,
    open_data,
    openid,
    parcels,
    photos,
    requests,
    schema,
    search,
    token,
    trail,
    units,
    villages,
    workflow,
)
from service.api.resources.form_pages import form_pages
from service.clock import Clock, system_clock, vietnam_day
from service.households.reading import Sources
from service.households.residence import Residences
from service.log_lines import configure_log_lines
from service.settings import Settings, read_settings
from service.wiring import Register, require_complete, wire, wire_guard

App = Flask
"""The service, for modules that do not import Flask."""

BLUEPRINTS = (
    households.blueprint,
    workflow.blueprint,
    units.blueprint,
    parcels.blueprint,
    photos.blueprint,
    search.blueprint,
    coverage.blueprint,
    baselines.blueprint,
    villages.blueprint,
    open_data.blueprint,
    changes.blueprint,
    schema.blueprint,
    form_settings.blueprint,
    health.blueprint,
    documentation.blueprint,
    token.blueprint,
    openid.blueprint,
    accounts.blueprint,
    requests.blueprint,
    trail.blueprint,
)


def create_app(settings: Settings | None = None, clock: Clock = system_clock) -> Flask:
    """Create the service for the province of the settings, which come from the environment unless given.

    Connects to nothing until the first request. Raises SettingsInvalid.
    """
    configure_log_lines()
    settings = read_settings() if settings is None else settings
    require_complete(settings)
    app = Flask("service", root_path=str(Path(__file__).parent), template_folder="api/templates", static_folder=None)
    app.url_map.merge_slashes = False  # an address with two slashes is unknown, not a redirection in HTML
    app.config["MAX_CONTENT_LENGTH"] = settings.body_bytes
    describe(app)
    compress_responses(app)
    register = wire(settings, clock)
    guarding = wire_guard(settings, clock, register.store, register.units.directory, register.households)

    def residences() -> Residences:
        return Residences(register.units.directory(), vietnam_day(register.clock()))

    store = register.store
    install_sources(app, Sources(store.households, store.log, store.requests, residences, register.checks.check))
    with app.app_context():
        install(_services_of(register, residences))
    api = Api(app)
    correct_document(api)
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    if settings.form_folder:
        pages = form_pages(Path(settings.form_folder), register.province, settings.tile_url)
        app.register_blueprint(pages)
    register_problems(app)
    read_out_refused_bodies(app)
    measure_requests(app)
    refuse_unparsed_requests(app)
    install_guard(app, guarding)
    refuse_unaccepted_kinds(app)
    document = finished_specification(api.spec, register.example)
    say_who_may(document, app)
    add_examples(document, register.province.code)
    install_specification(app, document)
    app.extensions["parts"] = register
    return app


def register_of(app: Flask) -> Register:
    """Return the parts of the register that an app serves, for commands, tests and benchmarks."""
    return cast(Register, app.extensions["parts"])


def _services_of(register: Register, residences: Callable[[], Residences]) -> Services:
    """The services that views use; records leave the store by the Reader alone."""
    return Services(
        settings=register.settings,
        province=register.province,
        clock=register.clock,
        residences=residences,
        rules=register.examiner.rules,
        units=register.units,
        units_since=register.units_since,
        households=register.households,
        parcels=register.parcels,
        photos=register.photos,
        coverage=register.coverage,
        village_coverage=register.village_coverage,
        baselines=register.baselines,
        villages=register.villages,
        open_data=register.open_data,
        unit_borders=register.unit_borders,
        ready=register.missing_parts,
        messages=register.messages,
        item_messages=register.item_messages,
        code_lists=register.code_lists,
        example=register.example,
    )
