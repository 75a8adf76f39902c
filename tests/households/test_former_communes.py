"""Former communes of households and parcels: through several mergers, and where a successor is not known."""

from __future__ import annotations

import pytest

from service.errors import CommuneSuccessorUnknown, FormerCommuneMismatch
from service.households.residence import Residences, current_residence
from service.units.directory import UnitDirectory
from tests.builders import THANH_VINH, TODAY, Json, a_household, a_least_household, a_parcel
from tests.households.rules import prepared

QUYNH_SON, QUYNH_MY = "17170", "17161"
"""A commune of today, and one that was merged in December 2024 and again in July 2025."""
HUNG_THANH = "17525"
"""Ended in November 2024; which commune took it over is not known."""
NUMBER = {"map_sheet": "5", "parcel_number": "112"}


def about_former_communes(household: Json, directory: UnitDirectory) -> list[tuple[str, str]]:
    findings = prepared(household, directory).given["findings"]
    codes = ("parcel.former-commune-far", "parcel.key-alike")
    return [(each["code"], each["pointer"]) for each in findings if each["code"] in codes]


@pytest.mark.parametrize(
    "residence",
    [
        {"commune": QUYNH_SON, "former_commune": QUYNH_MY},
        {"commune": QUYNH_MY, "commune_as_of": "2024-11-30"},
    ],
)
def test_a_household_is_of_a_commune_that_was_merged_twice(directory: UnitDirectory, residence: Json) -> None:
    content = prepared(a_least_household(**residence), directory).content
    shown = Residences(directory, TODAY).shown(content)
    assert (shown["commune"], shown["former_commune"]) == (QUYNH_SON, QUYNH_MY)
    assert current_residence(content, directory, TODAY).former == QUYNH_MY


def test_a_code_that_a_merger_took_over_means_who_had_it_on_that_day(directory: UnitDirectory) -> None:
    before, after = (
        prepared(a_least_household(commune="17152", commune_as_of=day), directory).content
        for day in ("2024-11-30", "2024-12-01")
    )
    names = [directory.name_of(each["former_commune"]) for each in (before, after)]
    assert names == ["xã Quỳnh Hoa", "xã Quỳnh Sơn"]
    sent = a_least_household(commune=QUYNH_SON, former_commune="17152")
    assert prepared(sent, directory).content["former_commune"] == after["former_commune"]
    assert prepared(sent, directory, known=before).content["former_commune"] == before["former_commune"]


def test_a_commune_whose_successor_is_not_known_says_so_and_no_successor_is_guessed(directory: UnitDirectory) -> None:
    with pytest.raises(CommuneSuccessorUnknown) as refused:
        prepared(a_household(commune=HUNG_THANH, commune_as_of="2024-11-30"), directory)
    assert (refused.value.code, refused.value.params["known_to"]) == ("commune.successor-unknown", "2024-11-30")
    assert refused.value.pointer == "/commune"


def test_a_former_commune_whose_successor_is_not_known_is_taken_within_its_province(directory: UnitDirectory) -> None:
    household = a_household(former_commune=HUNG_THANH)
    content = prepared(household, directory).content
    assert content["former_commune"] == HUNG_THANH
    assert current_residence(content, directory, TODAY)[:2] == (THANH_VINH, HUNG_THANH)
    assert prepared(household, directory, known=content).content == content
    with pytest.raises(FormerCommuneMismatch):
        prepared(a_household(former_commune=QUYNH_MY), directory)


def test_the_former_commune_of_a_parcel_that_lies_far_away_is_a_finding(directory: UnitDirectory) -> None:
    parcels = [
        a_parcel(former_commune="16744", map_sheet="1"),
        a_parcel(former_commune="16705", map_sheet="2"),
        a_parcel(former_commune=HUNG_THANH, map_sheet="3"),
        a_parcel(former_commune="16744", map_sheet="4", outside_confirmed=True),
    ]
    household = a_household(parcels=parcels)
    assert about_former_communes(household, directory) == [("parcel.former-commune-far", "/parcels/0/former_commune")]
    (far,) = (each for each in prepared(household, directory).given["findings"] if each["code"].endswith("-far"))
    assert far["severity"] == "warning"
    assert far["details"] == {
        "former": "16744",
        "former_name": "xã Đồng Văn",
        "commune_name": "phường Thành Vinh",
        "distance_km": 148,
    }


def test_two_parcels_of_one_number_on_the_maps_of_a_commune_that_was_merged_before(directory: UnitDirectory) -> None:
    parcels = [a_parcel(**NUMBER, locality="Diễn Minh"), a_parcel(**NUMBER, locality="Diễn Bình")]
    household = a_household(commune="17485", commune_as_of="2025-06-30", parcels=parcels)
    assert about_former_communes(household, directory) == [("parcel.key-alike", "/parcels/1/parcel_number")]
    known = a_household(commune="17476", former_commune="17485", parcels=parcels)
    assert len(about_former_communes(known, directory)) == 1
