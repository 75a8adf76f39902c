"""How an item is protected stands with the item, openly or not at all, and nowhere else."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from schemas.derive.form import form_definition
from schemas.language import OPEN, Code, Item, Many, One, Section, Text, Whole, item
from schemas.protection import register_given_items, sealed_items
from tests.schemas.test_derived_forms import items_of

ROOT = Path(__file__).parents[2]
PROTECTION = ("sensitivity", "mask", "at_rest")


def test_an_item_that_says_nothing_is_treated_as_the_most_sensitive() -> None:
    silent = Item("Mục", "Item")
    assert (silent.sensitivity, silent.mask, silent.at_rest, silent.copied) == ("sensitive", "hidden", "sealed", False)


def items_in_the_sources() -> list[tuple[str, ast.Call]]:
    """Every call of `item(…)` in the definition, with where it stands."""
    return [
        (f"{path.name}:{node.lineno}", node)
        for path in sorted((ROOT / "schemas").glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "item"
    ]


@pytest.mark.parametrize(("place", "call"), items_in_the_sources(), ids=lambda part: part if type(part) is str else "")
def test_every_item_of_the_definition_says_how_it_is_protected(place: str, call: ast.Call) -> None:
    named = {keyword.arg for keyword in call.keywords}
    opened = [ast.unparse(keyword.value) for keyword in call.keywords if keyword.arg is None]
    assert "OPEN" in opened or named.issuperset(PROTECTION), place


def test_what_is_sealed_is_what_was_sealed() -> None:
    """A change of this list changes what lies readable in the database: it is on purpose, and has a migration."""
    assert sealed_items() == {
        "head.national_id": "sealed_searchable",
        "head.phone": "sealed_searchable",
        "head.old_id_number": "sealed_searchable",
        "members[].national_id": "sealed_searchable",
        "members[].phone": "sealed_searchable",
        "members[].old_id_number": "sealed_searchable",
        "parcels[].certificate_serial": "sealed",
        "parcels[].certificate_register_number": "sealed",
    }


def test_a_section_that_says_nothing_is_sealed_as_a_whole() -> None:
    class Inner(Section):
        """Inside."""

        name = Text(20, item("Tên", "Name", **OPEN))

    class Outer(Section):
        """Outside."""

        silent = Many(Code("months"), item("Tháng", "Months"), most=3)
        inner = Many(One(Inner), item("Trong", "Inner"), most=3)

    assert sealed_items(Outer) == {"silent": "sealed", "inner": "sealed"}


def test_a_field_that_no_item_describes_is_refused() -> None:
    class Wrong(Section):
        """A list may leave its elements undescribed, a section its fields not."""

        months = Many(Code("months"), item("Tháng", "Months", **OPEN), most=3)
        month = Code("months")

    with pytest.raises(TypeError, match=r"Wrong: no item describes month$"):
        sealed_items(Wrong)


def test_only_sealed_text_can_be_queried_by_equality() -> None:
    class Wrong(Section):
        """A number whose ciphertext cannot be searched."""

        count = Whole(item("Số", "Count", at_rest="sealed_searchable"), least=0, most=9)

    with pytest.raises(TypeError, match="count"):
        sealed_items(Wrong)


def test_the_form_copies_from_the_household_before_only_where_the_household_is() -> None:
    copied = [path for step in form_definition()["steps"] for path, each in items_of(step["items"]) if each["copied"]]
    assert [path for path in copied if "." not in path] == ["commune", "former_commune", "village", "address"]
    assert all("[]" in path for path in copied if "." in path), "an item of a section is copied nowhere"
    private = {
        "full_name",
        "national_id",
        "birth_date",
        "phone",
        "old_id_number",
        "parcel_number",
        "certificate_serial",
    }
    assert [path for path in copied if path.rpartition(".")[2] in private] == []


def test_the_form_definition_lists_everything_that_the_register_sets() -> None:
    definition = form_definition()
    lists = {
        path: each["register_given"]
        for step in definition["steps"]
        for path, each in items_of(step["items"])
        if each.get("register_given")
    }
    assert set(definition["register_given"]) == register_given_items()
    assert "commune_since" in definition["register_given"]
    assert lists == {"parcels": ["measured_area_m2", "original_geometry", "original_crs"]}


@pytest.mark.parametrize("folder", ["service", "form/src"])
def test_no_second_list_of_protected_items_exists(folder: str) -> None:
    """Items that no code has another reason to name than to protect them."""
    names = re.compile("certificate_register_number|evidence_reference")
    files = [path for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".ts", ".svelte")]
    assert files
    made_up = ROOT / "service" / "demonstration"
    naming = [path for path in files if made_up not in path.parents and names.search(path.read_text(encoding="utf-8"))]
    assert [str(path.relative_to(ROOT)) for path in naming] == []
