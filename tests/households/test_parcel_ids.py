"""Ids of parcels: the register gives the same ones again, and refuses one that another household brought in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.area import Communes
from service.errors import ParcelIdTaken
from service.households.changes import Change, Record
from service.households.parcel_ids import named_parcels, new_parcels, require_free
from service.households.ports import Neighbour
from service.unit_names import UnitId
from tests.builders import Json, an_id

HOUSEHOLD, OTHER = "0192f0c1-7a3b-7c4d-8e5f-0123456789ab", "0192f0c1-7a3b-7c4d-8e5f-0123456789ac"
FIELD, GARDEN, POND = (an_id() for _ in range(3))
HERE, ELSEWHERE = UnitId("16681"), UnitId("17170")


def a_change(**items: object) -> Change:
    """A change that stores a record of these items."""
    return Change(record=items, replaces=None, entries=(), fingerprint="")


def brought_in(household: str, *ids: str, status: str = "submitted") -> Change:
    """A change after which a household has parcels with these ids, in this order."""
    return a_change(id=household, status=status, parcels=[{"id": each} for each in ids])


def a_neighbour(*parcels: Json, household: str = OTHER, commune: UnitId = HERE) -> Neighbour:
    return Neighbour(household, commune, parcels)


def given_ids(count: int, household: str = HOUSEHOLD) -> list[str]:
    """What the register calls the parcels of a household that names none of them."""
    return [each["id"] for each in named_parcels([{}] * count, household)]


@given(st.lists(st.booleans(), max_size=6))
def test_parcels_without_an_id_get_the_same_ones_each_time(sent_with_an_id: list[bool]) -> None:
    parcels = [{"map_sheet": str(n)} | ({"id": an_id()} if named else {}) for n, named in enumerate(sent_with_an_id)]
    named = named_parcels(parcels, HOUSEHOLD)
    assert named == named_parcels(parcels, HOUSEHOLD) == named_parcels(named, HOUSEHOLD)
    assert len({each["id"] for each in named}) == len(parcels)
    for before, after in zip(parcels, named, strict=True):
        assert after == {"id": after["id"], **before}


def test_an_id_follows_from_the_household_and_the_place_and_another_that_was_sent_is_avoided() -> None:
    first, second, third = given_ids(3)
    assert (first, second) == ("5b08b05c-8b68-5128-9889-9cf5d900daee", "c41bcd87-b009-5aec-932a-f398e2d3d69e")
    assert not {first, second} & set(given_ids(2, OTHER))
    moved = [each["id"] for each in named_parcels([{}, {"id": first}, {}], HOUSEHOLD)]
    assert moved[1:] == [first, third]
    assert moved[0] not in (first, second, third)
    both = [each["id"] for each in named_parcels([{}, {"id": first}, {"id": moved[0]}], HOUSEHOLD)]
    assert len({*both, second, third}) == 5


def test_what_a_household_names_for_the_first_time_is_new() -> None:
    before: Record = {"id": HOUSEHOLD, "status": "submitted", "parcels": [{"id": POND}]}
    change = brought_in(HOUSEHOLD, POND, FIELD, GARDEN)
    assert new_parcels([change], {HOUSEHOLD: before}) == {FIELD: (HOUSEHOLD, 1), GARDEN: (HOUSEHOLD, 2)}
    assert new_parcels([change], {HOUSEHOLD: before | {"status": "withdrawn"}})[POND] == (HOUSEHOLD, 0)
    assert new_parcels([change], {HOUSEHOLD: {"id": HOUSEHOLD, "status": "submitted"}})[POND] == (HOUSEHOLD, 0)
    assert new_parcels([brought_in(HOUSEHOLD, FIELD, status="withdrawn")], {}) == {}
    assert new_parcels([a_change(id=HOUSEHOLD, status="submitted")], {}) == {}


def test_the_ids_that_the_register_gives_a_household_are_not_claimed() -> None:
    first, second, third = given_ids(3)
    assert new_parcels([brought_in(HOUSEHOLD, first, FIELD, third, GARDEN)], {}).keys() == {FIELD, GARDEN}
    swapped = new_parcels([brought_in(HOUSEHOLD, second, first)], {})
    assert swapped == {second: (HOUSEHOLD, 0), first: (HOUSEHOLD, 1)}
    assert new_parcels([brought_in(OTHER, first)], {}) == {first: (OTHER, 0)}
    avoided = [each["id"] for each in named_parcels([{}, {"id": first}], HOUSEHOLD)]
    assert new_parcels([brought_in(HOUSEHOLD, *avoided)], {}).keys() == {first}
    assert new_parcels([brought_in(HOUSEHOLD, avoided[0])], {}) == {}


def test_two_households_of_one_batch_cannot_bring_in_the_same_parcel() -> None:
    with pytest.raises(ParcelIdTaken) as refused:
        new_parcels([brought_in(HOUSEHOLD, FIELD), brought_in(OTHER, GARDEN, POND, FIELD)], {})
    assert (refused.value.pointer, refused.value.params) == ("/parcels/2/id", {"id": FIELD})


@pytest.mark.parametrize("area", [None, frozenset({HERE})])
def test_a_parcel_of_a_neighbour_within_the_area_is_taken(area: Communes) -> None:
    new = {FIELD: (HOUSEHOLD, 0), GARDEN: (HOUSEHOLD, 4)}
    far = a_neighbour({"id": POND}, {}, household=OTHER, commune=ELSEWHERE)
    with pytest.raises(ParcelIdTaken) as refused:
        require_free(new, [far, a_neighbour({}, {"id": POND}, {"id": GARDEN})], area)
    assert (refused.value.pointer, refused.value.params) == ("/parcels/4/id", {"id": GARDEN})


def test_a_parcel_of_a_stranger_is_not_refused_nor_is_ones_own() -> None:
    new = {FIELD: (HOUSEHOLD, 0)}
    require_free(new, [a_neighbour({"id": FIELD}, commune=ELSEWHERE)], frozenset({HERE}))
    require_free(new, [a_neighbour({"id": FIELD}, household=HOUSEHOLD), a_neighbour({"id": POND})], None)
    with pytest.raises(ParcelIdTaken):
        require_free(new, [a_neighbour({"id": FIELD}, commune=ELSEWHERE)], None)
