"""Adding a field is one edit in one file: every other form of the schema has it, labelled and checked."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

EDIT = (
    '    locality = Text(120, item("Xứ đồng", "Locality", source=_LAND_LAW))\n',
    '    soil_ph = Number(item("Độ pH của đất", "Soil pH", source=_LAND_LAW), least=0, most=14)\n',
)

PROGRAM = """
import json, sys
from datetime import date
from io import BytesIO
from openpyxl import load_workbook
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
survey = load_workbook(BytesIO(xlsform_workbook()))["survey"]
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


def test_a_field_added_in_one_place_is_in_every_form_of_the_schema(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "schemas", tmp_path / "schemas", ignore=shutil.ignore_patterns("__pycache__"))
    land = tmp_path / "schemas" / "land.py"
    before, added = EDIT
    source = land.read_text(encoding="utf-8")
    assert before in source
    land.write_text(source.replace(before, before + added), encoding="utf-8")
    run = subprocess.run([sys.executable, "-c", PROGRAM], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == {
        "parsed": [{"soil_ph": 6.5}],
        "compiled": [{"soil_ph": 6.5}],
        "refused": ["/parcels/0/soil_ph", "number.too-large"],
        "form": ["Độ pH của đất"],
        "json_schema": 14,
        "mongodb": 14,
        "xlsform": [". >= 0 and . <= 14"],
        "dictionary": True,
    }
