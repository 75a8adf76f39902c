"""scripts/check-record says what a file of households would get, with the line of every error."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import Finding, ItemError
from schemas.json_lines import lines_by_pointer
from service.commands.check_record import main
from service.households.record_check import Checked, Fault, check_file
from service.units.directory import UnitDirectory
from service.units.unit_list import read_units
from tests.provinces import NGHE_AN
from tests.schemas.records import example, least

TODAY = date(2026, 11, 23)


def written(folder: Path, text: str) -> Path:
    """A file with this text."""
    path = folder / "households.json"
    path.write_text(text, encoding="utf-8")
    return path


def check(path: Path) -> list[Checked]:
    """What the file's records would get."""
    return list(check_file(path, UnitDirectory(read_units(NGHE_AN.units)), TODAY))


def without_boundary() -> dict[str, Any]:
    """The contract's example, not digitized yet."""
    record = example()
    del record["parcels"][0]["geometry"]
    return record


def test_a_file_of_lines_gets_a_stage_for_each_line(tmp_path: Path) -> None:
    lines = [json.dumps(without_boundary()), "", json.dumps(least()), "{broken"]
    checked = check(written(tmp_path, "\n".join(lines) + "\n"))
    assert [(each.line, each.stage) for each in checked] == [(1, "standardized"), (3, "registered"), (4, None)]
    assert checked[0].missing == [{"pointer": "/parcels/0/geometry", "for": "digitized"}]
    assert [(fault.line, fault.error.code) for fault in checked[2].faults] == [(4, "json.malformed")]


def test_a_record_that_is_written_over_many_lines_has_its_errors_on_theirs(tmp_path: Path) -> None:
    record = least() | {"village": 7}
    text = json.dumps(record, indent=2)
    (checked,) = check(written(tmp_path, text))
    line = text.splitlines().index('  "village": 7') + 1
    assert [(fault.line, fault.error.pointer) for fault in checked.faults] == [(line, "/village")]


def test_the_records_of_a_list_are_reported_by_the_line_that_they_begin_on(tmp_path: Path) -> None:
    text = json.dumps([least(), least() | {"commune": "99999"}], indent=1)
    first, second = check(written(tmp_path, text))
    assert (first.line, first.stage) == (2, "registered")
    assert second.faults[0].error.code == "commune.unknown"
    assert text.splitlines()[second.faults[0].line - 1].strip() == '"commune": "99999",'


def test_a_personal_number_that_stands_twice_in_the_file_is_reported(tmp_path: Path) -> None:
    other = without_boundary() | {"id": "0192f0c1-7a3b-7c4d-8e5f-0123456789ff"}
    checked = check(written(tmp_path, json.dumps(without_boundary()) + "\n" + json.dumps(other)))
    assert [fault.error.code for fault in checked[1].faults] == ["national-id.in-earlier-line"]
    assert checked[1].faults[0].error.params == {"line": 1}


def test_every_personal_number_of_a_household_is_compared_with_the_lines_before(tmp_path: Path) -> None:
    spouse = {"full_name": "Trần Thị Bình", "relation": "spouse", "sex": "female", "national_id": "040178001234"}
    twice = least() | {"members": [{"full_name": "Lò Văn Một", "relation": "child", "sex": "male"}, spouse]}
    other = without_boundary() | {"members": [spouse]}
    checked = check(written(tmp_path, "\n".join(json.dumps(each) for each in (least(), twice, other, other))))
    found = [[(fault.error.pointer, fault.error.params) for fault in each.faults] for each in checked]
    assert found[:2] == [[], []]
    assert found[2] == [("/members/0/national_id", {"line": 2})]
    assert found[3] == [("/head/national_id", {"line": 3}), ("/members/0/national_id", {"line": 2})]
    assert [each.stage for each in checked] == ["registered", "registered", None, None]


def test_what_is_no_json_is_reported_on_its_line_with_its_details(tmp_path: Path) -> None:
    def faults(text: str) -> list[tuple[int, str, str, dict[str, Any]]]:
        found = [each for checked in check(written(tmp_path, text)) for each in checked.faults]
        return [(each.line, each.error.pointer, each.error.code, dict(each.error.params)) for each in found]

    good = json.dumps(least()) + "\n"
    assert faults('{\n"commune": }') == [(2, "", "json.malformed", {"line": 2, "column": 12})]
    assert faults(good + '{"commune":  \n') == [(2, "", "json.malformed", {"line": 2, "column": 14})]
    assert faults(good + good + '{"commune": NaN}') == [(3, "", "json.not-a-number", {"value": "NaN"})]
    assert faults('[{"a": 1},\n{]') == [(2, "", "json.malformed", {"line": 2, "column": 2})]


def test_a_list_may_begin_anywhere_and_hold_lists(tmp_path: Path) -> None:
    parcel = {"map_sheet": "5", "parcel_number": "112", "crops": [{"crop": "rice"}]}
    record = least() | {"parcels": [parcel]}
    compact = json.dumps([record, record], separators=(",", ":"))
    for before, line in (("", 1), ("\n", 2), ("  \n\t\n", 3)):
        checked = check(written(tmp_path, before + compact))
        assert [(each.line, each.stage, each.faults) for each in checked] == [(line, "registered", [])] * 2


def test_findings_and_the_details_of_refusals_are_those_of_the_register(tmp_path: Path) -> None:
    uses = [{"land_use": "LUC", "area_m2": 100.0}]
    record = least() | {"parcels": [{"declared_area_m2": 900.0, "land_uses": uses}]}
    (checked,) = check(written(tmp_path, json.dumps(record)))
    details = {"listed": 100.0, "declared": 900.0}
    assert checked.findings == [Finding("land-uses.area-differs", "warning", "/parcels/0/land_uses", details)]
    (unknown,) = check(written(tmp_path, json.dumps(least() | {"commune": "99999"})))
    assert unknown.faults == [Fault(1, ItemError("/commune", "commune.unknown", {"commune": "99999"}))]


def test_an_item_that_is_not_there_is_reported_on_the_line_of_what_it_belongs_to(tmp_path: Path) -> None:
    head = {"sex": "female", "no_id_reason": "lost"}
    text = json.dumps({"commune": "16681", "legal_basis": "state_function", "head": head}, indent=1)
    (checked,) = check(written(tmp_path, text))
    assert [(each.line, each.error.pointer) for each in checked.faults] == [(4, "/head/full_name")]


def test_the_command_reports_it_in_words_and_by_its_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(written(tmp_path, json.dumps(least())))]) == 0
    assert "registered" in capsys.readouterr().out
    assert main([str(written(tmp_path, '{"commune": "1"}')), "--language", "en"]) == 1
    assert "A commune's code has 5 digits" in capsys.readouterr().out
    assert main([str(tmp_path / "nowhere.json")]) == 2


def test_the_command_prints_json_for_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([str(written(tmp_path, json.dumps({"head": {}}))), "--json"])
    report = json.loads(capsys.readouterr().out)
    assert report["stage"] is None
    assert {"/commune", "/head/full_name"} <= {error["pointer"] for error in report["errors"]}


def test_every_value_of_a_json_text_has_its_line() -> None:
    text = '{"a": [1,\n  {"b/c": "x,[{:\\""},\n  []], "d":\n null}'
    assert lines_by_pointer(text) == {
        "": 1, "/a": 1, "/a/0": 1, "/a/1": 2, "/a/1/b~1c": 2, "/a/2": 3, "/d": 3,
    }  # fmt: skip
