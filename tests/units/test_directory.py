"""Looking up units by code, name and day, and following them through mergers; without a database."""

from __future__ import annotations

from datetime import date

import pytest

from service.errors import CommuneNotInForce, CommuneUnknown
from service.units.directory import UnitDirectory, is_above
from tests.units.lists import a_directory, a_line, district_of

OLD = date(2015, 1, 1)
NOW = date(2025, 1, 1)
ENDED = {"valid_to": "2019-12-31"}
BEGUN = {"valid_from": "2020-01-01"}
DAYS = ("2010-01-01", "2011-01-01", "2012-01-01")


def merged() -> UnitDirectory:
    """Until 2019 the communes 3, 1 and 2; since 2020 the new 1 (of 1 and 2), 3 as it was and 5."""
    return a_directory(
        a_line("51", level="district", name_vi="Con Cuông", kind="huyện", **ENDED),
        a_line("3", successor="3", parent="51", **ENDED),
        a_line("2", successor="1", **ENDED),
        a_line("1", successor="1", name_vi="Cũ", **ENDED),
        a_line("1", name_vi="Mới", kind="phường", **BEGUN),
        a_line("3", **BEGUN),
        a_line("5", valid_from="2020-01-01", valid_to="2029-12-31", successor="6"),
        a_line("6", valid_from="2030-01-01"),
    )


@pytest.mark.parametrize(
    ("code", "on", "known_from", "known_to"),
    [("5", OLD, "2020-01-01", "2029-12-31"), ("6", NOW, "2030-01-01", "…"), ("2", NOW, "…", "2019-12-31")],
)
def test_a_code_out_of_force_is_refused_with_its_first_and_last_day(
    code: str, on: date, known_from: str, known_to: str
) -> None:
    with pytest.raises(CommuneNotInForce) as refused:
        merged().in_force(code, on)
    days = {"known_from": known_from, "known_to": known_to}
    assert refused.value.params == {"commune": code, "on": on.isoformat(), **days}


def test_a_code_between_two_meanings_is_refused_with_the_days_of_the_one_before() -> None:
    ended, begun = a_line("7", valid_to="2019-12-31"), a_line("7", name_vi="Mới", valid_from="2031-01-01")
    with pytest.raises(CommuneNotInForce) as refused:
        a_directory(ended, begun).in_force("7", NOW)
    assert (refused.value.params["known_from"], refused.value.params["known_to"]) == ("…", "2019-12-31")


def test_a_code_that_nobody_had_is_refused_by_every_lookup() -> None:
    directory = merged()
    for lookup in (directory.in_force, directory.meant):
        with pytest.raises(CommuneUnknown) as refused:
            lookup("9", NOW)
        assert refused.value.params == {"commune": "9"}
    for code in ("9", "51"):
        with pytest.raises(CommuneUnknown) as refused:
            directory.require_commune(code)
        assert (refused.value.params, refused.value.pointer) == ({"commune": code}, "/commune")


@pytest.mark.parametrize(("code", "as_of"), [("9", NOW), ("51", OLD), ("2", NOW), ("6", date(2031, 1, 1))])
def test_a_commune_that_does_not_resolve_is_refused_at_its_place(code: str, as_of: date) -> None:
    with pytest.raises((CommuneUnknown, CommuneNotInForce)) as refused:
        merged().resolve_commune(code, as_of, NOW)
    assert refused.value.params["commune"] == code
    assert refused.value.pointer == "/commune"


def test_a_commune_that_ended_for_good_is_refused_with_its_days() -> None:
    with pytest.raises(CommuneNotInForce) as refused:
        a_directory(a_line("7", valid_from="2010-01-01", **ENDED)).resolve_commune("7", OLD, NOW)
    days = {"known_from": "2010-01-01", "known_to": "2019-12-31"}
    assert refused.value.params == {"commune": "7", "on": "2025-01-01", **days}
    assert refused.value.pointer == "/commune"


