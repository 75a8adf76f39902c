"""Text is stored in one form and searched in another; dates are as exact as they are known."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.partial_date import PartialDate
from schemas.text import fold, normalize


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


@given(st.text(max_size=40))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(max_size=40))
def test_texts_that_look_the_same_are_stored_and_folded_the_same(text: str) -> None:
    assert normalize(normalize(text)) == normalize(text)
    assert fold(normalize(text)) == fold(text)


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
