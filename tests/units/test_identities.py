"""A unit keeps its identity under other names, codes and parents, and no other unit ever gets it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from service.unit_names import UnitId
from service.units.attribution import Attribution
from service.units.directory import UnitDirectory
from service.units.identities import with_identities
from service.units.unit_list import UnitListInvalid, read_units
from tests.units.lists import a_directory, a_line, a_list

OLD, NOW = date(2026, 6, 1), date(2027, 6, 1)
ENDED, BEGUN = {"valid_to": "2026-12-31"}, {"valid_from": "2027-01-01"}
OTHER_PROVINCE = a_line("42", kind="tỉnh", level="province", parent="")


def a_split() -> UnitDirectory:
    """The commune 1, split on the first day of 2027 into a new 1 and 2."""
    return a_directory(a_line("1", successor="1=0.6;2=0.4", **ENDED), a_line("1", **BEGUN), a_line("2", **BEGUN))


@pytest.mark.parametrize(
    ("after", "kind"),
    [
        (a_line("1", name_vi="Mới", **BEGUN), "renamed"),
        (a_line("2", **BEGUN), "recoded"),
        (a_line("1", parent="42", **BEGUN), "moved"),
        (a_line("2", parent="42", name_vi="Mới", **BEGUN), "moved"),
    ],
)
def test_a_unit_stays_itself_under_another_name_code_or_parent(after: str, kind: str) -> None:
    code = after.split(",", 1)[0]
    directory = a_directory(OTHER_PROVINCE, a_line("1", successor=code, **ENDED), after)
    before, now = directory.in_force("1", OLD), directory.in_force(code, NOW)
    assert before.identity == now.identity
    assert [(each.kind, each.day) for each in directory.successions] == [(kind, date(2027, 1, 1))]
    assert directory.stored_in(now, date.max) == {now.identity}


def test_a_merged_unit_and_one_with_a_code_that_was_given_again_are_other_units() -> None:
    directory = a_directory(
        a_line("1", successor="7", **ENDED),
        a_line("7", successor="7", **ENDED),
        a_line("7", **BEGUN),
        a_line("1", **BEGUN),
    )
    one, seven = directory.in_force("1", NOW), directory.in_force("7", NOW)
    assert len({unit.identity for unit in directory if unit.level == "commune"}) == 4
    assert {each.kind for each in directory.successions} == {"merged"}
    assert directory.stored_in(one, date.max) == {one.identity}
    assert directory.stored_in(seven, date.max) == {seven.identity, "1", "7"}


def test_an_identity_that_was_ever_given_is_not_given_again() -> None:
    rows = read_units(a_list(a_line("1")))
    (_, first) = with_identities(rows)
    (_, second) = with_identities(rows, taken=[first.identity])
    (_, third) = with_identities(rows, taken=[first.identity, second.identity])
    assert [first.identity, second.identity, third.identity] == ["1", "1-before", "1-before-2"]
    (_, fourth) = with_identities(rows, taken=[first.identity, second.identity, third.identity])
    assert fourth.identity == "1-before-3"
    assert with_identities(rows, known=with_identities(rows, taken=[first.identity]))[1].identity == second.identity


def test_a_newer_list_continues_a_unit_under_the_identity_that_it_was_given() -> None:
    known = with_identities(read_units(a_list(a_line("1"))), taken=[UnitId("1")])
    newer = read_units(a_list(a_line("1", successor="2", **ENDED), a_line("2", **BEGUN)))
    assert [unit.identity for unit in with_identities(newer, known)] == ["40", "1-before", "1-before"]


@pytest.mark.parametrize(("last", "plain"), [(date(2025, 12, 31), 1), (date(2026, 1, 1), 0)])
def test_of_two_units_with_a_code_the_first_that_can_have_households_is_named_by_it_alone(
    last: date, plain: int
) -> None:
    ended, begun = {"valid_to": last.isoformat()}, {"valid_from": (last + timedelta(days=1)).isoformat()}
    identities = [unit.identity for unit in a_directory(a_line("1", **ended), a_line("1", **begun))][:2]
    assert identities[plain] == "1" != identities[1 - plain]


def test_the_parts_of_a_split_both_have_the_whole_as_predecessor_and_its_households() -> None:
    directory = a_split()
    whole, one, two = directory.in_force("1", OLD), directory.in_force("1", NOW), directory.in_force("2", NOW)
    assert {whole.identity, one.identity, two.identity} == {"1", "1-2027-01-01", "2"}
    assert [(each.kind, each.share) for each in directory.successions] == [("split", 0.6), ("split", 0.4)]
    assert directory.predecessors_of(two) == [whole] == directory.predecessors_of(one)
    for part in (one, two):
        assert directory.stored_in(part, date.max) == {part.identity, whole.identity}
        assert directory.former_named(part, "1") == whole


def test_where_a_split_leaves_the_place_open_no_part_is_guessed() -> None:
    directory = a_split()
    resolved = directory.resolve_commune("1", OLD, NOW)
    assert resolved.commune == directory.in_force("1", OLD)
    assert {unit.code for unit in resolved.parts} == {"1", "2"}
    assert Attribution(directory, "commune", NOW).unit_of("1", "unknown") is None
    assert Attribution(directory, "province", NOW).unit_of("1", "unknown") == "40"
    assert Attribution(directory, "commune", OLD).unit_of("2", "unknown") == "1"
    assert Attribution(directory, "commune", NOW).unit_of("2", "1") == "2"


def test_a_place_that_a_later_merger_makes_sure_is_not_open_any_more() -> None:
    directory = a_directory(
        a_line("1", successor="2;3", **ENDED),
        a_line("2", valid_to="2027-12-31", successor="4", **BEGUN),
        a_line("3", valid_to="2027-12-31", successor="4", **BEGUN),
        a_line("4", valid_from="2028-01-01"),
    )
    assert directory.resolve_commune("1", OLD, date(2028, 1, 1)).commune.code == "4"
    assert len(directory.resolve_commune("1", OLD, NOW).parts) == 2


@pytest.mark.parametrize("successor", ["2;2", "2=0.5;3", "2=0.5;3=0.6", "2=x;3=1", "2;x", ";"])
def test_parts_that_contradict_themselves_are_refused(successor: str) -> None:
    with pytest.raises(UnitListInvalid) as refused:
        UnitDirectory(read_units(a_list(a_line("1", successor=successor, **ENDED), a_line("2"), a_line("3"))))
    assert refused.value.params["column"] == "successor"
