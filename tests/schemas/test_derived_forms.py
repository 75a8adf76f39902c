"""The form's definition, the XLSForm, the dictionary and the exchange of people say what the schema says."""

import json
import re
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from openpyxl import load_workbook
from pyxform.xls2xform import convert

from schemas.catalogue import Catalogue
from schemas.codelists import read_list
from schemas.derive.dictionary import dictionary_page, dictionary_rows, dictionary_workbook
from schemas.derive.form import form_definition
from schemas.derive.json_schema import household_components
from schemas.derive.xlsform import xlsform_workbook
from schemas.land import ParcelSchema
from schemas.language import section_fields
from schemas.versions import SCHEMA_VERSION
from tests.provinces import NGHE_AN

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
FORMS = "{http://www.w3.org/2002/xforms}"
Json = dict[str, Any]
UNITS = read_list("units", NGHE_AN.units)


# The form's definition


def items_of(items: list[Json], path: str = "") -> Iterator[tuple[str, Json]]:
    """Every item of the form by its path."""
    for item in items:
        inside = f"{path}{item['name']}"
        yield inside, item
        if item["kind"] in ("section", "list"):
            yield from items_of(item["items"], f"{inside}[]." if item["kind"] == "list" else f"{inside}.")


def form_items() -> dict[str, Json]:
    """Every item of the form's definition by its path."""
    return {path: item for step in form_definition()["steps"] for path, item in items_of(step["items"])}


def test_the_form_asks_for_every_item_but_what_the_register_and_devices_give() -> None:
    given = {row.path for row in dictionary_rows() if row.field.register_given or not row.item.asked}
    assert form_items().keys() == {row.path for row in dictionary_rows()} - given


def test_the_form_is_json_of_the_version_in_force() -> None:
    definition = form_definition()
    assert json.loads(json.dumps(definition)) == definition
    assert definition["schema_version"] == SCHEMA_VERSION
    assert [step["name"] for step in definition["steps"]][:2] == ["household", "people"]


def test_every_choice_has_its_list_in_the_form() -> None:
    lists = form_definition()["lists"]
    for path, item in form_items().items():
        if item["kind"] in ("choice", "choices"):
            named = {item["list"], *((item.get("scheme") or {}).get("lists") or {}).values()}
            assert named <= lists.keys(), path


def test_the_form_knows_bounds_patterns_and_alternatives() -> None:
    items = form_items()
    assert items["parcels[].declared_area_m2"]["above"] == 0
    assert re.fullmatch(items["head.national_id"]["pattern"], "040078001234")
    assert items["head.national_id"]["required_unless"] == "no_id_reason"
    assert items["head.farm_months"]["asked_when"] == {"name": "farm_work", "values": [True]}
    assert items["parcels"]["identifier"] == "id"
    uses = items["parcels[].land_uses"]
    assert uses["shorthand"] == {
        "land_use": "land_use",
        "land_use_scheme": "land_use_scheme",
        "area_m2": "declared_area_m2",
    }
    assert uses["sum_tolerance"] == {"share": 0.01, "least": 1.0}
    assert items["parcels[].land_use"]["scheme"]["lists"] == {"2024": "land_use", "2018": "land_use_2018"}


def test_the_form_knows_which_items_are_taken_with_another() -> None:
    """The phone merges a boundary and how it was taken from the same version (`form/src/sync/merging.ts`)."""
    assert {path: item["taken_with"] for path, item in form_items().items() if item["taken_with"]} == {
        "commune": ["commune_as_of"],
        "location": ["location_accuracy_m"],
        "parcels[].geometry": ["crs", "boundary_method", "boundary_accuracy_m"],
    }


def test_the_form_knows_what_describes_a_geometry() -> None:
    described = {path: item["described_by"] for path, item in form_items().items() if "described_by" in item}
    assert described == {
        "location": {
            "system": None,
            "method": None,
            "accuracy": "location_accuracy_m",
            "outside": "outside_confirmed",
        },
        "parcels[].geometry": {
            "system": "crs",
            "method": "boundary_method",
            "accuracy": "boundary_accuracy_m",
            "outside": "outside_confirmed",
        },
    }


def test_what_a_boundary_is_described_by_goes_with_it() -> None:
    """An item about a boundary without this declaration would be merged separately from it."""
    names = [name for name, each in section_fields(ParcelSchema).items() if not each.register_given]
    described = [name for name in names if name.startswith(("boundary_", "crs"))]
    assert {section_fields(ParcelSchema)[name].item.goes_with for name in described} == {"geometry"}


def test_the_form_has_a_text_for_every_code_that_it_can_report() -> None:
    definition = form_definition()
    codes = {item["code"] for item in form_items().values() if item.get("code")}
    assert codes <= definition["messages"].keys()
    assert definition["messages"]["phone.format"]["vi"] == Catalogue().template("phone.format", "vi")


def test_the_page_on_the_form_describes_every_member_kind_and_check() -> None:
    page = (ROOT / "docs" / "form-definition.md").read_text(encoding="utf-8")
    definition = form_definition()
    words = {*definition, *(name for item in form_items().values() for name in item)}
    words |= {item["kind"] for item in form_items().values()}
    words |= {rule["check"] for rule in definition["rules"] if rule["check"]}
    assert {word for word in words if f"`{word}`" not in page} == set()


BY_THE_REGISTER_ALONE = {"certificate-serial"}
"""Checks that the phone leaves to the register on purpose: it shows the findings once a household was sent."""

OF_ONE_ITEM = {"code-in-its-scheme"}
"""Checks that the form makes where it reads the item's list (`form/src/definition/check.ts`)."""


