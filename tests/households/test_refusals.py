"""What a reader is shown of the errors for which a write was refused, on plain objects."""

from __future__ import annotations

import pytest

from schemas.errors import ItemError, RecordInvalid
from service.households.refusals import WITHHELD, seen_errors
from service.roles import Sight

OPEN = ItemError("/commune", "item.required")
OF_STORED_HOME = ItemError("/location", "location.outside-province", {"from_province_m": 7, "distance_m": 8})
OF_STORED_PARCEL = ItemError("/parcels/0/geometry", "parcel.outside-province", {"distance_m": 8, "from_province_m": 7})
BY_A_RULE = ItemError("/village", "code.not-in-scheme", {"value": "LUN"})
WITHOUT_PARAMS = ItemError("/village", "item.type")
LESS = (Sight.MASKED, Sight.NOBODY)


def shown(sight: Sight, *errors: ItemError, sent: tuple[str, ...] | None = ()) -> list[ItemError]:
    return list(seen_errors(RecordInvalid(errors, sent), sight))


@pytest.mark.parametrize("sight", [*LESS, Sight.PERSONAL])
def test_what_is_wrong_with_what_was_sent_is_shown_as_it_is(sight: Sight) -> None:
    assert shown(sight, WITHOUT_PARAMS, OPEN, sent=("village", "commune")) == [WITHOUT_PARAMS, OPEN]
    longest = ItemError("/village", "text.too-long", {"max": 120})
    assert shown(sight, longest, sent=None) == [longest]


@pytest.mark.parametrize("sight", LESS)
def test_what_a_rule_says_of_an_item_that_was_sent_can_reveal_a_stored_one(sight: Sight) -> None:
    assert shown(sight, BY_A_RULE, sent=("village",)) == [ItemError("", WITHHELD)]
    assert shown(sight, ItemError("/village", BY_A_RULE.code), sent=("village",)) == [
        ItemError("/village", BY_A_RULE.code)
    ]


def test_what_is_wrong_with_a_stored_item_is_shown_to_who_sees_it() -> None:
    assert shown(Sight.MASKED, OF_STORED_PARCEL) == [OF_STORED_PARCEL]
    assert shown(Sight.NOBODY, OF_STORED_PARCEL) == [ItemError("", WITHHELD)]
    for sight in LESS:
        assert shown(sight, OF_STORED_HOME) == [ItemError("", WITHHELD)]
    assert shown(Sight.PERSONAL, OF_STORED_HOME, OF_STORED_PARCEL) == [OF_STORED_HOME, OF_STORED_PARCEL]


@pytest.mark.parametrize("sight", LESS)
def test_one_error_without_a_place_stands_for_all_that_are_left_out(sight: Sight) -> None:
    assert shown(sight, OF_STORED_HOME, OF_STORED_HOME, BY_A_RULE) == [ItemError("", WITHHELD)]
    assert shown(sight, OF_STORED_HOME, WITHOUT_PARAMS, sent=("village",)) == [WITHOUT_PARAMS, ItemError("", WITHHELD)]


@pytest.mark.parametrize("sight", LESS)
def test_an_error_that_nobody_declared_is_not_shown_of_a_stored_item(sight: Sight) -> None:
    assert shown(sight, ItemError("/village", "something.new", {"digits": 7})) == [ItemError("", WITHHELD)]
    assert shown(sight, ItemError("/commune", "something.new")) == [ItemError("", WITHHELD)]
