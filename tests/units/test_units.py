"""Administrative units: the official list is consistent, and a code has a meaning only with a date."""

from __future__ import annotations

import unicodedata
from collections import Counter
from datetime import date, timedelta

import pytest

from service.errors import CommuneNotInForce, CommuneUnknown
from service.units.directory import Unit, UnitDirectory
from service.units.unit_list import UnitListInvalid, read_units
from tests.provinces import NGHE_AN
from tests.units.lists import a_line, a_list, district_of

OFFICIAL_LIST = NGHE_AN.units
BEFORE = date(2025, 6, 30)
AFTER = date(2025, 7, 1)
TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def units() -> tuple[Unit, ...]:
    return read_units(OFFICIAL_LIST)


@pytest.fixture(scope="module")
def directory(units: tuple[Unit, ...]) -> UnitDirectory:
    return UnitDirectory(units)


def faults_of(text: str) -> list[tuple[int, str]]:
    with pytest.raises(UnitListInvalid) as caught:
        read_units(text)
    return [(fault.line, fault.column) for fault in caught.value.faults]


# The official list


def test_the_province_has_130_communes_now_and_had_412_in_20_districts(directory: UnitDirectory) -> None:
    assert [unit.name for unit in directory.of_level("province", TODAY)] == ["Nghệ An"]
    assert len(directory.of_level("commune", AFTER)) == 130
    assert len(directory.of_level("commune", BEFORE)) == 412
    assert len(directory.of_level("district", BEFORE)) == 20
    assert directory.of_level("district", AFTER) == []


def test_there_are_119_rural_communes_and_11_wards_now(directory: UnitDirectory) -> None:
    assert Counter(unit.kind for unit in directory.of_level("commune", TODAY)) == {"xã": 119, "phường": 11}


def test_403_communes_were_merged_and_9_were_left_as_they_were(directory: UnitDirectory) -> None:
    heirs = Counter(unit.successor for unit in directory.of_level("commune", BEFORE))
    assert sum(count for count in heirs.values() if count > 1) == 403
    assert sum(count for count in heirs.values() if count == 1) == 9
    assert len(heirs) == 130


def test_every_former_commune_has_a_successor_in_force_the_day_after(directory: UnitDirectory) -> None:
    for former in directory.of_level("commune", BEFORE):
        assert former.successor is not None
        assert directory.in_force(former.successor, AFTER).level == "commune"


def test_every_former_commune_lies_in_a_district_of_its_time(directory: UnitDirectory) -> None:
    districts = directory.of_level("district", BEFORE)
    assert {district_of(directory, commune) for commune in directory.of_level("commune", BEFORE)} == set(districts)
    assert all(district_of(directory, commune) is None for commune in directory.of_level("commune", TODAY))


def test_every_commune_of_today_has_a_point_inside_the_province(directory: UnitDirectory) -> None:
    for commune in directory.of_level("commune", TODAY):
        assert commune.longitude is not None
        assert commune.latitude is not None
        assert 103.8 < commune.longitude < 105.9
        assert 18.5 < commune.latitude < 20.1


def test_names_are_nfc_and_stand_without_their_kind(units: tuple[Unit, ...]) -> None:
    for unit in units:
        assert unicodedata.is_normalized("NFC", unit.name)
        assert not unit.name.lower().startswith(unit.kind + " ")
        assert unit.name_en.isascii()
        assert unit.source


# Reading a code with a date


def test_16681_was_quang_trung_until_june_2025_and_is_thanh_vinh_since(directory: UnitDirectory) -> None:
    assert directory.in_force("16681", BEFORE).name == "Quang Trung"
    assert directory.in_force("16681", AFTER).name == "Thành Vinh"
    assert directory.in_force("16681", AFTER).kind == "phường"


def test_a_code_read_before_the_merger_lands_in_its_successor_and_keeps_its_former_commune(
    directory: UnitDirectory,
) -> None:
    resolved = directory.resolve_commune("16663", as_of=date(2024, 5, 1), today=TODAY)
    assert resolved.commune.code == "16681"
    assert resolved.former is not None
    assert (resolved.former.code, resolved.former.name) == ("16663", "Đông Vĩnh")


def test_a_number_that_was_used_again_is_read_in_its_own_time(directory: UnitDirectory) -> None:
    then = directory.resolve_commune("16681", as_of=BEFORE, today=TODAY)
    now = directory.resolve_commune("16681", as_of=TODAY, today=TODAY)
    assert then.commune is now.commune
    assert then.former is not None
    assert then.former.name == "Quang Trung"
    assert now.former is None


def test_a_commune_with_one_predecessor_knows_its_former_self(directory: UnitDirectory) -> None:
    resolved = directory.resolve_commune("16816", as_of=TODAY, today=TODAY)
    assert resolved.former is not None
    assert resolved.former.valid_to == BEFORE


def test_the_former_communes_of_thanh_vinh_are_the_six_that_the_resolution_names(directory: UnitDirectory) -> None:
    names = {unit.name for unit in directory.predecessors("16681", TODAY)}
    assert names == {"Cửa Nam", "Đông Vĩnh", "Hưng Bình", "Lê Lợi", "Quang Trung", "Hưng Chính"}


def test_a_code_that_nobody_ever_had_is_unknown(directory: UnitDirectory) -> None:
    with pytest.raises(CommuneUnknown) as caught:
        directory.resolve_commune("99999", TODAY, TODAY)
    assert caught.value.params == {"commune": "99999"}
    assert caught.value.pointer == "/commune"


