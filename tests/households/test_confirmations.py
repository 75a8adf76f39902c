"""A confirmed number: the confirmation falls with what it confirmed, and stays while there is a contradiction."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.partial_date import PartialDate
from service.households.confirmations import without_needless, without_unnamed
from tests.builders import Json

CONFIRMED = {"national_id_confirmed": True}
NUMBER = "040078001234"
"""Of a man who was born in 1978."""
FITTING: Json = {"full_name": "Nguyễn Văn An", "national_id": NUMBER, "sex": "male", "birth_date": "1978-05-02"}
OTHERWISE = ({"national_id": "040078001235"}, {"sex": "female"}, {"birth_date": "1979-05-02"})


def parsed(**items: str) -> Json:
    """A person as parsing leaves one: dates are dates."""
    person = {**FITTING, **items}
    return {**person, "birth_date": PartialDate.parse(person["birth_date"])}


def test_a_confirmation_of_a_number_that_contradicts_nothing_is_not_stored() -> None:
    fitting, contradicting = parsed(), parsed(sex="female")
    people = [fitting | CONFIRMED, contradicting | CONFIRMED, fitting]
    for head, members in product(people, repeat=2):
        content = {"village": "Khối 3", "head": head, "members": [members, *people]}
        stored = without_needless(content)
        assert stored["village"] == "Khối 3"
        assert stored["head"] == (fitting if head["sex"] == "male" else head)
        assert stored["members"][1:] == [fitting, contradicting | CONFIRMED, fitting]
        assert content["head"] is head


def test_what_needs_no_change_stays_as_it_was_sent() -> None:
    refused = parsed() | {"national_id_confirmed": False}
    for content in ({}, {"head": refused, "members": []}, {"members": [refused]}, {"head": parsed(), "members": None}):
        assert without_needless(content) == content


@pytest.mark.parametrize("change", OTHERWISE)
def test_a_patch_of_what_was_compared_takes_the_confirmation_away(change: Json) -> None:
    known: Json = {"village": "Khối 3", "head": FITTING | CONFIRMED}
    patched = {**known, "head": {**known["head"], **change}}
    assert without_unnamed(patched, known, {"head": change}) == {"village": "Khối 3", "head": FITTING | change}
    assert patched["head"]["national_id_confirmed"], "what was merged has been changed in place"
    confirming = {"head": change | CONFIRMED}
    assert without_unnamed(patched, known, confirming) is patched


def test_a_household_without_a_head_so_far_has_confirmed_nothing() -> None:
    patched = {"head": FITTING | CONFIRMED}
    assert without_unnamed(patched, {}, {"head": FITTING}) == {"head": FITTING}
    assert without_unnamed(patched, {"head": None}, {"head": FITTING}) == {"head": FITTING}


@given(st.fixed_dictionaries({}, optional={"full_name": st.text(), "birth_date": st.sampled_from(["1978", "1978-06"])}))
def test_a_patch_of_anything_else_leaves_it(change: Json) -> None:
    known: Json = {"head": FITTING | CONFIRMED}
    patched = {"head": known["head"] | change}
    assert without_unnamed(patched, known, {"head": change}) is patched


@pytest.mark.parametrize("patch", [None, [], "head", {}, {"head": None}, {"head": []}, {"village": "Khối 4"}])
def test_a_patch_that_is_none_of_a_head_changes_nothing(patch: object) -> None:
    patched = {"head": parsed(sex="female") | CONFIRMED}
    assert without_unnamed(patched, {"head": FITTING}, patch) is patched
    assert without_unnamed({"head": None}, {"head": FITTING}, {"head": {"sex": "male"}}) == {"head": None}
