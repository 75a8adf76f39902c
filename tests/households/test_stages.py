"""The stage of a record, and what it says that it lacks."""

from __future__ import annotations

import pytest

from schemas.errors import Finding
from schemas.requirements import Missing
from service.households.stages import findings_in_json, missing_in_json, stage_again, stage_of
from service.units.directory import UnitDirectory
from tests.builders import Json, a_head, a_household, a_household_without_boundaries, a_least_household, a_parcel
from tests.households.rules import prepared

STANDARDIZED = Missing("/village", "standardized")
DIGITIZED = Missing("/parcels/0/geometry", "digitized")


@pytest.mark.parametrize(
    ("missing", "stage"),
    [
        ([], "digitized"),
        ([DIGITIZED], "standardized"),
        ([STANDARDIZED], "registered"),
        ([DIGITIZED, STANDARDIZED], "registered"),
    ],
)
def test_the_stage_is_the_highest_that_nothing_is_missing_for(missing: list[Missing], stage: str) -> None:
    assert stage_of(missing, []) == stage


def test_an_overlap_holds_back_from_digitized_until_it_is_settled() -> None:
    overlap = Finding("parcel.overlap", "warning", "/parcels/0/geometry")
    settled = Finding("parcel.overlap", "settled", "/parcels/0/geometry")
    assert stage_of([], [overlap]) == "standardized"
    assert stage_of([], [settled]) == "digitized"


def test_another_finding_holds_nothing_back() -> None:
    assert stage_of([], [Finding("head.young", "warning", "/head/birth_date")]) == "digitized"


@pytest.mark.parametrize(
    ("household", "stage"),
    [
        (a_household(), "digitized"),
        (a_household(parcels=None), "digitized"),
        (a_household_without_boundaries(), "standardized"),
        (a_household(parcels=[a_parcel(), a_parcel(geometry=None)]), "standardized"),
        (a_household(village=None), "registered"),
        (a_household(parcels=None, livestock=None, products=None), "registered"),
        (a_household(head=a_head(birth_date=None)), "registered"),
        (a_least_household(), "registered"),
    ],
)
def test_a_household_reaches_its_stage(directory: UnitDirectory, household: Json, stage: str) -> None:
    given = prepared(household, directory).given
    assert given["stage"] == stage
    assert (given["missing"] == []) == (stage == "digitized")


def test_what_is_missing_and_found_is_written_as_the_contract_has_it() -> None:
    assert missing_in_json([DIGITIZED]) == [{"pointer": "/parcels/0/geometry", "for": "digitized"}]
    finding = Finding("head.young", "warning", "/head/birth_date", {"age": 14})
    assert findings_in_json([finding])[0] | {"pointer": "/head/birth_date"} == {
        "code": "head.young",
        "severity": "warning",
        "pointer": "/head/birth_date",
        "details": {"age": 14},
    }


def test_the_stage_of_a_stored_record_follows_from_what_it_lacks_and_what_was_found() -> None:
    lacking = {"missing": missing_in_json([DIGITIZED]), "findings": []}
    assert stage_again(lacking) == "standardized"
    assert stage_again({"missing": missing_in_json([DIGITIZED, STANDARDIZED])}) == "registered"
    assert stage_again({}) == "digitized"
    overlap = Finding("parcel.overlap", "warning", "/parcels/0/geometry")
    settled = Finding("parcel.overlap", "settled", "/parcels/0/geometry")
    assert stage_again({"findings": findings_in_json([settled, overlap])}) == "standardized"
    assert stage_again({"findings": findings_in_json([settled])}) == "digitized"
