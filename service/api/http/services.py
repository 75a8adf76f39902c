"""What views use: the wired parts of the register, stored with the app, and who asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from flask import Flask, current_app, g, request

from schemas.catalogue import Catalogue
from schemas.codelists import CodeLists
from service.actor import Actor
from service.clock import Clock
from service.households.household_register import HouseholdRegister
from service.households.residence import Residences
from service.households.settling import ParcelRegister
from service.parcels.limits import GeometryRules
from service.people.photos import PhotoRegister
from service.principal import current_principal
from service.province import Province
from service.reports.baselines import Baselines
from service.reports.coverage import Coverage
from service.reports.open_data import OpenData
from service.reports.village_coverage import VillageCoverage
from service.settings import Settings
from service.units.unit_borders import UnitBorders
from service.units.unit_register import UnitRegister
from service.units.village_register import VillageRegister

LANGUAGES = ("vi", "en")
_KEY = "register"
_SPECIFICATION = "specification"


@dataclass(frozen=True, slots=True)
class Services:
    """The parts of the register, made once for each process by service/app.py."""

    settings: Settings
    province: Province
    clock: Clock
    residences: Callable[[], Residences]
    """Writes units as codes of today."""
    rules: GeometryRules
    """The limits that boundaries must keep."""
    units: UnitRegister
    units_since: date
    """The first day on which the list of units is complete."""
    households: HouseholdRegister
    parcels: ParcelRegister
    photos: PhotoRegister
    coverage: Coverage
    village_coverage: VillageCoverage
    baselines: Baselines
    villages: VillageRegister
    open_data: OpenData
    unit_borders: UnitBorders
    ready: Callable[[], list[str]]
    """What the database lacks for the register to work."""
    messages: Catalogue
    item_messages: Catalogue
    code_lists: CodeLists
    example: dict[str, Any]
    """A household of the province, for documents."""


def install(services: Services) -> None:
    """Attach the services to the current app."""
    current_app.extensions[_KEY] = services


def services() -> Services:
    """The services of the current app."""
    return cast(Services, current_app.extensions[_KEY])


def install_specification(app: Flask, document: Mapping[str, Any]) -> None:
    """Attach the OpenAPI document to an app."""
    app.extensions[_SPECIFICATION] = document


def specification() -> Mapping[str, Any]:
    """The OpenAPI document of the current app."""
    return cast(Mapping[str, Any], current_app.extensions[_SPECIFICATION])


def derived(name: str, make: Callable[[], bytes]) -> bytes:
    """A derived form of the schema, made once for each process."""
    made: dict[str, bytes] = current_app.extensions.setdefault("derived", {})
    if name not in made:
        made[name] = make()
    return made[name]


def actor(permission: str) -> Actor:
    """Who asks, with the communes in which the permission holds."""
    principal = current_principal()
    return Actor(principal.name, principal.area_for(permission).communes())


def language() -> str:
    """The language of the response: what Accept-Language prefers, Vietnamese by default."""
    if "language" not in g:
        wanted = (tag.split("-")[0].lower() for tag, weight in request.accept_languages if weight > 0)
        g.language = next((each for each in wanted if each in LANGUAGES), "vi")
    return cast(str, g.language)
