"""Code lists come from files: a code is in force on some days, and a new list or code needs no Python."""

import ast
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from schemas import rules
from schemas.codelists import CodeLists, code_lists
from schemas.language import SENSITIVITIES, STAGES, Code
from schemas.rules import codes as code_rules
from schemas.text import fold

HEADINGS = "code,name_vi,name_en,valid_from,valid_to,source,group"


def lists(folder: Path, *rows: str) -> CodeLists:
    """A folder with one list, `weeds`."""
    (folder / "weeds.csv").write_text("\n".join([HEADINGS, *rows]) + "\n", encoding="utf-8")
    return CodeLists(folder)


def test_a_file_in_the_folder_is_a_list(tmp_path: Path) -> None:
    found = lists(tmp_path, "reed,Sậy,Reed,,,Sách,grass")
    assert found.names() == ("weeds",)
    entry = found["weeds"].get("reed")
    assert entry is not None
    assert (entry.name("vi"), entry.name("en"), entry.extra) == ("Sậy", "Reed", {"group": "grass"})
    assert (found["weeds"].name, entry.source) == ("weeds", "Sách")
    assert [each.code for each in found["weeds"]] == ["reed"]


def test_a_code_that_is_not_in_the_list_has_no_entry_on_any_day(tmp_path: Path) -> None:
    weeds = lists(tmp_path, "reed,Sậy,Reed,,,Sách,grass")["weeds"]
    assert weeds.get("rush") is None
    assert weeds.get("rush", date(2026, 1, 1)) is None


def test_without_a_day_the_latest_entry_counts_wherever_it_stands_in_the_file(tmp_path: Path) -> None:
    weeds = lists(tmp_path, "1,Cói,Rush,2025-07-01,,Sách,", "1,Sậy,Reed,,2025-06-30,Sách,", "2,Ngải,Sage,,,Sách,")[
        "weeds"
    ]
    assert weeds.get("1").name_en == "Rush"  # type: ignore[union-attr]
    assert weeds.dated_codes == {"1"}


def test_a_code_without_an_english_name_is_called_by_its_vietnamese_one(tmp_path: Path) -> None:
    entry = lists(tmp_path, "reed,Sậy,,,,Sách,grass")["weeds"].get("reed")
    assert entry is not None
    assert entry.name("en") == "Sậy"


def test_a_name_without_a_file_is_no_list(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match=r"\.\./weeds"):
        lists(tmp_path)["../weeds"]


def test_a_code_is_in_force_on_its_first_and_last_day(tmp_path: Path) -> None:
    weeds = lists(tmp_path, "reed,Sậy,Reed,2025-07-01,2026-06-30,Sách,")["weeds"]
    days = [date(2025, 6, 30), date(2025, 7, 1), date(2026, 6, 30), date(2026, 7, 1)]
    assert [weeds.get("reed", day) is not None for day in days] == [False, True, True, False]


def test_a_withdrawn_code_stays_readable(tmp_path: Path) -> None:
    weeds = lists(tmp_path, "reed,Sậy,Reed,,2024-12-31,Sách,", "rush,Cói,Rush,,,Sách,")["weeds"]
    assert weeds.codes == {"reed", "rush"}
    assert [entry.code for entry in weeds.in_force(date(2026, 1, 1))] == ["rush"]


def test_a_number_used_again_means_what_it_meant_on_the_day(tmp_path: Path) -> None:
    weeds = lists(tmp_path, "1,Sậy,Reed,,2025-06-30,Sách,", "1,Cói,Rush,2025-07-01,,Sách,")["weeds"]
    assert [weeds.get("1", day).name_en for day in (date(2025, 1, 1), date(2026, 1, 1))] == ["Reed", "Rush"]  # type: ignore[union-attr]


