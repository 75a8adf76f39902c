"""The feed's cursor: every position is read as it was written, in few characters."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.api.http.feed_cursor import read_offsets, written_offsets
from service.errors import CursorInvalid
from service.province import read_province
from service.units.directory import UnitDirectory
from service.units.unit_list import read_units
from tests.builders import TODAY

numbers = st.integers(0, 99_999).map(lambda number: f"{number:05}")
names = numbers | st.sampled_from(["18001@2026-07-01", "1", "000001"])


@given(offsets=st.dictionaries(names, st.integers(1, 10**12), max_size=40))
def test_every_position_is_read_as_it_was_written(offsets: dict[str, int]) -> None:
    cursor = written_offsets(offsets)
    assert read_offsets(cursor) == offsets
    assert set(cursor) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~@=")


@given(text=st.text(max_size=60) | st.text("ABCxyz019-_~=", max_size=60))
def test_any_other_text_is_refused(text: str) -> None:
    try:
        offsets = read_offsets(text)
    except CursorInvalid:
        return
    assert written_offsets(offsets) == text


def test_the_position_in_a_whole_province_of_260_000_households_is_under_400_characters() -> None:
    chance = Random(1)
    communes = [unit.code for unit in UnitDirectory(read_units(read_province("40").units)).of_level("commune", TODAY)]
    assert len(communes) == 130
    assert len(written_offsets({commune: int(chance.gauss(2_000, 600)) for commune in communes})) < 400


@pytest.mark.parametrize("cursor", ["", "A", "~", "gAA~18001=x", "gAA~18001=5", "9" * 30_000, "\ud800", "gAA~a b=3"])
def test_a_broken_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(CursorInvalid):
        read_offsets(cursor)