def test_a_districts_code_is_not_a_communes(directory: UnitDirectory) -> None:
    with pytest.raises(CommuneUnknown):
        directory.resolve_commune("412", BEFORE, TODAY)


def test_the_error_for_a_former_code_after_the_merger_gives_its_last_day(directory: UnitDirectory) -> None:
    with pytest.raises(CommuneNotInForce) as caught:
        directory.resolve_commune("16663", as_of=AFTER, today=TODAY)
    assert caught.value.params == {
        "commune": "16663",
        "on": "2025-07-01",
        "known_from": "…",
        "known_to": "2025-06-30",
    }


def test_a_day_to_come_is_read_as_today(directory: UnitDirectory) -> None:
    assert directory.resolve_commune("16681", TODAY + timedelta(days=2), TODAY).commune.name == "Thành Vinh"


def test_the_communes_changed_on_two_days(directory: UnitDirectory) -> None:
    assert directory.geographies() == [date(2024, 12, 1), AFTER]


@pytest.mark.parametrize("q", ["thành vinh", "THANH VINH", "phuong thanh vinh", "16681", "thanh v"])
def test_a_unit_is_found_by_name_without_diacritics_or_by_code(directory: UnitDirectory, q: str) -> None:
    assert directory.find(q, "commune", TODAY)[0].code == "16681"


def test_both_spellings_of_hoa_find_the_same_units(directory: UnitDirectory) -> None:
    assert directory.find("Thái Hòa", None, TODAY) == directory.find("Thái Hoà", None, TODAY) != []


def test_no_unit_is_found_outside_its_time(directory: UnitDirectory) -> None:
    assert directory.find("Đông Vĩnh", "commune", TODAY) == []
    assert [unit.code for unit in directory.find("Đông Vĩnh", "commune", BEFORE)] == ["16663"]


# Lists that come later


def three_successions() -> UnitDirectory:
    return UnitDirectory(
        read_units(
            a_list(
                a_line("1", valid_to="2009-12-31", successor="2"),
                a_line("2", valid_from="2010-01-01", valid_to="2019-12-31", successor="1"),
                a_line("1", valid_from="2020-01-01", valid_to="2029-12-31", successor="3"),
                a_line("3", valid_from="2030-01-01"),
            )
        )
    )


def test_a_chain_of_successions_is_followed_to_its_end() -> None:
    resolved = three_successions().resolve_commune("1", as_of=date(2005, 1, 1), today=date(2031, 1, 1))
    assert resolved.commune.code == "3"
    assert resolved.former is not None
    assert resolved.former.valid_to == date(2009, 12, 31)


def test_a_chain_of_successions_is_followed_no_further_than_today() -> None:
    resolved = three_successions().resolve_commune("1", as_of=date(2005, 1, 1), today=date(2015, 1, 1))
    assert resolved.commune.code == "2"


def test_a_list_to_come_is_in_force_only_from_its_day() -> None:
    directory = three_successions()
    assert [unit.code for unit in directory.of_level("commune", date(2029, 12, 31))] == ["1"]
    assert [unit.code for unit in directory.of_level("commune", date(2030, 1, 1))] == ["3"]
    assert directory.geographies() == [date(2010, 1, 1), date(2020, 1, 1), date(2030, 1, 1)]


def test_a_commune_that_ended_without_a_successor_resolves_to_nothing() -> None:
    directory = UnitDirectory(read_units(a_list(a_line("1", valid_to="2009-12-31"))))
    with pytest.raises(CommuneNotInForce):
        directory.resolve_commune("1", as_of=date(2005, 1, 1), today=TODAY)


def test_a_cycle_of_successions_is_refused() -> None:
    one = a_line("1", valid_to="2009-12-31", successor="2")
    two = a_line("2", valid_to="2009-12-31", successor="1")
    assert faults_of(a_list(one, two)) == [(3, "successor"), (4, "successor")]


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"name_vi": ""}, "name_vi"),
        ({"code": "12x"}, "code"),
        ({"level": "ward"}, "level"),
        ({"parent": ""}, "parent"),
        ({"parent": "41"}, "parent"),
        ({"valid_from": "2025-02-30"}, "valid_from"),
        ({"valid_from": "2025-07-01", "valid_to": "2025-06-30"}, "valid_to"),
        ({"successor": "40"}, "successor"),
        ({"valid_to": "2025-06-30", "successor": "7"}, "successor"),
        ({"valid_to": "2025-06-30", "successor": "40"}, "successor"),
        ({"longitude": "200", "latitude": "18"}, "longitude"),
        ({"longitude": "nan", "latitude": "18"}, "longitude"),
        ({"longitude": "105"}, "longitude"),
    ],
)
def test_a_fault_is_named_by_line_and_column(cells: dict[str, str], column: str) -> None:
    assert faults_of(a_list(a_line(), a_line(**{"code": "2", **cells}))) == [(4, column)]


def test_one_code_twice_on_one_day_is_refused() -> None:
    assert faults_of(a_list(a_line("1"), a_line("1", valid_from="2020-01-01"))) == [(4, "valid_from")]


def test_a_missing_and_an_unknown_column_are_named() -> None:
    assert faults_of("code,name_vi\n1,Làng\n")[0] == (1, "name_en")
    assert faults_of(a_list().replace("source", "source,colour", 1)) == [(1, "colour")]


def test_every_fault_is_reported_at_once() -> None:
    assert faults_of(a_list(a_line("1", kind=""), a_line("2", valid_to="soon"))) == [(3, "kind"), (4, "valid_to")]
