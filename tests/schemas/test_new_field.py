"""Adding a field is one edit in one file: every other form has it; what says nothing of protection is closed."""

import json
import os
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
        '    bought_by = LinkageSchema.part(item("Người mua", "Buyer", source=_CROPS))\n',
    ),
    (
        "household.py",
        "    head = Part(\n",
        '    savings_book = Text(40, item("Sổ tiết kiệm", "Savings book", source=_REGISTER, step="household"))\n',
    ),
    (
        "digital.py",
        "    trained = Flag(",
        '    illnesses = Many(Code("loan_sources"), item("Bệnh tật", "Illnesses", source=_PLAN), most=5)\n',
    ),
)
"""Items that say nothing of their protection: file, the line before which each stands, the item."""

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


def answer_of(folder: Path, *arguments: str) -> Any:
    """Return the JSON that a Python program prints which runs on the schemas in a folder."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
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
    for room in ("provinces", "service", "tests"):
        (tmp_path / room).symlink_to(ROOT / room)
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
