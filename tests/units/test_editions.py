"""Lists of units are loaded as editions: checked, announced, noted, corrected later, not undone by a new version."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from pymongo.read_concern import ReadConcern

from service.clock import system_clock, vietnam_day
from service.commands import accounts as accounts_command
from service.commands import units as units_command
from service.province import Province, read_province
from service.storage.migration import load_shipped_units
from service.storage.repositories import Repositories
from service.units.directory import UnitDirectory
from service.units.unit_list import COLUMNS, OF_CHANGES
from tests.builders import THANH_VINH
from tests.storage.writing import register

pytestmark = pytest.mark.slow  # together they take more than a second of a processor

HEADER = ",".join((*COLUMNS, *OF_CHANGES))
MERGER = f"""\
{HEADER}
16681,Thành Vinh,Thanh Vinh ward,phường,commune,40,2025-07-01,2026-12-31,16681,,,x,,
16690,Trường Vinh,Truong Vinh ward,phường,commune,40,2025-07-01,2026-12-31,16681,,,x,,
16681,Vinh,Vinh ward,phường,commune,40,2027-01-01,,,,,x,,
"""
POSTPONED = f"""\
{HEADER}
16681,Thành Vinh,Thanh Vinh ward,phường,commune,40,2025-07-01,2027-06-30,16681,,,x,,
16690,Trường Vinh,Truong Vinh ward,phường,commune,40,2025-07-01,2027-06-30,16681,,,x,,
16681,Vinh,Vinh ward,phường,commune,40,2027-07-01,,,,,x,2027-01-01,
"""
WITHDRAWN = f"""\
{HEADER}
16681,Thành Vinh,Thanh Vinh ward,phường,commune,40,2025-07-01,,,,,x,,
16690,Trường Vinh,Truong Vinh ward,phường,commune,40,2025-07-01,,,,,x,,
16681,Vinh,Vinh ward,phường,commune,40,2027-01-01,,,,,x,,yes
"""
AFTER = date(2027, 3, 1)


def loaded(tmp_path: Path, text: str, *options: str) -> int:
    file = tmp_path / "changes.csv"
    file.write_text(text, encoding="utf-8")
    return units_command.main(["--list", str(file), *options])


def name_on(own_store: Repositories, day: date) -> str:
    return UnitDirectory(own_store.units.unit_list()).in_force(THANH_VINH, day).name


@pytest.mark.parametrize("form", ["utf-16", "cp1258", "utf-8"])
def test_a_list_is_read_as_spreadsheets_in_vietnamese_save_it(
    own_store: Repositories, tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    register(own_store)
    file = tmp_path / "changes.csv"
    separated = MERGER.replace(",", ";")
    if form == "cp1258":  # composed letters that it has not are written as letter and tone
        separated = separated.replace("ườ", "ươ\u0300")
    file.write_bytes(separated.encode(form))
    assert units_command.main(["--list", str(file)]) == 0
    assert "changes.csv is read as " in capsys.readouterr().out
    assert name_on(own_store, AFTER) == "Vinh"


def test_zeros_that_a_spreadsheet_took_away_are_refused_by_line_with_what_to_write(
    own_store: Repositories, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    version = own_store.units.unit_version()
    eaten = """1,Hà Nội,Hanoi,thành phố,province,,,,,,,x
