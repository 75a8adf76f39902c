"""The generator's fields and people: fields never overlap, personal numbers agree with their holders."""

from __future__ import annotations

from collections import Counter
from datetime import date
from random import Random

import pytest
import shapely
from pyproj import Geod
from shapely.geometry import Polygon

from service.demonstration.fields import STRIPS_A_BLOCK, homestead_of
from service.demonstration.households import Demonstration
from service.demonstration.land import CommuneLand, land_of_communes
from service.demonstration.people import Person, PersonalNumbers, family_of
from service.units.directory import UnitDirectory
from service.units.unit_list import read_units
from tests.provinces import HA_TINH, NGHE_AN

ELLIPSOID = Geod(ellps="WGS84")
ON = date(2026, 6, 1)


@pytest.fixture(scope="module")
def communes() -> tuple[CommuneLand, ...]:
    return land_of_communes(UnitDirectory(read_units(NGHE_AN.units)), NGHE_AN, seed=7)


def fields_of(land: CommuneLand, households: int) -> list[Polygon]:
    homesteads = (homestead_of(land, number, Random(number)) for number in range(households))
    return [Polygon(field.ring) for homestead in homesteads for field in homestead.fields]


def overlaps(polygons: list[Polygon]) -> int:
    pairs = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    return int((pairs[0] != pairs[1]).sum())


def family(seed: int, group: str = "01") -> list[Person]:
    return family_of(Random(seed), group, ON, PersonalNumbers("040", 0, 130, seed))


def test_every_commune_of_today_has_land(communes: tuple[CommuneLand, ...]) -> None:
    assert len(communes) == 130
    assert Counter(land.terrain for land in communes).keys() == {"town", "coast", "plain", "hills", "mountains"}


def test_every_former_commune_has_villages(communes: tuple[CommuneLand, ...]) -> None:
    formers = {village.former.code for land in communes for village in land.villages if village.former}
    assert len(formers) == 412


def test_no_two_communes_share_a_block_of_land(communes: tuple[CommuneLand, ...]) -> None:
    blocks = [block for land in communes for block in land.blocks]
    assert len(set(blocks)) == len(blocks)
    assert min(len(land.blocks) for land in communes) > 10


def test_the_land_suffices_for_all_farm_households_of_the_province(communes: tuple[CommuneLand, ...]) -> None:
    whole = sum(land.weight for land in communes)
    for land in communes:
        expected = 600_000 * land.weight / whole
        assert expected < 0.95 * len(land.blocks) * STRIPS_A_BLOCK


def test_full_land_is_an_error(communes: tuple[CommuneLand, ...]) -> None:
    with pytest.raises(ValueError, match="is full"):
        homestead_of(communes[0], (len(communes[0].blocks) + len(communes[0].villages)) * STRIPS_A_BLOCK, Random(1))


def test_fields_of_a_commune_are_valid_and_never_overlap(communes: tuple[CommuneLand, ...]) -> None:
    land = communes[0]
    polygons = fields_of(land, len(land.villages) * 12)
    assert all(polygon.is_valid for polygon in polygons)
    assert overlaps(polygons) == 0


def test_fields_stay_apart_when_a_village_needs_a_second_block(communes: tuple[CommuneLand, ...]) -> None:
    land = min(communes, key=lambda each: len(each.villages))
    polygons = fields_of(land, len(land.villages) * STRIPS_A_BLOCK + 60)
    assert overlaps(polygons) == 0


@pytest.mark.slow
def test_fields_of_all_communes_together_never_overlap(communes: tuple[CommuneLand, ...]) -> None:
    polygons = [polygon for land in communes for polygon in fields_of(land, len(land.villages) * 2)]
    assert overlaps(polygons) == 0


def test_a_field_has_its_stated_area(communes: tuple[CommuneLand, ...]) -> None:
    for land in communes[::10]:
        for field in homestead_of(land, 3, Random(3)).fields:
            measured, _ = ELLIPSOID.geometry_area_perimeter(Polygon(field.ring))
            assert measured == pytest.approx(field.area_m2, rel=0.002)
            assert 300 <= measured <= 3000


def test_some_fields_have_the_shape_of_an_l(communes: tuple[CommuneLand, ...]) -> None:
    corners = Counter(len(polygon.exterior.coords) - 1 for polygon in fields_of(communes[0], 200))
    assert corners[6] > corners[4] / 50


def test_fields_lie_near_the_communes_point(communes: tuple[CommuneLand, ...]) -> None:
    for land in communes:
        field = homestead_of(land, 100, Random(1)).fields[0]
        corner = field.ring[0]
        _, _, distance = ELLIPSOID.inv(land.commune.longitude, land.commune.latitude, corner[0], corner[1])
        assert distance < 6_000


@pytest.mark.parametrize("seed", [0, 1, 20260101])
def test_a_personal_number_encodes_sex_and_year_of_birth(seed: int) -> None:
    numbers = PersonalNumbers("040", 129, 130, seed)
    assert numbers.next("male", date(1978, 5, 2)).startswith("040078")
    assert numbers.next("female", date(1978, 5, 2)).startswith("040178")
    assert numbers.next("male", date(2009, 5, 2)).startswith("040209")
    assert numbers.next("female", date(2009, 5, 2)).startswith("040309")


@pytest.mark.parametrize("seed", [0, 1, 2, 97, 10**12])
def test_no_personal_number_is_given_twice(seed: int) -> None:
    given = [
        numbers.next("male", date(1975, 1, 1))
        for numbers in (PersonalNumbers("040", position, 130, seed) for position in (0, 1, 129))
        for _ in range(7692)
    ]
    assert len(set(given)) == len(given)
    assert all(len(number) == 12 for number in given)


def test_numbers_that_run_out_say_so() -> None:
    numbers = PersonalNumbers("040", 0, 500_000, 1)
    for _ in range(2):
        numbers.next("male", date(1975, 1, 1))
    with pytest.raises(ValueError, match="no personal number is left"):
        numbers.next("male", date(1975, 1, 1))


def test_the_head_is_grown_up_and_the_first() -> None:
    for seed in range(200):
        head = family(seed)[0]
        assert head.relation == "head"
        assert 20 <= ON.year - head.birth.year <= 88


def test_children_are_younger_than_the_mother_by_a_generation() -> None:
    for seed in range(300):
        people = family(seed)
        mother = next((p for p in people if p.relation in ("head", "spouse") and p.sex == "female"), people[0])
        for child in (p for p in people if p.relation == "child"):
            assert 19 <= child.birth.year - mother.birth.year <= 46
            assert child.birth < ON


def test_the_hmong_of_ky_son_have_hmong_names() -> None:
    families = {family(seed, "08")[0].full_name.split()[0] for seed in range(60)}
    assert {"Vừ", "Xồng", "Lầu"} <= families


def test_people_of_another_province_have_its_prefix_and_places_its_kinds_of_land() -> None:
    communes = land_of_communes(UnitDirectory(read_units(HA_TINH.units)), HA_TINH, seed=7)
    assert len(communes) == 69
    assert Counter(land.terrain for land in communes).keys() == {"town", "coast", "plain", "hills", "mountains"}
    made = list(Demonstration(UnitDirectory(read_units(HA_TINH.units)), HA_TINH, seed=7).households(150))
    numbers = {household["head"]["national_id"][:3] for household in made if "national_id" in household["head"]}
    assert numbers == {"042"}
    names = {product["name"] for household in made for product in household.get("products", ())}
    assert "Bưởi Phúc Trạch" in names
    assert "Cam Vinh" not in names
