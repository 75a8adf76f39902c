"""The definition is complete: every item says what it is in two languages, and where it comes from."""

import re
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

import schemas
from schemas.catalogue import LANGUAGES, Catalogue
from schemas.codelists import code_lists
from schemas.derive.dictionary import DictionaryRow, dictionary_rows
from schemas.household import HouseholdSchema
from schemas.language import (
    STEPS,
    Code,
    Day,
    Field,
    Flag,
    Formatted,
    Geometry,
    Item,
    Many,
    Mask,
    Moment,
    Text,
    YearMonthOrDay,
    item,
    section_fields,
)
from schemas.rules import RULES

FOLDER = Path(schemas.__file__).parent
ROWS = dictionary_rows()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.path)
def test_every_item_says_what_it_is(row: DictionaryRow) -> None:
    item = row.item
    assert item.label_vi
    assert item.label_en
    assert item.source
    assert bool(item.hint_vi) == bool(item.hint_en)
    assert unicodedata.is_normalized("NFC", item.label_vi + item.hint_vi + item.source)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.path)
def test_what_an_item_names_of_its_neighbours_is_there(row: DictionaryRow) -> None:
    beside = section_fields(row.section)
    if row.item.required_unless:
        assert row.item.required_unless in beside
    if row.item.asked_when:
        name, values = row.item.asked_when
        field = beside[name]
        codes = field.codes() if isinstance(field, Code) else {True, False}
        assert all(value is None or value in codes for value in values)
    if row.item.confirms:
        check, name = row.item.confirms
        assert name in beside
        assert check in {rule.check for rule in RULES}
    if isinstance(row.field, Code) and row.field.scheme:
        assert isinstance(beside[row.field.scheme], Code)


def test_every_item_of_the_household_is_in_a_step_or_given_by_the_register() -> None:
    for name, field in section_fields(HouseholdSchema).items():
        assert field.register_given or field.item.step in STEPS, name


def test_who_a_person_is_and_where_they_live_is_protected() -> None:
    sensitivity = {row.path: row.item.sensitivity for row in ROWS}
    for path in ("head.ethnic_group", "members[].ethnic_group", "location", "parcels[].geometry"):
        assert sensitivity[path] == "sensitive"
    for path in ("head.full_name", "members[].national_id", "head.phone", "parcels[].certificate_serial"):
        assert sensitivity[path] == "personal"


def test_every_list_that_an_item_names_is_there() -> None:
    for row in ROWS:
        field = row.field.inner if isinstance(row.field, Many) else row.field
        if isinstance(field, Code):
            assert field.codes(), row.path


def test_nothing_is_read_on_import() -> None:
    program = "import schemas.parsing, schemas.codelists as c; print(c.code_lists.cache_info().currsize)"
    run = subprocess.run([sys.executable, "-c", program], cwd=FOLDER.parent, capture_output=True, check=True)
    assert run.stdout.strip() == b"0"


# Messages

_CODE = re.compile(r'"([a-z]+(?:-[a-z]+)*\.[a-z]+(?:-[a-z]+)*)"')


def codes_in_the_sources() -> set[str]:
    """Every error and finding code that the schema's sources name."""
    sources = "".join(path.read_text(encoding="utf-8") for path in sorted(FOLDER.rglob("*.py")))
    return set(_CODE.findall(sources)) - {"units.csv"}


def test_every_code_has_a_message_and_every_message_a_code() -> None:
    elsewhere = {"number.out-of-range", "national-id.in-earlier-line", "version.unknown"}
    assert Catalogue().codes() - elsewhere == codes_in_the_sources() - {"record.invalid"} - elsewhere


def test_messages_have_the_same_codes_and_placeholders_in_both_languages() -> None:
    catalogue = Catalogue()
    assert catalogue.codes("vi") == catalogue.codes("en")
    for code in catalogue.codes():
        placeholders = [set(re.findall(r"\{(\w+)\}", catalogue.template(code, each))) for each in LANGUAGES]
        assert placeholders[0] == placeholders[1], code
        assert unicodedata.is_normalized("NFC", catalogue.template(code, "vi")), code


def test_a_message_is_filled_in_and_vietnamese_by_default() -> None:
    catalogue = Catalogue()
    assert catalogue.text("number.too-small", "en", min=3) == "Must not be less than 3."
    assert catalogue.text("number.too-small", "fr", min=3) == "Không được nhỏ hơn 3."
    assert catalogue.text("item.type", "vi", expected="integer") == "Giá trị không đúng kiểu; cần số nguyên."
    assert "{min}" in catalogue.text("number.too-small", "vi")


# Code lists


@pytest.mark.parametrize("name", code_lists().names())
def test_a_code_list_is_whole(name: str) -> None:
    entries = code_lists()[name].entries
    assert entries
    for entry in entries:
        assert entry.code.strip() == entry.code != ""
        assert entry.name_vi
        assert entry.name_en
        assert entry.source
        assert unicodedata.is_normalized("NFC", entry.name_vi)


@pytest.mark.parametrize("name", code_lists().names())
def test_a_code_means_one_thing_on_one_day(name: str) -> None:
    code_list = code_lists()[name]
    for code in code_list.codes:
        same = [entry for entry in code_list if entry.code == code]
        periods = sorted((str(entry.valid_from or "0000"), str(entry.valid_to or "9999")) for entry in same)
        assert all(end < start for (_, end), (start, _) in pairwise(periods)), code


@pytest.mark.parametrize(
    ("mask", "right", "wrong"),
    [
        ("initials", partial(Text, 200), Moment),
        ("last_three", partial(Formatted, "[0-9]{3}", "item.type"), Flag),
        ("year", YearMonthOrDay, partial(Text, 200)),
        ("coarse_position", lambda item: Geometry("Point", item=item), lambda item: Geometry("Polygon", item=item)),
        ("coarse_position", lambda item: Geometry("Point", item=item), Day),
    ],
)
def test_a_mask_that_does_not_fit_the_type_of_its_item_is_refused_where_it_is_defined(
    mask: Mask, right: Callable[[Item], Field], wrong: Callable[[Item], Field]
) -> None:
    masked = item("Mục", "An item", mask=mask)
    assert right(masked).item.mask == mask
    with pytest.raises(TypeError, match=f"An item.*{mask}"):
        wrong(masked)