def test_units_are_listed_in_order_of_code_and_time() -> None:
    directory = merged()
    assert [(unit.code, unit.valid_from is None) for unit in directory if unit.level == "commune"] == [
        ("1", True), ("1", False), ("2", True), ("3", True), ("3", False), ("5", False), ("6", False)
    ]  # fmt: skip
    assert directory.name_of("1") == "phường Mới"
    thrice = [a_line("7", name_vi=f"Làng {day}", kind=f"xã {day}", valid_from=day, valid_to=day) for day in DAYS]
    assert a_directory(*thrice).name_of("7") == "xã 2012-01-01 Làng 2012-01-01"
    assert directory.name_of("9") == "9"


def test_a_level_is_listed_for_each_day_and_the_list_is_the_callers_own() -> None:
    directory = merged()
    for _ in range(2):
        for day, codes in (("2019-12-31", "123"), ("2020-01-01", "135"), ("2029-12-31", "135"), ("2030-01-01", "136")):
            found = directory.of_level("commune", date.fromisoformat(day))
            assert "".join(unit.code for unit in found) == codes
            found.clear()
    assert [unit.code for unit in directory.of_level("district", date(2019, 12, 31))] == ["51"]


@pytest.mark.parametrize(
    ("on", "name"), [(OLD, "Cũ"), (date(2019, 12, 31), "Cũ"), (date(2020, 1, 1), "Mới"), (NOW, "Mới")]
)
def test_a_code_means_the_latest_unit_that_had_begun(on: date, name: str) -> None:
    assert merged().meant("1", on).name == name
    assert merged().meant("6", on).code == "6"


def test_of_validities_of_one_code_the_first_that_can_hold_records_has_the_code_as_its_identity() -> None:
    directory = a_directory(
        a_line("1", valid_to="2025-12-31"),
        a_line("1", valid_from="2026-01-01", valid_to="2026-06-30"),
        a_line("1", valid_from="2026-07-01", valid_to="2026-12-31"),
        a_line("1", valid_from="2027-01-01"),
        *(a_line("3", valid_from=day, valid_to=day) for day in DAYS),
    )
    first, second = directory.in_force("1", date(2026, 1, 1)), directory.in_force("1", date(2026, 7, 1))
    assert first.identity == "1" != second.identity
    assert directory.validities_of("3")[0].valid_from == date(2012, 1, 1)
    assert (directory.was_another(first.code, first.begins), directory.was_another(second.code, second.begins)) == (
        False,
        True,
    )


def test_an_heir_is_followed_to_the_day_and_no_further() -> None:
    directory = merged()
    five, two = directory.in_force("5", NOW), directory.in_force("2", OLD)
    assert directory.heir_of(five, date(2029, 12, 31)) == five
    assert directory.heir_of(five, date(2030, 1, 1)) == directory.in_force("6", date(2030, 1, 1))
    assert directory.heir_of(two, NOW) == directory.in_force("1", NOW)
    assert directory.heir_of(a := directory.in_force("51", OLD), date(2019, 12, 31)) == a
    assert directory.heir_of(a, NOW) is None


def test_predecessors_are_direct_and_in_order_and_ancestors_the_nearest_first() -> None:
    directory = a_directory(
        a_line("2", valid_to="2009-12-31", successor="9"),
        a_line("1", valid_to="2009-12-31", successor="3"),
        a_line("9", valid_from="2010-01-01", successor="4", **ENDED),
        a_line("3", valid_from="2010-01-01", successor="4", **ENDED),
        a_line("4", valid_from="2020-01-01", valid_to="2023-12-31", successor="4"),
        a_line("4", valid_from="2024-01-01"),
    )
    latest = directory.in_force("4", NOW)
    for _ in range(2):
        assert [unit.code for unit in directory.ancestors_of(latest)] == ["4", "3", "9", "1", "2"]
    assert [unit.code for unit in directory.predecessors_of(latest)] == ["4"]
    assert [unit.code for unit in directory.predecessors("4")] == ["3", "4", "9"]
    assert [unit.code for unit in directory.predecessors("4", date(2022, 1, 1))] == ["3", "9"]
    assert directory.predecessors("1") == directory.predecessors("77") == []
    assert directory.ancestors_of(directory.in_force("1", date(2005, 1, 1))) == ()


