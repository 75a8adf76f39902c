"""What a list of changes does to the units of the register, and what it may not do; without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from service.unit_names import UnitId
from service.units.directory import UnitDirectory
from service.units.editions import Edition, PlannedEdition, planned, remarks, shipped_lines
from service.units.identities import with_identities
from service.units.unit import Unit
from service.units.unit_list import COLUMNS, OF_CHANGES, UnitLine, UnitListInvalid, read_lines, read_units
from tests.units.lists import a_line, a_list

DAY_BEFORE, DAY = "2026-12-31", "2027-01-01"
ENDED, BEGUN = {"valid_to": DAY_BEFORE}, {"valid_from": DAY}
LATER = date(2027, 7, 1)
TODAY = date(2026, 11, 28)


EATEN = " (spreadsheets take away the zeros before a number): format the column as text and write"


def changes(*lines: str) -> list[UnitLine]:
    """The lines of a list of changes; each may end in the cells ``replaces`` and ``withdrawn``."""
    width = len(COLUMNS) + len(OF_CHANGES) - 1
    text = "\n".join([",".join((*COLUMNS, *OF_CHANGES)), *(line + "," * (width - line.count(",")) for line in lines)])
    return read_lines(text)


def stored(*lines: str) -> tuple[Unit, ...]:
    """The units of a register that has loaded these lines under the province 40."""
    return with_identities(read_units(a_list(*lines)))


def planned_faults(lines: list[UnitLine], existing: tuple[Unit, ...]) -> list[str]:
    with pytest.raises(UnitListInvalid) as refused:
        planned(lines, existing)
    return [str(fault) for fault in refused.value.faults]


def days_of(plan: PlannedEdition) -> list[tuple[str, date | None]]:
    """Codes and first days of the communes that the register has afterwards."""
    communes = [unit for unit in plan.after if unit.level == "commune"]
    return [(unit.code, unit.valid_from) for unit in sorted(communes, key=lambda unit: (unit.code, unit.begins))]


def test_a_line_of_the_same_code_and_day_corrects_a_unit_and_leaves_the_others() -> None:
    existing = stored(a_line("00001"), a_line("00002"))
    plan = planned(changes(a_line("00002", name_vi="Sửa"), a_line("00003")), existing)
    assert [(unit.code, unit.name) for unit in plan.put] == [("00002", "Sửa"), ("00003", "Làng")]
    assert plan.withdrawn == ()
    assert [unit.code for unit in plan.after] == ["40", "00001", "00002", "00003"]
    assert [unit.name for unit in plan.after if unit.code == "00002"] == ["Sửa"]


def test_what_is_put_off_begins_later_and_stays_the_same_unit() -> None:
    existing = stored(a_line("00001", **ENDED), a_line("00001", **BEGUN))
    was = existing[-1]
    lines = changes(
        a_line("00001", valid_to="2027-06-30"),
        a_line("00001", valid_from="2027-07-01") + f",{DAY},",
    )
    plan = planned(lines, existing)
    assert days_of(plan) == [("00001", None), ("00001", LATER)]
    assert plan.put[1].identity == was.identity != ""
    assert plan.withdrawn == (was,)


def test_a_first_day_that_was_not_known_is_given_once_and_then_corrected() -> None:
    first_day = a_line("00001", valid_from="2015-01-01") + ",…,"
    existing = stored(a_line("00001"))
    plan = planned(changes(first_day), existing)
    assert plan.put[0].identity == existing[-1].identity != ""
    assert (plan.withdrawn, days_of(plan)) == ((existing[-1],), [("00001", date(2015, 1, 1))])
    before = a_line("00001", name_vi="Cũ", valid_to="2014-12-31")
    with_an_earlier_one = stored(before, a_line("00001", valid_from="2015-01-01"))
    again = planned(changes(first_day.replace("Làng", "Sửa")), with_an_earlier_one)
    assert (again.withdrawn, days_of(again)) == ((), [("00001", None), ("00001", date(2015, 1, 1))])
    assert [unit.name for unit in again.after if unit.level == "commune"] == ["Cũ", "Sửa"]
    new = planned(changes(first_day), stored(a_line("00002")))
    assert (new.withdrawn, days_of(new)) == ((), [("00001", date(2015, 1, 1)), ("00002", None)])


def test_what_is_replaced_by_itself_is_only_corrected() -> None:
    existing = stored(a_line("00001", **BEGUN))
    plan = planned(changes(a_line("00001", name_vi="Sửa", **BEGUN) + f",{DAY},"), existing)
    assert (plan.withdrawn, [unit.name for unit in plan.put]) == ((), ["Sửa"])
    assert days_of(plan) == [("00001", date(2027, 1, 1))]


def test_what_is_taken_back_is_gone_and_another_line_can_have_its_time() -> None:
    existing = stored(a_line("00001", **ENDED), a_line("00001", **BEGUN), a_line("00002"))
    lines = changes(a_line("00001", **BEGUN) + ",,yes", a_line("00001"))
    plan = planned(lines, existing)
    assert plan.withdrawn == (existing[2],)
    assert days_of(plan) == [("00001", None), ("00002", None)]
    assert [unit.valid_to for unit in plan.put] == [None]


def test_a_unit_put_off_to_the_day_of_one_that_is_put_off_itself_takes_its_place() -> None:
    first, second = {"valid_from": "2027-01-01", "valid_to": "2027-06-30"}, {"valid_from": "2027-07-01"}
    existing = stored(a_line("00001", **ENDED), a_line("00001", name_vi="A", **first), a_line("00001", **second))
    lines = changes(
        a_line("00001", valid_to="2027-06-30"),
        a_line("00001", name_vi="A", valid_from="2027-07-01", valid_to="2027-12-31") + ",2027-01-01,",
        a_line("00001", valid_from="2028-01-01") + ",2027-07-01,",
    )
    plan = planned(lines, existing)
    assert days_of(plan) == [("00001", None), ("00001", LATER), ("00001", date(2028, 1, 1))]
    assert plan.withdrawn == (existing[2],)  # the day of the second has a unit again, and so nothing is taken from it


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        (f",{DAY},", f"line 3, replaces: 00009 from {DAY} is not in the register"),
        (",,yes", "line 3, withdrawn: 00009 from … is not in the register"),
        (f",{DAY},yes", f"line 3, withdrawn: 00009 from {DAY} is not in the register"),
    ],
)
def test_what_the_register_does_not_have_is_neither_put_off_nor_taken_back(cells: str, fault: str) -> None:
    assert planned_faults(changes(a_line("00008"), a_line("00009") + cells), stored()) == [fault]


def test_a_list_is_held_against_the_units_that_stay() -> None:
    existing = stored(a_line("00001", **ENDED))
    line = a_line("00001", valid_from="2026-12-31")
    assert planned_faults(changes(line), existing) == ["line 2, valid_from: 00001 is in force twice on one day"]
    taken_back = changes(a_line("40", kind="tỉnh", level="province", parent="") + ",,yes")
    assert planned_faults(taken_back, existing) == [
        "already in the register, commune 00001 from …, parent: 40 is not a unit above 00001 at that time"
    ]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (a_line("0001"), f"code: a commune has a code of 5 digits{EATEN} '00001', or export the list again"),
        (a_line("000001"), "code: a commune has a code of 5 digits"),
        (
            a_line("1", level="district"),
            f"code: a district has a code of 3 digits{EATEN} '001', or export the list again",
        ),
        (a_line("402", level="province", parent=""), "code: a province has a code of 2 digits"),
        (a_line("00001", longitude="101.9", latitude="18"), "longitude: 101.9 is not in Viet Nam"),
        (a_line("00001", longitude="118.1", latitude="18"), "longitude: 118.1 is not in Viet Nam"),
        (a_line("00001", longitude="105", latitude="5.9"), "latitude: 5.9 is not in Viet Nam"),
        (a_line("00001", longitude="105", latitude="23.6"), "latitude: 23.6 is not in Viet Nam"),
    ],
)
def test_codes_and_places_that_no_unit_of_viet_nam_has_are_refused(line: str, fault: str) -> None:
    assert planned_faults(changes(line), stored()) == [f"line 2, {fault}"]


@pytest.mark.parametrize(
    ("successor", "others", "fault"),
    [
        ("40", (), "the successor of a commune has 5 digits, 40 is a province"),
        ("42", (), "the successor of a commune has 5 digits, 42 is not one"),
        ("42", (a_line("00042"),), f"the successor of a commune has 5 digits{EATEN} '00042', or export the list again"),
        ("42", (a_line("43"),), f"the successor of a commune has 5 digits{EATEN} '00042', or export the list again"),
    ],
)
def test_zeros_are_added_to_a_successor_only_where_they_can_be_missing(
    successor: str, others: tuple[str, ...], fault: str
) -> None:
    lines = changes(a_line("00001", successor=successor, **ENDED), *others)
    assert f"line 2, successor: {fault}" in planned_faults(lines, stored())


@pytest.mark.parametrize(("longitude", "latitude"), [("102", "6"), ("118", "23.5")])
def test_viet_nam_reaches_from_ca_mau_to_ha_giang_and_to_its_islands(longitude: str, latitude: str) -> None:
    lines = changes(a_line("00001", longitude=longitude, latitude=latitude), a_line("401", level="district"))
    assert len(planned(lines, stored()).put) == 2


def test_an_empty_list_is_refused() -> None:
    assert planned_faults([], stored()) == ["line 1, code: the list has a header and no unit"]


def remarked(lines: list[UnitLine], existing: tuple[Unit, ...], today: date = TODAY) -> list[str]:
    before = UnitDirectory(existing)
    plan = planned(lines, existing)
    return list(remarks(plan, before, UnitDirectory(with_identities(plan.after, before)), today))


def test_a_new_commune_without_a_predecessor_is_remarked_and_one_with_a_predecessor_not() -> None:
    existing = stored(a_line("00001"), a_line("00002"))
    merger = [a_line("00001", successor="00003", **ENDED), a_line("00002", successor="00003", **ENDED)]
    assert remarked(changes(*merger, a_line("00003", **BEGUN)), existing) == []
    assert remarked(changes(a_line("00003", name_vi="Mới", **BEGUN)), existing) == [
        f"xã Mới (00003) begins on {DAY} without a predecessor: if it was split off, name it there"
    ]
    assert remarked(changes(a_line("00004")), existing) == []  # in force since ever: there is nothing before it
    assert remarked(changes(a_line("401", level="district", **BEGUN)), existing) == []


def test_a_commune_that_ends_without_a_successor_is_remarked_and_one_that_was_renamed_not() -> None:
    existing = stored(a_line("00001"), a_line("00002"))
    assert remarked(changes(a_line("00001", **ENDED)), existing) == [
        f"xã Làng (00001) ends on {DAY_BEFORE} without a successor: nobody takes over its households"
    ]
    renamed = changes(a_line("00001", successor="00001", **ENDED), a_line("00001", name_vi="Mới", **BEGUN))
    assert remarked(renamed, existing) == []
    assert remarked(changes(a_line("00009", **ENDED)), existing) == []  # came and went: it never had households


@pytest.mark.parametrize(("today", "past"), [(date(2026, 12, 31), False), (date(2027, 1, 1), True), (LATER, True)])
def test_a_merger_that_is_loaded_after_its_day_is_remarked(today: date, past: bool) -> None:
    existing = stored(a_line("00001"), a_line("00002"), a_line("00005", valid_from="2025-07-01"))
    merger = [a_line("00001", successor="00003", **ENDED), a_line("00002", successor="00003", **ENDED)]
    found = remarked(changes(*merger, a_line("00003", name_vi="Mới", **BEGUN)), existing, today)
    in_the_past = f"xã Mới (00003) begins on {DAY}, in the past: records since then stay where they are"
    assert found == ([in_the_past] if past else [])


def test_a_corrected_name_is_no_beginning() -> None:
    existing = stored(a_line("00001", valid_from="2025-07-01"))
    assert remarked(changes(a_line("00001", name_vi="Sửa", valid_from="2025-07-01")), existing) == []


def test_the_first_list_of_a_province_is_not_in_the_past_of_anybody() -> None:
    lines = changes(a_line("40", level="province", parent=""), a_line("00001", valid_from="2025-07-01"))
    assert remarked(lines, ()) == [
        "xã Làng (00001) begins on 2025-07-01 without a predecessor: if it was split off, name it there"
    ]


def test_remarks_stand_in_order_of_code_and_only_about_what_the_list_says() -> None:
    existing = stored(a_line("00001", **BEGUN), a_line("00005"))
    found = remarked(changes(a_line("00004", **BEGUN), a_line("00003", **BEGUN)), existing)
    assert [each.split("(")[1][:5] for each in found] == ["00003", "00004"]


def an_edition(units: tuple[Unit, ...], shipped: str | None, withdrawn: tuple[Unit, ...] = ()) -> Edition:
    keys = tuple(unit.key for unit in withdrawn)
    return Edition(1, "a source", TODAY, "an", datetime(2026, 11, 1, tzinfo=UTC), units, keys, shipped)


def shipped(lines: list[UnitLine], existing: tuple[Unit, ...], *editions: Edition) -> tuple[list[str], int]:
    """Names of the units that a new version of the program may load, and how many it leaves out."""
    taken, left = shipped_lines(lines, existing, editions, "40")
    return [line.unit.name for line in taken], left


def test_a_new_version_loads_what_is_new_and_what_only_earlier_versions_had_loaded() -> None:
    existing = stored(a_line("00001"), a_line("00002"))
    earlier = an_edition(tuple(replace(unit, identity=UnitId("")) for unit in existing), "40")
    lines = changes(a_line("00001"), a_line("00002", name_vi="Sửa"), a_line("00003", name_vi="Mới"))
    assert shipped(lines, existing, earlier) == (["Sửa", "Mới"], 0)
    other_province = an_edition(existing, "42")
    assert shipped(lines, existing, other_province) == (["Mới"], 1)


def test_a_new_version_leaves_what_an_operator_loaded_corrected_or_took_back() -> None:
    existing = stored(a_line("00001", name_vi="Của tỉnh"), a_line("00002"))
    earlier = an_edition(stored(a_line("00001"), a_line("00002")), "40")
    lines = changes(
        a_line("00001", name_vi="Sửa"), a_line("00002", name_vi="Sửa"), a_line("00003"), a_line("00003", **BEGUN)
    )
    assert shipped(lines, existing, earlier) == (["Sửa", "Làng", "Làng"], 1)
    operator = an_edition(stored(a_line("00002"))[1:], None, withdrawn=stored(a_line("00003"))[1:])
    assert shipped(lines, existing, earlier, operator) == ([], 4)
