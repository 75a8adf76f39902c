"""The reason that somebody gives: a text for people, normalized and not too long."""

from __future__ import annotations

import pytest

from service.errors import ReasonInvalid, ReasonRequired
from service.households.reason import LONGEST_REASON, parse_reason


def test_a_reason_is_normalized() -> None:
    assert parse_reason("  chuyển đi \u0065\u0302 ") == "chuyển đi ê"


@pytest.mark.parametrize("value", [None, 5, "", "   ", ["moved"]])
def test_without_a_text_there_is_no_reason(value: object) -> None:
    with pytest.raises(ReasonRequired) as refused:
        parse_reason(value)
    assert refused.value.pointer == "/reason"


@pytest.mark.parametrize(
    ("value", "most"),
    [("x" * (LONGEST_REASON + 1), LONGEST_REASON), ("xxxx", 3), ("two\nlines", LONGEST_REASON)],
)
def test_a_long_reason_and_one_with_control_characters_is_refused(value: str, most: int) -> None:
    with pytest.raises(ReasonInvalid) as refused:
        parse_reason(value, most)
    assert (refused.value.pointer, refused.value.params) == ("/reason", {"most": most})


def test_the_longest_reason_is_taken() -> None:
    assert len(parse_reason("x" * LONGEST_REASON)) == LONGEST_REASON
    assert parse_reason(" xxx ", 3) == "xxx"
