"""Wires the rooms together on one store: the parts of the register, and those of access."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from schemas.catalogue import LANGUAGES, SCHEMA_MESSAGES, Catalogue
from schemas.codelists import FOLDER, CodeList, CodeLists, read_list
from schemas.example import ExamplePlace, example_household
from service.access.accounts import Accounts
from service.access.area_trail import AreaTrail
from service.access.keys import KeyFolder, key_folder
from service.access.openid import OpenId, OpenIdClient
from service.access.passwords import Passwords
from service.access.ports import Directory
from service.access.principals import Principals
from service.access.sign_in import SignIn
from service.access.tokens import AccessTokens
from service.api.http.guard import Guard
from service.clock import Clock, system_clock, vietnam_day
from service.households.erasure import Erasure
from service.households.household_register import HouseholdRegister
from service.households.parcel_checks import BoundaryChecks
from service.households.settling import ParcelRegister
from service.parcels.examination import ParcelExaminer
from service.parcels.limits import DeclaredAreaRules, GeometryRules, LocatingRules, OverlapRules, ShapeRules
from service.parcels.reference_systems import UnknownReferenceSystem, Zones, system_of
from service.people.photos import PhotoRegister
from service.people.requests import PeopleRequests
from service.people.working_days import WorkingDays, read_holidays
from service.province import Province, units_since
from service.reports.baselines import Baselines
from service.reports.coverage import Coverage
from service.reports.open_data import OpenData
from service.reports.village_coverage import VillageCoverage
from service.settings import Settings, province_of, provinces_of
from service.settings_invalid import SettingsInvalid
from service.storage.rate_limits import Attempts, RateLimits
from service.storage.repositories import Repositories
from service.storage.trail.writing import Trail
from service.units.borders import BorderRegister
from service.units.directory import UnitDirectory
from service.units.unit_borders import UnitBorders
from service.units.unit_register import UnitRegister
from service.units.village_register import VillageRegister

NAME = "so-nong-ho"
"""Issuer and audience of tokens where the register has no public address."""


def require_complete(settings: Settings) -> None:
    """Raise SettingsInvalid when a setting lacks another that it needs; checked before any connection is opened."""
    if settings.oidc_issuer and not (settings.public_address and settings.oidc_client_id):
        raise SettingsInvalid("OIDC_ISSUER is set: set PUBLIC_ADDRESS and OIDC_CLIENT_ID too")


def _openid(settings: Settings, keys: KeyFolder, clock: Clock) -> OpenId | None:
    """Return the OpenID provider of the settings, if there is one."""
    if not settings.oidc_issuer:
        return None
    client = OpenIdClient(
        settings.oidc_issuer,
        settings.oidc_client_id,
        settings.oidc_client_secret_file,
        f"{settings.public_address.rstrip('/')}/v1/openid/callback",
    )
    return OpenId(client, lambda: keys.secret("openid"), lambda: clock().timestamp())


def wire_guard(
    settings: Settings, clock: Clock, store: Repositories, directory: Directory, households: HouseholdRegister
) -> Guard:
    """Wire the parts of access. Reads no key and connects to nothing until the first request."""
    keys = key_folder(settings)
    issuer = settings.public_address or NAME
    tokens = AccessTokens(
        keys.signing_keys,
        issuer=issuer,
        audience=issuer,
        lifetime_seconds=settings.token_seconds,
        clock=lambda: clock().timestamp(),
    )
    accounts = store.accounts
    passwords = Passwords()
    trail = Trail(store.database.mongo, clock, retained=timedelta(days=settings.trail_days))
    return Guard(
        settings=settings,
        clock=clock,
        keys=keys,
        tokens=tokens,
        principals=Principals(accounts, tokens, directory, clock),
        sign_in=SignIn(
            accounts,
            passwords,
            tokens,
            Attempts(store.database.mongo, clock),
            clock,
            idle=timedelta(days=settings.session_idle_days),
            longest=timedelta(days=settings.session_longest_days),
        ),
        accounts=Accounts(accounts, passwords, directory, clock),
        rates=RateLimits(store.database.mongo, clock),
        trail=trail,
        area_trail=AreaTrail(trail, accounts, store.households, directory, clock),
        requests=PeopleRequests(
            store.requests,
            store.households,
            households,
            Erasure(store.transactions, clock).erase,
            clock,
            WorkingDays(read_holidays(settings.holidays)),
        ),
        database=store.database,
        openid=_openid(settings, keys, clock),
    )


@dataclass(frozen=True, slots=True)
class Register:
    """The parts of the register on one store, created once per process."""

    settings: Settings
    province: Province
    clock: Clock
    store: Repositories
    units: UnitRegister
    units_since: date
    """The first day on which the list of units is complete."""

    examiner: ParcelExaminer
    agencies: Mapping[str, str]
    """The agency of each province, by the province's code."""
    households: HouseholdRegister
    checks: BoundaryChecks
    parcels: ParcelRegister
    photos: PhotoRegister
    coverage: Coverage
    village_coverage: VillageCoverage
    baselines: Baselines
    villages: VillageRegister
    open_data: OpenData
    unit_borders: UnitBorders
    messages: Catalogue
    item_messages: Catalogue
    code_lists: CodeLists
    example: dict[str, Any]

    def missing_parts(self) -> list[str]:
        """Return the names of what the database lacks for the register to work. Raises StoreUnavailable."""
        missing = self.store.database.missing_parts()
        return missing if missing or self.store.units.unit_version() else ["units"]


