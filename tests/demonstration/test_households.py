"""The generator's households: realistic, accepted by the register's rules, and the same for the same seed."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import date
from uuid import UUID

import pytest

from schemas.parsing import parse_household
from service.demonstration.households import Demonstration, Household
from service.households.registration import Prepared, prepare
from service.households.times import end_of
from service.units.directory import UnitDirectory
from service.units.unit_list import read_units
from tests.provinces import NGHE_AN

pytestmark = pytest.mark.slow  # together they take more than a second of a processor

TODAY = date(2026, 11, 23)
MANY = 2_000

slow = pytest.mark.slow
"""Of tests that need all of the households as the register would store them: three seconds of a processor."""


@pytest.fixture(scope="module")
def directory() -> UnitDirectory:
    return UnitDirectory(read_units(NGHE_AN.units))


@pytest.fixture(scope="module")
def demonstration(directory: UnitDirectory) -> Demonstration:
    return Demonstration(directory, NGHE_AN, seed=11)


@pytest.fixture(scope="module")
def households(demonstration: Demonstration) -> list[Household]:
    return list(demonstration.households(MANY))


@pytest.fixture(scope="module")
def prepared(households: list[Household], directory: UnitDirectory) -> list[Prepared]:
    return [
        prepare(parse_household(each, today=TODAY), each["id"], directory=directory, now=end_of(TODAY))
        for each in households
    ]


def test_there_are_as_many_households_as_requested(households: list[Household]) -> None:
    assert len(households) == MANY
    assert len({each["id"] for each in households}) == MANY


def test_every_household_is_marked_as_demonstration(households: list[Household]) -> None:
    assert all(each["demonstration"] is True for each in households)


def test_ids_are_uuids_of_version_7(households: list[Household]) -> None:
    assert {UUID(each["id"]).version for each in households} == {7}
    assert {UUID(each["id"]).variant for each in households} == {"specified in RFC 4122"}


@slow
def test_every_household_is_accepted_and_lands_in_a_commune_of_today(
    prepared: list[Prepared], directory: UnitDirectory
) -> None:
    communes = {unit.code for unit in directory.of_level("commune", TODAY)}
    assert {each.content["commune"] for each in prepared} == communes


@slow
def test_the_three_stages_differ(prepared: list[Prepared]) -> None:
    stages = Counter(each.given["stage"] for each in prepared)
    assert stages["digitized"] > stages["standardized"] > stages["registered"] > MANY / 20


@slow
def test_findings_are_few(prepared: list[Prepared]) -> None:
    assert sum(len(each.given["findings"]) for each in prepared) < MANY / 20


def test_both_geographies_are_written_in_all_three_ways(households: list[Household]) -> None:
    ways = Counter(
        "as of" if "commune_as_of" in each else "former" if "former_commune" in each else "today" for each in households
    )
    assert ways.keys() == {"as of", "former", "today"}
    assert all(each["captured_at"] >= "2025-12-01" for each in households)
    assert min(ways.values()) > MANY / 50


@slow
def test_the_former_commune_is_known_of_most_and_not_of_all(prepared: list[Prepared]) -> None:
    known = sum("former_commune" in each.content for each in prepared)
    assert 0.6 * MANY < known < 0.9 * MANY


def test_personal_numbers_are_unique_among_all_people(households: list[Household]) -> None:
    people = itertools.chain.from_iterable([each["head"], *each.get("members", ())] for each in households)
    numbers = [person["national_id"] for person in people if "national_id" in person]
    assert len(set(numbers)) == len(numbers) > MANY


def test_mountain_peoples_live_in_the_mountains(households: list[Household], directory: UnitDirectory) -> None:
    groups: dict[str, Counter[str]] = {"417": Counter(), "425": Counter()}
    for each in households:
        formers = directory.predecessors(each["commune"], date(2025, 7, 1))
        district = formers[0].parent if formers else None
        if district in groups and "ethnic_group" in each["head"]:
            groups[district][each["head"]["ethnic_group"]] += 1
    assert groups["425"].keys() == {"01"}
    assert {"08", "29", "03"} <= groups["417"].keys()


@slow
def test_the_same_seed_makes_the_same_households(directory: UnitDirectory, households: list[Household]) -> None:
    assert list(Demonstration(directory, NGHE_AN, seed=11).households(MANY)) == households


def test_another_seed_makes_others(directory: UnitDirectory, households: list[Household]) -> None:
    others = {each["id"] for each in Demonstration(directory, NGHE_AN, seed=12).households(200)}
    assert others.isdisjoint({each["id"] for each in households})


def test_a_larger_set_contains_the_smaller_one(demonstration: Demonstration, households: list[Household]) -> None:
    larger = {each["id"]: each for each in households}
    for each in demonstration.households(300):
        assert larger[each["id"]] == each


def test_baselines_of_former_communes_add_up_to_the_communes(
    demonstration: Demonstration, directory: UnitDirectory
) -> None:
    baselines = list(demonstration.baselines(MANY))
    now = {each.unit: each.households for each in baselines if each.date == date(2025, 7, 1)}
    before = [each for each in baselines if each.date < date(2025, 7, 1)]
    summed = Counter[str]()
    for each in before:
        summed[directory.in_force(each.unit, each.date).successor or ""] += each.households
    assert (len(now), len(before)) == (130, 412)
    assert summed == Counter(now)


def test_a_baseline_is_above_what_is_generated(demonstration: Demonstration) -> None:
    counts = demonstration.counts(MANY)
    assert all(each.households > counts[each.unit] for each in demonstration.baselines(MANY) if each.date.month == 7)


@pytest.mark.parametrize("households", [-1, 600_001])
def test_more_than_the_province_has_is_refused(demonstration: Demonstration, households: int) -> None:
    with pytest.raises(ValueError, match="0 to 600000"):
        demonstration.counts(households)


def test_a_list_of_units_without_places_is_refused() -> None:
    with pytest.raises(ValueError, match="no commune with a point"):
        Demonstration(UnitDirectory([]), NGHE_AN, seed=1)


@slow
def test_parts_are_whole_communes_and_make_up_the_set(
    demonstration: Demonstration, households: list[Household]
) -> None:
    parts = [list(demonstration.households(MANY, part=part, of=3)) for part in range(3)]
    assert {each["id"] for part in parts for each in part} == {each["id"] for each in households}
    assert sum(len(part) for part in parts) == MANY


def test_some_gardens_have_a_house_on_the_same_certificate(households: list[Household]) -> None:
    parcels = [parcel for household in households for parcel in household.get("parcels", ())]
    gardens = [parcel for parcel in parcels if "land_uses" in parcel]
    assert 0 < len(gardens) < len(parcels) / 5
    for parcel in gardens:
        house, garden = parcel["land_uses"]
        assert house["land_use"] in ("ONT", "ODT")
        assert house["area_m2"] + garden["area_m2"] == pytest.approx(parcel["declared_area_m2"])
        assert all(crop["area_m2"] <= garden["area_m2"] for crop in parcel.get("crops", ()))