def test_households_are_stored_under_the_units_that_a_commune_took_over_since_the_register_exists() -> None:
    ended, begun = {"valid_to": "2026-06-30"}, {"valid_from": "2026-07-01"}
    directory = a_directory(
        a_line("1", successor="1", **ended),
        a_line("2", successor="1", **ended),
        a_line("3", successor="1", **ended),
        a_line("1", valid_from="2026-07-01", valid_to="2026-12-31", successor="5"),
        a_line("3", **begun),
        a_line("5", valid_from="2027-01-01"),
    )
    five, three = directory.in_force("5", date(2027, 1, 1)), directory.in_force("3", date(2027, 1, 1))
    assert directory.stored_in(five, date.max) == {"1", "2", "3", five.identity}
    assert directory.stored_in(three, date.max) == {three.identity}
    assert three.identity != "3"


def test_the_geographies_are_the_days_on_which_communes_change() -> None:
    assert merged().geographies() == [date(2020, 1, 1), date(2030, 1, 1)]
    late = a_directory(a_line("51", level="district", valid_from="2001-01-01"), a_line("1", valid_from="2003-01-01"))
    assert late.geographies() == [date(2003, 1, 1)]


def test_a_commune_lies_in_the_district_of_its_time() -> None:
    directory = a_directory(
        a_line("51", level="district", valid_to="2009-12-31"),
        a_line("51", level="district", valid_from="2010-01-01", **ENDED),
        a_line("1", parent="51", valid_from="2011-01-01", **ENDED),
        a_line("2", parent="51", valid_to="2009-12-31"),
        a_line("3", **BEGUN),
    )
    assert district_of(directory, directory.in_force("1", OLD)) == directory.in_force("51", OLD)
    assert district_of(directory, directory.in_force("2", date(2005, 1, 1))) == directory.in_force(
        "51", date(2005, 1, 1)
    )
    assert district_of(directory, directory.in_force("3", NOW)) is None
    assert district_of(directory, directory.in_force("40", NOW)) is None


@pytest.mark.parametrize(
    ("begins", "ends", "above"),
    [
        (None, None, True),
        ("2010-01-01", None, True),
        ("2019-12-31", None, True),
        ("2020-01-01", None, False),
        (None, "2010-01-01", True),
        (None, "2009-12-31", False),
        ("2012-01-01", "2013-01-01", True),
    ],
)
def test_what_is_above_is_of_a_higher_level_and_of_the_same_time(
    begins: str | None, ends: str | None, above: bool
) -> None:
    days = {"valid_from": begins or "", "valid_to": ends or ""}
    directory = a_directory(a_line("1", valid_from="2010-01-01", **ENDED), a_line("51", level="district", **days))
    commune = directory.in_force("1", OLD)
    district = next(unit for unit in directory if unit.level == "district")
    assert is_above(commune, [commune, district]) is above
    assert is_above(district, [commune, district]) is False


def test_a_search_finds_the_exact_first_then_beginnings_then_what_contains_it() -> None:
    directory = a_directory(
        a_line("51", level="district", name_vi="Hòa"),
        a_line("512", name_vi="An"),
        a_line("7", name_vi="Xuân Hòa"),
        a_line("8", name_vi="Hòa Sơn"),
        a_line("9", name_vi="Hoà"),
        a_line("10", name_vi="Hòa Bình"),
        a_line("11", name_vi="Bắc Hòa", **ENDED),
    )
    codes = [unit.code for unit in directory.find("hoa", None, NOW)]
    assert codes == ["51", "9", "10", "8", "7"]
    assert [unit.code for unit in directory.find("HÒA", "commune", NOW)] == ["9", "10", "8", "7"]
    assert [unit.code for unit in directory.find("xã hoa", "commune", NOW)] == ["9", "10", "8"]
    assert [unit.code for unit in directory.find("51", None, NOW)] == ["51", "512"]
    assert directory.find("12", None, NOW) == []  # a code is found by how it begins
    assert len(directory.find("", None, NOW)) == 7