@pytest.fixture
def dated_crops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules look at a list of crops with days."""
    (tmp_path / "crops.csv").write_text(
        "code,name_vi,name_en,valid_from,valid_to,source\n"
        "rice,Lúa,Rice,,,Sách\nindigo,Chàm,Indigo,,2024-12-31,Sách\nalgae,Tảo,Algae,2026-06-01,,Sách\n",
        encoding="utf-8",
    )
    place = code_rules.CodePlace(("parcels", "*", "crops", "*", "crop"), None, {None: CodeLists(tmp_path)["crops"]})
    monkeypatch.setattr(code_rules, "places_with_days", lambda: (place,))


@pytest.mark.parametrize(
    ("crop", "as_of", "code"),
    [
        ("rice", date(2020, 1, 1), None),
        ("indigo", date(2024, 12, 31), None),
        ("indigo", date(2025, 1, 1), "code.withdrawn"),
        ("algae", date(2026, 6, 1), None),
        ("algae", date(2026, 5, 31), "code.newer-than-record"),
    ],
)
@pytest.mark.usefixtures("dated_crops")
def test_a_code_is_held_to_the_day_of_the_record(crop: str, as_of: date, code: str | None) -> None:
    content: dict[str, Any] = {"commune_as_of": as_of, "parcels": [{"crops": [{"crop": crop}]}]}
    today = date(2026, 11, 23)
    codes = {error.code for error in rules.errors(content, today=today)}
    codes |= {finding.code for finding in rules.warnings(content, today=today)}
    assert {each for each in codes if each.startswith("code.")} == ({code} if code else set())


@pytest.mark.usefixtures("dated_crops")
@pytest.mark.parametrize(("repeated", "value"), [(True, "algae"), (False, "•")])
def test_a_finding_does_not_repeat_a_code_that_is_hidden_or_sealed(
    monkeypatch: pytest.MonkeyPatch, repeated: bool, value: str
) -> None:
    places = [replace(place, repeated=repeated) for place in code_rules.places_with_days()]
    monkeypatch.setattr(code_rules, "places_with_days", lambda: places)
    content = {"commune_as_of": date(2026, 5, 31), "parcels": [{"crops": [{"crop": "algae"}]}]}
    (finding,) = rules.warnings(content, today=date(2026, 11, 23))
    assert finding.params["value"] == value


@pytest.mark.parametrize(
    ("crop", "as_of", "today", "code", "params"),
    [
        ("indigo", date(2025, 1, 1), date(2026, 11, 23), "code.withdrawn", {"until": "2024-12-31"}),
        ("algae", date(2026, 5, 31), date(2026, 6, 1), "code.newer-than-record", {"from": "2026-06-01"}),
        ("algae", date(2026, 5, 31), date(2026, 5, 31), "code.not-yet-in-force", {"from": "2026-06-01"}),
    ],
)
@pytest.mark.usefixtures("dated_crops")
def test_a_code_of_another_day_is_named_with_its_first_or_last_one(
    crop: str, as_of: date, today: date, code: str, params: dict[str, str]
) -> None:
    content: dict[str, Any] = {"commune_as_of": as_of, "parcels": [{}, {"crops": [{}, {"crop": crop}]}]}
    found: list[Any] = [*rules.errors(content, today=today), *rules.warnings(content, today=today)]
    (only,) = [each for each in found if each.code.startswith("code.")]
    assert (only.pointer, only.code) == ("/parcels/1/crops/1/crop", code)
    assert only.params == {"value": crop, **params}


@pytest.mark.usefixtures("dated_crops")
def test_a_code_of_a_list_to_come_is_refused() -> None:
    content = {"parcels": [{"crops": [{"crop": "algae"}]}]}
    found = rules.errors(content, today=date(2026, 1, 1))
    assert [error.code for error in found if error.code.startswith("code.")] == ["code.not-yet-in-force"]


def test_a_scheme_names_its_list_in_the_list_of_schemes() -> None:
    field = Code("land_use", scheme="land_use_scheme", schemes="land_use_schemes")
    assert field.lists() == {None: "land_use", "2024": "land_use", "2018": "land_use_2018"}
    assert {"LUN", "BHK", "NHK", "LUC"} <= field.codes()


def test_both_lists_of_ethnic_groups_hold_the_same_54_peoples_under_codes_of_their_own() -> None:
    old, new = code_lists()["ethnic_groups"], code_lists()["ethnic_groups_census"]
    by_name = [{fold(each.name_vi).replace("-", " "): each.code for each in each_list} for each_list in (old, new)]
    assert len(old.codes) == len(new.codes) == 54
    assert by_name[0].keys() ^ by_name[1].keys() == {"kho me", "khmer", "hmong", "mong"}  # spelt differently
    assert (by_name[0]["kho mu"], by_name[1]["kho mu"]) == ("29", "23")
    assert (by_name[0]["o du"], by_name[1]["o du"]) == ("53", "54")


def test_the_stages_that_have_a_type_are_the_codes_of_the_list() -> None:
    assert list(STAGES) == [each.code for each in code_lists()["stages"]]


@pytest.mark.parametrize("name", ["stages", "statuses", "sensitivities"])
def test_no_code_writes_down_again_all_stages_statuses_or_sensitivities(name: str) -> None:
    """Only the module that defines a type for them does: a type checker reads no file."""
    codes = set(SENSITIVITIES) if name == "sensitivities" else code_lists()[name].codes
    counted = codes - {"withdrawn"}  # a list of what is in the register is one of statuses too
    root = Path(rules.__file__).parents[2]
    listing = [
        str(path.relative_to(root))
        for folder in ("service", "schemas")
        for path in sorted((root / folder).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, (ast.Tuple, ast.List, ast.Set))
        and counted <= {each.value for each in ast.iter_child_nodes(node) if isinstance(each, ast.Constant)}
    ]
    assert listing == ([] if name == "statuses" else ["schemas/language/items.py"])
