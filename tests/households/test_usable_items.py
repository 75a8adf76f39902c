"""What may serve to find households: no item that the reader may not see whole; without a database."""

from __future__ import annotations

from dataclasses import replace

import pytest

from service.errors import PermissionMissing
from service.households.ports import HouseholdQuery
from service.households.usable_items import may_use, usable_query
from service.parcels.regions import circle, whole_squares
from service.roles import Sight

BOX = (105.671, 18.672, 105.689, 18.688)
QUERY = HouseholdQuery(limit=10, stage="registered")
GEOMETRIES = frozenset({"parcels.geometry", "location"})


@pytest.mark.parametrize(
    ("sight", "geometries"),
    [(Sight.PERSONAL, GEOMETRIES), (Sight.MASKED, {"parcels.geometry"}), (Sight.NOBODY, {"parcels.geometry"})],
)
def test_an_area_finds_by_home_only_who_may_see_homes(sight: Sight, geometries: set[str]) -> None:
    assert {item for item in GEOMETRIES if may_use(item, sight)} == geometries
    usable = usable_query(replace(QUERY, bbox=BOX), sight)
    assert usable.geometries == geometries
    assert (usable.stage, usable.limit) == ("registered", 10)


def test_readers_who_see_nobody_search_in_whole_squares_and_read_nothing_encrypted() -> None:
    for sight in (Sight.PERSONAL, Sight.MASKED):
        usable = usable_query(replace(QUERY, bbox=BOX), sight)
        assert (usable.bbox, usable.personal) == (BOX, True)
    usable = usable_query(replace(QUERY, bbox=BOX), Sight.NOBODY)
    assert (usable.bbox, usable.personal) == (whole_squares(BOX), False)
    assert usable_query(QUERY, Sight.NOBODY).bbox is None


def test_a_circle_becomes_the_squares_around_it_for_readers_who_see_nobody() -> None:
    near = (105.675, 18.675, 2_000.0)
    around = whole_squares(circle(*near).bounds)
    assert usable_query(replace(QUERY, near=near), Sight.MASKED).near == near
    alone = usable_query(replace(QUERY, near=near), Sight.NOBODY)
    assert (alone.near, alone.bbox) == (None, around)
    both = usable_query(replace(QUERY, near=near, bbox=BOX), Sight.NOBODY)
    west, south, east, north = whole_squares(BOX)
    assert both.near is None
    assert both.bbox == (west, south, min(east, around[2]), min(north, around[3]))
    other = usable_query(replace(QUERY, near=near, bbox=(105.6, 18.6, 105.8, 18.8)), Sight.NOBODY)
    assert other.bbox == around


@pytest.mark.parametrize(
    ("query", "sight", "permission"),
    [
        (replace(QUERY, text="an"), Sight.MASKED, "personal:read"),
        (replace(QUERY, text=""), Sight.NOBODY, "personal:read"),
        (replace(QUERY, village="Khối 3"), Sight.NOBODY, "personal:read"),
    ],
)
def test_a_text_or_village_that_a_reader_may_not_see_may_not_be_tried(
    query: HouseholdQuery, sight: Sight, permission: str
) -> None:
    with pytest.raises(PermissionMissing) as refused:
        usable_query(query, sight)
    assert refused.value.params == {"permission": permission}
    assert usable_query(query, Sight.PERSONAL) == query


def test_a_village_that_is_shown_may_be_searched() -> None:
    assert usable_query(replace(QUERY, village="Khối 3"), Sight.MASKED).village == "Khối 3"
