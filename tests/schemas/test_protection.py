"""How an item is protected stands with the item, openly or not at all, and nowhere else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.derive.form import form_definition
from schemas.household import HouseholdSchema
from schemas.language import (
    OPEN,
    Code,
    Item,
    Many,
    One,
    Section,
    Text,
    Whole,
    item,
    section_fields,
    section_of,
)
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


LISTED_FOR_A_REASON: dict[str, tuple[str, set[str]]] = {
    "api/http/problems.py": ("prefixes of the codes of findings that have details", {"crs", "geometry", "location"}),
    "api/resources/open_data.py": ("texts beside a table, not items", {"agency", "note"}),
    "api/resources/search.py": (
        "columns; the reader's usable items decide what fills them",
        {"commune", "parcels", "village"},
    ),
    "households/area_search.py": (
        "read together, where the reader may use it",
        {"parcels.id", "parcels.geometry", "parcels.measured_area_m2"},
    ),
    "households/changes.py": ("parts of a log entry", {"kind", "note", "revision", "salt"}),
    "households/consents.py": ("what ends a household", {"status", "status_reason"}),
    "households/household_register.py": (
        "what a transfer replaces",
        {"address", "commune", "commune_as_of", "former_commune", "village"},
    ),
    "households/parcel_findings.py": (
        "what a reader has to be able to use to see a finding",
        {"parcels.former_commune", "parcels.geometry", "parcels.id", "parcels.map_sheet", "parcels.parcel_number"},
    ),
    "households/ports.py": (
        "by which an area finds households, less what the reader may not use",
        {"location", "parcels.geometry"},
    ),
    "households/registration.py": (
        "what a revision keeps when the household did not change",
        {"status", "status_reason"},
    ),
    "households/releasing.py": ("parts of a log entry", {"commune", "note"}),
    "households/times.py": ("times of the client's clock", {"captured_at", "commune_as_of", "poverty_date"}),
    "parcels/examination.py": (
        "what the register writes beside a boundary",
        {"crs", "geometry", "original_crs", "original_geometry"},
    ),
    "reports/open_data.py": ("what a table is by", {"group", "poverty", "scheme"}),
    "storage/accounts.py": ("documents of accounts and sessions", {"address", "created_at", "full_name", "updated_at"}),
    "storage/collections.py": (
        "indexed, if the schema says that they are stored in clear",
        {"location", "parcels.geometry"},
    ),
    "storage/documents.py": (
        "whose names are indexed, if the schema says that they are stored in clear",
        {"head", "members"},
    ),
    "storage/log.py": ("parts of a log entry", {"commune", "kind", "note", "revision"}),
    "storage/parcels.py": (
        "read of neighbours to compare boundaries and numbers",
        {
            *("parcels.cadastral_map_sheet", "parcels.cadastral_parcel_number", "parcels.former_commune"),
            *("parcels.former_commune_unknown", "parcels.geometry", "parcels.id", "parcels.locality"),
            *("parcels.map_sheet", "parcels.parcel_number", "parcels.tenure"),
        },
    ),
    "storage/trail/documents.py": ("parts of an entry of the audit trail", {"address", "name"}),
    "storage/village_counts.py": ("what is counted by", {"commune", "village"}),
}
"""Lists of names in service/ of which some are protected items: why each is no list of what is protected."""


def items_and_protected() -> tuple[set[str], set[str]]:
    """The names of all items of a household, and of those that anywhere in it are not declared OPEN."""
    every: set[str] = set()
    protected: set[str] = set()

    def look(section: type[Section]) -> None:
        for name, field in section_fields(section).items():
            every.add(name)
            if any(getattr(field.item, way) != OPEN[way] for way in ("sensitivity", "mask", "at_rest")):
                protected.add(name)
            if (inner := section_of(field)) is not None:
                look(inner)

    look(HouseholdSchema)
    return every, protected


def lists_of_items(code: str) -> Iterator[set[str]]:
    """The items in each list, tuple, set, dictionary or text of words that names two of them, one being protected."""
    every, protected = items_and_protected()
    for node in ast.walk(ast.parse(code)):
        words: set[str] = set()
        if isinstance(node, (ast.Tuple, ast.List, ast.Set, ast.Dict)):
            listed = [each for each in (node.keys if isinstance(node, ast.Dict) else node.elts) if each is not None]
            words = {each.value for each in listed if isinstance(each, ast.Constant) and isinstance(each.value, str)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            split = set(re.split(r"[\s,;|]+", node.value.strip()))
            words = split if split <= every else set()
        ways = {word: word.replace("[]", "").split(".") for word in words}
        named = {word for word, way in ways.items() if every.issuperset(way)}
        if len(named) > 1 and any(ways[word][-1] in protected for word in named):
            yield named


def test_every_list_that_names_protected_items_is_there_for_another_reason() -> None:
    """A new mask, seal or exception would begin as a list of names; the schema's items say it instead."""
    root, found = ROOT / "service", dict[str, set[str]]()
    for path in sorted(root.rglob("*.py")):
        name = str(path.relative_to(root))
        if not name.startswith("demonstration/"):  # makes up whole households
            for named in lists_of_items(path.read_text(encoding="utf-8")):
                found.setdefault(name, set()).update(named)
    assert found == {name: items for name, (_, items) in LISTED_FOR_A_REASON.items()}


@pytest.mark.parametrize(
    "code",
    [
        "SEALED = ('phone', 'tenure')",
        "HIDDEN = frozenset({'members[].phone', 'head.full_name'})",
        "MASKS = {'full_name': shortened, 'poverty': hidden}",
        "SEALED = 'phone national_id'.split()",
    ],
)
def test_a_list_of_protected_items_is_found(code: str) -> None:
    assert [*lists_of_items(code)]
