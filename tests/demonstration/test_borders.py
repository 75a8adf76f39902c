"""The demonstration with loaded borders of communes: fields lie inside, and every household is registered."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from service.demonstration.command import main
from service.demonstration.fields import homestead_of, middle_of
from service.demonstration.households import Demonstration
from service.demonstration.land import land_of_communes
from service.households.ports import HouseholdQuery
from service.parcels.locating import Borders
from service.settings import Settings
from service.storage.repositories import Repositories
from service.unit_names import UnitId
from service.units.directory import UnitDirectory
from service.units.unit_list import read_units
from service.wiring import wire
from tests.parcels.cells import cells_of, points_of
from tests.parcels.real_borders import real_borders
from tests.provinces import NGHE_AN

pytestmark = pytest.mark.slow  # together they take more than a second of a processor

ASIDE = 0.03
"""Degrees east, some three kilometres, by which these communes lie beside where the generator looks for them."""


@pytest.fixture(scope="module")
def directory() -> UnitDirectory:
    return UnitDirectory(read_units(NGHE_AN.units))


@pytest.fixture(scope="module")
def borders(directory: UnitDirectory) -> Borders:
    """A made-up border for each commune: what is nearest to its point, all of it moved east."""
    return Borders(cells_of(directory, ASIDE))


def loaded(settings: Settings, borders: dict[UnitId, BaseGeometry]) -> None:
    store = Repositories(settings)
    store.borders.replace_borders(borders)
    store.close()


@pytest.fixture
def register_with_borders(register_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    monkeypatch.setenv("MONGODB_URI", register_settings.mongodb_uri)
    monkeypatch.setenv("DATA_FOLDER", register_settings.data_folder)
    yield register_settings
    loaded(register_settings, {})


def findings(settings: Settings) -> list[str]:
    services = wire(settings)
    records = services.store.households.page(HouseholdQuery(limit=1000)).records
    services.store.close()
    return [finding["code"] for record in records for finding in record.get("findings", ())]


@pytest.mark.slow
def test_fields_and_homes_lie_inside_unless_marked_as_outside(directory: UnitDirectory, borders: Borders) -> None:
    inside = outside = 0
    for land in land_of_communes(directory, NGHE_AN, 5, borders):
        for number in range(60):
            homestead = homestead_of(land, number, Random(number))
            assert homestead.house_outside or not land.lies_outside(*homestead.house)
            assert all(field.outside == land.lies_outside(*middle_of(field.ring)) for field in homestead.fields)
            outside += sum(field.outside for field in homestead.fields)
            inside += len(homestead.fields)
    assert inside > 10_000
    assert outside < inside / 100


def test_communes_still_share_no_land(directory: UnitDirectory, borders: Borders) -> None:
    blocks = [block for land in land_of_communes(directory, NGHE_AN, 5, borders) for block in land.blocks]
    assert len(set(blocks)) == len(blocks)


def test_the_people_are_the_same_with_borders_and_without(directory: UnitDirectory, borders: Borders) -> None:
    def people(demonstration: Demonstration) -> list[Any]:
        return [(each["id"], each["commune"], each["head"]) for each in demonstration.households(200)]

    assert people(Demonstration(directory, NGHE_AN, 5, borders)) == people(Demonstration(directory, NGHE_AN, 5))


def test_communes_without_room_say_that_fields_lie_elsewhere(directory: UnitDirectory) -> None:
    tiny = {code: shapely.box(x, y, x + 1e-6, y + 1e-6) for code, (x, y) in points_of(directory).items()}
    households = list(Demonstration(directory, NGHE_AN, 5, Borders(tiny)).households(200))
    drawn = [parcel for each in households for parcel in each.get("parcels", ()) if "geometry" in parcel]
    assert len(drawn) > 100
    assert all(parcel["outside_confirmed"] for parcel in drawn)
    assert all(each["outside_confirmed"] for each in households if "location" in each)


@pytest.mark.slow
def test_all_of_it_registers_and_nothing_lies_outside(
    register_with_borders: Settings, directory: UnitDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    loaded(register_with_borders, cells_of(directory, ASIDE))
    assert main(["--households", "260"]) == 0
    assert "260 registered, 0 there before, 0 refused" in capsys.readouterr().out
    assert [code for code in findings(register_with_borders) if "outside" in code] == []


@pytest.mark.slow
def test_households_registered_before_the_borders_were_loaded_stay_unchanged(
    register_with_borders: Settings, directory: UnitDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--households", "130"]) == 0
    loaded(register_with_borders, cells_of(directory, ASIDE))
    assert main(["--households", "150"]) == 0
    assert "20 registered, 130 there before, 0 refused" in capsys.readouterr().out


@pytest.mark.skipif(real_borders() is None, reason="needs the real borders (COMMUNE_BORDERS)")
def test_fields_lie_within_the_real_borders_too(directory: UnitDirectory) -> None:
    demonstration = Demonstration(directory, NGHE_AN, 2025, real_borders())
    household = [parcel for each in demonstration.households(1300) for parcel in each.get("parcels", ())]
    assert sum("geometry" in parcel for parcel in household) > 1000
    assert not any("outside_confirmed" in parcel for parcel in household)
