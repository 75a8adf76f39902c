"""Text is stored in one form and searched in another; dates are as exact as they are known."""

import json
import unicodedata
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.partial_date import PartialDate
from schemas.text import APOSTROPHES, BLANKS, INVISIBLE, fold, normalize, spelling

TABLES = Path(__file__).parents[2] / "form" / "tests"
"""Examples to which the phone's functions are held too (form/tests/search.test.ts)."""
SPELLINGS = json.loads((TABLES / "spellings.json").read_text("utf-8"))
VILLAGES = json.loads((TABLES / "villages.json").read_text("utf-8"))

LETTERS = "aăâeêioôơuưyđĐDd bchgnt01" + "\u0300\u0301\u0303\u0309\u0323\u0302\u0306\u031b\u0335"
MISLEADING = "'\u2019\u02bc\u00b4`-\u2013\u200b\u00a0\u00d0\u00f0\u0189\u0256\u0430\u0421\u0418\uff21\uff10\u03bf\u03bd"
TYPED = st.text(max_size=40) | st.text(st.sampled_from(LETTERS + MISLEADING), max_size=12)
"""Any text, and texts of the characters on which these functions work."""


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Nguyễn  Văn Đức", "nguyen van duc"),
        ("HOÀ BÌNH", "hoa binh"),
        ("Hòa Bình", "hoa binh"),
        ("  Ơ Đu ", "o du"),
        ("Quỳ Hợp", "quy hop"),
        ("Ðinh Ɖức Đạt", "dinh duc dat"),  # three letters that look the same, U+00D0, U+0189 and U+0110
    ],
)
def test_text_is_folded_for_search(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(TYPED)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(TYPED)
def test_texts_that_look_the_same_are_stored_and_folded_the_same(text: str) -> None:
    assert normalize(normalize(text)) == normalize(text)
    assert fold(normalize(text)) == fold(text)
    assert spelling(normalize(text)) == spelling(text)


@given(TYPED, st.sampled_from("\u200b\u00ad\ufe0f\u2060\ufeff"), st.data())
def test_what_cannot_be_seen_makes_no_difference(text: str, invisible: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    typed = text[:at] + invisible + text[at:]
    assert (normalize(typed), fold(typed), spelling(typed)) == (normalize(text), fold(text), spelling(text))


@given(st.text(st.sampled_from(LETTERS), min_size=1, max_size=8), st.text(st.sampled_from(LETTERS), max_size=8))
def test_a_name_is_found_whichever_apostrophe_is_typed(before: str, after: str) -> None:
    assert len({fold(before + sign + after) for sign in (*APOSTROPHES, "")}) == 1


@pytest.mark.parametrize("example", SPELLINGS, ids=[each["why"] for each in SPELLINGS])
def test_text_is_stored_and_folded_as_on_the_phone(example: dict[str, str]) -> None:
    assert (normalize(example["text"]), fold(example["text"])) == (example["stored"], example["folded"])


@pytest.mark.parametrize("names", VILLAGES["one"], ids=" = ".join)
def test_a_village_is_one_however_it_is_written(names: list[str]) -> None:
    assert len({spelling(name) for name in names}) == 1


@pytest.mark.parametrize("names", VILLAGES["different"], ids=" ".join)
def test_villages_whose_names_sound_different_are_several(names: list[str]) -> None:
    assert len({spelling(name) for name in names}) == len(names)


def test_every_format_character_is_known_as_invisible_and_every_space_as_a_blank() -> None:
    every = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    formats = [each for each in every if unicodedata.category(each) == "Cf"]
    assert [each for each in formats if normalize(f"a{each}b") != "ab"] == []
    spaces = [each for each in every if unicodedata.category(each) in ("Zs", "Zl", "Zp")]
    assert [each for each in spaces if normalize(f"a{each}b") != "a b"] == []
    assert not set(BLANKS) & set(INVISIBLE) - {"-"}


@pytest.mark.parametrize("text", ["1980", "1980-03", "1980-03-07", "2024-02-29"])
def test_a_partial_date_is_written_as_it_was_read(text: str) -> None:
    assert str(PartialDate.parse(text)) == text


@pytest.mark.parametrize("text", ["", "80", "1980-3", "1980-00", "1980-13", "2023-02-29", "1980-03-07T00:00", "١٩٨٠"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        PartialDate.parse(text)


def test_a_partial_date_spans_the_days_that_it_can_mean() -> None:
    assert (PartialDate(1980).earliest, PartialDate(1980).latest) == (date(1980, 1, 1), date(1980, 12, 31))
    assert (PartialDate(2024, 2).earliest, PartialDate(2024, 2).latest) == (date(2024, 2, 1), date(2024, 2, 29))
    assert PartialDate(2024, 2, 5).earliest == PartialDate(2024, 2, 5).latest == date(2024, 2, 5)
