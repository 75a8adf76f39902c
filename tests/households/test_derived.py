"""Facts derived from a household: livestock units and scale, area by land use, farm class."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from schemas.given import FACTS, SECTORS
from schemas.household import HouseholdSchema
from schemas.language import section_fields, section_of
from schemas.livelihood import OutputValueSchema
from service.households import derived
from service.households.derived import derived_facts, farm_class, livestock_scale
from service.households.masking import seen
from service.roles import Sight


def test_livestock_units_are_heads_by_the_coefficient_of_their_kind() -> None:
    facts = derived_facts({"livestock": [{"kind": "buffalo", "heads": 2}, {"kind": "chicken_local", "heads": 100}]})
    assert facts["livestock_units"] == pytest.approx(2 * 0.7 + 100 * 0.003)
    assert facts["livestock_scale"] == "household"


def test_animals_without_a_coefficient_count_nothing() -> None:
    for kind in ("bee_colony", "of a list to come"):
        assert derived_facts({"livestock": [{"kind": kind, "heads": 40}]})["livestock_units"] == 0


@pytest.mark.parametrize(
    ("units", "scale"),
    [(0, "household"), (9.99, "household"), (10, "small"), (29.9, "small"), (30, "medium"), (300, "large")],
)
def test_scale_begins_at_its_least_units(units: float, scale: str) -> None:
    assert livestock_scale(units) == scale


def test_area_is_added_up_under_the_land_use_in_force() -> None:
    parcels = [
        {"land_use": "LUC", "declared_area_m2": 1000.0},
        {"land_use": "BHK", "land_use_scheme": "2018", "declared_area_m2": 300.0},
        {"land_use": "HNK", "declared_area_m2": 200.5},
        {"land_use": "CLN"},
    ]
    facts = derived_facts({"parcels": parcels})
    assert facts["area_by_land_use_m2"] == {"HNK": 500.5, "LUC": 1000.0}
    assert facts["area_m2"] == 1500.5


def test_a_household_without_the_items_has_no_derived_facts() -> None:
    assert derived_facts({"commune": "16681"}) == {}


def holding(output: dict[str, float], **more: Any) -> dict[str, Any]:
    """A household with outputs in million đồng a year."""
    return {"output_value": {"year": 2025, **output}, **more}


RICE = [{"land_use": "LUC", "declared_area_m2": 12_000.0}]


@pytest.mark.parametrize(
    ("household", "expected"),
    [
        (holding({"crops": 1000}, parcels=RICE), "crops"),
        (holding({"crops": 999}, parcels=RICE), "none"),
        (holding({"crops": 1000}, parcels=[{"land_use": "LUC", "declared_area_m2": 9_999.0}]), "none"),
        (holding({"livestock": 2000}), "livestock"),
        (holding({"aquaculture": 2000}, aquaculture=[{"species": "carp", "area_m2": 10_000.0}]), "aquaculture"),
        (holding({"forestry": 1000}, forestry=[{"species": "acacia", "area_m2": 100_000.0}]), "forestry"),
        (holding({"forestry": 1000}, forestry=[{"species": "acacia", "area_m2": 99_000.0}]), "none"),
        (holding({"salt": 350}, salt=[{"method": "tarpaulin", "area_m2": 10_000.0}]), "salt"),
        (holding({"crops": 1000, "livestock": 1000}, parcels=RICE), "mixed"),
        (holding({"crops": 900, "livestock": 900}, parcels=RICE), "none"),
        (holding({"crops": 950, "livestock": 100}, parcels=RICE), "none"),
        (holding({"crops": 0}), "none"),
        (holding({}), None),
        ({}, None),
    ],
)
def test_a_farm_is_classed_by_output_and_land(household: dict[str, Any], expected: str | None) -> None:
    assert farm_class(household) == expected


def test_thresholds_have_days() -> None:
    assert farm_class(holding({"livestock": 5000}), on=date(2019, 1, 1)) is None


def test_land_of_a_sector_is_its_parcels_or_what_its_own_list_says_where_that_is_more() -> None:
    ponds = [{"land_use": "NTS", "declared_area_m2": 6_000.0}, {"land_use": "NTS", "measured_area_m2": 4_000.0}]
    listed = [{"species": "carp", "area_m2": 5_000.0}, {"species": "tilapia", "area_m2": 4_999.0}, {"species": "eel"}]
    assert farm_class(holding({"aquaculture": 2000}, parcels=ponds, aquaculture=listed)) == "aquaculture"
    assert farm_class(holding({"aquaculture": 2000}, parcels=ponds[:1], aquaculture=listed)) == "none"
    assert farm_class(holding({"aquaculture": 2000}, aquaculture=[*listed, listed[0]])) == "aquaculture"


def test_a_mixed_holding_counts_the_land_of_all_its_sectors() -> None:
    parcels = [{"land_use": "LUC", "declared_area_m2": 6_000.0}, {"land_use": "NTS", "declared_area_m2": 4_000.0}]
    outputs = {"crops": 1000.0, "aquaculture": 600.0, "livestock": 500.0}
    assert farm_class(holding(outputs, parcels=parcels)) == "mixed"
    assert farm_class(holding(outputs, parcels=parcels[:1])) == "none"
    assert farm_class(holding({"crops": 1000.0, "livestock": 999.0}, parcels=RICE)) == "crops"


def test_land_that_no_sector_works_makes_no_farm() -> None:
    outputs = {"crops": 1000.0, "livestock": 1000.0}
    home = {"land_use": "ONT", "declared_area_m2": 20_000.0}
    field = {"land_use": "LUC", "declared_area_m2": 9_999.0}
    assert farm_class(holding(outputs, parcels=[home, field])) == "none"
    assert farm_class(holding(outputs, parcels=[home, {**field, "declared_area_m2": 10_000.0}])) == "mixed"


@pytest.mark.parametrize(("day", "expected"), [(date(2020, 4, 13), None), (date(2020, 4, 14), "livestock")])
def test_thresholds_hold_from_their_first_day(day: date, expected: str | None) -> None:
    assert farm_class(holding({"livestock": 2000}), on=day) == expected


@pytest.mark.parametrize(("day", "expected"), [(date(2026, 6, 30), "livestock"), (date(2026, 7, 1), None)])
def test_thresholds_hold_to_their_last_day(monkeypatch: pytest.MonkeyPatch, day: date, expected: str | None) -> None:
    ending = tuple(replace(each, valid_to=date(2026, 6, 30)) for each in derived.FARM_THRESHOLDS)
    monkeypatch.setattr(derived, "FARM_THRESHOLDS", ending)
    assert farm_class(holding({"livestock": 2000}), on=day) == expected


def test_thresholds_are_those_of_the_end_of_the_year_of_the_output() -> None:
    assert farm_class({"output_value": {"year": 2020, "livestock": 2000}}) == "livestock"
    assert farm_class({"output_value": {"year": 2019, "livestock": 2000}}) is None


def test_what_is_derived_is_rounded_and_named() -> None:
    parcels = [{"land_use": "LUC", "declared_area_m2": 100.04}, {"land_use": "LUC", "declared_area_m2": 100.04}]
    facts = derived_facts(holding({"crops": 1.0}, parcels=parcels, livestock=[{"kind": "buffalo"}]))
    assert facts == {
        "livestock_units": 0.0,
        "livestock_scale": "household",
        "area_by_land_use_m2": {"LUC": 200.1},
        "area_m2": 200.1,
        "farm_class": "none",
    }
    heads = [{"kind": "chicken_local", "heads": 1}, {"kind": "chicken_local", "heads": 2}]
    assert derived_facts({"livestock": heads})["livestock_units"] == 0.009
    assert "livestock_units" not in derived_facts({"livestock": []})


def test_measured_area_counts_only_where_none_is_declared() -> None:
    both = {"land_use": "LUC", "declared_area_m2": 100.0, "measured_area_m2": 90.0}
    measured = {"land_use": "HNK", "measured_area_m2": 50.0}
    nothing = {"declared_area_m2": 70.0}
    facts = derived_facts({"parcels": [both, measured, nothing, {"land_use": "CLN"}]})
    assert facts["area_by_land_use_m2"] == {"HNK": 50.0, "LUC": 100.0}


# What facts are computed from ----------------------------------------------------------------------------------------

EVERYTHING: dict[str, Any] = {
    "output_value": {"year": 2025, "crops": 5.0, "aquaculture": 2_500.0, "salt": 1.0},
    "parcels": [
        {"land_use": "LUC", "declared_area_m2": 900.0, "measured_area_m2": 950.0, "locality": "Đồng Trước"},
        {"land_use": "BHK", "land_use_scheme": "2018", "measured_area_m2": 250.0, "map_sheet": "7"},
    ],
    "aquaculture": [{"species": "carp", "area_m2": 10_000.0}],
    "forestry": [{"species": "acacia", "area_m2": 300.0}],
    "salt": [{"method": "sun", "area_m2": 200.0}],
    "livestock": [{"kind": "buffalo", "heads": 20, "system": "stall"}],
    "head": {"full_name": "Vi Văn An"},
    "poverty": "poor",
}


def only(content: Any, paths: tuple[tuple[str, ...], ...]) -> Any:
    """The content without every item that no path leads to."""
    if isinstance(content, list):
        return [only(each, paths) for each in content]
    if not isinstance(content, dict):
        return content
    inner = {name: tuple(path[1:] for path in paths if path[:1] == (name,)) for name in content}
    return {name: only(value, inner[name]) for name, value in content.items() if inner[name]}


@pytest.mark.parametrize("fact", FACTS)
def test_a_fact_is_computed_from_the_items_that_it_declares_and_from_no_other(fact: str) -> None:
    declared: tuple[tuple[str, ...], ...] = tuple(tuple(path.split(".")) for path in FACTS[fact].computed_from)
    assert derived_facts(only(EVERYTHING, declared))[fact] == derived_facts(EVERYTHING)[fact]
    for path in declared:
        section: Any = HouseholdSchema
        for name in path:
            section = section_of(section_fields(section)[name])


def test_every_fact_is_declared_and_one_that_is_not_is_shown_to_few() -> None:
    facts = derived_facts(EVERYTHING)
    assert facts.keys() == FACTS.keys()
    for sight in (Sight.MASKED, Sight.NOBODY):
        assert seen({"derived": {**facts, "illness": "x"}}, sight) == {"derived": facts}
        assert seen({"derived": facts}, sight)["derived"] is facts
        assert seen({"derived": 7}, sight) == {}
    assert seen({"derived": {"illness": "x"}}, Sight.PERSONAL) == {"derived": {"illness": "x"}}


def test_the_sectors_of_a_farm_are_the_items_of_its_output() -> None:
    """A sector that was added to the items alone would count for no class of farm."""
    assert {*SECTORS} == section_fields(OutputValueSchema).keys() - {"year"}
