"""The factory: wires the rooms together and hands Flask the result."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from flask import Flask
from flask_smorest import Api

import schemas
from schemas.catalogue import Catalogue
from service.api import (
    accounts,
    changes,
    coverage,
    documentation,
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
    workflow,
)
from service.api.access import install_guard
from service.api.bodies import read_out_refused_bodies
from service.api.form_pages import form_pages
from service.api.measures import measure_requests
from service.api.openapi import describe, finished_specification, say_who_may
from service.api.problems import register_problems
from service.api.services import Services, install
from service.guarding import wire_guard
from service.log_lines import configure_log_lines
from service.registry.baselines import Baselines
from service.registry.boundaries import BoundaryRegister
from service.registry.clock import Clock, system_clock
from service.registry.coverage import Coverage
from service.registry.geometry.limits import AreaRules, GeometryRules, OverlapRules, PlaceRules, ShapeRules
from service.registry.households import HouseholdRegister
from service.registry.open_data import OpenData
from service.registry.parcel_register import ParcelRegister
from service.registry.parcels import Ground
from service.registry.photos import PhotoRegister
from service.registry.unit_boundaries import UnitBoundaries
from service.registry.unit_register import UnitRegister
from service.settings import Settings, read_settings
from service.storage.open_data import MongoOpenData
from service.storage.photos import MongoPhotos
from service.storage.store import MongoStore

App = Flask
"""The service as others name it who do not know Flask."""

BLUEPRINTS = (
    households.blueprint,
    workflow.blueprint,
    units.blueprint,
    parcels.blueprint,
    photos.blueprint,
    search.blueprint,
    coverage.blueprint,
    open_data.blueprint,
    changes.blueprint,
    schema.blueprint,
    health.blueprint,
    documentation.blueprint,
    token.blueprint,
    openid.blueprint,
    accounts.blueprint,
    requests.blueprint,
    trail.blueprint,
)


def create_app(settings: Settings | None = None, clock: Clock = system_clock) -> Flask:
    """The service, wired. Settings come from the environment unless given.

    Connects to nothing until the first request.
    """
    configure_log_lines()
    settings = read_settings() if settings is None else settings
    app = Flask("service", root_path=str(Path(__file__).parent), template_folder="api/templates", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.body_bytes
    describe(app)
    parts = wire(settings, clock)
    guarding = wire_guard(settings, clock, parts.store, parts.units.directory, parts.households)
    with app.app_context():
        install(parts)
    api = Api(app)
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    if settings.form_folder:
        pages = form_pages(Path(settings.form_folder), settings.tile_url, settings.tile_attribution)
        app.register_blueprint(pages)
    register_problems(app)
    read_out_refused_bodies(app)
    measure_requests(app)
    install_guard(app, guarding)
    document = finished_specification(api.spec)
    say_who_may(document, app)
    app.extensions["specification"] = document
    return app


def wire(settings: Settings, clock: Clock = system_clock) -> Services:
    """The parts of the register on one store."""
    store = MongoStore(settings)
    unit_register = UnitRegister(store, settings.units_refresh_seconds)
    directory = unit_register.directory
    ground = ground_of(store, settings)
    households = HouseholdRegister(store, directory, clock, ground)
    return Services(
        settings=settings,
        clock=clock,
        store=store,
        units=unit_register,
        ground=ground,
        households=households,
        parcels=ParcelRegister(store, lambda code: directory().name_of(code), clock, ground),
        photos=PhotoRegister(MongoPhotos(store), households, clock, most_photos=settings.photos_per_household),
        coverage=Coverage(store, store, directory, clock),
        baselines=Baselines(store, directory, clock),
        open_data=OpenData(
            MongoOpenData(store.database), directory, clock, lasting=timedelta(days=settings.open_data_days)
        ),
        unit_boundaries=UnitBoundaries(ground.boundaries, directory, clock),
        messages=Catalogue(Path(__file__).parent / "messages"),
        item_messages=Catalogue(Path(schemas.__file__).parent / "messages"),
    )


def ground_of(store: MongoStore, settings: Settings) -> Ground:
    """What parcels are examined against: the stored boundaries of communes, the limits of the settings."""
    rules = GeometryRules(
        shape=ShapeRules(smallest_area_m2=settings.parcel_smallest_m2, largest_area_m2=settings.parcel_largest_m2),
        overlap=OverlapRules(
            tolerated_share=settings.overlap_tolerated_percent / 100,
            tolerated_width_m=settings.overlap_tolerated_width_m,
        ),
        place=PlaceRules(tolerated_distance_m=settings.border_tolerated_m),
        area=AreaRules(tolerated_share=settings.area_tolerated_percent / 100, tolerated_m2=settings.area_tolerated_m2),
    )
    return Ground(BoundaryRegister(store, settings.units_refresh_seconds).boundaries, rules)