7,Ba Đình,Ba Dinh,quận,district,1,,2025-06-30,,,,x
4,Ba Đình,Ba Dinh ward,phường,commune,1,2025-07-01,2026-12-31,8,,,x
"""
    assert loaded(tmp_path, f"{','.join(COLUMNS)}\n{eaten}") == 1
    faults = capsys.readouterr().err.splitlines()[1:]
    places = ("2, code", "3, code", "3, parent", "4, code", "4, successor", "4, parent")
    assert [line.partition(": ")[0] for line in faults[:6]] == [f"line {place}" for place in places]
    assert "a commune has a code of 5 digits" in faults[3]
    assert "format the column as text and write '00004'" in faults[3]
    assert own_store.units.unit_version() == version


def test_a_list_with_a_mistake_in_every_line_is_refused_in_a_page(
    own_store: Repositories, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [f"{code},Xã,Xa,xã,commune,40,,,,,,x,," for code in range(1000, 1100)]
    assert loaded(tmp_path, "\n".join([HEADER, *lines])) == 1
    report = capsys.readouterr().err.splitlines()
    assert (len(report), report[-1]) == (units_command.MOST_FAULTS + 2, "and 60 more")
    assert units_command.main(["--list", str(tmp_path)]) == 2


def test_a_dry_run_says_what_a_list_does_and_changes_nothing(
    own_store: Repositories, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    register(own_store)
    version, editions = own_store.units.unit_version(), own_store.units.editions()
    assert loaded(tmp_path, MERGER, "--dry-run") == 0
    output = capsys.readouterr().out
    assert "nothing was changed" in output
    assert "with 1 household and" in output
    assert "registered in Thành Vinh (16681): 1 before, 0 after" in output
    assert "registered in Vinh (16681): 0 before, 1 after" in output
    assert "registered in all: 1 before, 1 after" in output
    assert (own_store.units.unit_version(), own_store.units.editions()) == (version, editions)


def test_a_load_is_an_edition_with_source_day_and_author_and_stands_in_the_trail(
    own_store: Repositories, tmp_path: Path
) -> None:
    options = ("--source", "Nghị quyết 1", "--day", "2026-11-01", "--author", "an")
    assert loaded(tmp_path, MERGER, *options) == 0
    shipped, edition = own_store.units.editions()
    assert (shipped.shipped, edition.shipped) == ("40", None)
    assert (edition.source, edition.day, edition.author) == ("Nghị quyết 1", date(2026, 11, 1), "an")
    assert len(edition.units) == 3
    stored = own_store.database.mongo["trail"].with_options(read_concern=ReadConcern("local"))
    entries = [each for batch in stored.find() for each in batch["entries"]]
    assert [(each["action"], each["name"]) for each in entries] == [("units-loaded", "an")]
    assert loaded(tmp_path, MERGER, *options) == 0
    assert len(own_store.units.editions()) == 2


def test_what_was_loaded_can_be_put_off_and_taken_back(own_store: Repositories, tmp_path: Path) -> None:
    assert loaded(tmp_path, MERGER) == 0
    merged = UnitDirectory(own_store.units.unit_list()).in_force(THANH_VINH, AFTER).identity
    assert loaded(tmp_path, POSTPONED) == 0
    assert name_on(own_store, AFTER) == "Thành Vinh"
    assert UnitDirectory(own_store.units.unit_list()).in_force(THANH_VINH, date(2027, 7, 1)).identity == merged
    assert loaded(tmp_path, WITHDRAWN.replace("2027-01-01", "2027-07-01")) == 0
    assert name_on(own_store, date(2030, 1, 1)) == "Thành Vinh"
    assert loaded(tmp_path, MERGER) == 0
    assert UnitDirectory(own_store.units.unit_list()).in_force(THANH_VINH, AFTER).identity not in (merged, THANH_VINH)


def test_a_list_is_not_loaded_onto_another_one_than_it_was_compared_with(
    own_store: Repositories, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_store.units.__class__, "unit_version", lambda _: "another")
    assert loaded(tmp_path, MERGER) == 1
    assert "another list was loaded meanwhile" in capsys.readouterr().err
    assert (name_on(own_store, AFTER), own_store.units.editions()[1:]) == ("Thành Vinh", [])


def test_a_unit_that_has_begun_and_has_households_is_not_put_off_beyond_today(
    own_store: Repositories, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begun = [
        text.replace("2026-12-31", "2026-01-31").replace("2027-01-01", "2026-02-01") for text in (MERGER, POSTPONED)
    ]
    assert loaded(tmp_path, begun[0]) == 0
    merged = UnitDirectory(own_store.units.unit_list()).in_force(THANH_VINH, AFTER).identity
    own_store.states.make([merged])
    states = own_store.database["commune_states"]
    states.update_one({"_id": merged}, {"$set": {"tallies": {"unknown": {"registered": 2}}}})
    later = begun[1].replace("2027-06-30", "2126-06-30").replace("2027-07-01", "2126-07-01")
    assert loaded(tmp_path, later) == 1
    assert (
        "line 4, valid_from: phường Vinh (16681) has begun, and 2 households refer to it; let it end"
        in capsys.readouterr().err
    )
    today = vietnam_day(system_clock())
    tomorrow = today + timedelta(days=1)
    way_out = f"""{HEADER}
