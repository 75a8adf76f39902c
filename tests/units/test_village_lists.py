"""Lists of villages after mergers, on plain objects: what comes along, in which order, and what stays away."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest

from schemas.text import spelling
from service.unit_names import UnitId
from service.units.villages import (
    Village,
    VillageFinder,
    VillageList,
    lineage_of,
    list_of,
    merged_into,
    twice,
)
from tests.builders import TODAY
from tests.units.lists import a_directory, a_line
from tests.units.registers import BEGUN, DAY_BEFORE, ENDED

A, B, C, D, E = (UnitId(code) for code in ("90001", "90002", "90003", "90004", "90005"))
INTO_C = (*(a_line(code, successor="90003", **ENDED) for code in ("90002", "90001")), a_line("90003", **BEGUN))
INTO_C_AND_D = (
    *(a_line(code, successor="90003", valid_to="2025-12-31") for code in ("90001", "90002")),
    a_line("90003", valid_from="2026-01-01", valid_to=DAY_BEFORE, successor="90004"),
    a_line("90005", successor="90004", **ENDED),
    a_line("90004", **BEGUN),
)
SPLIT = (a_line("90001", successor="90003;90004", **ENDED), a_line("90003", **BEGUN), a_line("90004", **BEGUN))
EARLIER, LATER = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
ID = str(uuid.UUID(int=7))


def a_village(name: str, former: UnitId | None = None, identity: str = "", expected: int | None = None) -> Village:
    return Village(identity or f"{name} {former}", name, former, expected)


def test_a_commune_has_the_villages_of_those_merged_into_it_in_order_of_their_codes() -> None:
    stored = {A: VillageList(A, (a_village("Xóm 1", expected=5),), 2, updated_at=LATER)}
    stored[B] = VillageList(B, (a_village("Xóm 2"),), 3, updated_at=EARLIER)
    stored[C] = VillageList(C, (a_village("Xóm 3"),), 1)
    found = list_of(C, a_directory(*INTO_C), stored, TODAY)
    assert [(each.name, each.former, each.expected) for each in found.villages] == [
        ("Xóm 3", None, None),
        ("Xóm 1", A, 5),
        ("Xóm 2", B, None),
    ]
    assert (found.commune, found.revision, found.updated_at) == (C, 6, LATER)
    assert list_of(C, a_directory(*INTO_C), {}, TODAY) == VillageList(C)


def test_what_a_list_took_into_account_does_not_come_again() -> None:
    stored = {each: VillageList(each, (a_village(f"Xóm {each}"),), 1) for each in (A, B)}
    stored[C] = VillageList(C, (), 5, frozenset({A}), EARLIER)
    found = list_of(C, a_directory(*INTO_C), stored, TODAY)
    assert ([each.former for each in found.villages], found.revision, found.updated_at) == ([B], 6, EARLIER)
    assert found.taken_over == frozenset({A})


def test_of_two_of_one_name_and_former_commune_that_of_the_own_list_counts() -> None:
    stored = {A: VillageList(A, (a_village("XÓM 01"),), 1), C: VillageList(C, (a_village("Xóm 1", A, "own"),), 1)}
    found = list_of(C, a_directory(*INTO_C), stored, TODAY)
    assert [(each.id, each.name) for each in found.villages] == [("own", "Xóm 1")]


def test_villages_keep_the_first_commune_they_came_from_through_several_mergers() -> None:
    stored = {A: VillageList(A, (a_village("Xóm 1"),), 1), C: VillageList(C, (a_village("Xóm 3"),), 1)}
    found = list_of(D, a_directory(*INTO_C_AND_D), stored, TODAY)
    assert [(each.name, each.former) for each in found.villages] == [("Xóm 3", C), ("Xóm 1", A)]


def test_no_two_villages_of_a_list_have_one_id_and_it_is_the_same_at_every_look() -> None:
    stored = {each: VillageList(each, (a_village("Xóm 1", identity=ID),), 1) for each in (A, B)}
    looks = [list_of(C, a_directory(*INTO_C), stored, TODAY).villages for _ in range(2)]
    assert looks[0] == looks[1]
    assert [each.id for each in looks[0]] == [ID, str(uuid.uuid5(uuid.UUID(ID), B))]


def test_the_parts_of_a_split_take_over_nothing_and_nothing_is_merged_before_its_day() -> None:
    assert merged_into(C, a_directory(*SPLIT), TODAY) == []
    assert merged_into(C, a_directory(*INTO_C), TODAY) == [A, B]
    assert merged_into(C, a_directory(*INTO_C), TODAY.replace(year=2025)) == []
    assert merged_into(A, a_directory(*INTO_C), TODAY) == []


def test_a_list_follows_from_that_of_its_commune_and_all_that_came_before() -> None:
    assert lineage_of(D, a_directory(*INTO_C_AND_D)) == {A, B, C, D, E}
    assert lineage_of(A, a_directory(*INTO_C_AND_D)) == {A}
    assert lineage_of(C, a_directory(*SPLIT)) == {A, C}


@pytest.mark.parametrize(
    ("villages", "found"),
    [
        ([("Xóm 1", None, "1"), ("Xóm 2", None, "2")], []),
        ([("Xóm 1", None, "1"), ("XÓM 01", None, "2")], [(1, "name")]),
        ([("Xóm 1", None, "1"), ("Xóm 1", A, "2")], []),
        ([("Xóm 1", None, "1"), ("Xóm 2", None, "1")], [(1, "id")]),
        ([("Xóm 1", None, "1"), ("Xóm 1", None, "1")], [(1, "name"), (1, "id")]),
        ([("Xóm 9", None, "3")], [(0, "name")]),
        ([("Xóm 3", None, "9")], [(0, "id")]),
    ],
)
def test_two_villages_of_one_name_or_id_are_found(
    villages: list[tuple[str, UnitId | None, str]], found: list[tuple[int, str]]
) -> None:
    given = [a_village(name, former, identity) for name, former, identity in villages]
    assert list(twice(given, [a_village("Xóm 9", None, "9")])) == found


@pytest.mark.parametrize(
    ("of_village", "of_household", "found"),
    [(A, D, True), (C, A, True), (A, C, True), (A, B, False), (None, D, True), (None, None, True)],
)
def test_a_household_can_mean_a_village_of_any_commune_in_its_line(
    of_village: UnitId | None, of_household: UnitId | None, found: bool
) -> None:
    listed = VillageList(D, (a_village("Xóm 1", of_village),))
    finder = VillageFinder(listed, a_directory(*INTO_C_AND_D))
    assert finder.names(spelling("xóm 1"), D, of_household) == found
    assert (finder.find(spelling("xóm 1"), D, of_household) is not None) == found
    assert not finder.names(spelling("Xóm 2"), D, of_household)


def test_the_surest_village_of_a_name_is_meant_and_none_where_two_are_as_sure() -> None:
    both = VillageList(D, (a_village("Xóm 1", C, "of C"), a_village("Xóm 1", A, "of A"), a_village("Xóm 1", B, "of B")))
    finder = VillageFinder(both, a_directory(*INTO_C_AND_D))

    def found(stored_in: UnitId, former: UnitId | None) -> str | None:
        village = finder.find(spelling("Xóm 1"), stored_in, former)
        return None if village is None else village.id

    assert (found(D, A), found(D, B), found(D, C)) == ("of A", "of B", "of C")
    assert found(A, None) == "of A"  # stored under A, so it came from there
    assert found(D, None) is None
    assert finder.names(spelling("Xóm 1"), D, None)
