"""Adding a field is one edit in one file: every other form has it; what says nothing of protection is closed."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

EDIT = (
    '    locality = Text(120, item("Xứ đồng", "Locality", source=_LAND_LAW, copied=True, **OPEN))\n',
    '    soil_ph = Number(item("Độ pH của đất", "Soil pH", source=_LAND_LAW, **OPEN), least=0, most=14)\n',
)

CARELESS = (
    ("people.py", "    Uuid,\n", "    Text,\n"),
    (
        "people.py",
        "    farm_work = Flag(\n",
        '    health_card = Text(20, item("Số thẻ bảo hiểm y tế", "Health insurance card", source=_CENSUS))\n',
    ),
    (
        "land.py",
        EDIT[0],
        '    rent_owed = Whole(item("Nợ tiền thuê đất", "Rent owed", source=_LAND_LAW), least=0, most=10**12)\n',
    ),
    (
        "production.py",
        '    vaccinated = Flag(item("Đã tiêm phòng", ',
        '    bought_by = LinkageSchema.one(item("Người mua", "Buyer", source=_CROPS))\n',
    ),
    (
        "household.py",
        "    head = One(\n",
        '    savings_book = Text(40, item("Sổ tiết kiệm", "Savings book", source=_REGISTER, step="household"))\n',
    ),
    (
        "digital.py",
        "    trained = Flag(",
        '    illnesses = Many(Code("loan_sources"), item("Bệnh tật", "Illnesses", source=_PLAN), most=5)\n',
    ),
)
"""Items without a declared protection: file, the line before which to insert each, the item (or its import)."""

PROGRAM = """
import json, sys
from datetime import date
from io import BytesIO
from openpyxl import load_workbook
from schemas.codelists import CodeList
from schemas.compiled import read_household
from schemas.derive.dictionary import dictionary_page
from schemas.derive.form import form_definition
from schemas.derive.json_schema import household_json_schema
from schemas.derive.mongodb import household_validator
from schemas.derive.xlsform import xlsform_workbook
from schemas.errors import RecordInvalid
from schemas.parsing import parse_household

record = {
    "commune": "16681", "legal_basis": "state_function",
    "head": {"full_name": "Vi An", "sex": "male", "no_id_reason": "lost"}, "parcels": [{"soil_ph": 6.5}],
}
try:
    parse_household(record | {"parcels": [{"soil_ph": 15}]}, today=date(2026, 11, 23))
except RecordInvalid as refused:
    error = [refused.errors[0].pointer, refused.errors[0].code]