16681,Vinh,Vinh ward,phường,commune,40,2026-02-01,{today},16681;16690,,,x,,
16681,Thành Vinh,Thanh Vinh ward,phường,commune,40,{tomorrow},,,,,x,,
16690,Trường Vinh,Truong Vinh ward,phường,commune,40,{tomorrow},,,,,x,,
"""
    assert loaded(tmp_path, way_out, "--dry-run") == 0
    states.update_one({"_id": merged}, {"$set": {"tallies": {}}})
    assert loaded(tmp_path, later) == 0


def test_a_unit_with_households_is_not_taken_back(
    own_store: Repositories, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert loaded(tmp_path, MERGER) == 0
    merged = UnitDirectory(own_store.units.unit_list()).in_force(THANH_VINH, AFTER).identity
    own_store.states.make([merged])
    own_store.database["commune_states"].update_one(
        {"_id": merged}, {"$set": {"tallies": {"unknown": {"registered": 1}}}}
    )
    assert loaded(tmp_path, WITHDRAWN) == 1
    assert "phường Vinh (16681) cannot be taken back: 1 household refers to it" in capsys.readouterr().err
    assert name_on(own_store, AFTER) == "Vinh"


def test_a_commune_that_ends_for_good_is_loaded_with_a_warning_that_names_accounts_and_households(
    own_store: Repositories, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    register(own_store)
    assert accounts_command.main(["create", "can.bo", "--role", "officer", "--area", THANH_VINH]) == 0
    own_store.database.mongo["accounts"].insert_one({"_id": "damaged", "name": "damaged", "username": 7})
    line = "16681,Thành Vinh,Thanh Vinh ward,phường,commune,40,2025-07-01,2026-12-31,,,,x,,\n"
    assert loaded(tmp_path, f"{HEADER}\n{line}") == 0
    output = capsys.readouterr().out
    assert "WARNING: phường Thành Vinh (16681) ends without a successor: 1 household left in it" in output
    assert "WARNING: account can.bo names 16681, which covers nothing any more" in output
    assert "without a successor: nobody takes over its households" in output
    assert "WARNING: 1 account stored damaged, and in none of these counts" in output


def test_a_list_that_leaves_no_commune_in_force_is_refused_as_a_fault_of_the_list(
    own_store: Repositories, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    version = own_store.units.unit_version()
    communes = [unit for unit in own_store.units.unit_list() if unit.level == "commune" and unit.valid_to is None]
    lines = [
        f"{unit.code},{unit.name},{unit.name_en},{unit.kind},commune,40,{unit.valid_from},2026-12-31,,,,x,,"
        for unit in communes
    ]
    assert len(lines) == 130
    assert loaded(tmp_path, "\n".join([HEADER, *lines])) == 1
    assert "no commune is in force from 2027-01-01 on" in capsys.readouterr().err
    assert own_store.units.unit_version() == version


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("123,Sai,Wrong,xã,commune,40,2026-01-01,,,,,x,,", "line 2, code: a commune has a code of 5 digits"),
        ("12345678901234,Sai,Wrong,xã,commune,40,2026-01-01,,,,,x,,", "line 2, code: a commune has a code of 5"),
        ("12345,Sai,Wrong,xã,commune,40,2026-01-01,,,5,5,x,,", "line 2, longitude: 5.0 is not in Viet Nam"),
        ("", "line 1, code: the list has a header and no unit"),
        ("16681,Sai,Wrong,xã,commune,40,2024-01-01,2025-12-31,,,,x,,", "already in the register, commune 16681 from"),
        (
            "99,Sai,W,tỉnh,province,,2026-01-01,,,,,x,,\n12345,Sai,W,xã,commune,99,2025-07-01,,,,,x,,",
            "line 3, parent",
        ),
        (
            "12345,Sai,Wrong,xã,commune,40,2026-01-01,,,,,x,2025-01-01,",
            "line 2, replaces: 12345 from 2025-01-01 is not",
        ),
        ("12345,Sai,Wrong,xã,commune,40,2026-01-01,,,,,x,,yes", "line 2, withdrawn: 12345 from 2026-01-01 is not"),
    ],
)
def test_a_list_with_a_fault_is_refused_with_its_place(
    own_store: Repositories, tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, fault: str
) -> None:
    version = own_store.units.unit_version()
    assert loaded(tmp_path, f"{HEADER}\n{line}\n") == 1
    assert fault in capsys.readouterr().err
    assert own_store.units.unit_version() == version


def test_a_unit_without_a_predecessor_and_one_in_the_past_are_remarked(
    own_store: Repositories, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert loaded(tmp_path, f"{HEADER}\n12345,Mới,New,xã,commune,40,1990-01-01,,,,,x,,\n") == 0
    output = capsys.readouterr().out
    assert "WARNING: xã Mới (12345) begins on 1990-01-01 without a predecessor" in output
    assert "WARNING: xã Mới (12345) begins on 1990-01-01, in the past" in output


def a_new_version(tmp_path: Path, *changes: tuple[str, str]) -> Province:
    """Nghệ An as another version of the program would ship it."""
    province = read_province("40")
    text = province.units.read_text(encoding="utf-8")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    file = tmp_path / "shipped.csv"
    file.write_text(text, encoding="utf-8")
    return replace(province, units=file)


def test_a_new_version_changes_what_it_shipped_and_nothing_that_an_operator_loaded(
    own_store: Repositories, tmp_path: Path
) -> None:
    assert loaded(tmp_path, MERGER) == 0
    lines: list[str] = []
    changes = (("16681,Thành Vinh,", "16681,Thành Vinh sửa,"), ("16702,Vinh Phú,", "16702,Vinh Phú sửa,"))
    load_shipped_units(own_store, a_new_version(tmp_path, *changes), lines.append)
    assert name_on(own_store, AFTER) == "Vinh"
    assert name_on(own_store, date(2026, 11, 1)) == "Thành Vinh"
    assert UnitDirectory(own_store.units.unit_list()).in_force("16702", AFTER).name == "Vinh Phú sửa"
    assert any("left out" in line for line in lines)


def test_a_new_version_that_contradicts_an_operator_leaves_the_list_as_it_is(
    own_store: Repositories, tmp_path: Path
) -> None:
    taken = "12345,Vinh Khác,Other Vinh,phường,commune,40,2026-01-01,,,,,x,,\n"
    assert loaded(tmp_path, f"{HEADER}\n{taken}") == 0
    version, lines = own_store.units.unit_version(), list[str]()
    other = "\n12346,Nữa,More,xã,commune,40,2026-01-01,2026-06-30,12347,,,x\n"
    province = a_new_version(tmp_path)
    province.units.write_text(province.units.read_text(encoding="utf-8").rstrip("\n") + other, encoding="utf-8")
    load_shipped_units(own_store, province, lines.append)
    assert own_store.units.unit_version() == version
    assert "contradicts what was loaded here" in lines[0]
