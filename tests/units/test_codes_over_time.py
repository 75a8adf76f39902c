"""What a code means over time: since when, until when, for whose households, and in which geography; no database."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from service.unit_names import UnitCode, UnitId
from service.units.directory import ResolvedCommune, UnitDirectory
from service.units.geographies import latest_geography
from service.units.provinces import units_beside
from service.units.unit_list import read_units
from tests.units.lists import a_directory, a_line, a_list

ENDED, BEGUN = {"valid_to": "2019-12-31"}, {"valid_from": "2020-01-01"}
OLD, NOW = date(2010, 1, 1), date(2025, 1, 1)


def renamed_and_recoded() -> UnitDirectory:
    """One commune: 1 until 2021, renamed in 2020; 2 in 2022 and 2023; 1 again in 2024, renamed in 2025."""
    return a_directory(
        a_line("1", successor="1", **ENDED),
        a_line("1", name_vi="Mới", valid_from="2020-01-01", valid_to="2021-12-31", successor="2"),
        a_line("2", valid_from="2022-01-01", valid_to="2022-12-31", successor="2"),
        a_line("2", name_vi="Mới", valid_from="2023-01-01", valid_to="2023-12-31", successor="1"),
        a_line("1", valid_from="2024-01-01", valid_to="2024-12-31", successor="1"),
        a_line("1", name_vi="Mới", valid_from="2025-01-01"),
    )


@pytest.mark.parametrize(
    ("on", "code", "first", "last"),
    [
        (date(2010, 1, 1), "1", date.min, date(2021, 12, 31)),
        (date(2021, 12, 31), "1", date.min, date(2021, 12, 31)),
        (date(2022, 1, 1), "2", date(2022, 1, 1), date(2023, 12, 31)),
        (date(2023, 6, 1), "2", date(2022, 1, 1), date(2023, 12, 31)),
        (date(2024, 6, 1), "1", date(2024, 1, 1), date.max),
        (date(2030, 1, 1), "1", date(2024, 1, 1), date.max),
    ],
)
def test_a_code_means_a_commune_through_its_new_names_until_it_gets_another_code(
    on: date, code: str, first: date, last: date
) -> None:
    assert renamed_and_recoded().code_run("1", on) == (code, first, last)


def test_a_code_that_a_unit_did_not_have_for_a_while_means_it_on_each_side_alone() -> None:
    units = read_units(a_list(a_line("1", **ENDED), a_line("1", valid_from="2021-01-01")))
    directory = UnitDirectory(replace(unit, identity=UnitId(unit.code)) for unit in units)
    assert directory.code_run("1", date(2020, 6, 1)) == ("1", date.min, date(2019, 12, 31))
    assert directory.code_run("1", NOW) == ("1", date(2021, 1, 1), date.max)
    assert directory.code_run("9", NOW) is None


def test_before_its_first_day_a_unit_is_known_as_it_began() -> None:
    directory = a_directory(
        a_line("7", name_vi="Đầu", valid_from="2020-01-01", valid_to="2020-12-31", successor="7"),
        a_line("7", valid_from="2021-01-01"),
    )
    assert directory.called("7", date(2019, 1, 1)) == ("7", "xã Đầu")
    assert directory.called("9", NOW) == ("9", "9")
    known = [renamed_and_recoded().known_on("1", day) for day in (date(2019, 12, 31), date(2020, 1, 1))]
    assert [unit and unit.name for unit in known] == ["Làng", "Mới"]
    assert renamed_and_recoded().known_on("9", NOW) is None


def test_a_code_that_nobody_had_before_was_no_other_units() -> None:
    directory = a_directory(a_line("1", **BEGUN))
    assert not directory.was_another(UnitCode("9"), NOW)
    assert not directory.was_another(UnitCode("1"), date(2020, 1, 1))
    assert directory.was_another(UnitCode("1"), date(2020, 1, 2))


def test_a_commune_is_required_by_its_code_at_any_time_and_a_district_is_none() -> None:
    directory = a_directory(a_line("1", **ENDED), a_line("1", **BEGUN), a_line("51", level="district"))
    assert [unit.valid_from for unit in directory.require_commune("1")] == [None, date(2020, 1, 1)]


def test_a_former_communes_code_means_another_unit_first_and_then_the_commune_itself_as_it_was() -> None:
    """5 took over the first 1, and then got the code 1 itself; until then 5 was called 3."""
    directory = a_directory(
        a_line("1", successor="5", **ENDED),
        a_line("3", successor="5", valid_to="2009-12-31"),
        a_line("5", valid_from="2010-01-01", valid_to="2021-12-31", successor="1"),
        a_line("1", name_vi="Mới", valid_from="2022-01-01", valid_to="2022-12-31", successor="1"),
        a_line("1", valid_from="2023-01-01"),
    )
    commune = directory.in_force("1", NOW)
    former = {code: directory.former_named(commune, code) for code in "1359"}
    assert former["1"] == directory.in_force("1", date(2019, 1, 1))
    assert former["5"] == directory.in_force("5", date(2019, 1, 1))
    assert former["3"] == directory.in_force("3", date(2009, 1, 1))
    assert former["9"] is None


def a_split_and_a_merger() -> UnitDirectory:
    """1 is split into 2 and 3 in 2020; 2 gets a new name in 2022; both become 4 in 2024."""
    return a_directory(
        a_line("1", successor="2;3", **ENDED),
        a_line("2", valid_from="2020-01-01", valid_to="2021-12-31", successor="2"),
        a_line("2", name_vi="Mới", valid_from="2022-01-01", valid_to="2023-12-31", successor="4"),
        a_line("3", valid_from="2020-01-01", valid_to="2023-12-31", successor="4"),
        a_line("4", valid_from="2024-01-01"),
    )


def test_a_split_unit_is_followed_no_further_than_certain_until_its_parts_come_together_again() -> None:
    directory = a_split_and_a_merger()
    one, two = directory.in_force("1", OLD), directory.in_force("2", date(2020, 1, 1))
    for day in (date(2019, 12, 31), date(2020, 1, 1), date(2023, 12, 31)):
        assert directory.last_known_successor(one, day) == one
    assert directory.last_known_successor(one, date(2024, 1, 1)) == directory.in_force("4", NOW)
    assert directory.last_known_successor(two, date(2021, 12, 31)) == two
    assert directory.last_known_successor(two, date(2022, 1, 1)) == directory.in_force("2", date(2022, 1, 1))
    assert directory.last_known_successor(two, NOW) == directory.in_force("4", NOW)


def test_the_former_commune_is_the_only_predecessor_and_through_a_new_name_still_is() -> None:
    directory = a_split_and_a_merger()
    one = directory.in_force("1", OLD)
    for day in (date(2021, 1, 1), date(2023, 1, 1)):
        assert directory.resolve_commune("2", day, day).former == one
    assert directory.resolve_commune("4", NOW, NOW).former is None
    renamed = a_directory(a_line("1", successor="1", **ENDED), a_line("1", name_vi="Mới", **BEGUN))
    assert renamed.resolve_commune("1", NOW, NOW).former == renamed.in_force("1", date(2019, 1, 1))
    assert a_directory(a_line("1")).resolve_commune("1", NOW, NOW).former is None


def test_a_unit_that_was_merged_and_then_split_is_the_former_commune_of_what_is_open() -> None:
    """1 and 5 became 2 in 2020, which was split into 3 and 4 in 2024."""
    directory = a_directory(
        a_line("1", successor="2", **ENDED),
        a_line("5", successor="2", **ENDED),
        a_line("2", valid_from="2020-01-01", valid_to="2023-12-31", successor="3;4"),
        a_line("3", valid_from="2024-01-01"),
        a_line("4", valid_from="2024-01-01"),
    )
    one, two = directory.in_force("1", OLD), directory.in_force("2", date(2021, 1, 1))
    parts = tuple(directory.in_force(code, NOW) for code in "34")
    assert directory.resolve_commune("1", OLD, NOW) == ResolvedCommune(two, one, parts)
    assert directory.resolve_commune("2", date(2021, 1, 1), NOW) == ResolvedCommune(two, None, parts)
    assert directory.resolve_commune("1", OLD, date(2021, 1, 1)) == ResolvedCommune(two, one)


def test_who_has_all_households_of_a_unit_is_not_known_where_a_part_of_it_ended() -> None:
    directory = a_directory(
        a_line("1", successor="2;3", **ENDED),
        a_line("2", valid_from="2020-01-01", valid_to="2021-12-31"),
        a_line("3", valid_from="2020-01-01", valid_to="2022-12-31", successor="4"),
        a_line("4", valid_from="2023-01-01"),
    )
    one, four = directory.in_force("1", OLD), directory.in_force("4", NOW)
    assert directory.heirs_of(one, NOW) == (four,)
    assert directory.heir_of(one, NOW) is None
    assert directory.heir_of(directory.in_force("3", date(2021, 1, 1)), NOW) == four


def test_a_unit_is_followed_back_to_the_day_and_no_further() -> None:
    directory = a_directory(
        a_line("1", valid_to="2009-12-31", successor="2"),
        a_line("2", valid_from="2010-01-01", valid_to="2019-12-31", successor="3"),
        a_line("5", successor="3", **ENDED),
        a_line("3", **BEGUN),
        a_line("7", valid_from="2010-01-01", valid_to="2019-12-31", successor="8"),
        a_line("8"),
    )
    one, two, five = (directory.in_force(code, day) for code, day in (("1", date(2005, 1, 1)), ("2", OLD), ("5", OLD)))
    three = directory.in_force("3", NOW)
    for day, origins in [
        (NOW, (three,)),
        (date(2020, 1, 1), (three,)),
        (date(2019, 12, 31), (two, five)),
        (date(2010, 1, 1), (two, five)),
        (date(2009, 12, 31), (one, five)),
    ]:
        assert directory.origins_of(three, day) == origins
    assert directory.origins_of(directory.in_force("7", OLD), date(2005, 1, 1)) == ()


def test_an_identity_that_is_in_no_list_has_no_versions() -> None:
    directory = a_directory(a_line("1"))
    assert directory.validities_of("9") == ()
    assert directory.validity_on("9", NOW) is None
    assert directory.former_of("9", "1") is None


def test_a_commune_can_be_its_own_former_one_and_none_that_it_never_was() -> None:
    directory = renamed_and_recoded()
    assert directory.former_of("1", "1") == directory.in_force("1", OLD)
    assert directory.former_of("1", "7") is None
    assert directory.former_of("1", None) is None


def test_households_can_be_stored_in_what_lasted_into_the_registers_time_or_was_split_before() -> None:
    directory = a_directory(
        a_line("1", valid_to="2025-12-31", successor="4"),
        a_line("2", valid_to="2026-01-01", successor="4"),
        a_line("3", valid_to="2019-12-31", successor="4;5"),
        a_line("4"),
        a_line("5"),
    )
    able = {unit.code for unit in directory if unit.level == "commune" and directory.can_hold_records(unit)}
    assert able == {"2", "3", "4", "5"}


def test_what_is_above_a_unit_is_read_on_the_day_though_the_unit_has_an_end() -> None:
    directory = a_directory(
        a_line("51", level="district", valid_to="2014-12-31", successor="51"),
        a_line("51", level="district", name_vi="Mới", valid_from="2015-01-01", valid_to="2019-12-31"),
        a_line("1", parent="51", **ENDED),
    )
    one = directory.in_force("1", OLD)
    names = [unit and unit.name for unit in (directory.parent_of(one, day) for day in (OLD, date(2015, 1, 1), NOW))]
    assert names == ["Làng", "Mới", "Mới"]


def geographies() -> UnitDirectory:
    """Districts until 2023; communes change in 2020, 2024 and 2030."""
    return a_directory(
        a_line("51", level="district", valid_to="2023-12-31"),
        a_line("1", successor="2", **ENDED),
        a_line("2", valid_from="2020-01-01", valid_to="2023-12-31", successor="3"),
        a_line("3", valid_from="2024-01-01", valid_to="2029-12-31", successor="4"),
        a_line("4", valid_from="2030-01-01"),
    )


@pytest.mark.parametrize(
    ("level", "today", "geography"),
    [
        ("commune", date(2025, 1, 1), date(2024, 1, 1)),
        ("commune", date(2030, 1, 1), date(2030, 1, 1)),
        ("commune", date(2029, 12, 31), date(2024, 1, 1)),
        ("district", date(2031, 1, 1), date(2023, 12, 31)),
        ("district", date(2019, 1, 1), date(2019, 1, 1)),
    ],
)
def test_the_latest_geography_is_the_last_one_that_has_units_of_the_level(
    level: str, today: date, geography: date
) -> None:
    assert latest_geography(geographies(), level, today) == geography


def test_where_a_level_ended_with_the_first_change_its_last_day_is_the_latest_geography() -> None:
    directory = a_directory(
        a_line("51", level="district", **ENDED), a_line("1", successor="2", **ENDED), a_line("2", **BEGUN)
    )
    assert latest_geography(directory, "district", NOW) == date(2019, 12, 31)
    assert latest_geography(directory, "commune", NOW) == date(2020, 1, 1)
    without = a_directory(a_line("1", successor="2", **ENDED), a_line("2", **BEGUN))
    assert latest_geography(without, "district", NOW) == NOW
    unchanged = a_directory(a_line("1"), a_line("51", level="district"))
    assert latest_geography(unchanged, "district", NOW) == NOW


def test_beside_a_unit_lie_all_units_of_its_province_of_any_time_and_none_of_another() -> None:
    directory = a_directory(
        a_line("42", kind="tỉnh", level="province", parent=""),
        a_line("1", successor="2", **ENDED),
        a_line("2"),
        a_line("3", parent="42", **ENDED),
        a_line("4", parent="42"),
    )
    two, four = directory.in_force("2", NOW), directory.in_force("4", NOW)
    assert [unit.code for unit in units_beside([four], directory, NOW)] == ["3", "4", "42"]
    assert [unit.code for unit in units_beside([two], directory, NOW)] == ["1", "2", "40"]
    assert units_beside([directory.in_force("1", OLD)], directory, NOW) == units_beside([two], directory, NOW)
    assert len(units_beside([four, two, two], directory, NOW)) == 6
    assert units_beside([], directory, NOW) == []


def test_a_former_commune_can_be_one_of_the_province_that_ended_long_ago_and_nobody_knows_what_became_of_it() -> None:
    directory = a_directory(
        a_line("42", kind="tỉnh", level="province", parent=""),
        a_line("1", **ENDED),
        a_line("2", successor="5", **ENDED),
        a_line("3", valid_to="2026-06-30"),
        a_line("4", successor="8", **ENDED),
        a_line("5"),
        a_line("6", level="district", **ENDED),
        a_line("7", parent="42", **ENDED),
        a_line("8", parent="42"),
    )
    five, eight = directory.in_force("5", NOW), directory.in_force("8", NOW)
    assert [code for code in "12345678" if directory.former_named(five, code)] == ["1", "2"]
    assert directory.former_named(five, "1") == directory.in_force("1", OLD)
    assert [code for code in "12345678" if directory.former_named(eight, code)] == ["4", "7"]