def test_the_form_makes_every_check_of_the_rules_that_is_not_left_to_the_register() -> None:
    source = (ROOT / "form" / "src" / "definition" / "rules.ts").read_text(encoding="utf-8")
    listed = source.partition("const RULES: Record<string, Rule> = {\n")[2].partition("\n};")[0]
    made = set(re.findall(r"^  '([a-z-]+)':", listed, flags=re.MULTILINE))
    checks = {rule["check"] for rule in form_definition()["rules"] if rule["check"]}
    assert made == checks - BY_THE_REGISTER_ALONE - OF_ONE_ITEM
    assert checks >= BY_THE_REGISTER_ALONE | OF_ONE_ITEM


def test_the_page_on_the_form_has_no_check_that_no_rule_names() -> None:
    page = (ROOT / "docs" / "form-definition.md").read_text(encoding="utf-8")
    table = page.partition("\n## Checks on the phone\n")[2].partition("\n## ")[0]
    checks = {rule["check"] for rule in form_definition()["rules"] if rule["check"]}
    assert set(re.findall(r"^\| `([a-z-]+)` \|", table, flags=re.MULTILINE)) == checks


# XLSForm


@cache
def xform() -> tuple[ElementTree.Element, list[str]]:
    """The XForm that pyxform makes of the workbook, and its warnings."""
    converted = convert(xlsform=BytesIO(xlsform_workbook(UNITS)), file_type=".xlsx")
    return ElementTree.fromstring(converted.xform), converted.warnings  # noqa: S314 - our own


def bind(path: str) -> dict[str, str]:
    """The attributes of the bind of a node."""
    found = [each.attrib for each in xform()[0].iter(f"{FORMS}bind") if each.attrib["nodeset"].endswith(path)]
    assert len(found) == 1
    return found[0]


def test_pyxform_converts_the_workbook_without_a_warning() -> None:
    assert xform()[1] == []


def test_the_xform_has_both_languages_for_every_label() -> None:
    translations = list(xform()[0].iter(f"{FORMS}translation"))
    assert [each.attrib["lang"] for each in translations] == ["Tiếng Việt (vi)", "English (en)"]
    ids = [{text.attrib["id"] for text in each} for each in translations]
    assert ids[0] == ids[1]
    assert all("".join(value.itertext()).strip() for each in translations for value in each.iter(f"{FORMS}value"))


def test_the_xform_keeps_constraints_relevance_and_alternatives() -> None:
    assert bind("/head/head_national_id")["constraint"] == "regex(., '^([0-9]{12})$')"
    assert bind("/head/head_no_id_reason")["required"].endswith("head_national_id  = ''")
    assert bind("/head/head_farm_months")["relevant"].endswith("head_farm_work  = 'true'")
    assert bind("/parcels/parcels_land_use")["relevant"].endswith("parcels_land_uses_land_use  = ''")
    assert bind("/parcels/parcels_declared_area_m2")["constraint"] == ". > 0 and . <= 100000000"
    assert bind("/parcels/parcels_geometry")["type"] == "geoshape"
    assert bind("/location")["type"] == "geopoint"


def test_the_workbook_asks_every_item_that_the_form_asks() -> None:
    survey = load_workbook(BytesIO(xlsform_workbook(UNITS)))["survey"]
    names = {row[1].value for row in survey.iter_rows(min_row=2) if row[0].value not in ("end_group", "end_repeat")}
    assert {path.replace("[]", "").replace(".", "_") for path in form_items()} <= names


def test_the_choices_of_land_use_follow_the_scheme() -> None:
    choices = load_workbook(BytesIO(xlsform_workbook(UNITS)))["choices"]
    rows = [[cell.value for cell in row] for row in choices.iter_rows(min_row=2)]
    schemes = {row[1]: row[4] for row in rows if row[0] == "land_use_by_scheme" and row[1] in ("LUN", "CNT")}
    assert schemes == {"LUN": "2018", "CNT": "2024"}


def test_the_same_schema_gives_the_same_workbook() -> None:
    assert xlsform_workbook(UNITS) == xlsform_workbook(UNITS)


# Dictionary


def test_the_page_of_the_dictionary_is_what_the_schema_says_now() -> None:
    page = (ROOT / "docs" / "data-dictionary.md").read_text(encoding="utf-8")
    assert page == dictionary_page(), "schemas/ changed: run scripts/derive"


def test_the_workbook_of_the_dictionary_has_every_item_list_and_derived_fact() -> None:
    book = load_workbook(BytesIO(dictionary_workbook()))
    paths = [row[0].value for row in book["Mục dữ liệu"].iter_rows(min_row=2)]
    assert paths == [row.path for row in dictionary_rows()]
    assert {row[0].value for row in book["Suy ra"].iter_rows(min_row=2)} >= {"farm_class", "livestock_units"}
    assert any(row[1].value == "LUN" for row in book["Danh mục"].iter_rows(min_row=2))


def test_the_dictionary_names_peoples_items_as_they_are_exchanged() -> None:
    book = load_workbook(BytesIO(dictionary_workbook()))
    exchanged = {row[0].value: row[14].value for row in book["Mục dữ liệu"].iter_rows(min_row=2)}
    assert (exchanged["head.full_name"], exchanged["members[].sex"]) == ("HoVaTen", "GioiTinh")
    assert "| `head.birth_date` | `NgayThangNamSinh` |" in dictionary_page()


def test_every_derived_fact_is_named_in_the_dictionary() -> None:
    facts = household_components()["Household"]["properties"]["derived"]["properties"]
    assert all(f"`derived.{name}`" in dictionary_page() for name in facts)


# Components


def test_references_of_components_take_the_prefix_and_lead_somewhere() -> None:
    components = household_components(reference_prefix="#/components/schemas/")
    references = set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(components)))
    assert references <= {f"#/components/schemas/{name}" for name in components}
    assert "anyOf" not in components["Head"]