land = next(step for step in form_definition()["steps"] if step["name"] == "land")
survey = load_workbook(BytesIO(xlsform_workbook(CodeList("units", ()))))["survey"]
print(json.dumps({
    "parsed": parse_household(record, today=date(2026, 11, 23))["parcels"],
    "compiled": read_household(record)["parcels"],
    "refused": error,
    "form": [each["label"]["vi"] for each in land["items"][0]["items"] if each["name"] == "soil_ph"],
    "json_schema": household_json_schema()["$defs"]["Parcel"]["properties"]["soil_ph"]["maximum"],
    "mongodb": household_validator()["properties"]["parcels"]["items"]["properties"]["soil_ph"]["maximum"],
    "xlsform": [row[8].value for row in survey.iter_rows() if row[1].value == "parcels_soil_ph"],
    "dictionary": "parcels[].soil_ph" in dictionary_page(),
}))
"""


def edited_schemas(folder: Path, *edits: tuple[str, str, str]) -> None:
    """Copy `schemas/` into a folder with items added before the lines named."""
    shutil.copytree(ROOT / "schemas", folder / "schemas", ignore=shutil.ignore_patterns("__pycache__"))
    for name, before, added in edits:
        file = folder / "schemas" / name
        source = file.read_text(encoding="utf-8")
        assert source.count(before) == 1, before
        file.write_text(source.replace(before, added + before), encoding="utf-8")


def say_nothing(folder: Path, items: tuple[tuple[str, str], ...], *words: str) -> None:
    """Take from existing items (file, name) in a copy of `schemas/` what they say of their protection."""
    declared = rf'(?:\*\*OPEN|\b(?:{"|".join(words)})="\w+")'
    silent = re.compile(rf"{declared},\s*|,\s*{declared}")
    for name, item in items:
        file = folder / "schemas" / name
        source = file.read_text(encoding="utf-8")
        block = re.compile(rf"^    {item} = .*?(?=^    \w+ = |^\S|\Z)", re.MULTILINE | re.DOTALL)
        edited = block.sub(lambda found: silent.sub("", found[0]), source)
        assert edited != source, item
        file.write_text(edited, encoding="utf-8")


def register_without_protection(folder: Path, items: tuple[tuple[str, str], ...], *words: str) -> Any:
    """Return what `careless_places` sees in a register whose items (file, name) do not say these words."""
    edited_schemas(folder)
    say_nothing(folder, items, *words)
    return answer_of(folder, "-m", "tests.schemas.careless_places")


def answer_of(folder: Path, *arguments: str) -> Any:
    """Return the JSON that a Python program prints which runs on the schemas in a folder.

    Everything else is imported from where it is, so that it need not be compiled anew.
    """
    environment = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
    run = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_a_field_added_in_one_place_is_in_every_form_of_the_schema(tmp_path: Path) -> None:
    locality, soil_ph = EDIT
    edited_schemas(tmp_path, ("land.py", locality, soil_ph))
    assert answer_of(tmp_path, "-c", PROGRAM) == {
        "parsed": [{"soil_ph": 6.5}],
        "compiled": [{"soil_ph": 6.5}],
        "refused": ["/parcels/0/soil_ph", "number.too-large"],
        "form": ["Độ pH của đất"],
        "json_schema": 14,
        "mongodb": 14,
        "xlsform": [". >= 0 and . <= 14"],
        "dictionary": True,
    }


@pytest.mark.slow  # a service and a mongod of its own, on edited schemas: five seconds of a processor
def test_an_item_that_says_nothing_of_its_protection_is_found_nowhere(tmp_path: Path) -> None:
    edited_schemas(tmp_path, *CARELESS)
    assert answer_of(tmp_path, "-m", "tests.schemas.careless_items") == {
        # A reader who may see people whole reads it as it was sent.
        "read": {"savings_book": True, "digital": True, "livestock": True},
        "masked": [],
        "nobody": [],
        "stored": [True, True],
        # The village says that its name is plain at rest: what is looked for would be found.
        "in_files": ["Xom Kiem Tra"],
        "copied": [],
    }


_EVERYTHING = ("sensitivity", "mask", "at_rest")


@pytest.mark.slow  # a service and a mongod of its own, on edited schemas: five seconds of a processor
def test_an_existing_item_that_says_nothing_is_hidden_wherever_it_is_used(tmp_path: Path) -> None:
    items = (
        ("household.py", "village"),
        ("household.py", "poverty"),
        ("household.py", "status_reason"),
        ("people.py", "full_name"),
        ("people.py", "national_id"),
        ("people.py", "ethnic_group"),
        ("land.py", "map_sheet"),
        ("land.py", "parcel_number"),
        ("land.py", "locality"),
        ("production.py", "heads"),
    )
    report = register_without_protection(tmp_path, items, *_EVERYTHING)
    assert [report[who]["failed"] for who in ("whole", "masked", "nobody")] == [[], [], []]
    assert report["masked"]["words"] == ["105.66412"]  # the boundary, which says that it is shown
    assert report["nobody"]["words"] == []
    assert [report[who]["searched"] for who in ("whole", "masked")] == [[[1, True]], [[1, False]]]
    assert [report[who]["in_village"] for who in ("whole", "masked", "nobody")] == [False, False, False]
    assert [report[who]["animals"] for who in ("whole", "masked")] == [{"buffalo": 2}, {}]
    of_animals, of_land = ["livestock_scale", "livestock_units"], ["area_by_land_use_m2", "area_m2"]
    facts = [report[who]["facts"] for who in ("whole", "masked", "nobody")]
    assert facts == [[*of_land, *of_animals], of_land, of_land]
    assert (report["sealed_facts"], report["sealed_facts_of_log"]) == (of_animals, of_animals)
    assert (report["by_commune"], report["by_name"], report["names"]) == (1, 0, False)
    assert report["counted"] == [[None, None, None]]
    assert report["in_files"] == []
    reasons = report["reasons"]
    assert reasons["status_reason"] == "Ong Hjklm khai thieu"
    assert (reasons["given"], reasons["history"]) == (
        ["Ba Hjklm chi ranh gioi", "Ong Hjklm khai thieu"],
        ["Ong Hjklm khai thieu", "Ba Hjklm chi ranh gioi"],
    )
    assert reasons["renewed"] == {"households": 2, "log": 6, "requests": 0, "photos.files": 0}
    assert (reasons["left"], reasons["faults"], reasons["faults_after"]) == (["Ong Hjklm khai thieu"], [], [])


@pytest.mark.slow  # as above
def test_a_boundary_that_does_not_say_that_it_is_shown_serves_nobody_who_sees_people_masked(tmp_path: Path) -> None:
    report = register_without_protection(tmp_path, (("land.py", "geometry"),), "sensitivity", "mask")
    assert [report[who]["failed"] for who in ("whole", "masked", "nobody")] == [[], [], []]
    found = [(report[who]["in_box"], report[who]["searched"]) for who in ("whole", "masked", "nobody")]
    assert found == [(True, [[1, True]]), (False, []), (False, [])]
    seen = [(report[who]["neighbours"], report[who]["overlaps"]) for who in ("whole", "masked", "nobody")]
    assert seen == [(1, 1), (0, 0), (0, 0)]
    assert "105.66412" not in report["masked"]["words"]


@pytest.mark.slow  # as above
def test_places_that_say_nothing_are_stored_in_no_index_and_found_by_nobody(tmp_path: Path) -> None:
    places = (("land.py", "geometry"), ("household.py", "location"))
    report = register_without_protection(tmp_path, places, *_EVERYTHING)
    assert [report[who]["failed"] for who in ("whole", "masked", "nobody")] == [[], [], []]
    assert [report[who]["in_box"] for who in ("whole", "masked", "nobody")] == [False, False, False]
    assert [report[who]["in_village"] for who in ("whole", "masked", "nobody")] == [True, True, False]
    assert [report[who]["neighbours"] for who in ("whole", "masked", "nobody")] == [0, 0, 0]
    assert "105.66412" in report["whole"]["words"]
    assert "105.66412" not in report["masked"]["words"]
    assert (report["cells"], report["ready"], report["by_name"], report["names"]) == (False, 200, 1, True)
    assert (report["locks"], report["faults"]) == (False, [])


@pytest.mark.slow  # as above
def test_a_head_that_says_nothing_holds_its_number_all_the_same(tmp_path: Path) -> None:
    report = register_without_protection(tmp_path, (("household.py", "head"),), *_EVERYTHING)
    assert [report[who]["failed"] for who in ("whole", "masked", "nobody")] == [[], [], []]
    assert (report["locks"], report["faults"], report["by_name"]) == (True, [], 0)
    assert not {"Zyxwv", "zyxwv"} & {*report["in_files"]}


def test_the_register_refuses_a_schema_that_hides_what_it_works_by(tmp_path: Path) -> None:
    edited_schemas(tmp_path)
    say_nothing(tmp_path, (("household.py", "stage"),), *_EVERYTHING)
    program = (
        "try:\n    import service.storage.collections\nexcept TypeError as refused:\n    print('\"', refused, '\"')"
    )
    assert "stage: the register itself works by this item" in answer_of(tmp_path, "-c", program)
