"""Parcels by number: what makes a claim, and which claims are in conflict whatever the order they come in."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.parcels.number_claims import (
    MOST_CLAIMANTS,
    NumberClaim,
    cells_of_claims,
    conflicts,
    number_claims,
)
from tests.examples import examples

Json = dict[str, Any]
KEY: Json = {"id": "p", "map_sheet": "12", "parcel_number": "345"}
LARGEST_CELL = (3 << 50) | (2**22 << 24)


def claim(household: str = "a", former: str | None = "16663", **items: Any) -> NumberClaim:
    (made,) = number_claims(household, former, [KEY | items])
    return made


def test_a_parcel_without_former_commune_sheet_or_number_claims_nothing() -> None:
    assert number_claims("a", None, [KEY]) == []
    assert number_claims("a", "16663", [KEY | {"former_commune_unknown": True}]) == []
    unnumbered: list[Json] = [{"id": "p", "map_sheet": "12"}, {"id": "q", "parcel_number": "345"}, {"id": "r"}]
    assert number_claims("a", "16663", unnumbered) == []
    assert [each.number for each in number_claims("a", "16663", [*unnumbered, KEY])] == [3]


def test_a_parcel_names_its_commune_itself_or_has_that_of_the_household() -> None:
    assert claim().key == ("16663", "12", "345")
    assert claim(former_commune="16669").key == claim(former=None, former_commune="16669").key == ("16669", "12", "345")


@pytest.mark.parametrize(
    ("written", "plain"),
    [("012", "12"), ("12 A", "12a"), ("Tờ 05", "to5"), ("5-07", "5-7"), ("100", "100"), ("10.05", "10.5")],
)
def test_spaces_case_and_zeros_before_a_number_do_not_count(written: str, plain: str) -> None:
    assert claim(map_sheet=written).key == ("16663", plain, "345")
    assert claim(parcel_number=written).key == ("16663", "12", plain)


@pytest.mark.parametrize("written", ["0", "000", "-", "x"])
def test_what_has_no_digit_but_zero_is_no_number(written: str) -> None:
    assert number_claims("a", "16663", [KEY | {"map_sheet": written}, KEY | {"parcel_number": written}]) == []


def test_a_key_is_apart_from_every_cell_and_fits_into_a_number_of_mongodb() -> None:
    keys = cells_of_claims([claim(), claim(parcel_number="346"), claim(former="16669")])
    assert len(keys) == 3
    assert all(LARGEST_CELL < key < 2**63 for key in keys)
    assert cells_of_claims([claim("b", locality="Đồng Bàu", tenure="owned")]) <= keys


def test_parcels_of_one_household_are_no_conflict() -> None:
    assert conflicts([claim(), claim(id="q")], [], ()) == []


@pytest.mark.parametrize(
    ("mine", "theirs", "in_conflict"),
    [
        ({}, {}, True),
        ({"tenure": "owned"}, {"tenure": "contracted"}, True),
        ({"tenure": "rented"}, {"tenure": "rented"}, True),
        ({"tenure": "rented"}, {"tenure": "owned"}, False),
        ({"tenure": "rented"}, {}, True),
        ({"locality": "Đồng Bàu"}, {"locality": "dong  bau"}, True),
        ({"locality": "Đồng Bàu"}, {"locality": "Đồng Lèn"}, False),
        ({"locality": "Đồng Bàu"}, {}, True),
        ({"geometry": {}}, {"geometry": {}}, False),
        ({"geometry": {}}, {"geometry": None}, True),
        ({"parcel_number": "0345"}, {}, True),
        ({"parcel_number": "344"}, {}, False),
        ({"former_commune": "16669"}, {}, False),
    ],
)
def test_two_households_cannot_both_have_one_parcel(mine: Json, theirs: Json, in_conflict: bool) -> None:
    one, other = claim("a", **mine), claim("b", **theirs)
    assert conflicts([one], [other], ()) == ([(one, other)] if in_conflict else [])
    assert conflicts([other], [one], ()) == ([(other, one)] if in_conflict else [])
    assert conflicts([one, other], [], ()) == ([(other, one)] if in_conflict else [])


def test_the_map_counts_where_it_numbers_a_parcel_otherwise_than_the_certificate() -> None:
    on_the_map = {"cadastral_map_sheet": "7", "cadastral_parcel_number": "8"}
    assert claim(**on_the_map).key == ("16663", "7", "8")
    assert claim(cadastral_map_sheet="7").key == ("16663", "7", "345")
    assert claim(cadastral_parcel_number="8").key == ("16663", "12", "8")
    assert claim(cadastral_map_sheet="", cadastral_parcel_number="").key == claim().key


def test_a_claim_says_whose_it_is_and_what_a_conflict_depends_on() -> None:
    made = claim("a", locality="Đồng Bàu", tenure="rented", geometry={})
    assert (made.household, made.parcel, made.number) == ("a", "p", 0)
    assert made.content == (("16663", "12", "345"), "dong bau", "rented", True)
    assert claim().content == (("16663", "12", "345"), "", None, False)
    assert replace(made, number=3).content == made.content


@pytest.mark.parametrize("item", ["map_sheet", "parcel_number", "former_commune"])
def test_what_is_stored_damaged_claims_nothing_and_stops_nobody(item: str) -> None:
    assert number_claims("a", "16663", [KEY | {item: 7}, KEY]) == [replace(claim(), number=1)]
    assert claim(locality=7).locality == ""


def test_beyond_a_few_claimants_only_what_was_reported_is_found_again() -> None:
    there = [claim(f"there {number}") for number in range(MOST_CLAIMANTS)]
    assert len(conflicts([claim()], there[1:], ())) == MOST_CLAIMANTS - 1
    assert conflicts([claim()], there, ()) == []
    reported = {(("a", "p"), ("there 3", "p"))}
    assert conflicts([claim()], there, reported) == [(claim(), there[3])]


made = st.builds(
    claim,
    household=st.sampled_from("abcd"),
    parcel_number=st.sampled_from(["1", "01", "2"]),
    tenure=st.sampled_from([None, "owned", "rented"]),
    locality=st.sampled_from(["", "Đồng Bàu", "dong bau", "Đồng Lèn"]),
    geometry=st.sampled_from([None, {}]),
)


@settings(max_examples=examples(200), deadline=None)
@given(claims=st.lists(made, max_size=MOST_CLAIMANTS), cut=st.integers(0, MOST_CLAIMANTS))
def test_conflicts_are_the_same_in_every_order_and_however_many_come_at_once(
    claims: list[NumberClaim], cut: int
) -> None:
    def found(own: list[NumberClaim], there: list[NumberClaim]) -> list[list[str]]:
        return sorted(sorted([one.parcel, other.parcel]) for one, other in conflicts(own, there, ()))

    claims = [replace(each, parcel=str(place)) for place, each in enumerate(claims)]
    among = found(claims, [])
    assert found(claims[::-1], []) == among
    assert sorted([*found(claims[:cut], claims[cut:]), *found(claims[cut:], [])]) == among
    assert sorted(pair for one, other in combinations(claims, 2) for pair in found([one], [other])) == among
