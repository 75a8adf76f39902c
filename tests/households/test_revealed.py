"""What findings reveal is declared beside their codes; what is declared nowhere is shown to no reader who sees less."""

from __future__ import annotations

import re
from typing import Any

import pytest

from schemas.errors import FREE_TEXT, THE_ITEM
from schemas.household import HouseholdSchema
from schemas.language import section_fields, section_of
from service.households.masking import seen_findings_of_a_check, seen_note, sees
from service.households.revealed import FINDINGS, NOTES
from service.roles import Sight
from tests.parcels.test_findings_page import documented, worded

REFUSING = {
    *(f"geometry.{word}" for word in ("type", "feature", "bbox", "crs", "coordinates", "not-closed", "range")),
    "geometry.unplaceable",
    "location.swapped",
    "crs.format",
}
"""Codes of the page that only refuse a record, whose sender knows what it holds; they are among no findings."""

LESS = (Sight.MASKED, Sight.NOBODY)


def test_every_finding_says_what_it_reveals() -> None:
    assert FINDINGS.keys() == documented() - REFUSING


@pytest.mark.parametrize("code", sorted(FINDINGS))
@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_detail_that_a_text_needs_is_declared(code: str, language: str) -> None:
    common = {"province", "home_system", "centre"}
    needed = set(re.findall(r"{(\w+)}", worded(language)[code])) - common
    assert needed - FINDINGS[code].members.keys() == set()


def test_every_item_that_is_revealed_is_in_the_schema() -> None:
    revealed = {item for each in FINDINGS.values() for items in each.members.values() for item in items}
    revealed |= {item for each in FINDINGS.values() for item in each.of_others}
    revealed |= {item for items in NOTES.values() for item in items}
    for path in revealed - {THE_ITEM, FREE_TEXT}:
        section: Any = HouseholdSchema
        for name in path.split("."):
            section = section_of(section_fields(section)[name])


@pytest.mark.parametrize("sight", LESS)
def test_free_text_is_no_item_that_anybody_could_open(sight: Sight) -> None:
    assert FREE_TEXT not in section_fields(HouseholdSchema)
    assert not sees(FREE_TEXT, sight)
    assert seen_note({"reason": "x", "settled": "p", "comment": "y"}, sight) == (
        {"settled": "p"} if sight is Sight.MASKED else None
    )


@pytest.mark.parametrize("sight", LESS)
def test_a_check_reveals_what_the_reader_has_sent_and_of_others_what_may_be_seen(sight: Sight) -> None:
    own = {"code": "geometry.self-crossing", "pointer": "/geometry", "details": {"point": [105.0, 18.0], "owner": "An"}}
    other = {"code": "parcel.overlap", "pointer": "/geometry", "details": {"parcel": "p", "reason": "An"}}
    careless = {"code": "careless.code", "pointer": "/geometry", "details": {}}
    shown = [{**own, "details": {"point": [105.0, 18.0]}}]
    if sight is Sight.MASKED:
        shown.append({**other, "details": {"parcel": "p"}})
    assert [*seen_findings_of_a_check([own, other, careless], sight)] == shown
    assert [*seen_findings_of_a_check([own, other, careless], Sight.PERSONAL)] == [own, other, careless]
