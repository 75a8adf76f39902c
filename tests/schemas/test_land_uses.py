"""A parcel of several uses: which is the main one, what areas they have, and what of them contradicts the parcel."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import RecordInvalid
from schemas.land_uses import uses_of
from schemas.parsing import dump_household, parse_household
from schemas.production import MOST_AREA_M2
from schemas.requirements import missing_items
from schemas.rules import warnings
from service.households.derived import derived_facts
from tests.schemas.records import TODAY, least

Json = dict[str, Any]
HOUSE, GARDEN = {"land_use": "ONT", "area_m2": 200.0}, {"land_use": "CLN", "area_m2": 812.5}


def parsed(*uses: Json, **items: Any) -> Json:
    """The one parcel of a parsed household, with these uses."""
    record = least() | {"parcels": [{"land_uses": list(uses), **items}]}
    parcel: Json = parse_household(record, today=TODAY)["parcels"][0]
    return parcel


def refused(*uses: Json, **items: Any) -> list[tuple[str, str]]:
    with pytest.raises(RecordInvalid) as error:
        parsed(*uses, **items)
    return [(each.pointer, each.code) for each in error.value.errors]


def differs(*uses: Json, **items: Any) -> bool:
    content = parse_household(least() | {"parcels": [{"land_uses": list(uses), **items}]}, today=TODAY)
    return "land-uses.area-differs" in {finding.code for finding in warnings(content, today=TODAY)}


def test_the_use_with_the_largest_area_is_the_one_that_a_reader_of_a_single_use_finds() -> None:
    parcel = parsed(HOUSE, GARDEN)
    assert (parcel["land_use"], parcel["declared_area_m2"]) == ("CLN", 1012.5)
    assert parsed(HOUSE, GARDEN, land_use="ONT")["land_use"] == "CLN"
    assert parsed(HOUSE, GARDEN, declared_area_m2=1010.0)["declared_area_m2"] == 1010.0
    assert parsed({"land_use": "ONT"}, {"land_use": "CLN"})["land_use"] == "ONT"
    assert "declared_area_m2" not in parsed(HOUSE, {"land_use": "CLN"})
    assert parsed(HOUSE, {"land_use": "CLN"}, declared_area_m2=1000.0)["land_use"] == "CLN"  # with the rest, 800 m²
    assert parsed(HOUSE, {"land_use": "CLN"}, declared_area_m2=300.0)["land_use"] == "ONT"


def test_all_uses_together_are_no_larger_than_a_parcel_can_be() -> None:
    half = MOST_AREA_M2 / 2
    assert parsed(HOUSE | {"area_m2": half}, GARDEN | {"area_m2": half})["declared_area_m2"] == MOST_AREA_M2
    assert refused(HOUSE | {"area_m2": half}, GARDEN | {"area_m2": half + 1}) == [
        ("/parcels/0/land_uses", "land-uses.too-large")
    ]


def test_the_main_use_brings_its_own_scheme() -> None:
    old = {"land_use": "BHK", "land_use_scheme": "2018", "area_m2": 900}
    assert parsed(HOUSE, old)["land_use_scheme"] == "2018"
    assert "land_use_scheme" not in parsed(old, HOUSE | {"area_m2": 901}, land_use="BHK", land_use_scheme="2018")


def test_the_single_use_is_still_the_way_to_write_one() -> None:
    record = least() | {"parcels": [{"land_use": "LUC", "declared_area_m2": 500.0}]}
    assert parse_household(record, today=TODAY)["parcels"] == [{"land_use": "LUC", "declared_area_m2": 500.0}]


def test_what_contradicts_itself_is_refused_at_its_place() -> None:
    use = "/parcels/0/land_uses/1"
    assert refused(GARDEN, HOUSE, GARDEN) == [("/parcels/0/land_uses/2/land_use", "land-use.twice")]
    assert refused(HOUSE, GARDEN, land_use="LUC") == [("/parcels/0/land_use", "land-use.not-listed")]
    assert refused(HOUSE, GARDEN | {"area_m2": 0}) == [(f"{use}/area_m2", "number.not-above")]
    assert refused(HOUSE, GARDEN | {"area_m2": -812.5}) == [(f"{use}/area_m2", "number.not-above")]
    assert refused(HOUSE, {"area_m2": 812.5}) == [(f"{use}/land_use", "item.required")]
    assert refused(HOUSE, {"land_use": "LUN"}) == [(f"{use}/land_use", "code.not-in-scheme")]


def test_a_use_without_an_area_is_missing_for_the_next_stage_and_the_parcel_then_needs_no_other() -> None:
    def missing(*uses: Json) -> set[str]:
        return {each.pointer for each in missing_items({"parcels": [parsed(*uses)]}) if "parcels/" in each.pointer}

    others = {f"/parcels/0/{name}" for name in ("map_sheet", "parcel_number", "tenure", "geometry")}
    assert missing(HOUSE, GARDEN) == others
    assert missing(HOUSE, {"land_use": "CLN"}) == others | {"/parcels/0/land_uses/1/area_m2"}


@pytest.mark.parametrize(
    ("declared", "is_remarked_on"), [(1012.5, False), (1022.6, False), (1022.8, True), (1002.5, False), (1002.4, True)]
)
def test_the_areas_add_up_to_the_declared_one_within_a_hundredth(declared: float, is_remarked_on: bool) -> None:
    assert differs(HOUSE, GARDEN, declared_area_m2=declared) is is_remarked_on


def test_of_a_small_parcel_a_square_metre_is_allowed_and_what_is_not_known_yet_may_be_the_rest() -> None:
    small = ({"land_use": "ONT", "area_m2": 20.4}, {"land_use": "CLN", "area_m2": 30.4})
    assert [differs(*small, declared_area_m2=each) for each in (50.0, 49.7)] == [False, True]
    half = (HOUSE, {"land_use": "CLN"})
    assert [differs(*half, declared_area_m2=each) for each in (1012.5, 200.0, 150.0)] == [False, False, True]


def test_each_use_counts_with_its_own_area_and_the_only_one_without_with_the_rest() -> None:
    uses = [HOUSE, {"land_use": "CLN"}]
    rest = {"land_uses": uses, "declared_area_m2": 1000.0}
    assert derived_facts({"parcels": [rest]})["area_by_land_use_m2"] == {"CLN": 800.0, "ONT": 200.0}
    assert derived_facts({"parcels": [{"land_uses": uses}]})["area_by_land_use_m2"] == {"ONT": 200.0}
    too_little = {"land_uses": uses, "declared_area_m2": 150.0}
    assert [each.area_m2 for each in uses_of(too_little)] == [200.0, None]
    two_unknown = {"land_uses": [*uses, {"land_use": "NTS"}], "declared_area_m2": 1000.0}
    assert derived_facts({"parcels": [two_unknown]})["area_m2"] == 200.0


def test_a_house_in_the_garden_makes_no_farm() -> None:
    farm = {"output_value": {"year": 2025, "crops": 1500}}
    house = HOUSE | {"area_m2": 2_000.0}
    for garden, is_farm in ((9_000.0, "none"), (10_000.0, "crops")):
        parcels = [parsed(house, GARDEN | {"area_m2": garden})]
        assert derived_facts({**farm, "parcels": parcels})["farm_class"] == is_farm


_LISTS = st.lists(
    st.fixed_dictionaries(
        {"land_use": st.sampled_from(["LUC", "HNK", "CLN", "NTS", "ONT"])},
        optional={"area_m2": st.integers(1, 9_999_999).map(lambda tenths: tenths / 10)},
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda use: use["land_use"],
)


@given(_LISTS, st.none() | st.integers(1, 99_999_999).map(lambda tenths: tenths / 10))
def test_reading_again_what_was_stored_changes_nothing_and_the_areas_stay_the_sum(
    uses: list[Json], declared: float | None
) -> None:
    sent = least() | {"parcels": [{"land_uses": uses} | ({} if declared is None else {"declared_area_m2": declared})]}
    stored = dump_household(parse_household(sent, today=TODAY))
    assert dump_household(parse_household(stored, today=TODAY)) == stored
    parcel = stored["parcels"][0]
    areas = [use.get("area_m2", 0.0) for use in uses]
    if declared is not None and areas.count(0.0) == 1:
        areas[areas.index(0.0)] = max(round(declared - sum(areas), 4), 0.0)
    assert parcel["land_use"] == uses[areas.index(max(areas))]["land_use"]
    if declared is None and all("area_m2" in use for use in uses):
        total = derived_facts(stored)["area_m2"]
        assert total == pytest.approx(parcel["declared_area_m2"]) == pytest.approx(sum(areas))