def wire(settings: Settings, clock: Clock = system_clock) -> Register:
    """Wire the parts of the register on one store."""
    province, provinces = province_of(settings), provinces_of(settings)
    store = Repositories(settings)
    unit_register = UnitRegister(store.units, settings.units_refresh_seconds)
    directory = unit_register.directory

    def units_today() -> tuple[UnitDirectory, date]:
        return directory(), vietnam_day(clock())

    examiner = examiner_of(store, settings, province, units_today)
    agencies = {each.code: each.agency for each in provinces}
    households = HouseholdRegister(store, directory, clock, examiner, agencies)

    def called(commune: str) -> tuple[str, str]:
        return directory().called(commune, vietnam_day(clock()))

    return Register(
        settings=settings,
        province=province,
        clock=clock,
        store=store,
        units=unit_register,
        units_since=units_since(provinces),
        examiner=examiner,
        agencies=agencies,
        households=households,
        checks=BoundaryChecks(store.parcels, called, examiner),
        parcels=ParcelRegister(store, clock),
        photos=PhotoRegister(store.photos, clock, most_photos=settings.photos_per_household),
        coverage=Coverage(store.states, store.baselines, directory, clock, units_since(provinces)),
        village_coverage=VillageCoverage(
            store.village_counts, store.villages, directory, clock, units_since(provinces)
        ),
        baselines=Baselines(store.baselines, directory, clock),
        villages=VillageRegister(store.villages, directory, clock),
        open_data=OpenData(store.open_data, directory, clock, lasting=timedelta(days=settings.open_data_days)),
        unit_borders=UnitBorders(examiner.borders, directory, clock),
        messages=messages_of(province),
        item_messages=item_messages_of(province),
        code_lists=CodeLists(FOLDER, _units_listed(provinces)),
        example=_example_of(province),
    )


def _units_listed(provinces: Iterable[Province]) -> CodeList:
    """Return the units of all provinces of the register as one code list."""
    return CodeList("units", tuple(entry for each in provinces for entry in read_list("units", each.units)))


def messages_of(province: Province) -> Catalogue:
    """Return the service's messages, with what they say of the province."""
    return Catalogue(Path(__file__).parent / "messages", _placeholders(province))


def item_messages_of(province: Province) -> Catalogue:
    """Return the schema's messages, with what they say of the province."""
    return Catalogue(SCHEMA_MESSAGES, _placeholders(province))


def _placeholders(province: Province) -> dict[str, dict[str, str]]:
    return {language: province.placeholders(language) for language in LANGUAGES}


def _example_of(province: Province) -> dict[str, Any]:
    place = province.example
    return example_household(ExamplePlace(place.commune, place.former_commune, place.position, province.example_number))


def examiner_of(
    store: Repositories,
    settings: Settings,
    province: Province,
    units: Callable[[], tuple[UnitDirectory, date]] | None = None,
) -> ParcelExaminer:
    """What parcels are examined against: the stored borders of communes, the limits of the settings, and the systems
    that the province works in, then those of the others in its register. Raises SettingsInvalid for one that is not
    known.
    """
    zones = [zone for each in (province, *provinces_of(settings)) for zone in each.vn2000.zones]
    try:
        home, metric, *systems = map(system_of, (province.vn2000.home, province.vn2000.metric, *dict.fromkeys(zones)))
    except UnknownReferenceSystem as unknown:
        raise SettingsInvalid(
            f"province {province.code}: vn2000: {unknown.code} is none of {', '.join(unknown.known)}"
        ) from None
    rules = GeometryRules(
        shape=ShapeRules(smallest_area_m2=settings.parcel_smallest_m2, largest_area_m2=settings.parcel_largest_m2),
        overlap=OverlapRules(
            tolerated_share=settings.overlap_tolerated_percent / 100,
            tolerated_width_m=settings.overlap_tolerated_width_m,
        ),
        locating=LocatingRules(tolerated_distance_m=settings.border_tolerated_m),
        area=DeclaredAreaRules(
            tolerated_share=settings.area_tolerated_percent / 100, tolerated_m2=settings.area_tolerated_m2
        ),
        zones=Zones(home, tuple(systems)),
    )
    borders = BorderRegister(store.borders, settings.units_refresh_seconds, metric=metric, units=units)
    return ParcelExaminer(borders.borders, rules)
